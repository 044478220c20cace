"""Edits of a TOML file that leave everything else in it as its author wrote it."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

from analyzers.text import line_break

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def add_to_list(path: Path, table: str, key: str, value: str) -> bool:
    """Add the string `value` to the list `key` of `table` ("": top level), creating file, table and key as needed.

    Returns False when it is already there. Raises ValueError when the file is no valid TOML or laid out in a way
    that cannot be edited safely, OSError when it cannot be read or written.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raw = b""
    try:
        text = raw.decode("utf-8")
        before = _list(tomllib.loads(text), table, key)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path} is not valid TOML, so it was left alone: {error}") from None
    if value in before:
        return False
    edited = _edited(text, table, key, value)
    try:
        after = _list(tomllib.loads(edited), table, key)
    except tomllib.TOMLDecodeError:
        after = []
    if after != [*before, value]:
        raise ValueError(f'{path} could not be edited safely; add "{value}" to {key} by hand')
    write_atomically(path, edited.encode("utf-8"))
    return True


def write_atomically(path: Path, data: bytes) -> None:
    """Replace the content of `path`, following symbolic links and keeping its permissions; all or nothing."""
    target = path.resolve()
    mode = target.stat().st_mode & 0o7777 if target.exists() else None
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if mode is None:
            umask = os.umask(0)
            os.umask(umask)
            mode = 0o666 & ~umask
        temporary.chmod(mode)
        temporary.replace(target)
    except BaseException:  # Ctrl-C as well must not leave the temporary file
        temporary.unlink(missing_ok=True)
        raise


def _list(data: object, table: str, key: str) -> list[object]:
    for part in [*filter(None, table.split(".")), key]:
        data = data.get(part, {}) if isinstance(data, dict) else {}
    return list(data) if isinstance(data, list) else [data] if isinstance(data, str) else []


def _edited(text: str, table: str, key: str, value: str) -> str:
    newline = line_break(text.encode("utf-8"))
    lines = text.splitlines(keepends=True)
    start, end = _table_lines(lines, table)
    if start is None:
        gap = "" if not text else newline if text.endswith(("\n", "\r")) else newline * 2
        return f'{text}{gap}[{table}]{newline}{key} = ["{value}"]{newline}'
    setting = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*=\s*""")
    for number in range(start, end):
        found = setting.match(lines[number])
        if found:
            head = "".join(lines[:number]) + found[0]
            return head + _extended("".join(lines[number:])[len(found[0]) :], value)
    # Directly below the last setting of the table, above the blank lines that part it from the next one.
    at = end
    while at > start and not lines[at - 1].strip():
        at -= 1
    above = "".join(lines[:at])
    if above and not above.endswith(("\n", "\r")):
        above += newline
    return f'{above}{key} = ["{value}"]{newline}' + "".join(lines[at:])


def _table_lines(lines: list[str], table: str) -> tuple[int | None, int]:
    """The lines of a table's body: from after its header to the next header."""
    start = 0 if table == "" else None
    for number, line in enumerate(lines):
        header = re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]", line)
        if header is None:
            continue
        if start is not None:
            return start, number
        if re.sub(r"[\s\"']", "", header[1]) == table:
            start = number + 1
    return start, len(lines)


def _extended(rest: str, value: str) -> str:
    """`rest` starts with the value of the key; the same with `value` added to the list."""
    if rest[:1] in "\"'":
        quote = rest[0]
        end = rest.index(quote, 1) + 1
        return f'[{rest[:end]}, "{value}"]{rest[end:]}'
    at, last = 1, 0  # `last`: after the last element or comma
    comma = True
    while at < len(rest) and rest[at] != "]":
        char = rest[at]
        if char == "#":
            at = _line_end(rest, at)
            continue
        if char in "\"'":
            end = rest.find(char, at + 1)
            at = last = (end if end >= 0 else len(rest)) + 1
            comma = False
            continue
        if char == ",":
            comma, last = True, at + 1
        at += 1
    last = last or 1
    element = f'"{value}"'
    first = re.match(r"[ \t]*(?:#[^\r\n]*)?(\r?\n[ \t]*)(?=\S)", rest[1:])
    separator = "" if comma else ","
    if first is not None and not rest[1 + first.end() :].startswith("]"):
        # One element per line: keep that layout, behind the comment of the last one.
        line_end = _line_end(rest, last) if "\n" in rest[last:at] else last
        trailing = rest[last:line_end]
        tail = "," if comma else ""
        return rest[:last] + separator + trailing + first[1].replace("\r", "", 0) + element + tail + rest[line_end:]
    space = "" if last == 1 else " "
    return rest[:last] + separator + space + element + rest[last:]


def _line_end(text: str, at: int) -> int:
    found = re.compile(r"\r?\n").search(text, at)
    return found.start() if found else len(text)
