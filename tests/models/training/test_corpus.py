"""Labels are right by construction, and a sample is compared with the analysis and a compiler."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from analyzers import api
from analyzers.api import SourceText
from models import prompts, vocabulary
from models.training import corpus, drills, evaluate, intents, loops, programs, statements
from models.training.corpus import Example
from models.training.loops import Generated

SAMPLE = range(5_000_000, 5_000_060)
PAIRS = [pair for seed in SAMPLE for pair in loops.pair(seed, held=seed % 3 == 0)]


def clauses(pragma: str) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """The private copies and the reductions of a directive."""
    copies: set[str] = set()
    combined: set[tuple[str, str]] = set()
    for clause, inside in re.findall(r"(\w+)\(([^()]*)\)", pragma):
        operator, _, names = inside.rpartition(":")
        if clause in ("private", "lastprivate"):
            copies |= set(re.findall(r"\w+", names))
        elif clause == "reduction":
            combined |= {(operator, name) for name in re.findall(r"\w+", names)}
    return frozenset(copies), frozenset(combined)


def test_the_analysis_agrees_with_the_labels() -> None:
    compared = 0
    for loop in PAIRS:
        found = corpus.first_loop(SourceText.of(loop.text), loop.language, loop.bare)  # type: ignore[arg-type]
        assert found is not None, loop.text
        _, report = found
        if loop.label is None:
            assert report.pragma is None or "cpp_text" in loop.kinds, loop.text
        else:
            # Of flags and masks the analysis wants to know more than it sees here: that they are 0 or 1, or integers.
            assert report.verdict.status != "dependent" or {"bits", "flag"} & set(loop.kinds), loop.text
            if report.pragma is not None and "collapse" not in report.pragma + loop.label:
                assert clauses(report.pragma) == clauses(loop.label), loop.text
                compared += 1
    assert compared > len(PAIRS) // 5


def test_no_label_is_refuted() -> None:
    for loop in PAIRS[::4]:
        if loop.label is None:
            continue
        source = SourceText.of(loop.text)
        found = corpus.first_loop(source, loop.language, loop.bare)  # type: ignore[arg-type]
        assert found is not None
        start, report = found
        options = corpus.BARE if loop.bare else api.DEFAULTS
        span = report.span.shifted(start)
        verified = api.verify_pragma(source, loop.language, span, loop.label, options)  # type: ignore[arg-type]
        assert verified.status not in ("refuted", "malformed"), (loop.label, loop.text)


@pytest.mark.skipif(shutil.which("gcc") is None or shutil.which("g++") is None, reason="needs compilers")
def test_a_compiler_takes_the_functions_with_their_labels(tmp_path: Path) -> None:
    whole = [loop for loop in PAIRS if not loop.bare]
    assert len(whole) > 20
    for language, compiler in (("c", "gcc"), ("cpp", "g++")):
        chosen = [loop for loop in whole if loop.language == language][:8]
        for number, loop in enumerate(chosen):
            (tmp_path / f"{number}.{language}").write_text(loop.prelude + labelled(loop))
        files = [str(tmp_path / f"{number}.{language}") for number in range(len(chosen))]
        run = subprocess.run([compiler, "-fsyntax-only", "-fopenmp", "-w", *files], capture_output=True, text=True)
        assert run.returncode == 0, run.stderr


def labelled(loop: Generated) -> str:
    """The text with its label above the loop."""
    if loop.label is None:
        return loop.text
    lines = loop.text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("  for ("))
    return "\n".join((*lines[:at], loop.label, *lines[at:])) + "\n"


def test_a_twin_differs_by_what_carries_the_dependence() -> None:
    parallel, twin = loops.pair(7)
    assert parallel.label is not None
    assert twin.label is None
    names = {kind.__name__ for kind in statements.CARRYING}
    assert not names & set(parallel.kinds)
    assert len(names & set(twin.kinds)) == 1


def test_what_is_held_out_is_never_trained_on() -> None:
    trained = {kind for seed in range(400) for loop in loops.pair(seed) for kind in loop.kinds}
    held = {loops.pair(seed, held=True)[0].kinds[0] for seed in range(100)}
    assert trained
    assert held
    assert not trained & held


def test_everything_follows_from_the_seed() -> None:
    first = list(corpus.generated(30, seed=3))
    assert len(first) == 30
    assert first == list(corpus.generated(30, seed=3))
    assert first != list(corpus.generated(30, seed=4))


@pytest.mark.parametrize("examples", [list(corpus.generated(150, seed=9)), list(drills.examples(150, seed=9))])
def test_every_answer_can_be_said_within_the_grammar(examples: list[Example]) -> None:
    for example in examples:
        prompt = evaluate.question(example.prompt)
        assert prompt.typed == example.prompt[example.prompt.index("<ask>") + 1 :]
        said = list(prompt.typed)
        for word in example.answer:
            assert word in prompts.follow(prompt, said), (said, word)
            said.append(word)
        assert "<other>" not in (*example.prompt, *example.answer)
        assert all(word in vocabulary.IDS for word in example.prompt)


def test_examples_come_back_from_their_file(tmp_path: Path) -> None:
    examples = list(corpus.generated(12, seed=2))
    assert corpus.write(examples, tmp_path / "e.jsonl") == 12
    assert list(corpus.read(tmp_path / "e.jsonl")) == examples


def test_a_comment_asks_for_what_its_words_say() -> None:
    loop = next(loop for loop in PAIRS if loop.label and loop.private)
    for seed in range(200):
        comment, label = intents.asked(loop, random.Random(seed))
        assert label is not None
        assert ("schedule(dynamic" in label) == bool(re.search("dynamic|var(y|ies)|uneven|balanced|different", comment))
        for threads in re.findall(r"num_threads\((\d+)\)", label):
            assert threads in comment
    assert intents.asked(PAIRS[1], random.Random(1))[1] is None


def test_every_transfer_of_a_generated_program_is_a_question() -> None:
    text = programs.program(11)
    examples = list(corpus.of_program(text, "c", random.Random(1), whole=True))
    assert len(examples) == len(re.findall(r"\bMPI_\w+\(", text))
    for example in examples:
        assert example.prompt[-2] in vocabulary.MPI_FUNCTIONS
        assert example.answer[-2:] == (")", "<end>")


def test_calls_go_back_where_they_were() -> None:
    code = "1: int main()\n2: {\n3:   int me;\n4:   err =\n5:   work(me);\n6:   t =\n7: }\n"
    labels = [(3, 0, "MPI_Init", "0, 0"), (3, 1, "MPI_Comm_rank", "MPI_COMM_WORLD, &me"), (4, 0, "MPI_Wtime", "")]
    assert corpus.with_calls(code, labels).split("\n")[2:8] == [
        "  int me;", "  err = MPI_Init(0, 0);", "MPI_Comm_rank(MPI_COMM_WORLD, &me);", "  work(me);",
        "  t = MPI_Wtime();", "}",
    ]  # fmt: skip


def test_what_a_person_wrote_is_an_example_where_it_is_right(tmp_path: Path) -> None:
    right = "for (i = 0; i < n; i++) { Tmp = a[i]; b[i] = Tmp * Tmp; }"
    racy = "for (i = 0; i < n; i++) { Tmp = a[i]; b[i] = Tmp * Tmp; s += Tmp; }"
    none = "for (i = 1; i < n; i++) a[i] = a[i - 1] + 1;"
    rows = [
        {"code": right, "pragma": "for private(i, tmp, gone) schedule(static)", "hash": "1"},
        {"code": racy, "pragma": "parallel for", "hash": "2"},
        {"code": none, "pragma": "parallel for", "hash": "3"},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    examples = list(corpus.rows(path, whole=True))
    assert [" ".join(e.answer) for e in examples] == [
        "parallel for private ( v2 ) schedule ( static ) <end>",
        "parallel for private ( v2 ) reduction ( + : v3 ) <end>",
    ]


def test_a_third_of_real_code_is_kept_for_the_score() -> None:
    unseen = [corpus.is_unseen(Example((), (), "mpi", str(n))) for n in range(3000)]
    assert 900 < sum(unseen) < 1100
