"""The figures count what they say."""

from __future__ import annotations

from models.training import evaluate
from models.training.corpus import Example
from models.vocabulary import words_of

HEAD = ("<begin>", "<c>")
PARALLEL = Example(
    (
        *HEAD,
        *words_of("<pragma> <code> x <facts> is-parallel is-proved private ( v1 ) reduction ( + : v2 ) <ask>"),
    ),
    words_of("parallel for private ( v1 ) reduction ( + : v2 ) <end>"),
    "pragma parallel",
)
DEPENDENT = Example((*HEAD, "<pragma>", "<code>", "x", "<ask>"), ("<none>", "<end>"), "pragma dependent")
CALL = Example(
    (*HEAD, *words_of("<mpi> <code> <hole> <types> v0 int ; <calls> <ask> MPI_Send (")),
    words_of("& v0 , 1 , MPI_INT , ( v1 + 1 ) % v2 , 0 , MPI_COMM_WORLD ) <end>"),
    "mpi MPI_Send",
)


def test_the_analysis_alone_says_what_its_facts_say() -> None:
    answers = evaluate.analysis_alone([PARALLEL, DEPENDENT])
    assert answers == [PARALLEL.answer, DEPENDENT.answer]


def test_always_parallel_is_wrong_of_every_dependent_loop() -> None:
    score = evaluate.scored([PARALLEL, DEPENDENT], evaluate.always_parallel)
    assert score.right["pragma: dependent called parallel, without facts"] == 1
    assert score.right["pragma: clauses right"] == 0
    assert score.all["pragma: clauses right"] == 1


def test_clauses_count_and_their_order_does_not() -> None:
    said = words_of("parallel for reduction ( + : v2 ) private ( v1 ) schedule ( static ) <end>")
    assert evaluate.scored([PARALLEL], lambda _: [said]).right["pragma: clauses right"] == 1


def test_arguments_are_compared_one_by_one() -> None:
    said = words_of("& v0 , 2 , MPI_INT , ( v1 + 1 ) % v2 , 0 , MPI_COMM_WORLD ) <end>")
    score = evaluate.scored([CALL], lambda _: [said])
    assert dict(score.right) == {
        "mpi: all arguments": 0, "mpi: all arguments of transfers": 0, "mpi: count": 0, "mpi: datatype": 1,
        "mpi: peer": 1, "mpi: tag": 1, "mpi: communicator": 1,
    }  # fmt: skip


def test_an_n_gram_model_repeats_what_it_saw() -> None:
    answers = evaluate.of_ngrams([CALL, PARALLEL])
    assert answers([CALL, PARALLEL]) == [CALL.answer, PARALLEL.answer]
