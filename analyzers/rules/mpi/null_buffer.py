"""A null pointer where a call reads or writes.

What it finds
A null pointer for a buffer of which elements are sent or received, or for a result of the call.

Why it matters
The call reads or writes at address 0.

Example
Bad:

    #include <mpi.h>
    #include <stddef.h>

    void send(void)
    {
        double *x = NULL;
        MPI_Send(x, 10, MPI_DOUBLE, 1, 0, MPI_COMM_WORLD);
    }

Good:

    #include <mpi.h>
    #include <stddef.h>

    void send(void)
    {
        double *x = NULL;
        MPI_Send(x, 0, MPI_DOUBLE, 1, 0, MPI_COMM_WORLD);
    }

Fix
Hand over memory with room for the elements; a count of 0 where there is nothing.

References
MPI 4.1 §3.2.2 (message data), §2.5.7 (addresses)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding
from analyzers.rules.mpi import _common
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for fault in _common.of_kind(context, "buffer"):
        name = fault.argument.parameter.name
        yield _common.about(
            RULE,
            fault,
            f"`{name}` of {fault.call.name} is a null pointer",
            "address 0",
            f"The call reads or writes what `{name}` points to, and that is nothing (MPI 4.1 "
            f"§{fault.call.procedure.section}).",
        )


RULE = Rule(
    "mpi-null-buffer",
    "mpi",
    "error",
    "a null pointer where elements are read or written",
    "MPI 4.1 §3.2.2",
    check,
)
