"""How people are told things: lists of names, counts, and the word that was probably meant. Below everything else."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def listed(words: Iterable[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`, each once; nothing for none."""
    each = list(dict.fromkeys(words))
    return f"{', '.join(each[:-1])} {last} {each[-1]}" if len(each) > 1 else "".join(each)


def quoted(names: Iterable[str]) -> list[str]:
    """Each name between backticks."""
    return [f"`{name}`" for name in names]


def plain(text: str) -> str:
    """Without backticks, for places that show them as they are."""
    return text.replace("`", "")


def counted(number: int, noun: str) -> str:
    """`1 loop`, `2 loops`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def nearest(word: str, known: Iterable[str], alike: float = 0.6) -> str | None:
    """The known word that was probably meant; `alike` from 0 (anything) to 1 (the same)."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=alike)
    return close[0] if close else None


def did_you_mean(word: str, known: Iterable[str], quote: str = "`") -> str:
    """`; did you mean ...?` to end a message with; nothing where no known word is close."""
    guess = nearest(word, known)
    return f"; did you mean {quote}{guess}{quote}?" if guess else ""
