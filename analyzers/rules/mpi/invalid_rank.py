"""A rank that no process has.

What it finds
A destination, source, root or target rank that is negative and none of the constants for it, that is the number of
processes or more, or a wildcard where a destination is asked for.

Why it matters
Ranks go from 0 to the number of processes minus 1. The call fails, or waits for nobody.

Example
Bad:

    #include <mpi.h>

    void last(double *x)
    {
        int size;
        MPI_Comm_size(MPI_COMM_WORLD, &size);
        MPI_Send(x, 1, MPI_DOUBLE, size, 0, MPI_COMM_WORLD);
    }

Good:

    #include <mpi.h>

    void last(double *x)
    {
        int size;
        MPI_Comm_size(MPI_COMM_WORLD, &size);
        MPI_Send(x, 1, MPI_DOUBLE, size - 1, 0, MPI_COMM_WORLD);
    }

Fix
Use a rank of the communicator; `MPI_PROC_NULL` where there is no partner.

References
MPI 4.1 §3.2.3 (message envelope), §3.11 (null processes)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding
from analyzers.rules.mpi import _common
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for fault in _common.of_kind(context, "rank"):
        name = fault.argument.parameter.name
        yield _common.about(
            RULE,
            fault,
            f"`{name}` of {fault.call.name} is {fault.said}",
            "no process has this rank",
            "Ranks go from 0 to the number of processes minus 1; `MPI_PROC_NULL` stands for nobody, and "
            "`MPI_ANY_SOURCE` only for the source of a receive (MPI 4.1 §3.2.3).",
        )


RULE = Rule(
    "mpi-invalid-rank",
    "mpi",
    "error",
    "a rank that no process of the communicator has",
    "MPI 4.1 §3.2.3",
    check,
)
