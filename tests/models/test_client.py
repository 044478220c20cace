"""What the caller sees when the process of a model dies, is not there, or is not needed any more."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from pathlib import Path

import psutil
import pytest

from models.client import PAUSES, Choice, Model, ModelError

PROMPT = tuple(range(10, 40))
DIES = (sys.executable, "-I", "-c", "import sys; sys.exit('no luck')")
# An engine without the package: its folder is not looked into.
LACKS = (
    sys.executable,
    "-I",
    "-c",
    "import sys; sys.modules['llama_cpp'] = None; from models.engine import main; main()",
)


async def until_gone(pid: int) -> None:
    for _ in range(2000):
        if not psutil.pid_exists(pid):
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"process {pid} is still there: {psutil.Process(pid).status()}")


async def test_a_killed_process_costs_the_question_it_was_at_and_no_other(slow: Path) -> None:
    model = Model(Choice(slow))
    long = tuple(n % 250 for n in range(900))
    dice = random.Random(3)
    pids = set()
    for round_ in range(50):
        assert (await model.complete(PROMPT[: 2 + round_ % 20], 2, seconds=30)).continuations
        pid = model.pid
        assert pid is not None
        pids.add(pid)
        question = asyncio.create_task(model.complete((round_, *long), 50, seconds=30))
        await asyncio.sleep(dice.choice((0.0, 0.002, 0.02)))
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(ModelError, match="ended while it worked") as raised:
            await question
        assert raised.value.trouble == "lost"
    assert len(pids) == 50 == model.deaths
    assert (await model.complete(PROMPT, 2, seconds=30)).continuations
    await model.stop()
    assert not [child for child in psutil.Process().children() if child.pid in pids]


async def test_a_process_that_dies_again_and_again_is_left_alone_for_a_while(small: Path) -> None:
    told: list[ModelError] = []
    model = Model(Choice(small), told.append, command=DIES)
    for _ in range(2):
        with pytest.raises(ModelError, match="ended while it worked"):
            await model.complete(PROMPT, 2)
    with pytest.raises(ModelError, match="started again in some seconds"):
        await model.complete(PROMPT, 2)
    for n in range(2, len(PAUSES)):
        model._not_before = 0.0
        assert told == []
        with pytest.raises(ModelError, match="ended while it worked"):
            await model.complete(PROMPT, 2)
        assert model.deaths == n + 1
    assert [str(error) for error in told] == [
        "the process of the model ends again and again; the log says why (no luck)"
    ]
    await model.stop()


async def test_a_process_that_does_not_answer_is_ended(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.client.GRACE", 0.1)
    model = Model(Choice(small))
    await model.load()
    pid = model.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(ModelError, match="did not answer within") as raised:
        await model.complete(PROMPT, 2, seconds=0.1)
    assert raised.value.trouble == "time"
    await until_gone(pid)
    assert (await model.complete(PROMPT, 2, seconds=30)).continuations
    await model.stop()


async def test_memory_is_given_back_when_nobody_asks(small: Path) -> None:
    model = Model(Choice(small), idle=0.05)
    assert model.pid is None
    await model.complete(PROMPT, 2, seconds=30)
    pid = model.pid
    assert pid is not None
    assert model.memory > 0
    await until_gone(pid)
    assert (model.pid, model.memory, model.loaded, model.deaths) == (None, 0, None, 0)
    assert (await model.complete(PROMPT, 2, seconds=30)).continuations
    await model.stop()


async def test_without_the_package_it_says_what_to_do_and_does_not_try_again(small: Path) -> None:
    told: list[ModelError] = []
    model = Model(Choice(small), told.append, command=LACKS)
    for _ in range(3):
        with pytest.raises(ModelError, match=r"`pip install 'hpc-ls\[model\]'` adds it") as raised:
            await model.complete(PROMPT, 2)
        assert raised.value.trouble == "not-installed"
        assert model.pid is None
    assert len(told) == 1
    await model.stop()


async def test_a_bad_file_is_told_once_and_looked_at_again_when_it_has_changed(small: Path, tmp_path: Path) -> None:
    told: list[ModelError] = []
    path = tmp_path / "model.gguf"
    path.write_bytes(small.read_bytes()[:100_000])
    model = Model(Choice(path), told.append)
    for _ in range(3):
        with pytest.raises(ModelError, match="was cut off") as raised:
            await model.complete(PROMPT, 2)
        assert raised.value.trouble == "bad-model"
    assert len(told) == 1
    path.write_bytes(small.read_bytes())
    assert (await model.complete(PROMPT, 2, seconds=30)).continuations
    assert len(told) == 1
    await model.stop()


@pytest.mark.parametrize("content", [None, b"", b"<html></html>", b"GGUF\3\0\0\0" + b"\xff" * 100])
async def test_a_file_that_is_no_model(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    if content is not None:
        path.write_bytes(content)
    model = Model(Choice(path))
    with pytest.raises(ModelError, match=r"model\.gguf (is not used|cannot be read)") as raised:
        await model.load()
    assert raised.value.trouble == "bad-model"
    await model.stop()


async def test_damaged_weights_and_headers_never_hang(small: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    whole = small.read_bytes()
    dice = random.Random(11)
    answered = 0
    for _ in range(25):
        data = bytearray(whole)
        for _ in range(dice.choice((0, 0, 1))):
            data[dice.randrange(3000)] = dice.randrange(256)
        for _ in range(100):
            data[dice.randrange(len(data) // 2, len(data))] = dice.randrange(256)
        path.write_bytes(data)
        model = Model(Choice(path))
        try:
            answered += bool((await model.complete(PROMPT, 2, seconds=5)).continuations)
        except ModelError as error:
            assert error.trouble in ("bad-model", "lost", "bad-request", "no-memory")
        await model.stop()
    assert answered > 0


async def test_many_may_ask_at_once(small: Path) -> None:
    model = Model(Choice(small))
    answers = await asyncio.gather(*(model.complete(PROMPT[: 3 + n], 3, seconds=30) for n in range(20)))
    assert [answer.prompt_tokens for answer in answers] == [3 + n for n in range(20)]
    await model.stop()


async def test_a_question_in_a_hurry_does_not_end_a_slow_one_before_it(
    slow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.client.GRACE", 0.0)
    model = Model(Choice(slow))
    await model.load()
    long = asyncio.create_task(model.complete(tuple(n % 250 for n in range(1800)), 20, seconds=60))
    await asyncio.sleep(0.01)
    short = asyncio.create_task(model.complete(PROMPT, 1, seconds=0.5))
    assert (await long).prompt_tokens == 1800
    assert (await short).prompt_tokens == 30
    assert model.deaths == 0
    await model.stop()


async def test_stopped_in_the_middle(slow: Path) -> None:
    model = Model(Choice(slow))
    await model.load()
    pid = model.pid
    question = asyncio.create_task(model.complete(tuple(n % 250 for n in range(900)), 1, seconds=30))
    await asyncio.sleep(0.01)
    await model.stop()
    with pytest.raises(ModelError, match="was stopped"):
        await question
    assert pid is not None
    assert not psutil.pid_exists(pid)
