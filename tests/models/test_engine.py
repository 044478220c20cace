"""The process of a model, asked through its client: real llama.cpp, random weights."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from analyzers.api import SourceText, analyze, loops_of
from models import prompts, vocabulary
from models.client import COMMAND, Choice, Model, ModelError
from models.engine import _free_memory, _left_to_groups
from models.messages import Cancel, Complete, Load, Loaded, Word
from processes.parent import WorkerProcess
from tests.models import tiny

PROMPT = tuple(range(10, 40))
LONG = tuple(n % 250 for n in range(1900))
LOOP = "void f(int n, double *a, double s) {\n  for (int i = 0; i < n; i++) a[i] = s * g(i);\n}\n"


@pytest.fixture
async def model(small: Path) -> AsyncIterator[Model]:
    made = Model(Choice(small))
    yield made
    await made.stop()


@pytest.fixture
async def speaker(ours: Path) -> AsyncIterator[Model]:
    made = Model(Choice(ours))
    yield made
    await made.stop()


def asked() -> prompts.Prompt:
    source = SourceText.of(LOOP)
    start, loop = next(loops_of(analyze(source, "c")))
    return prompts.for_loop(source, "c", loop, start)


async def test_it_says_what_it_is(model: Model) -> None:
    loaded = await model.load()
    assert (loaded.name, loaded.architecture, loaded.vocabulary, loaded.context) == ("tiny", "llama", 260, 1024)
    assert loaded.pid == model.pid
    assert loaded.controls == {"fim_prefix": 1, "fim_suffix": 2, "fim_middle": 3, "end": 0}
    assert not loaded.anonymized
    assert 0 < loaded.memory < 150e6
    assert model.memory == loaded.memory


async def test_the_likeliest_continuation_is_the_one_of_the_highest_rank(model: Model) -> None:
    found = (await model.complete(PROMPT, 3, width=8)).continuations
    assert [each.log_probability for each in found] == sorted((e.log_probability for e in found), reverse=True)
    assert len({each.tokens for each in found}) == 8
    ranked = await model.rank(PROMPT, tuple(each.tokens for each in found))
    for each, (score, length) in zip(found, ranked.scores, strict=True):
        assert length == 3 == len(each.tokens)
        assert score == pytest.approx(each.log_probability, abs=1e-2)
        assert not each.ended


async def test_probabilities_are_probabilities(model: Model) -> None:
    ranked = await model.rank(PROMPT, tuple((token,) for token in range(260)))
    assert sum(math.exp(score) for score, _ in ranked.scores) == pytest.approx(1.0, abs=1e-4)


async def test_candidates_that_share_tokens_do_not_disturb_each_other(model: Model) -> None:
    candidates = tuple((5, 6, 7, *((n,) * (n % 4))) for n in range(8, 60))
    together = (await model.rank(PROMPT, candidates)).scores
    for n in (0, 1, 17, 51):
        alone = (await model.rank(PROMPT, (candidates[n],))).scores[0]
        assert together[n][0] == pytest.approx(alone[0], abs=1e-2)
        assert together[n][1] == len(candidates[n])


async def test_a_prompt_that_is_known_is_not_read_again(model: Model) -> None:
    first = await model.complete(PROMPT, 4)
    assert first.reused == 0
    again = await model.complete((*PROMPT, 40, 41), 4)
    assert again.reused == len(PROMPT)
    assert (await model.complete(PROMPT[:20], 4)).reused == 19
    once_more = await model.complete(PROMPT, 4)
    assert once_more.continuations[0].tokens == first.continuations[0].tokens


async def test_only_what_is_allowed_is_written(model: Model) -> None:
    choices = ((5, 6, 7), (5, 6), (9,), (5, 8, 8, 8))
    found = (await model.complete(PROMPT, 8, width=4, choices=choices)).continuations
    assert {each.tokens for each in found} == set(choices)
    assert all(each.ended for each in found)
    short = (await model.complete(PROMPT, 2, width=4, choices=choices)).continuations
    assert {each.tokens for each in short} == {(5, 6), (9,)}


async def test_control_tokens_in_a_text_are_text(model: Model) -> None:
    text = "int x; // <|fim_middle|><|endoftext|>\n"
    ranked = await model.rank(PROMPT, ((text,), (Word("<|fim_middle|>"),)))
    assert [length for _, length in ranked.scores] == [len(text), 1]


async def test_text_goes_in_and_comes_out(model: Model) -> None:
    text = "für (i) \U0001f600\0\n"
    found = (await model.complete(("a",), 64, choices=((text,),))).continuations[0]
    assert found.text == text
    assert len(found.tokens) == len(text.encode())


async def test_the_grammar_of_a_prompt_is_kept(speaker: Model) -> None:
    prompt = asked()
    found = await speaker.complete(tuple(prompt.ids), prompts.ANSWER, asked=prompt, width=4, seconds=20)
    assert found.continuations
    for each in found.continuations:
        words = list(prompt.typed)
        for word in each.words:
            assert word in prompts.follow(prompt, words)
            words.append(word)
        assert each.ended
        assert "<end>" in prompts.follow(prompt, words)


async def test_candidates_of_a_prompt_are_ranked(speaker: Model) -> None:
    assert (await speaker.load()).anonymized
    prompt = asked()
    candidates = [prompts.answer(prompt, text) for text in ("#pragma omp parallel for", "#pragma omp simd")]
    ids = tuple(tuple(vocabulary.encode((*words, "<end>"))) for words in candidates if words)
    ranked = await speaker.rank(tuple(prompt.ids), ids)
    assert [length for _, length in ranked.scores] == [3, 2]


async def test_another_vocabulary_is_refused(tmp_path: Path) -> None:
    model = Model(Choice(tiny.write_anonymized(tmp_path / "old.gguf", fingerprint="0123456789abcdef")))
    with pytest.raises(ModelError, match="made for another version of hpc-ls"):
        await model.load()
    await model.stop()


@pytest.mark.parametrize(
    ("prompt", "limit", "width", "why"),
    [
        ((), 3, 1, "0 tokens"),
        ((1, 99_999), 3, 1, "99999 is no token"),
        ((1, -1), 3, 1, "-1 is no token"),
        ((Word("v3"),), 3, 1, "no token of this model"),
        (tuple(range(200)) * 6, 3, 1, "the context holds 1024"),
        (PROMPT, 2000, 1, "the context holds 1024"),
        (PROMPT, 0, 1, "one or more tokens"),
        (PROMPT, 3, 0, "between 1 and"),
        (PROMPT, 3, 99, "between 1 and"),
    ],
)
async def test_a_question_without_sense_costs_only_itself(
    model: Model, prompt: tuple[int, ...], limit: int, width: int, why: str
) -> None:
    with pytest.raises(ModelError, match=why) as raised:
        await model.complete(prompt, limit, width=width)
    assert raised.value.trouble == "bad-request"
    pid = model.pid
    assert (await model.complete(PROMPT, 2)).continuations
    assert model.pid == pid


async def test_questions_of_the_wrong_form_are_refused(model: Model) -> None:
    with pytest.raises(ModelError, match="anonymized"):
        await model.complete(PROMPT, 3, asked=asked())
    with pytest.raises(ModelError, match="a candidate is empty"):
        await model.rank(PROMPT, ((1,), ()))


async def test_what_is_not_wanted_any_more_is_not_answered(slow: Path) -> None:
    answers: asyncio.Queue[object] = asyncio.Queue()
    process = WorkerProcess(COMMAND, lambda _, message: answers.put_nowait(message), lambda _: None)
    process.send(Load(str(slow)))
    assert isinstance(await answers.get(), Loaded)
    process.send(Complete(1, LONG, 100, 60))
    process.send(Cancel(1))
    process.send(Complete(2, LONG, 100, 0.01))
    process.send(Complete(3, LONG[:5], 1, 60))
    late, short = await answers.get(), await answers.get()
    assert (late.id, late.trouble) == (2, "time")
    assert (short.id, short.prompt_tokens) == (3, 5)
    process.kill()
    await process.ended()
    assert answers.empty()


async def test_an_answer_that_takes_too_long_is_given_up_and_the_process_stays(slow: Path) -> None:
    model = Model(Choice(slow))
    await model.load()
    pid = model.pid
    with pytest.raises(ModelError, match=r"no answer within 0\.0 s") as raised:
        await model.complete(LONG, 100, seconds=0.01)
    assert raised.value.trouble == "time"
    task = asyncio.create_task(model.complete(LONG, 100, seconds=60))
    await asyncio.sleep(0.05)
    task.cancel()
    assert (await model.complete(LONG[:7], 1, seconds=60)).prompt_tokens == 7
    assert model.pid == pid
    assert task.cancelled()
    await model.stop()


async def test_what_waits_can_be_taken_back(slow: Path) -> None:
    model = Model(Choice(slow))
    await model.load()
    first = asyncio.create_task(model.complete(tuple(n % 250 for n in range(900)), 1, seconds=60))
    second = asyncio.create_task(model.complete((1, 2, 3), 1, seconds=60))
    third = asyncio.create_task(model.complete((1, 2, 4), 1, seconds=60))
    await asyncio.sleep(0)
    second.cancel()
    assert (await first).prompt_tokens == 900
    assert (await third).prompt_tokens == 3
    assert second.cancelled()
    await model.stop()


def test_the_memory_of_a_job_counts(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("1:cpu:/other\n0::/user/job\n")
    for name, most, used in (("user/job", "max", "5"), ("user", "1000", "300"), (".", "5000", "4900")):
        (tmp_path / "groups" / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / "groups" / name / "memory.max").write_text(f"{most}\n")
        (tmp_path / "groups" / name / "memory.current").write_text(f"{used}\n")
        (tmp_path / "groups" / name / "memory.stat").write_text("anon 10\nfile 50\n")
    assert list(_left_to_groups(tmp_path / "groups", tmp_path / "own")) == [750, 150]
    assert list(_left_to_groups(tmp_path / "groups", tmp_path / "none")) == []
    assert (_free_memory() or 1) > 0


async def test_too_little_memory_is_said_beforehand(slow: Path) -> None:
    model = Model(Choice(slow, memory=20_000_000))
    with pytest.raises(ModelError, match=r"needs about \d+ MB, and the limit is 20 MB") as raised:
        await model.load()
    assert raised.value.trouble == "no-memory"
    await model.stop()
