"""A count is negative.

What it finds
An argument of an MPI call that counts elements or bytes and is negative, also where only one branch makes it so.

Why it matters
No implementation can move a negative number of elements: the call fails, by default it ends the program.

Example
Bad:

    #include <mpi.h>

    void send(double *x, int argc)
    {
        int n = 10;
        if (argc > 2)
            n = -1;
        MPI_Send(x, n, MPI_DOUBLE, 1, 0, MPI_COMM_WORLD);
    }

Good:

    #include <mpi.h>

    void send(double *x, int argc)
    {
        int n = 10;
        if (argc > 2)
            n = 5;
        MPI_Send(x, n, MPI_DOUBLE, 1, 0, MPI_COMM_WORLD);
    }

Fix
Give the number of elements, 0 for none.

References
MPI 4.1 §3.2.2 (message data), §5.1.2 (datatype constructors)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding
from analyzers.rules.mpi import _common
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for fault in _common.of_kind(context, "count"):
        name = fault.argument.parameter.name
        yield _common.about(
            RULE,
            fault,
            f"`{name}` of {fault.call.name} is {fault.said}",
            "a negative number of elements",
            f"`{name}` says how much, and is at least 0 (MPI 4.1 §{fault.call.procedure.section}).",
        )


RULE = Rule(
    "mpi-negative-count",
    "mpi",
    "error",
    "a count is negative",
    "MPI 4.1 §3.2.2",
    check,
)
