"""The table of MPI's procedures: roles, families, names."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from analyzers.standards import mpi
from analyzers.standards.mpi import Parameter, Procedure


def _named(name: str) -> Procedure:
    found = mpi.procedure(name)
    assert found is not None
    return found


def test_send_says_what_its_arguments_are() -> None:
    send = _named("MPI_Send")
    assert [p.role for p in send.parameters] == ["buffer", "count", "datatype", "rank", "tag", "communicator"]
    assert {p.direction for p in send.parameters} == {"in"}
    assert (send.completion, send.collective, send.section) == ("blocking", False, "3.2.1")


def test_a_receive_writes_its_buffer_and_its_status() -> None:
    written = [p.name for p in _named("MPI_Recv").parameters if p.direction == "out"]
    assert written == ["buf", "status"]


def test_names_of_fortran_and_of_profiling_mean_the_same_procedure() -> None:
    assert mpi.procedure("PMPI_Send") is mpi.procedure("mpi_send") is mpi.procedure("MPI_SEND") is _named("MPI_Send")
    assert mpi.procedure("MPI_Sent") is None
    assert mpi.procedure("send") is None


@pytest.mark.parametrize(
    ("blocking", "started", "prepared"),
    [
        ("MPI_Bcast", "MPI_Ibcast", "MPI_Bcast_init"),
        ("MPI_Reduce_scatter_block", "MPI_Ireduce_scatter_block", "MPI_Reduce_scatter_block_init"),
        ("MPI_Neighbor_alltoallw", "MPI_Ineighbor_alltoallw", "MPI_Neighbor_alltoallw_init"),
    ],
)
def test_collectives_come_in_families(blocking: str, started: str, prepared: str) -> None:
    plain, begun, kept = map(_named, (blocking, started, prepared))
    request = Parameter("request", "request", "out")
    assert begun.parameters == (*plain.parameters, request)
    assert kept.parameters == (*plain.parameters, Parameter("info", "info"), request)
    assert (begun.completion, kept.completion) == ("nonblocking", "persistent")
    assert plain.collective and begun.collective and kept.collective


def test_large_counts_are_variants_of_what_counts() -> None:
    assert _named("MPI_Send_c").counts == "MPI_Count"
    assert _named("MPI_Send_c").parameters == _named("MPI_Send").parameters
    assert mpi.procedure("MPI_Barrier_c") is None
    assert mpi.procedure("MPI_Waitall_c") is None


def test_old_procedures_name_their_successors() -> None:
    old = [p for p in mpi.procedures().values() if p.instead is not None]
    assert _named("MPI_Type_struct").instead == "MPI_Type_create_struct"
    assert len(old) >= 17
    assert all(mpi.procedure(p.instead) is not None for p in old if p.instead is not None)


def test_an_operation_that_is_only_started_keeps_its_buffer() -> None:
    started, done = mpi.routine("MPI_Irecv"), mpi.routine("MPI_Recv")
    assert started is not None and started.parameters[0] == "e"
    assert done is not None and done.parameters[0] == "w"


@pytest.mark.parametrize("name", ["MPI_Wait", "MPI_Testall", "MPI_Start", "MPI_Win_fence", "MPI_Request_free"])
def test_what_completes_operations_touches_memory_that_it_is_not_given(name: str) -> None:
    assert mpi.routine(name) is None


def test_a_question_is_no_exchange() -> None:
    asked = mpi.routine("MPI_Comm_rank")
    assert asked is not None and not asked.io and asked.fills == (1,)
    sent = mpi.routine("MPI_Send")
    assert sent is not None and sent.io


_PROTOTYPE = re.compile(r"\b(MPI_\w+)\s*\(([^;{]*?)\)\s*(?:__attribute__\s*\(\(.*?\)\)\s*)*;", re.DOTALL)


def test_the_table_agrees_with_the_header_of_an_implementation(tmp_path: Path) -> None:
    """As many arguments as there, pointers where pointers are, `const` only where nothing is written."""
    compiler = shutil.which("mpicc")
    if compiler is None:
        pytest.skip("no MPI here")
    source = tmp_path / "all.c"
    source.write_text("#include <mpi.h>\n")
    done = subprocess.run([compiler, "-E", "-P", str(source)], capture_output=True, text=True, check=True)
    compared = 0
    for name, inside in _PROTOTYPE.findall(done.stdout):
        found = mpi.procedures().get(name)
        given = [" ".join(each.split()) for each in inside.split(",") if each.strip() not in ("", "void", "...")]
        if found is None:
            continue
        compared += 1
        assert len(given) == len(found.parameters), name
        for written, parameter in zip(given, found.parameters, strict=True):
            is_pointer = "*" in written or "[" in written
            if parameter.role != "attribute":
                assert is_pointer == parameter.by_address, (name, written)
            assert not (is_pointer and "const" in written) or parameter.direction == "in", (name, written)
    assert compared > 300
