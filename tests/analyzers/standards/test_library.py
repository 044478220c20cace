"""The tables of library functions are consistent in themselves."""

from __future__ import annotations

import pytest

from analyzers.standards.library import OPERATIONS, ROUTINES


def test_letters_and_positions() -> None:
    for routine in ROUTINES.values():
        assert set(routine.parameters) <= set("-rwbe"), routine
        for position in routine.fills:
            assert routine.parameters[position] in "wb", routine


def test_hidden_state_is_not_safe_to_share() -> None:
    for routine in ROUTINES.values():
        if not routine.safe:
            assert routine.state is not None or routine.io, routine


COMMONS = """
sin cosf sqrtl fmax cexp memset strlen qsort rand srand drand48 getenv time clock_gettime omp_get_wtime assert isdigit
abs atoi fprintf fread posix_memalign free __builtin_expect __builtin_sqrt
"""


@pytest.mark.parametrize(
    "name",
    COMMONS.split(),
)
def test_commons_are_there(name: str) -> None:
    assert name in ROUTINES


def test_every_float_and_long_double_variant() -> None:
    for name in ("sin", "pow", "fabs", "floor", "fma"):
        assert {name, name + "f", name + "l"} <= ROUTINES.keys()


def test_thread_safety_of_posix() -> None:
    unsafe = {"rand", "strtok", "localtime", "gmtime", "asctime", "ctime", "strerror", "drand48", "lgamma", "getenv"}
    assert not any(ROUTINES[name].safe for name in unsafe)
    assert ROUTINES["printf"].safe
    assert ROUTINES["rand_r"].safe


def test_costs_are_those_of_functions_that_only_compute() -> None:
    for name in OPERATIONS.keys() - {"min", "max"}:
        routine = ROUTINES[name]
        assert routine.parameters == "-" and routine.state is None and not routine.io, name
    assert OPERATIONS["fabsl"] < OPERATIONS["sqrtf"] < OPERATIONS["__builtin_pow"]
