"""Every feature through a real session with the real analysis."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
import pytest_asyncio
from lsprotocol import types

SOURCE = """\
#include <stddef.h>

void scale(int n, double *restrict a, const double *restrict b)
{
    for (int i = 0; i < n; i++)
        a[i] = 2.0 * b[i];
}

double total(int n, const double *x)
{
    double s = 0.0;
    #pragma omp parallel for
    for (int i = 0; i < n; i++)
        s += x[i];
    return s;
}

void chain(int n, double *u)
{
    for (int i = 1; i < n; i++)
        u[i] = u[i - 1] + 1.0;
}
"""
SCALE_LINE, PRAGMA_LINE, CHAIN_LINE = 4, 11, 19


# One server for the tests that need nothing special of it: they open documents of their own.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared(session):
    async with session() as editor:
        yield editor


@pytest.fixture
def editor(shared):
    for noted in (shared.applied, shared.statuses, shared.client.messages):
        noted.clear()
    return shared


@pytest.fixture
def uri(tmp_path: Path) -> str:
    path = tmp_path / "kernels.c"
    path.write_text(SOURCE)
    return path.as_uri()


def at(line: int, column: int) -> types.Position:
    return types.Position(line, column)


def document(uri: str) -> types.TextDocumentIdentifier:
    return types.TextDocumentIdentifier(uri)


def applied(text: str, edits: list[types.TextEdit]) -> str:
    lines = text.splitlines(keepends=True)

    def offset(position: types.Position) -> int:
        return sum(map(len, lines[: position.line])) + position.character

    # From the end on; of several insertions at one place the first in the list comes first (LSP 3.17, TextEdit[]).
    for edit in sorted(edits, key=lambda e: offset(e.range.start))[::-1]:
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text


def edits_of(action: types.CodeAction) -> list[types.TextEdit]:
    return list(action.edit.document_changes[0].edits)


async def test_diagnostics_say_what_why_and_where(editor, uri):
    editor.open(uri, SOURCE)
    found = await editor.diagnostics(uri, bool)
    race = next(d for d in found if d.code == "race-missing-reduction")
    assert race.severity == types.DiagnosticSeverity.Error
    assert race.range.start.line == PRAGMA_LINE + 2
    assert race.source == "hpc-ls"
    assert "s" in race.message.splitlines()[0]
    assert race.data["confidence"] == "proved"
    assert race.code_description.href.startswith("file://")


async def test_ignoring_a_finding_silences_it(editor, uri):
    editor.open(uri, SOURCE)
    race = next(d for d in await editor.diagnostics(uri, bool) if d.code == "race-missing-reduction")
    actions = await editor.client.text_document_code_action_async(
        types.CodeActionParams(document(uri), race.range, types.CodeActionContext([race]))
    )
    ignore = next(a for a in actions if a.title.startswith("ignore"))
    editor.change(uri, applied(SOURCE, edits_of(ignore)))
    assert not [d for d in await editor.diagnostics(uri) if d.code in (race.code, "unused-suppression")]


@pytest.mark.parametrize("offload", [False, True])
async def test_a_device_only_where_the_setting_says_so(session, uri, offload):
    async with session(options={"settings": {"offload": offload}}) as editor:
        editor.open(uri, SOURCE)
        await editor.diagnostics(uri, bool)
        context = types.CodeActionContext([], [types.CodeActionKind.RefactorRewrite])
        where = types.Range(at(SCALE_LINE, 5), at(SCALE_LINE, 5))
        actions = await editor.client.text_document_code_action_async(
            types.CodeActionParams(document(uri), where, context)
        )
        titles = [action.title for action in actions]
        device = "insert `#pragma omp target teams distribute parallel for map("
        assert any(title.startswith(device) for title in titles) is offload
        assert "insert `#pragma omp parallel for if(n > 100000)`" in " ".join(titles)


async def test_a_loop_that_is_parallel_in_two_parts_is_offered_as_a_refactoring(editor, uri):
    text = """\
#include <math.h>
void f(int n, const double *restrict a, double *restrict b, double *restrict c)
{
    for (int i = 1; i < n; i++) {
        b[i] = exp(a[i]);
        c[i] = c[i - 1] + b[i];
    }
}
"""
    editor.open(uri, text)
    await editor.diagnostics(uri)
    where = types.Range(at(3, 0), at(3, 0))  # the cursor at the margin
    context = types.CodeActionContext([], [types.CodeActionKind.RefactorRewrite])
    (action,) = await editor.client.text_document_code_action_async(
        types.CodeActionParams(document(uri), where, context)
    )
    assert action.title == "split the loop in two, the first of which is parallel"
    made = applied(text, edits_of(action))
    assert "    #pragma omp parallel for\n    for (int i" in made
    assert "exp(a[i]);\n    }\n    for (int i = 1; i < n; i++) {\n        c[i]" in made


async def test_a_work_array_is_named_in_the_hover_with_the_refactoring_that_copies_it(editor, uri):
    text = """\
#include <math.h>
#include <stdlib.h>
void f(int n, int m, double *restrict a, double *restrict w)
{
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < m; j++)
            w[j] = exp(a[i] * j);
        for (int j = 0; j < m; j++)
            a[i] += w[j];
    }
}
""".replace("\n", "\r\n")
    editor.open(uri, text)
    await editor.diagnostics(uri)
    told = await hover(editor, uri, 4, 6)
    assert "only the work array" in told and "`private(w)` would only copy the address" in told
    assert "Refactoring: give each thread its own `w`." in told
    where = types.Range(at(4, 6), at(4, 6))
    context = types.CodeActionContext([], [types.CodeActionKind.RefactorRewrite])
    (action,) = await editor.client.text_document_code_action_async(
        types.CodeActionParams(document(uri), where, context)
    )
    assert action.title == "give each thread its own `w`"
    made = applied(text, edits_of(action))
    assert "\r\n            double *w = malloc(m * sizeof *w);\r\n            #pragma omp for\r\n" in made
    assert made.count("\n") == made.count("\r\n")
    editor.change(uri, made)
    assert not await editor.diagnostics(uri)
    assert (await hover(editor, uri, 9, 14)).startswith("This loop can run in parallel")


async def test_code_actions_only_where_asked_and_of_the_kind_asked(editor, uri):
    editor.open(uri, SOURCE)
    await editor.diagnostics(uri, bool)

    async def actions(line: int, only: list[str] | None = None) -> list[types.CodeAction]:
        where = types.Range(at(line, 5), at(line, 5))
        context = types.CodeActionContext([], only)
        return list(
            await editor.client.text_document_code_action_async(types.CodeActionParams(document(uri), where, context))
        )

    assert not await actions(0)
    inserts = await actions(SCALE_LINE, ["refactor"])
    line = applied(SOURCE, edits_of(inserts[0])).splitlines()[SCALE_LINE]
    assert line == "    #pragma omp parallel for if(n > 100000)"
    assert not await actions(SCALE_LINE, ["quickfix"])
    everything = await actions(0, ["source.fixAll"])
    assert [a.kind for a in everything] == ["source.fixAll.hpc-ls"]
    assert "reduction(+:s)" in applied(SOURCE, edits_of(everything[0]))
    assert not await actions(0, ["source.organizeImports"])


async def ghost(editor, uri, line, column, trigger=types.InlineCompletionTriggerKind.Automatic, selected=None):
    answer = await editor.client.text_document_inline_completion_async(
        types.InlineCompletionParams(types.InlineCompletionContext(trigger, selected), document(uri), at(line, column))
    )
    return list(answer.items) if answer else []


async def test_ghost_text_on_an_empty_line_above_a_loop(editor, uri):
    editor.open(uri, SOURCE)
    editor.change(uri, "\n", (SCALE_LINE, 0))
    items = await ghost(editor, uri, SCALE_LINE, 0)
    assert [i.insert_text for i in items] == ["    #pragma omp parallel for if(n > 100000)"]
    editor.change(uri, "    ", (SCALE_LINE, 0))
    items = await ghost(editor, uri, SCALE_LINE, 4)
    assert [(i.insert_text, i.range.start.character, i.range.end.character) for i in items] == [
        ("    #pragma omp parallel for if(n > 100000)", 0, 4)
    ]


@pytest.mark.parametrize("typed", ["#pragma omp ", "#pragma omp par", "#pragma omp", "#pra", "#pragma  omp  parallel"])
async def test_ghost_text_completes_a_begun_pragma(editor, uri, typed):
    editor.open(uri, SOURCE)
    editor.change(uri, f"    {typed}\n", (SCALE_LINE, 0))
    items = await ghost(editor, uri, SCALE_LINE, 4 + len(typed))
    assert len(items) == 1
    whole = " ".join(items[0].insert_text.split())
    assert whole == "#pragma omp parallel for if(n > 100000)"
    assert items[0].insert_text.startswith(f"    {typed}")


async def test_ghost_text_extends_what_the_suggest_widget_selected(editor, uri):
    editor.open(uri, SOURCE)
    editor.change(uri, "    #pragma omp par\n", (SCALE_LINE, 0))
    word = types.Range(at(SCALE_LINE, 16), at(SCALE_LINE, 19))
    items = await ghost(editor, uri, SCALE_LINE, 19, selected=types.SelectedCompletionInfo(word, "parallel"))
    assert [(i.insert_text, i.range) for i in items] == [("parallel for if(n > 100000)", word)]
    assert not await ghost(
        editor, uri, SCALE_LINE, 19, selected=types.SelectedCompletionInfo(word, "parallel sections")
    )


async def test_no_ghost_text_where_nothing_pays(editor, uri):
    editor.open(uri, SOURCE)
    editor.change(uri, "    #pragma omp \n", (CHAIN_LINE, 0))
    assert not await ghost(editor, uri, CHAIN_LINE, 16)
    assert not await ghost(editor, uri, 1, 0)
    assert not await ghost(editor, uri, 7, 0)
    assert not await ghost(editor, uri, SCALE_LINE, 8)


async def completions(editor, uri, line, column, typed=None):
    kind = types.CompletionTriggerKind.TriggerCharacter if typed else types.CompletionTriggerKind.Invoked
    answer = await editor.client.text_document_completion_async(
        types.CompletionParams(document(uri), at(line, column), types.CompletionContext(kind, typed))
    )
    return {item.label: item for item in answer.items} if answer else {}


async def test_completion_of_directives_clauses_and_variables(editor, uri):
    editor.open(uri, SOURCE)
    line = "    #pragma omp parallel for schedule(static) private("
    editor.change(uri, f"{line}\n", (SCALE_LINE, 0))
    variables = await completions(editor, uri, SCALE_LINE, len(line), "(")
    assert {"a", "b", "n"} <= set(variables)
    assert "i" not in variables
    clauses = await completions(editor, uri, SCALE_LINE, len(line) - len("private("), " ")
    assert "reduction" in clauses and "schedule" not in clauses and "nowait" not in clauses
    assert "5.5.8" in clauses["reduction"].documentation
    kinds = await completions(editor, uri, SCALE_LINE, line.index("static"), "(")
    assert {"static", "dynamic", "guided"} <= set(kinds)
    directives = await completions(editor, uri, SCALE_LINE, len("    #pragma omp par"))
    assert directives["parallel for"].text_edit.range.start.character == len("    #pragma omp ")
    assert not await completions(editor, uri, 0, 3)


def about_directives(report):
    return [d.code for d in report.items if d.code.startswith("omp-")]


async def test_a_directive_that_is_being_typed_is_not_judged(session, pull, uri):
    async with session(capabilities=pull) as editor:
        editor.open(uri, SOURCE)
        editor.change(uri, "\n", (SCALE_LINE, 0))
        column = 0
        for typed in ("#pragma omp ", "parallel fo", "r ", "firstpriv", "ate(", "n", ")"):
            editor.change(uri, typed, (SCALE_LINE, column))
            column += len(typed)
            assert not about_directives(await editor.pull(uri)), typed
        # A word that is finished is judged on the spot, the rest once the line is left.
        editor.change(uri, " shard(a) reduction(s)", (SCALE_LINE, column))
        assert about_directives(await editor.pull(uri)) == ["omp-unknown-clause"]
        editor.change(uri, " ", (SCALE_LINE + 1, 0))
        left = await editor.pull(uri)
        assert sorted(about_directives(left)) == ["omp-directive-syntax", "omp-unknown-clause"]


@pytest.mark.parametrize("pulls", [True, False])
async def test_a_directive_is_judged_when_it_is_saved(session, pull, uri, pulls):
    async with session(capabilities=pull if pulls else None) as editor:
        editor.open(uri, SOURCE)
        editor.change(uri, "#pragma omp \n", (SCALE_LINE, 0))
        editor.change(uri, " ", (SCALE_LINE, 0))
        if pulls:
            before = await editor.pull(uri)
            assert not about_directives(before)
        else:
            await editor.diagnostics(uri, lambda ds: not any(d.code.startswith("omp-") for d in ds))
        editor.client.text_document_did_save(types.DidSaveTextDocumentParams(document(uri)))
        if pulls:
            assert about_directives(await editor.pull(uri, before.result_id)) == ["omp-directive-syntax"]
        else:
            await editor.diagnostics(uri, lambda ds: any(d.code == "omp-directive-syntax" for d in ds))


async def test_no_completion_where_ghost_text_is_meant(editor, uri):
    editor.open(uri, SOURCE)
    editor.change(uri, "    #pragma omp \n", (SCALE_LINE, 0))
    assert not await completions(editor, uri, SCALE_LINE, 16, " ")
    assert "parallel for" in await completions(editor, uri, SCALE_LINE, 16)
    editor.change(uri, "parallel ", (SCALE_LINE, 16))
    assert not await completions(editor, uri, SCALE_LINE, 25, " ")
    editor.change(uri, "fo", (SCALE_LINE, 25))
    items = await completions(editor, uri, SCALE_LINE, 27)
    assert [label for label, item in items.items() if item.preselect] == ["for"]
    assert not await completions(editor, uri, SCALE_LINE, 15)
    editor.change(uri, "    #pragma omp \n", (CHAIN_LINE + 1, 0))
    assert "parallel for" in await completions(editor, uri, CHAIN_LINE + 1, 16, " ")


async def hover(editor, uri, line, column):
    answer = await editor.client.text_document_hover_async(types.HoverParams(document(uri), at(line, column)))
    return answer.contents.value if answer else None


async def test_hover_on_loops_and_on_words_of_a_directive(editor, uri):
    editor.open(uri, SOURCE)
    text = await hover(editor, uri, SCALE_LINE, 6)
    assert text.startswith("This loop can run in parallel")
    assert (await hover(editor, uri, CHAIN_LINE, 6)).startswith("This loop carries a dependence")
    assert "parallel for" in await hover(editor, uri, PRAGMA_LINE, 18)
    assert await hover(editor, uri, 0, 3) is None


async def test_code_lenses_stand_above_outermost_loops_and_insert(editor, uri):
    editor.open(uri, SOURCE)
    lenses = await editor.client.text_document_code_lens_async(types.CodeLensParams(document(uri)))
    titles = {lens.range.start.line: lens.command.title for lens in lenses}
    assert set(titles) == {SCALE_LINE, PRAGMA_LINE + 1, CHAIN_LINE}
    assert titles[SCALE_LINE].startswith("parallel") and titles[SCALE_LINE].endswith("insert")
    assert titles[CHAIN_LINE].startswith("not parallel")
    assert titles[PRAGMA_LINE + 1].startswith("race: ")
    assert not any("`" in title for title in titles.values())
    lens = next(lens for lens in lenses if lens.range.start.line == SCALE_LINE)
    done = await editor.client.workspace_execute_command_async(
        types.ExecuteCommandParams(lens.command.command, lens.command.arguments)
    )
    assert done is True
    edit = editor.applied[0].edit.document_changes[0].edits[0]
    assert edit.new_text == "    #pragma omp parallel for if(n > 100000)\n"
    assert edit.range.start == at(SCALE_LINE, 0)


async def test_inlay_hints_name_implicit_attributes(editor, uri):
    editor.open(uri, SOURCE)
    whole = types.Range(at(0, 0), at(99, 0))
    hints = await editor.client.text_document_inlay_hint_async(types.InlayHintParams(document(uri), whole))
    assert [(h.position.line, h.label) for h in hints] == [(PRAGMA_LINE, "shared(n, s, x)")]
    above = types.Range(at(0, 0), at(5, 0))
    assert not await editor.client.text_document_inlay_hint_async(types.InlayHintParams(document(uri), above))


async def test_lenses_and_hints_can_be_switched_off(session, uri):
    async with session(options={"settings": {"codeLens": False, "inlayHints": False}}) as editor:
        editor.open(uri, SOURCE)
        assert not await editor.client.text_document_code_lens_async(types.CodeLensParams(document(uri)))
        whole = types.Range(at(0, 0), at(99, 0))
        assert not await editor.client.text_document_inlay_hint_async(types.InlayHintParams(document(uri), whole))


async def test_explain_and_show_analysis_answer_in_markdown(editor, uri):
    editor.open(uri, SOURCE)

    async def run(command: str, line: int):
        return await editor.client.workspace_execute_command_async(
            types.ExecuteCommandParams(command, [uri, {"line": line, "character": 6}])
        )

    assert "This loop can run in parallel" in await run("hpc-ls.explain", SCALE_LINE)
    assert "race-missing-reduction" in await run("hpc-ls.explain", PRAGMA_LINE + 2)
    page = await run("hpc-ls.showAnalysis", CHAIN_LINE)
    assert page.startswith("# kernels.c:20 in chain")
    assert "| `u` |" in page
    assert await run("hpc-ls.showAnalysis", 0) is None


async def test_treating_a_function_as_independent_changes_the_verdict(session, tmp_path):
    text = "void relax(int);\nvoid all(int n)\n{\n    for (int i = 0; i < n; i++)\n        relax(i);\n}\n"
    path = tmp_path / "a.c"
    path.write_text(text)
    uri = path.as_uri()
    async with session(root=tmp_path) as editor:
        editor.open(uri, text)
        lenses = await editor.client.text_document_code_lens_async(types.CodeLensParams(document(uri)))
        assert not lenses[0].command.title.startswith("parallel ·")
        before = lenses[0].command.title
        written = await editor.client.workspace_execute_command_async(
            types.ExecuteCommandParams("hpc-ls.treatIndependent", [uri, "relax"])
        )
        assert written == str(tmp_path / ".hpc-ls.toml")
        assert "relax" in (tmp_path / ".hpc-ls.toml").read_text()
        lenses = await editor.client.text_document_code_lens_async(types.CodeLensParams(document(uri)))
        assert lenses[0].command.title != before
        assert lenses[0].command.title.startswith("parallel")


CALLS = """\
void relax(int i);
void all(int n, double *a)
{
    for (int i = 0; i < n; i++)
        relax(i);
#define EACH for (int k = 0; k < n; k++) a[k] = 0
    EACH;
}
"""


async def test_a_function_that_is_in_the_way_can_be_vouched_for(session, tmp_path):
    uri = (tmp_path / "calls.c").as_uri()
    async with session(options={"trusted": False, "showsAnswers": True}) as editor:
        editor.open(uri, CALLS)
        params = types.CodeActionParams(
            document(uri), types.Range(at(3, 6), at(3, 6)), types.CodeActionContext([], ["refactor"])
        )
        actions = list(await editor.client.text_document_code_action_async(params))
        vouch = next(a for a in actions if "relax" in a.title)
        # The test's client takes the action for the command in it, and its arguments for text.
        assert "hpc-ls.treatIndependent" in str(vouch.command) and f"'{uri}', 'relax'" in str(vouch.command)
        text = await hover(editor, uri, 3, 6)
        assert "(command:hpc-ls.treatIndependent?" in text
        assert "(command:hpc-ls.showAnalysis?" in text
    async with session() as editor:
        editor.open(uri, CALLS)
        assert "command:" not in await hover(editor, uri, 3, 6)


async def test_no_pragma_goes_where_it_cannot_stand(editor, uri):
    """A loop that a macro writes has no line to put a directive above."""
    editor.open(uri, CALLS)
    lenses = await editor.client.text_document_code_lens_async(types.CodeLensParams(document(uri)))
    assert not any(lens.command.title.endswith("insert") for lens in lenses)
    editor.change(uri, "    #pragma omp \n", (6, 0))
    assert not await ghost(editor, uri, 6, 16)
    done = await editor.client.workspace_execute_command_async(
        types.ExecuteCommandParams("hpc-ls.insertPragma", [uri, {"line": 7, "character": 4}])
    )
    assert done is False
    assert editor.messages


async def test_what_holds_only_under_a_strong_assumption_is_offered_on_request(editor, uri):
    editor.open(uri, CALLS)
    editor.change(uri, "\n", (3, 0))
    assert not await ghost(editor, uri, 3, 0)
    items = await ghost(editor, uri, 3, 0, types.InlineCompletionTriggerKind.Invoked)
    assert [i.insert_text for i in items] == ["    #pragma omp parallel for"]


async def test_the_analysis_can_be_restarted(editor, uri):
    editor.open(uri, SOURCE)
    await editor.diagnostics(uri, bool)
    before = len(editor.published[uri])
    await editor.client.workspace_execute_command_async(types.ExecuteCommandParams("hpc-ls.restartAnalysis"))
    await editor.until(lambda: len(editor.published[uri]) > before)
    assert editor.published[uri][-1].diagnostics


async def test_the_status_sums_up(editor, uri):
    editor.open(uri, SOURCE)
    status = await editor.until(lambda: next((s for s in editor.statuses if s.uri == uri and s.state == "ok"), None))
    assert status.text == "hpc-ls ✓ 3 loops, 2 parallel, 1 race"


async def test_pulled_diagnostics_are_not_pushed_and_know_when_nothing_changed(session, pull, uri):
    async with session(capabilities=pull) as editor:
        assert editor.capabilities.diagnostic_provider is not None
        editor.open(uri, SOURCE)
        report = await editor.pull(uri)
        assert "race-missing-reduction" in {d.code for d in report.items}
        again = await editor.pull(uri, report.result_id)
        assert again.kind == "unchanged"
        editor.change(uri, "// x\n", (0, 0))
        moved = await editor.pull(uri, report.result_id)
        assert moved.kind == "full"
        assert moved.items[0].range.start.line == report.items[0].range.start.line + 1
        assert not editor.published


async def test_after_any_edits_the_answer_is_that_of_a_fresh_document(session, pull, tmp_path):
    """Trees, caches, carried results and line tables must not remember what is gone."""
    chance = random.Random(7)
    pieces = (
        "{",
        "}",
        "\n",
        "\r\n",
        "x",
        "/*",
        "*/",
        "#pragma omp parallel for\n",
        "  ",
        ";",
        "\u00e4\U0001d11e",
        "#if 0\n",
    )
    async with session(capabilities=pull) as editor:
        uri = (tmp_path / "edited.c").as_uri()
        text = SOURCE
        found = compared = 0
        editor.open(uri, text)
        for number in range(60):
            if number % 12 == 0:  # more than a dozen leave little to be analysed
                text = SOURCE
                editor.change(uri, text)
            lines = re.split("\r\n|\n|\r", text)
            line = chance.randrange(len(lines))
            units = lines[line].encode("utf-16-le")
            column = chance.randrange(len(units) // 2 + 1)
            if 0xDC00 <= int.from_bytes(units[2 * column : 2 * column + 2], "little") < 0xE000:
                column -= 1
            index = sum(len(part) for part in re.split("(\r\n|\n|\r)", text)[: 2 * line])
            index += len(units[: 2 * column].decode("utf-16-le"))
            piece = chance.choice(pieces)
            if (
                text[index - 1 : index + 1] == "\r\n"
                or text[index - 1 : index] == "\r"
                or piece[:1] == text[index:][:1] == "\n"
            ):
                continue
            editor.change(uri, piece, (line, column))
            text = text[:index] + piece + text[index:]
            if number % 12 in (3, 7, 11):
                fresh = (tmp_path / f"fresh{number}.c").as_uri()
                editor.open(fresh, text)
                # Of a directive that is being typed less is said.
                editor.client.text_document_did_save(types.DidSaveTextDocumentParams(document(uri)))
                first, second = await editor.pull(uri), await editor.pull(fresh)
                assert [(d.range, d.message) for d in first.items] == [(d.range, d.message) for d in second.items]
                compared, found = compared + 1, found + len(first.items)
    assert compared > 5 and found > 5
