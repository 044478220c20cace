"""A call of MPI that somebody proposes is judged where it would stand."""

from __future__ import annotations

import pytest

from analyzers.api import Analyzer, SourceText, verify_call

TEXT = """#include <mpi.h>
#define COUNT 4
struct part { int left; double mass[8]; };
void other(int hidden) { hidden = 0; }
int main(int argc, char **argv)
{
    int rank, x = 3;
    double buffer[10];
    struct part p, *q = &p;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 0)
        HERE
    MPI_Finalize();
    return x;
}
"""


@pytest.mark.parametrize(
    ("call", "status"),
    [
        ("MPI_Send(&x, 1, MPI_INT, 1, 0, MPI_COMM_WORLD)", "possible"),
        ("MPI_Send(buffer, COUNT, MPI_DOUBLE, rank + 1, 0, MPI_COMM_WORLD)", "possible"),
        ("MPI_Send(p.mass, 8, MPI_DOUBLE, q->left, 0, MPI_COMM_WORLD)", "possible"),
        ("MPI_Bcast(&buffer[2], 3, MPI_DOUBLE, 0, MPI_COMM_WORLD)", "possible"),
        ("MPI_Send(&x, 1, MPI_DOUBLE, 1, 0, MPI_COMM_WORLD)", "refuted"),
        ("MPI_Send(&x, -1, MPI_INT, 1, 0, MPI_COMM_WORLD)", "refuted"),
        ("MPI_Send(buffer, 11, MPI_DOUBLE, 1, 0, MPI_COMM_WORLD)", "refuted"),
        ("MPI_Send(&nothing, 1, MPI_INT, 1, 0, MPI_COMM_WORLD)", "malformed"),
        ("MPI_Send(&hidden, 1, MPI_INT, 1, 0, MPI_COMM_WORLD)", "malformed"),
        ("MPI_Send(&x, 1, MPI_INT, 1, 0, MPI_COMM_WORLD", "malformed"),
        ("MPI_Send(&x, 1,, MPI_INT)", "malformed"),
    ],
)
def test_verdict_on_a_call(call: str, status: str) -> None:
    at = TEXT.index("HERE")
    source = SourceText.of(TEXT.replace("HERE", ""))
    found = verify_call(Analyzer("c"), source, "c", at, call)
    assert found.status == status, found.findings
