"""Path patterns as people know them from .gitignore, for `exclude`."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePosixPath


@lru_cache(maxsize=256)
def _regex(pattern: str) -> re.Pattern[str]:
    """`*` and `?` stay within one path component, `**` crosses them; a match covers everything below it."""
    anchored = "/" in pattern.rstrip("/")
    body = pattern.strip("/")
    out = "" if anchored else "(?:.*/)?"
    at = 0
    while at < len(body):
        if body.startswith("**/", at):
            out += "(?:.*/)?"
            at += 3
        elif body.startswith("**", at):
            out += ".*"
            at += 2
        elif body[at] == "*":
            out += "[^/]*"
            at += 1
        elif body[at] == "?":
            out += "[^/]"
            at += 1
        elif body[at] == "[" and (end := body.find("]", at + 2)) > 0:
            chars = body[at + 1 : end]
            negated = chars[0] in "!^"
            chars = (chars[1:] if negated else chars).replace("\\", "\\\\").replace("[", "\\[")
            out += f"[{'^/' if negated else ''}{chars}]"
            at = end + 1
        else:
            out += re.escape(body[at])
            at += 1
    try:
        return re.compile(f"{out}(?:/.*)?")
    except re.error:
        return re.compile(re.escape(body))


def matches(relative: PurePosixPath, patterns: tuple[str, ...]) -> bool:
    """Whether a path, relative to where the patterns were written, is one of them or lies below one of them.

    A pattern without a slash matches a name at any depth (`build`, `*.gen.c`); one with a slash is anchored.
    """
    text = relative.as_posix()
    return any(_regex(pattern).fullmatch(text) is not None for pattern in patterns if pattern.strip("/"))
