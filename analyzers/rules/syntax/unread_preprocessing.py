"""A preprocessor line could not be followed, so the code that depends on it may be read in another way than meant.

What it finds
An `#if` without `#endif`, a condition or a `#define` that cannot be read, a macro that cannot be expanded where it
stands, a compilation database that cannot be used.

Why it matters
Which code is active, and what its names mean, is then a guess. What is said of that code may be about other code than
the compiler sees.

Example
Bad:

    void clear(int n, double *a)
    {
    #if defined(FAST
        n /= 2;
    #endif
        for (int i = 0; i < n; i++)
            a[i] = 0.0;
    }

Good:

    void clear(int n, double *a)
    {
    #if defined(FAST)
        n /= 2;
    #endif
        for (int i = 0; i < n; i++)
            a[i] = 0.0;
    }

Fix
Repair the line. Where it is right as it stands, what the file needs may be in the build: `defines` and `include-paths`
in the configuration, or a `compile_commands.json`, bring it here.

References
ISO/IEC 9899:2018 §6.10 (preprocessing directives)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzers.ir.statements import Problem, SourceFile
from analyzers.ir.verdicts import Finding
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    return _findings(context.facts.function.problems)


def check_file(file: SourceFile) -> Iterator[Finding]:
    return _findings(file.problems)


def _findings(problems: Iterable[Problem]) -> Iterator[Finding]:
    for problem in problems:
        # What is no C at all the compiler says better; the loops around it say that they were not read. Headers have a
        # rule of their own.
        if problem.kind in ("syntax", "header"):
            continue
        yield Finding(
            RULE.code,
            RULE.category,
            RULE.severity,
            "proved",
            problem.span,
            problem.message,
            label=problem.message,
            why="Which code is active, and what its names mean, is a guess from here on.",
        )


RULE = Rule(
    "syntax-unread-preprocessing",
    "syntax",
    "information",
    "a preprocessor line could not be followed",
    "C17 §6.10",
    check,
    check_file,
)
