"""A handle leads to nothing.

What it finds
A communicator, datatype, operation, window, group or file that is the null handle of its kind, a null pointer, or a
variable that nothing was stored in.

Why it matters
There is no object behind the handle. Implementations end the program, or crash.

Example
Bad:

    #include <mpi.h>

    void sum(double *x, double *total)
    {
        MPI_Comm row;
        MPI_Reduce(x, total, 1, MPI_DOUBLE, MPI_SUM, 0, row);
    }

Good:

    #include <mpi.h>

    void sum(double *x, double *total, int color, int rank)
    {
        MPI_Comm row;
        MPI_Comm_split(MPI_COMM_WORLD, color, rank, &row);
        MPI_Reduce(x, total, 1, MPI_DOUBLE, MPI_SUM, 0, row);
        MPI_Comm_free(&row);
    }

Fix
Make the object before it is used, and not behind where it was freed.

References
MPI 4.1 §2.5.1 (opaque objects)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding
from analyzers.rules.mpi import _common
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for fault in _common.of_kind(context, "handle"):
        role = fault.argument.parameter.role
        yield _common.about(
            RULE,
            fault,
            f"the {role} of {fault.call.name} is {fault.said}",
            f"no {role}",
            f"There is no {role} behind this handle (MPI 4.1 §2.5.1).",
        )


RULE = Rule(
    "mpi-null-handle",
    "mpi",
    "error",
    "a handle without an object behind it",
    "MPI 4.1 §2.5.1",
    check,
)
