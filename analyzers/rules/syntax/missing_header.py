"""A header was not found, so what it declares is not known.

What it finds
An `#include` of a header that is neither beside the file, nor in the folders of the build or of `include-paths`, nor
where compilers look by themselves. Headers of the standards (C, C++, POSIX, OpenMP, MPI) are known without being read.
There is one such finding in a file, however many headers are missing.

Why it matters
The macros, types, structures, array sizes and prototypes of the header are unknown, and so is every `#if` that asks for
its macros. Loops that use them may be undecided, or proved only under an assumption. Nothing that is said is wrong for
it; less is said.

Example
Bad:

    #include "no_such_header_anywhere.h"

    void clear(int n, double *a)
    {
        for (int i = 0; i < n; i++)
            a[i] = 0.0;
    }

Good:

    #include <math.h>

    void clear(int n, double *a)
    {
        for (int i = 0; i < n; i++)
            a[i] = 0.0;
    }

Fix
Let the build write a `compile_commands.json` (CMake: `-DCMAKE_EXPORT_COMPILE_COMMANDS=ON`; make: `bear -- make`), or
name the header's folder in `include-paths` (`-I` on the command line). A header that the build makes is there after the
first build.

References
ISO/IEC 9899:2018 §6.10.2 (source file inclusion)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.statements import SourceFile
from analyzers.ir.verdicts import Finding
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    return iter(())


def check_file(file: SourceFile) -> Iterator[Finding]:
    for problem in file.problems:
        if problem.kind != "header":
            continue
        yield Finding(
            RULE.code,
            RULE.category,
            RULE.severity,
            "proved",
            problem.span,
            problem.message,
            label=problem.message,
            why="The macros, types, structures and array sizes in it are unknown, and the `#if`s that ask for them. "
            "Loops that use them may stay undecided.",
            help="Name its folder in `include-paths` (`-I`), or let the build write a compile_commands.json.",
        )


RULE = Rule(
    "syntax-missing-header",
    "syntax",
    "information",
    "a header was not found",
    "C17 §6.10.2",
    check,
    check_file,
)
