"""A request is never completed.

What it finds
A call that starts an operation, and a request in a variable of the function that nothing else names: nobody waits for
it, tests it or hands it on.

Why it matters
The buffer may never be used again, since nobody knows when the operation is done, and the request is never given back.

Example
Bad:

    #include <mpi.h>

    void send(double *x, int n)
    {
        MPI_Request request;
        MPI_Isend(x, n, MPI_DOUBLE, 1, 0, MPI_COMM_WORLD, &request);
    }

Good:

    #include <mpi.h>

    void send(double *x, int n)
    {
        MPI_Request request;
        MPI_Isend(x, n, MPI_DOUBLE, 1, 0, MPI_COMM_WORLD, &request);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
    }

Fix
Wait for it before the buffer is used again: `MPI_Wait`, `MPI_Waitall`.

References
MPI 4.1 §3.7.3 (communication completion)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.verdicts import Finding
from analyzers.mpi.requests import never_completed
from analyzers.rules.mpi import _common
from analyzers.rules.registry import Context, Rule


def check(context: Context) -> Iterator[Finding]:
    for call, symbol in never_completed(context.facts.function):
        yield _common.finding(
            RULE,
            call,
            call.call.span,
            f"nobody waits for `{symbol.name}`, the request of {call.name}",
            "started, and never completed",
            f"`{symbol.name}` is named nowhere else in the function. Until the operation is completed its buffer may "
            "not be used (MPI 4.1 §3.7.3).",
            variable=symbol.name,
        )


RULE = Rule(
    "mpi-request-not-completed",
    "mpi",
    "error",
    "an operation is started and never completed",
    "MPI 4.1 §3.7.3",
    check,
)
