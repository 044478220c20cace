"""An operation is not defined for the datatype.

What it finds
A predefined operation of a reduction with a datatype that it is not defined for: bits of floating-point numbers, the
greater of two complex ones.

Why it matters
There is no such operation. Implementations end the program.

Example
Bad:

    #include <mpi.h>

    void all(const float *x, float *y)
    {
        MPI_Allreduce(x, y, 1, MPI_FLOAT, MPI_BOR, MPI_COMM_WORLD);
    }

Good:

    #include <mpi.h>

    void all(const float *x, float *y)
    {
        MPI_Allreduce(x, y, 1, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    }

Fix
Use an operation of the table in the standard, or make one with `MPI_Op_create`.

References
MPI 4.1 §6.9.2 (predefined reduction operations), §6.9.4 (MINLOC and MAXLOC)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding
from analyzers.rules.mpi import _common
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for misfit in _common.misfits_of(context, "operation"):
        yield _common.about(
            RULE,
            misfit,
            f"the operation of {misfit.call.name} does not fit: {misfit.said}",
            "not for this datatype",
            "Which operation takes which datatypes stands in the table of MPI 4.1 §6.9.2.",
        )


RULE = Rule(
    "mpi-wrong-operation",
    "mpi",
    "error",
    "an operation that the datatype does not have",
    "MPI 4.1 §6.9.2",
    check,
)
