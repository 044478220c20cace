"""A call moves more elements than the buffer has.

What it finds
A count that is greater than the number of elements from the given address to the end of the variable, the array or the
memory that `malloc` gave.

Why it matters
The call reads or writes behind the end: wrong data are sent, or other variables are overwritten.

Example
Bad:

    #include <mpi.h>

    void send(void)
    {
        double x[10] = {0};
        MPI_Send(x, 20, MPI_DOUBLE, 1, 0, MPI_COMM_WORLD);
    }

Good:

    #include <mpi.h>

    void send(void)
    {
        double x[10] = {0};
        MPI_Send(x, 10, MPI_DOUBLE, 1, 0, MPI_COMM_WORLD);
    }

Fix
Count elements, not bytes, and no more than there are.

References
MPI 4.1 §3.2.2 (message data)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding
from analyzers.rules.mpi import _common
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for misfit in _common.misfits_of(context, "too-small"):
        yield _common.about(
            RULE,
            misfit,
            f"{misfit.call.name} goes beyond its buffer: {misfit.said}",
            "more than there is",
            "A count says how many elements of the datatype there are from the address on (MPI 4.1 §3.2.2).",
        )


RULE = Rule(
    "mpi-buffer-too-small",
    "mpi",
    "error",
    "more elements than the buffer has",
    "MPI 4.1 §3.2.2",
    check,
)
