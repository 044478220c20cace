"""The one list of rules.

A rule is one module: its docstring is its documentation page under fixed headings (What it finds / Why it matters /
Example / Fix / References), `RULE` its record, `check` its one function. A rule is named after the defect, not the repair;
a code is never reused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from analyzers.dependence.facts import FunctionFacts
from analyzers.ir.verdicts import Category, Finding, Severity
from analyzers.openmp.facts import OpenMPFacts


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may look at: the facts of one function."""

    facts: FunctionFacts
    openmp: OpenMPFacts


@dataclass(frozen=True, slots=True)
class Rule:
    """The record of a rule. `summary` is one line for lists; `section` the place in the standard."""

    code: str
    category: Category
    severity: Severity
    summary: str
    section: str
    check: Callable[[Context], Iterator[Finding]]
