"""What is sent in a collective call is not what is received.

What it finds
A gather, scatter or all-to-all whose two counts or datatypes differ: each process sends one part to another, and that
has to be the part that is received.

Why it matters
Data are cut off, or left where they were, or written behind the end of the buffer.

Example
Bad:

    #include <mpi.h>

    void collect(int *mine, int *all)
    {
        MPI_Allgather(mine, 4, MPI_INT, all, 1, MPI_INT, MPI_COMM_WORLD);
    }

Good:

    #include <mpi.h>

    void collect(int *mine, int *all)
    {
        MPI_Allgather(mine, 4, MPI_INT, all, 4, MPI_INT, MPI_COMM_WORLD);
    }

Fix
The counts say how much one process sends to, or receives from, one other: they are the same.

References
MPI 4.1 §6.5 (gather), §6.7 (gather-to-all)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding
from analyzers.rules.mpi import _common
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for misfit in _common.misfits_of(context, "sides"):
        yield _common.about(
            RULE,
            misfit,
            f"the two sides of {misfit.call.name} differ: {misfit.said}",
            "not what the other side says",
            "The amount of data sent has to be the amount received, for each pair of processes (MPI 4.1 "
            f"§{misfit.call.procedure.section}).",
        )


RULE = Rule(
    "mpi-unequal-sides",
    "mpi",
    "error",
    "a collective call sends what it does not receive",
    "MPI 4.1 §6.5",
    check,
)
