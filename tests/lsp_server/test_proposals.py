"""What a local model proposes, from the editor's side: a real server, a real model that says what a test has it say."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import psutil
import pytest
from lsprotocol import types

from tests.models import tiny

# `parallel for` or `parallel for schedule(dynamic)`, whatever it is asked.
HABITS = {
    "<ask>": {"parallel": 20.0},
    "parallel": {"for": 20.0},
    "for": {"<end>": 20.0, "schedule": 18.0},
    "schedule": {"(": 20.0},
    "(": {"dynamic": 20.0},
    "dynamic": {")": 20.0},
    ")": {"<end>": 20.0},
}
SOURCE = """\
double weigh(int i);

void unseen(int n, double *restrict a)
{
    for (int i = 0; i < n; i++)
        a[i] = weigh(i);
}

void display(int n, volatile double *a, const double *b)
{
    double t;
    for (int i = 0; i < n; i++) {
        t = b[i];
        a[i] = t;
    }
}

void scale(int n, double *restrict a, const double *restrict b)
{
    #pragma omp parallel for sch
    for (int i = 0; i < n; i++)
        a[i] = 2.0 * b[i];
}
"""
UNSEEN, DISPLAY, TYPED = 4, 11, 19


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data" / "hpc-ls"
    folder.mkdir(parents=True)
    monkeypatch.setenv("XDG_DATA_HOME", str(folder.parent))
    return folder


@pytest.fixture
def parrot(tmp_path: Path, data_folder: Path) -> Path:
    path = tiny.write_parrot(tmp_path / "parrot.gguf", HABITS)
    (data_folder / "model.json").write_text(json.dumps({"use": str(path)}))
    return path


@pytest.fixture
def uri(tmp_path: Path) -> str:
    path = tmp_path / "kernels.c"
    path.write_text(SOURCE)
    return path.as_uri()


def identifier(uri: str) -> types.TextDocumentIdentifier:
    return types.TextDocumentIdentifier(uri)


async def hover(editor, uri: str, line: int) -> str:
    params = types.HoverParams(identifier(uri), types.Position(line, 6))
    answer = await editor.client.text_document_hover_async(params)
    return answer.contents.value if answer else ""


async def ghost(editor, uri: str, line: int, *, asked: bool = False, text: str = SOURCE) -> str | None:
    text = text.splitlines()[line]
    kind = types.InlineCompletionTriggerKind
    params = types.InlineCompletionParams(
        types.InlineCompletionContext(kind.Invoked if asked else kind.Automatic),
        identifier(uri),
        types.Position(line, len(text)),
    )
    answer = await editor.client.text_document_inline_completion_async(params)
    return answer.items[0].insert_text if answer and answer.items else None


async def eventually(ask) -> str:
    """What is said in the end: the first answers do not wait for the model."""
    for _ in range(300):
        if found := await ask():
            return found
        await asyncio.sleep(0.02)
    return ""


def engines() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if child.status() != psutil.STATUS_ZOMBIE and "models.engine" in child.cmdline()
    ]


async def undecided(editor, uri: str) -> str:
    return await eventually(lambda: hover(editor, uri, UNSEEN))


async def test_a_proposal_is_labelled_with_what_it_needs(session, parrot: Path, uri: str) -> None:
    async with session() as editor:
        editor.open(uri, SOURCE)
        first = await undecided(editor, uri)
        assert "Cannot decide" in first

        async def proposed() -> str:
            text = await hover(editor, uri, UNSEEN)
            return text if "local model" in text else ""

        text = await eventually(proposed)
        assert text.startswith(first.split("\n")[0])
        assert "The local model proposes `#pragma omp parallel for` (assuming " in text
        assert "weigh" in text.partition("assuming")[2]


async def insert(editor, uri: str, line: int) -> bool:
    params = types.ExecuteCommandParams("hpc-ls.insertPragma", [uri, {"line": line, "character": 6}])
    return await editor.client.workspace_execute_command_async(params)


async def test_what_the_analysis_refutes_is_dropped_and_counted(session, parrot: Path, uri: str) -> None:
    async with session() as editor:
        editor.open(uri, SOURCE)
        assert "volatile" in await eventually(lambda: hover(editor, uri, DISPLAY))
        assert await insert(editor, uri, DISPLAY) is False
        assert editor.applied == []
        assert "There is no pragma to insert" in editor.messages[-1]
        assert "local model" not in await hover(editor, uri, DISPLAY)
        editor.change(uri, "\n", (0, 0), (0, 0))
        await editor.until(lambda: [s for s in editor.statuses if "the model parrot uses" in s.tooltip])
        assert editor.statuses[-1].tooltip.endswith(", 0 proposed and 2 refuted")


async def test_a_directive_is_gone_on_with(session, parrot: Path, uri: str) -> None:
    async with session() as editor:
        editor.open(uri, SOURCE)
        assert await eventually(lambda: ghost(editor, uri, TYPED)) == "    #pragma omp parallel for schedule(dynamic)"
        assert await ghost(editor, uri, TYPED, asked=True) == "    #pragma omp parallel for schedule(dynamic)"


WISH = """\
void scale(int n, double *restrict a, const double *restrict b)
{
    // parallelize this with a dynamic schedule

    for (int i = 0; i < n; i++)
        a[i] = 2.0 * b[i];
}

void shift(int n, double *restrict a, const double *restrict b)
{
    // moves everything to the left

    for (int i = 0; i < n; i++)
        a[i] = b[i + 1];
}

void chain(int n, double *u)
{
    // run this in parallel

    for (int i = 1; i < n; i++)
        u[i] = u[i - 1] + 1.0;
}

void small(double *restrict a, const double *restrict b)
{
    // too short to run it in parallel

    for (int i = 0; i < 4; i++)
        a[i] = b[i];
}
"""
SMALL = 27


async def test_a_comment_does_not_make_a_short_loop_worth_it(session, parrot: Path, uri: str) -> None:
    async with session() as editor:
        editor.open(uri, WISH)
        assert "too" in await eventually(lambda: hover(editor, uri, SMALL + 1))
        assert await ghost(editor, uri, SMALL, text=WISH) is None
        assert engines() == []


@pytest.mark.parametrize(
    ("line", "pragma"),
    [
        (3, "    #pragma omp parallel for schedule(dynamic)"),
        (11, "    #pragma omp parallel for if(n > 100000)"),
        (19, None),
    ],
)
async def test_a_comment_may_ask_for_more_than_the_analysis_would_offer(
    session, data_folder: Path, tmp_path: Path, uri: str, line: int, pragma: str | None
) -> None:
    path = tiny.write_parrot(tmp_path / "parrot.gguf", HABITS | {"for": {"schedule": 20.0, "<end>": 18.0}})
    (data_folder / "model.json").write_text(json.dumps({"use": str(path)}))
    async with session() as editor:
        editor.open(uri, WISH)

        async def offered() -> str:
            found = await ghost(editor, uri, line, text=WISH, asked=True)
            return found if found == pragma or pragma is None else ""

        if pragma is None:
            assert "carries a dependence" in await eventually(lambda: hover(editor, uri, line + 1))
            assert await offered() is None
        else:
            assert await eventually(offered) == pragma


async def test_a_command_inserts_what_the_model_proposed(session, parrot: Path, uri: str) -> None:
    async with session() as editor:
        editor.open(uri, SOURCE)
        assert "Cannot decide" in await undecided(editor, uri)
        assert await insert(editor, uri, UNSEEN) is True
        edits = editor.applied[-1].edit.document_changes[0].edits
        assert [edit.new_text for edit in edits] == ["    #pragma omp parallel for\n"]


async def test_what_the_model_proposed_is_labelled_when_it_is_inserted(session, parrot: Path, uri: str) -> None:
    text = SOURCE.replace("t = b[i];", "").replace("a[i] = t;", "a[i] = b[i];")
    async with session() as editor:
        editor.open(uri, text)
        assert "volatile" in await eventually(lambda: hover(editor, uri, DISPLAY))
        assert await insert(editor, uri, DISPLAY) is True
        assert editor.applied[-1].edit.document_changes[0].edits[0].new_text == "    #pragma omp parallel for\n"
        await editor.until(lambda: editor.messages)
        assert editor.messages == ["What the local model proposed was inserted: model, unverified."]


async def test_a_huge_loop_is_not_shown_to_the_model(session, parrot: Path, uri: str) -> None:
    body = "        a[i] = weigh(i);\n" + "        // and so on\n" * 1000
    text = (
        f"double weigh(int);\nvoid huge(int n, double *a)\n{{\n    for (int i = 0; i < n; i++) {{\n{body}    }}\n}}\n"
    )
    async with session() as editor:
        editor.open(uri, text)
        assert await eventually(lambda: hover(editor, uri, 3))
        assert await insert(editor, uri, 3) in (True, False)
        assert engines() == []


async def test_without_a_model_everything_else_is_as_it_was(session, data_folder: Path, uri: str) -> None:
    (data_folder / "model.json").write_text('{"use": "none"}')
    async with session() as editor:
        editor.open(uri, SOURCE)
        assert "Cannot decide" in await undecided(editor, uri)
        assert await ghost(editor, uri, TYPED) is None
        await editor.until(lambda: [s for s in editor.statuses if "no model: switched off" in s.tooltip])
        assert editor.messages == []
        assert engines() == []


async def test_a_damaged_model_is_said_once(session, parrot: Path, uri: str) -> None:
    parrot.write_bytes(parrot.read_bytes()[:-1000])
    async with session() as editor:
        editor.open(uri, SOURCE)
        for _ in range(3):
            assert await ghost(editor, uri, TYPED) is None
            assert "Cannot decide" in await undecided(editor, uri)
        await editor.until(lambda: editor.messages)
        assert len(editor.messages) == 1
        assert "the file was cut off: 1,000 of" in editor.messages[0]


async def test_a_general_model_is_not_asked_for_directives(session, parrot: Path, uri: str) -> None:
    tiny.write(parrot)
    async with session() as editor:
        editor.open(uri, SOURCE)
        assert await ghost(editor, uri, TYPED, asked=True) is None
        assert len(engines()) == 1
        assert editor.messages == []
    assert engines() == []


async def test_a_killed_model_comes_back(session, parrot: Path, uri: str) -> None:
    async with session() as editor:
        editor.open(uri, SOURCE)
        assert await eventually(lambda: ghost(editor, uri, TYPED))
        (engine,) = engines()
        engine.kill()
        editor.change(uri, "\n", (27, 0), (27, 0))
        assert await eventually(lambda: ghost(editor, uri, TYPED))
        assert "Cannot decide" in await undecided(editor, uri)
    assert engines() == []
