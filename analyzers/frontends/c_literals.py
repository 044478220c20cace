"""Values and types of C's literals (C11 §6.4.4)."""

from __future__ import annotations

import re
from functools import lru_cache

from analyzers.frontends import c_types
from analyzers.ir.symbols import INT, REAL, Type

_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]+)|([0-7]{1,3})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_SIMPLE = {"n": 10, "t": 9, "r": 13, "0": 0, "a": 7, "b": 8, "f": 12, "v": 11, "e": 27}


@lru_cache(maxsize=4096)
def number(word: bytes) -> tuple[int | float, Type] | None:
    """A number literal, optionally signed. None where it is malformed."""
    text = word.decode("ascii", "replace").replace("'", "").lower()
    if text[:1] == "-":
        found = number(word[1:].strip())
        return None if found is None else (-found[0], found[1])
    text = text.lstrip("+")
    try:
        if text[:2] in ("0x", "0b"):
            if "." in text or "p" in text:
                kind = (
                    c_types.LONG_DOUBLE
                    if text[-1] == "l"
                    else c_types.FLOAT
                    if text[-1] == "f" and "p" in text
                    else REAL
                )
                return float.fromhex(text.rstrip("fl") if "p" in text else text), kind
            digits = text.rstrip("ulz")
            value = int(digits, 0)
        elif "." in text or "e" in text or text[-1:] == "f":
            kind = c_types.FLOAT if text[-1] == "f" else c_types.LONG_DOUBLE if text[-1] == "l" else REAL
            return float(text.rstrip("flij")), kind
        else:
            digits = text.rstrip("ulz")
            value = int(digits, 8) if len(digits) > 1 and digits[0] == "0" else int(digits)
    except ValueError:
        return None
    suffix = text[len(digits) :]
    unsigned, long = "u" in suffix, "l" in suffix or "z" in suffix
    decimal = digits[:1] != "0" or digits == "0"
    if not unsigned and not long and value < 1 << 31:
        return value, INT
    if not long and value < 1 << 32 and (unsigned or not decimal):
        return value, c_types.UNSIGNED
    if not unsigned and value < 1 << 63:
        return value, c_types.LONG
    return value, Type("integer", "unsigned long", 64, signed=False)


def character(text: str) -> int | None:
    """The value of `'a'`; None for what is not one character."""
    body = text[text.find("'") + 1 :].rstrip("'") if not text.endswith("\\''") else "\\'"
    if len(body) == 1:
        return ord(body)
    match = _ESCAPE.fullmatch(body)
    if match is None:
        return None
    if match[5] is not None:
        return _SIMPLE.get(match[5], ord(match[5]))
    value = int(match[1] or match[2] or match[3] or match[4], 8 if match[2] else 16)
    return value - 256 if match[1] and 127 < value < 256 else value


def string(text: str) -> str:
    """The content of a string literal with its escapes replaced."""
    body = text[text.find('"') + 1 : text.rfind('"')]
    if "\\" not in body:
        return body

    def escape(match: re.Match[str]) -> str:
        if match[5] is not None:
            return chr(_SIMPLE.get(match[5], ord(match[5])))
        return chr(min(int(match[1] or match[2] or match[3] or match[4], 8 if match[2] else 16), 0x10FFFF))

    return _ESCAPE.sub(escape, body)
