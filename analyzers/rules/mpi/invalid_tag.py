"""A tag that no message can have.

What it finds
A negative tag, `MPI_ANY_TAG` in a send, a wildcard for ranks in place of a tag.

Why it matters
Tags go from 0 to the value of `MPI_TAG_UB`. The call fails, by default it ends the program.

Example
Bad:

    #include <mpi.h>

    void send(double *x)
    {
        MPI_Send(x, 1, MPI_DOUBLE, 1, MPI_ANY_TAG, MPI_COMM_WORLD);
    }

Good:

    #include <mpi.h>

    void send(double *x)
    {
        MPI_Send(x, 1, MPI_DOUBLE, 1, 7, MPI_COMM_WORLD);
    }

Fix
Use a tag from 0 to 32767, which every implementation has; wildcards are for receives.

References
MPI 4.1 §3.2.3 (message envelope), §9.1.2 (MPI_TAG_UB)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding
from analyzers.rules.mpi import _common
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for fault in _common.of_kind(context, "tag"):
        yield _common.about(
            RULE,
            fault,
            f"the tag of {fault.call.name} is {fault.said}",
            "no message has this tag",
            "Tags go from 0 to `MPI_TAG_UB`, and `MPI_ANY_TAG` is for receives only (MPI 4.1 §3.2.3).",
        )


RULE = Rule(
    "mpi-invalid-tag",
    "mpi",
    "error",
    "a tag that no message can have",
    "MPI 4.1 §3.2.3",
    check,
)
