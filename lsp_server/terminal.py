"""What goes to a terminal, without anything that is slow to load."""

from __future__ import annotations

# Characters that would turn what follows around, or drive the terminal.
_HIDDEN = frozenset({*range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F})


def visible(text: str) -> str:
    """Text that cannot do anything to a terminal: control characters become pictures of themselves."""
    if text.isprintable():
        return text
    return "".join(
        chr(0x2400 + ord(char)) if ord(char) < 0x20 else "\ufffd" if ord(char) in _HIDDEN else char for char in text
    )


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
