"""The datatype is not that of the elements.

What it finds
A buffer of one C type with the datatype of another one: `MPI_INT` for `double`, `MPI_FLOAT` for `double`. Characters
and `void *` are raw memory, and `MPI_BYTE` and `MPI_PACKED` fit everything.

Why it matters
The call moves another number of bytes than there are, or reads floating-point numbers as integers.

Example
Bad:

    #include <mpi.h>

    void send(const double *x, int n)
    {
        MPI_Send(x, n, MPI_FLOAT, 1, 0, MPI_COMM_WORLD);
    }

Good:

    #include <mpi.h>

    void send(const double *x, int n)
    {
        MPI_Send(x, n, MPI_DOUBLE, 1, 0, MPI_COMM_WORLD);
    }

Fix
Give the datatype of the elements.

References
MPI 4.1 §3.3.1 (type matching rules), §3.2.2 (message data)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding
from analyzers.rules.mpi import _common
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for misfit in _common.misfits_of(context, "other-type"):
        yield _common.about(
            RULE,
            misfit,
            f"the datatype of {misfit.call.name} does not fit: {misfit.said}",
            "not the type of the elements",
            "The type of the variable and the datatype of the call have to match (MPI 4.1 §3.3.1).",
        )


RULE = Rule(
    "mpi-datatype-mismatch",
    "mpi",
    "warning",
    "a datatype that is not that of the elements",
    "MPI 4.1 §3.3.1",
    check,
)
