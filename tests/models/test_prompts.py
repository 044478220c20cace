"""Names go out and come back; nothing in a user's text becomes a control word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzers import api
from analyzers.api import SourceText, Span
from models import prompts, vocabulary
from models.prompts import Prompt

SNIPPET = replace(api.DEFAULTS, snippet=True)


def asked(text: str, **more: str) -> Prompt:
    """The prompt for the first loop of a text."""
    source = SourceText.of(text)
    start, loop = next(api.loops_of(api.analyze(source, "c", SNIPPET)))
    return prompts.for_loop(source, "c", loop, start, **more)  # type: ignore[arg-type]


def called(text: str, typed: str = "") -> Prompt:
    """The prompt for the call where `HOLE` stands."""
    at = text.index("HOLE")
    return prompts.for_call(SourceText.of(text), "c", Span(at, at + 4), typed)


SUM = "for (i = 0; i < count; i++) { t = price[i] * 1.19; total += t; }\n"


def test_names_become_words_and_facts_stand_behind_the_code() -> None:
    words = " ".join(asked(SUM).words)
    assert words == (
        "<begin> <c> <pragma> <code> for ( v0 = 0 ; v0 < v1 ; v0 ++ ) { v2 = a0 [ v0 ] * c0 ; v3 += v2 ; }"
        " <facts> is-parallel is-proved index ( v0 ) shared-read ( a0 ) private ( v2 ) reduction ( + : v3 ) <ask>"
    )


@pytest.mark.parametrize(
    "pragma",
    [
        "#pragma omp parallel for",
        "#pragma omp parallel for private(t) reduction(+:total) schedule(dynamic, 16)",
        "#pragma omp parallel for lastprivate(conditional: t) if(count > 1000)",
        "#pragma omp simd linear(t: 4)",
    ],
)
def test_a_directive_comes_back_as_it_was(pragma: str) -> None:
    prompt = asked(SUM)
    words = prompts.answer(prompt, pragma)
    assert words is not None
    assert not {"t", "total", "count"} & set(words)
    assert prompts.spelled(prompt, (*words, "<end>", "for")) == pragma


def test_every_word_of_a_right_answer_may_follow() -> None:
    prompt = asked(SUM)
    words = prompts.answer(prompt, "#pragma omp parallel for private(t) reduction(+:total) schedule(dynamic, 16)")
    assert words is not None
    for i, word in enumerate((*words, "<end>")):
        assert word in prompts.follow(prompt, words[:i]), words[:i]


def test_what_the_loop_does_not_name_is_no_answer() -> None:
    prompt = asked(SUM)
    assert prompts.answer(prompt, "#pragma omp parallel for private(other)") is None
    assert prompts.spelled(prompt, ("parallel", "for", "private", "(", "v9", ")")) is None
    assert prompts.spelled(prompt, ("parallel", "for", "private", "(", "v2")) is None
    assert prompts.spelled(prompt, ("<none>", "<end>")) is None


def test_the_task_follows_from_what_was_typed() -> None:
    assert asked(SUM).task == "<pragma>"
    assert asked(SUM, typed="#pragma omp parallel for private(").task == "<rest>"
    choice = asked(SUM, typed="parallel for private(t)")
    assert choice.task == "<choice>"
    assert choice.words[-len(choice.typed) :] == choice.typed == ("parallel", "for", "private", "(", "v2", ")")


def test_a_comment_gives_its_words_and_the_names_in_it() -> None:
    prompt = asked(SUM, comment="// Parallelize this with a dynamic schedule, summing total; zebra <end>")
    said = prompt.words[prompt.words.index("<comment>") + 1 : prompt.words.index("<ask>")]
    assert said == ("parallelize", "this", "with", "a", "dynamic", "schedule", "v3")
    assert prompt.task == "<intent>"


def test_a_call_and_what_is_known_around_it() -> None:
    program = (
        "int main(int argc, char **argv) { int me; double *rows = malloc(8 * sizeof(double)); MPI_Status st;\n"
        "MPI_Comm_rank(MPI_COMM_WORLD, &me); if (me == 0) { HOLE }\n"
        "else MPI_Recv(rows, 8, MPI_DOUBLE, 0, 771, MPI_COMM_WORLD, &st); }"
    )
    prompt = called(program, "MPI_Send(rows, ")
    text = "MPI_Send(rows, 8, MPI_DOUBLE, 1, 771, MPI_COMM_WORLD)"
    words = prompts.answer(prompt, text)
    assert words is not None
    assert words[: len(prompt.typed)] == prompt.typed
    assert words[-5:] == (",", "c0", ",", "MPI_COMM_WORLD", ")")
    assert prompts.spelled(prompt, (*words, "<end>")) == text
    types = " ".join(prompt.words[prompt.words.index("<types>") : prompt.words.index("<calls>")])
    assert "a0 double * ;" in types


def test_a_call_above_the_window_is_kept() -> None:
    text = "int me; MPI_Comm_rank(MPI_COMM_WORLD, &me);" + "x = y + 1;" * 100 + "HOLE"
    words = called(text).words
    assert "MPI_Comm_rank" in words[words.index("<calls>") : words.index("<ask>")]


@pytest.mark.parametrize(
    "text",
    ['for (i = 0; i < n; i++) a[i] = "<end>" \'<none>\' <|x|> ` $ \\ \x00 "open', "for (;;", "é for (i=0;i<n;i++) x"],
)
def test_no_text_is_too_strange(text: str) -> None:
    prompt = called(f"{text} HOLE {text}")
    inside = prompt.words[prompt.words.index("<code>") + 1 : prompt.words.index("<types>")]
    assert {w for w in inside if w.startswith("<") and w.endswith(">")} <= {
        "<hole>",
        "<string>",
        "<character>",
        "<other>",
    }
    assert all(0 <= i < vocabulary.SIZE for i in prompt.ids)


def test_a_variable_without_a_name_is_passed_over() -> None:
    source = SourceText.of(SUM)
    start, loop = next(api.loops_of(api.analyze(source, "c", SNIPPET)))
    nameless = replace(loop, roles=(replace(loop.roles[0], name="", clause_item=None), *loop.roles))
    assert prompts.for_loop(source, "c", nameless, start).words == prompts.for_loop(source, "c", loop, start).words


def test_long_code_is_cut_and_the_question_stays() -> None:
    prompt = asked("for (i = 0; i < n; i++) {" + "".join(f"x{k}[i] = y{k}[i];" for k in range(500)) + "}")
    assert len(prompt.words) <= prompts.LONGEST
    assert prompt.words[-1] == "<ask>"
    assert "<cut>" in prompt.words


def test_the_vocabulary_is_closed_and_has_room() -> None:
    assert len(vocabulary.ENTRIES) == len(vocabulary.IDS) == vocabulary.SIZE
    assert vocabulary.ENTRIES[-1].startswith("<spare")
