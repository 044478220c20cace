"""The tables of OpenMP are consistent, and say what the specification says where it matters."""

from __future__ import annotations

import pytest

from analyzers.standards.openmp import DIRECTIVES, association, clauses_of, combine, directive, spelled
from analyzers.standards.openmp_clauses import CLAUSES


def names(directive_name: str) -> set[str]:
    return {clause.name for clause in clauses_of(directive_name)}


@pytest.mark.parametrize("name", DIRECTIVES)
def test_a_directive_names_clauses_that_exist(name: str) -> None:
    rule = DIRECTIVES[name]
    assert set(rule.clauses) <= set(CLAUSES)
    assert rule.argument is None or rule.argument in CLAUSES
    assert all(set(group) <= set(rule.clauses) for group in (*rule.exclusive, *rule.required))
    assert len(set(rule.clauses)) == len(rule.clauses)
    assert rule.doc
    assert rule.section[0].isdigit()


@pytest.mark.parametrize("name", CLAUSES)
def test_a_clause_is_taken_by_some_directive(name: str) -> None:
    takers = [d for d in DIRECTIVES.values() if name in d.clauses or d.argument == name]
    assert takers
    assert CLAUSES[name].doc
    assert "." in CLAUSES[name].section


@pytest.mark.parametrize("name", [n for n, d in DIRECTIVES.items() if len(d.kinds) > 1])
def test_a_combined_directive_is_made_of_leaves(name: str) -> None:
    rule = DIRECTIVES[name]
    assert " ".join(rule.kinds) == name
    assert all(kind in DIRECTIVES for kind in rule.kinds)
    assert rule.association == DIRECTIVES[rule.kinds[-1]].association


def test_what_company_takes_away() -> None:
    assert "nowait" in names("for")
    assert "nowait" not in names("parallel for")
    assert "nowait" in names("target parallel for")
    assert "copyin" in names("parallel for")
    assert "copyin" not in names("target parallel for")
    assert "ordered" not in names("distribute parallel for")
    assert {"schedule", "reduction", "safelen", "num_threads"} <= names("parallel for simd")
    assert "linear" in names("for")
    assert "shared" not in names("for")


def test_combine_takes_the_longest_name() -> None:
    assert combine(["parallel", "for", "simd", "private"]) == "parallel for simd"
    assert combine(["target", "enter", "data", "map"]) == "target enter data"
    assert combine(["cancel", "for"]) == "cancel"
    assert combine(["paralel"]) == ""
    assert combine([]) == ""


def test_spellings() -> None:
    assert spelled("do", fortran=True) == ("for",)
    assert spelled("do") == ("do",)
    assert spelled("PARALLELDO", fortran=True) == ("parallel", "for")
    assert spelled("target_data") == ("target", "data")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("parallel", "block"),
        ("parallel for", "loop"),
        ("barrier", "none"),
        ("atomic", "atomic"),
        ("parallel sections", "sections"),
        ("section", "separating"),
        ("threadprivate", "declarative"),
        ("declare simd", "function"),
        ("begin declare target", "delimited"),
        ("no such thing", "none"),
    ],
)
def test_association(name: str, expected: str) -> None:
    assert association(name) == expected


def test_ordered_with_dependences_stands_alone() -> None:
    assert association("ordered") == "block"
    assert association("ordered", ["depend"]) == "none"
    assert association("ordered", ["doacross"]) == "none"


def test_old_names_say_what_to_write() -> None:
    old = directive("parallel master taskloop")
    assert old is not None
    assert old.deprecated == "parallel masked taskloop"
