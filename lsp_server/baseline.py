"""Accepting what an old code base has today, so that only new findings speak.

A finding is recognised by its rule, its function, the text of its line without white space, and its number among those
that are alike: moved lines and new neighbours do not bring it back.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from lsp_server.outcomes import Located, Outcome
from lsp_server.settings_edit import write_atomically

VERSION = 1


class BaselineError(Exception):
    """A baseline that cannot be used; the message says what a person can do."""


def fingerprints(outcome: Outcome) -> Iterator[tuple[Located, str]]:
    """Each finding of a file with its fingerprint, stable while the function and the line say the same."""
    seen: dict[tuple[str, str, str], int] = {}
    for located in outcome.findings:
        line = outcome.source.line_text(outcome.source.line_of(located.finding.span.start))
        key = (located.finding.rule, located.function, "".join(line.split()))
        ordinal = seen[key] = seen.get(key, -1) + 1
        digest = hashlib.sha256("\0".join((*key, str(ordinal))).encode("utf-8", "surrogatepass"))
        yield located, digest.hexdigest()[:16]


def _name(outcome: Outcome, base: Path) -> str:
    if outcome.path is None:
        return outcome.name
    return Path(os.path.relpath(outcome.path.absolute(), base.absolute())).as_posix()


def load(path: Path) -> dict[str, set[str]]:
    """The accepted fingerprints by file. Raises BaselineError."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BaselineError(f"{path} does not exist; `--write-baseline` creates it from what is found now") from None
    except OSError as error:
        raise BaselineError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise BaselineError(f"{path} is not a baseline: {error}") from None
    if not isinstance(data, dict) or data.get("version") != VERSION or not isinstance(data.get("findings"), list):
        raise BaselineError(f"{path} is not a baseline of this version; `--write-baseline` makes a new one")
    accepted: dict[str, set[str]] = {}
    for entry in data["findings"]:
        if isinstance(entry, dict):
            accepted.setdefault(str(entry.get("path")), set()).add(str(entry.get("fingerprint")))
    return accepted


def without(outcome: Outcome, accepted: dict[str, set[str]], base: Path) -> tuple[Located, ...]:
    """The findings of a file that its baseline does not hold. `base` is the folder of the baseline file."""
    known = accepted.get(_name(outcome, base), set())
    return tuple(located for located, fingerprint in fingerprints(outcome) if fingerprint not in known)


def write(path: Path, outcomes: Iterable[Outcome]) -> int:
    """Accept every finding of these outcomes; returns how many. Raises OSError."""
    entries = [
        {
            "path": _name(outcome, path.parent),
            "rule": located.finding.rule,
            "function": located.function,
            "line": outcome.source.line_text(outcome.source.line_of(located.finding.span.start)).strip()[:120],
            "fingerprint": fingerprint,
        }
        for outcome in outcomes
        for located, fingerprint in fingerprints(outcome)
    ]
    text = json.dumps({"version": VERSION, "findings": entries}, indent=1, ensure_ascii=False) + "\n"
    write_atomically(path, text.encode("utf-8", "replace"))
    return len(entries)
