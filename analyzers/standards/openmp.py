"""OpenMP 5.2: the lookups over its directives and clauses, combined and composite constructs included.

Imports nothing of ours but its sister tables. Combined and composite directives are derived from their leaves by the
rules of chapter 17: a clause is allowed if a leaf takes it, less what the chapter takes away. Names are the C spelling;
`do` of Fortran is `for` (`spelled`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from analyzers.standards.openmp_clauses import CLAUSES, ClauseRule
from analyzers.standards.openmp_declarations import DECLARATIVE
from analyzers.standards.openmp_directives import EXECUTABLE, Association, DirectiveRule

# Combined and composite constructs (OpenMP 5.2 §17.3): leaf names, outermost first.
_DISTRIBUTE = ("distribute", "distribute simd", "distribute parallel for", "distribute parallel for simd")
_PARALLEL = ("parallel for", "parallel for simd", "parallel loop")
_TASKLOOP = ("taskloop", "taskloop simd")
_TEAMS = ("teams loop", *(f"teams {d}" for d in _DISTRIBUTE))
_COMBINED: tuple[str, ...] = (
    "for simd",
    "taskloop simd",
    "distribute simd",
    "distribute parallel for",
    "distribute parallel for simd",
    *_PARALLEL,
    "parallel sections",
    "parallel workshare",
    "parallel masked",
    "parallel single",
    "target parallel masked",
    "parallel master",
    *(f"{m} {t}" for m in ("masked", "master") for t in _TASKLOOP),
    *(f"parallel {m} {t}" for m in ("masked", "master") for t in _TASKLOOP),
    *_TEAMS,
    "target parallel",
    *(f"target {p}" for p in _PARALLEL),
    "target simd",
    "target teams",
    *(f"target {t}" for t in _TEAMS),
)


def _combined(name: str, leaves: dict[str, DirectiveRule]) -> DirectiveRule:
    """A combined directive takes the clauses of its leaves, less those that they lose in company (OpenMP 5.2 §17.2)."""
    kinds = tuple(name.split())
    parts = [leaves[k] for k in kinds]
    clauses = dict.fromkeys(c for p in parts for c in p.clauses)
    if "target" not in kinds and "parallel" in kinds and "nowait" in clauses:
        del clauses["nowait"]  # the barrier of a worksharing region at the end of its parallel region (§15.6)
    if "target" in kinds:
        clauses.pop("copyin", None)
    if "distribute" in kinds and "parallel" in kinds:
        clauses.pop("ordered", None)
    if "taskloop" in kinds and "parallel" in kinds:
        for gone in ("in_reduction", "nogroup"):
            clauses.pop(gone, None)
    last = parts[-1]
    plain = [p for p in parts if p.name != "simd" or len(parts) == 1]
    return DirectiveRule(
        name,
        kinds,
        parts[0].category if parts[0].name != "for" else "worksharing",
        last.association,
        "17.3" if len(kinds) > 1 else last.section,
        "; ".join(p.doc for p in (plain if len(plain) < 3 else (plain[0], plain[-1]))),
        tuple(clauses),
        None,
        tuple(e for e in dict.fromkeys(e for p in parts for e in p.exclusive) if all(c in clauses for c in e)),
        (),
        " ".join("masked" if k == "master" else k for k in kinds) if "master" in kinds else None,
    )


def _table() -> dict[str, DirectiveRule]:
    leaves = {d.name: d for d in (*EXECUTABLE, *DECLARATIVE)}
    return {**leaves, **{name: _combined(name, leaves) for name in _COMBINED}}


DIRECTIVES: dict[str, DirectiveRule] = _table()
WORDS: frozenset[str] = frozenset(word for name in DIRECTIVES for word in name.split())

# Spellings that stand for a canonical word (Fortran's loop; OpenMP 6.0 joins words by underscores).
_SPELLINGS = {
    "do": ("for",),
    "declare_target": ("declare", "target"),
    "declare_reduction": ("declare", "reduction"),
    "declare_simd": ("declare", "simd"),
    "declare_mapper": ("declare", "mapper"),
    "declare_variant": ("declare", "variant"),
    "begin_declare_target": ("begin", "declare", "target"),
    "end_declare_target": ("end", "declare", "target"),
    "target_data": ("target", "data"),
    "target_enter_data": ("target", "enter", "data"),
    "target_exit_data": ("target", "exit", "data"),
    "target_update": ("target", "update"),
    "cancellation_point": ("cancellation", "point"),
}
# Fortran lets words of a directive be written without the blank between them.
_FORTRAN_SPELLINGS = {
    "paralleldo": ("parallel", "for"),
    "parallelsections": ("parallel", "sections"),
    "parallelworkshare": ("parallel", "workshare"),
    "enddo": ("end", "for"),
    "endparallel": ("end", "parallel"),
    "endparalleldo": ("end", "parallel", "for"),
    "endsections": ("end", "sections"),
    "endsingle": ("end", "single"),
    "endmaster": ("end", "master"),
    "endcritical": ("end", "critical"),
    "endatomic": ("end", "atomic"),
    "endordered": ("end", "ordered"),
    "endtask": ("end", "task"),
    "endsimd": ("end", "simd"),
}


def spelled(word: str, fortran: bool = False) -> tuple[str, ...]:
    """The canonical words that a written word stands for."""
    if fortran:
        word = word.lower()
        if word in _FORTRAN_SPELLINGS:
            return _FORTRAN_SPELLINGS[word]
    elif word == "do":
        return (word,)
    return _SPELLINGS.get(word, (word,))


def combine(words: Sequence[str]) -> str:
    """The name of the directive that `words` begin with, by the longest match; "" when they begin with none."""
    longest = min(len(words), 8)
    for count in range(longest, 0, -1):
        name = " ".join(words[:count])
        if name in DIRECTIVES:
            return name
    return ""


def directive(name: str) -> DirectiveRule | None:
    """The rule of a canonical directive name."""
    return DIRECTIVES.get(name)


def clause(name: str) -> ClauseRule | None:
    """The rule of a clause."""
    return CLAUSES.get(name)


def clauses_of(name: str) -> tuple[ClauseRule, ...]:
    """The clauses that a directive takes; none for an unknown directive."""
    rule = DIRECTIVES.get(name)
    return () if rule is None else tuple(CLAUSES[c] for c in rule.clauses)


def association(name: str, clauses: Collection[str] = ()) -> Association:
    """What a directive governs; an unknown directive governs nothing. `clauses` are the names of those on it: `ordered`
    with `depend` or `doacross` stands alone (OpenMP 5.2 §15.10.1)."""
    rule = DIRECTIVES.get(name)
    if rule is None or (name == "ordered" and ("depend" in clauses or "doacross" in clauses)):
        return "none"
    return rule.association
