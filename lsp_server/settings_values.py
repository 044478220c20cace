"""The values of settings: what each key takes, and what is said of anything else."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

from analyzers.words import did_you_mean

# Written out rather than imported: the command line must start without loading the analysis.
Confidence = Literal["proved", "likely", "possible"]
SeverityChoice = Literal["error", "warning", "information", "hint", "off"]

FAMILIES = ("race", "omp", "mpi", "perf", "syntax")  # what the codes of rules that can be selected begin with
CONFIDENCES: tuple[str, ...] = get_args(Confidence)
SEVERITIES: tuple[str, ...] = get_args(SeverityChoice)
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z_0-9]*\Z")

Parsed = tuple[object, list[str]]  # the value (None: not taken) and the complaints


def parse(key: str, raw: object, base: Path) -> Parsed:
    parser = PARSERS.get(key)
    if parser is None:
        hint = did_you_mean(key, PARSERS, '"') or "; valid keys: " + ", ".join(PARSERS)
        return None, [f'unknown key "{key}"{hint}']
    return parser(key, raw, base)


def shown(value: object) -> str:
    text = {True: "true", False: "false"}.get(value) if isinstance(value, bool) else None
    text = text or (f'"{value}"' if isinstance(value, str) else repr(value))
    return text if len(text) <= 40 else text[:37] + "..."


def _wrong(key: str, expected: str, raw: object) -> Parsed:
    return None, [f'"{key}" must be {expected}, not {shown(raw)}']


def _boolean(key: str, raw: object, base: Path) -> Parsed:
    return (raw, []) if isinstance(raw, bool) else _wrong(key, "true or false", raw)


def _count(key: str, raw: object, base: Path) -> Parsed:
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= 1024:
        return _wrong(key, "a number of processes from 0 (one per processor) to 1024", raw)
    return raw, []


def _confidence(key: str, raw: object, base: Path) -> Parsed:
    if raw in CONFIDENCES:
        return raw, []
    return _wrong(key, 'one of "proved", "likely", "possible"', raw)


def _words(key: str, raw: object) -> tuple[list[str] | None, list[str]]:
    items = [raw] if isinstance(raw, str) else list(raw) if isinstance(raw, list | tuple | set | frozenset) else None
    if items is None or not all(isinstance(item, str) for item in items):
        return None, [f'"{key}" must be a list of strings such as ["..."], not {shown(raw)}']
    return [str(item).strip() for item in items if str(item).strip()], []


def unknown_rule(name: str) -> str | None:
    """What to say of a name that is neither a rule nor a family; None when it is one, or when that is not known."""
    codes = rule_codes()
    if not codes or name in codes or name in (*FAMILIES, "all"):
        return None
    return f'no rule or family is called "{name}"' + did_you_mean(name, (*codes, *FAMILIES), '"')


def _rules(key: str, raw: object, base: Path) -> Parsed:
    words, complaints = _words(key, raw)
    if words is None:
        return None, complaints
    known = []
    for word in words:
        complaint = unknown_rule(word)
        if complaint:
            complaints.append(f'"{key}": {complaint}')
        else:
            known.append(word)
    # A `select` of unknown names only must not turn into "everything".
    return (frozenset(known) if known or not words else None), complaints


def _severities(key: str, raw: object, base: Path) -> Parsed:
    if not isinstance(raw, Mapping):
        return _wrong(key, 'a table of rules, such as {race-missing-reduction = "warning"}', raw)
    taken: dict[str, str] = {}
    complaints = []
    for rule, severity in raw.items():
        complaint = unknown_rule(str(rule))
        if complaint:
            complaints.append(f'"{key}": {complaint}')
        elif severity not in SEVERITIES:
            meant = did_you_mean(severity, SEVERITIES, '"') if isinstance(severity, str) else ""
            options = ", ".join(f'"{s}"' for s in SEVERITIES)
            complaints.append(f'"{key}.{rule}" must be one of {options}, not {shown(severity)}{meant}')
        else:
            taken[str(rule)] = str(severity)
    return taken, complaints


def _globs(key: str, raw: object, base: Path) -> Parsed:
    words, complaints = _words(key, raw)
    return (None if words is None else tuple(words)), complaints


def _functions(key: str, raw: object, base: Path) -> Parsed:
    words, complaints = _words(key, raw)
    if words is None:
        return None, complaints
    complaints += [f'"{key}": {shown(w)} is not the name of a function' for w in words if not IDENTIFIER.match(w)]
    return frozenset(w for w in words if IDENTIFIER.match(w)), complaints


def _defines(key: str, raw: object, base: Path) -> Parsed:
    """`["N=100", "DEBUG"]` or `{N = 100, DEBUG = true}`; a name alone is 1, as for a compiler's -D."""
    if isinstance(raw, Mapping):
        pairs = [(str(name), "1" if value is True else str(value)) for name, value in raw.items() if value is not False]
        complaints: list[str] = []
    else:
        words, complaints = _words(key, raw)
        if words is None:
            return None, complaints
        pairs = [(w.partition("=")[0], w.partition("=")[2] if "=" in w else "1") for w in words]
    good = re.compile(r"[A-Za-z_][A-Za-z_0-9]*(\([^()]*\))?\Z")
    complaints += [f'"{key}": {shown(name)} is not the name of a macro' for name, _ in pairs if not good.match(name)]
    return tuple((name, value) for name, value in pairs if good.match(name)), complaints


def _folders(key: str, raw: object, base: Path) -> Parsed:
    words, complaints = _words(key, raw)
    return (None if words is None else tuple(str((base / w).absolute()) for w in words)), complaints


def _place(key: str, raw: object, base: Path) -> Parsed:
    if not isinstance(raw, str):
        return _wrong(key, "the path of a compile_commands.json or of its folder", raw)
    return (str((base / raw).absolute()) if raw.strip() else ""), []


PARSERS: dict[str, Callable[[str, object, Path], Parsed]] = {
    "select": _rules,
    "ignore": _rules,
    "severity": _severities,
    "min-confidence": _confidence,
    "exclude": _globs,
    "assume-no-alias": _boolean,
    "independent-functions": _functions,
    "defines": _defines,
    "include-paths": _folders,
    "compile-commands": _place,
    "offload": _boolean,
    "code-lens": _boolean,
    "inlay-hints": _boolean,
    "use-calibration": _boolean,
    "workspace-index": _boolean,
    "jobs": _count,
}
KEYS = tuple(PARSERS)


@lru_cache(maxsize=1)
def rule_codes() -> tuple[str, ...]:
    """The codes of all rules, sorted; empty when the rules cannot be loaded."""
    try:
        registry = importlib.import_module("analyzers.rules.registry")
        extra = importlib.import_module("analyzers.suppressions").EXTRA_CODES
        return tuple(sorted({*registry.rules(), *extra}))
    except (ImportError, AttributeError):
        return ()
