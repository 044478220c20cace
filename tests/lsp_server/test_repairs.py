"""Repairs in the editor: exact edits, each of them tried before it is offered."""

from __future__ import annotations

from lsprotocol import types

from tests.lsp_server.test_features import (
    SOURCE,
    applied,
    at,
    document,
    editor,
    edits_of,
    pytestmark,
    shared,
    uri,
)

__all__ = ["editor", "pytestmark", "shared", "uri"]  # fixtures


async def test_quick_fix_is_an_exact_edit_that_repairs(editor, uri):
    editor.open(uri, SOURCE)
    found = await editor.diagnostics(uri, bool)
    race = next(d for d in found if d.code == "race-missing-reduction")
    actions = await editor.client.text_document_code_action_async(
        types.CodeActionParams(document(uri), race.range, types.CodeActionContext([race]))
    )
    fix = next(a for a in actions if "reduction(+:s)" in a.title)
    assert fix.kind == types.CodeActionKind.QuickFix
    assert fix.is_preferred
    assert fix.diagnostics[0].code == race.code
    assert fix.edit.document_changes[0].text_document.version == 1
    repaired = applied(SOURCE, edits_of(fix))
    assert repaired == SOURCE.replace("parallel for\n", "parallel for reduction(+:s)\n")
    editor.change(uri, repaired)
    await editor.diagnostics(uri, lambda ds: not any(d.code == race.code for d in ds))


async def test_a_quick_fix_that_does_not_hold_is_not_offered(editor, uri):
    """A barrier in a branch that one thread takes would be met by that thread alone."""
    text = """\
#include <omp.h>
void f(int *x)
{
    int size = 0;
    #pragma omp parallel
    {
        if (omp_get_thread_num() == 0) {
            size = omp_get_num_threads();
        }
        x[omp_get_thread_num()] = size;
    }
}
"""
    editor.open(uri, text)
    race = next(d for d in await editor.diagnostics(uri, bool) if d.code == "race-missing-barrier")
    params = types.CodeActionParams(document(uri), race.range, types.CodeActionContext([race]))
    for _ in range(2):  # the second answer is remembered
        titles = [action.title for action in await editor.client.text_document_code_action_async(params)]
        assert titles == ["insert a barrier", "copy a reproducer", "ignore `race-missing-barrier` here"]
    told = await editor.client.workspace_execute_command_async(
        types.ExecuteCommandParams("hpc-ls.explain", [uri, {"line": 7, "character": 14}])
    )
    assert "insert a barrier" in str(told)


async def test_everything_is_fixed_at_once(editor, uri):
    text = SOURCE.replace("double s = 0.0;", "double s = 0.0, q = 0.0, t;")
    text = text.replace(
        "        s += x[i];\n    return s;", "    { t = x[i];\n        s += t;\n        q += t; }\n    return s + q;"
    )
    editor.open(uri, text)
    assert len(await editor.diagnostics(uri, bool)) >= 3
    context = types.CodeActionContext([], ["source.fixAll"])
    (action,) = await editor.client.text_document_code_action_async(
        types.CodeActionParams(document(uri), types.Range(at(0, 0), at(0, 0)), context)
    )
    repaired = applied(text, edits_of(action))
    assert "parallel for private(t) reduction(+:s) reduction(+:q)\n" in repaired
    editor.change(uri, repaired)
    assert await editor.diagnostics(uri) == []


async def test_a_reproducer_can_be_had(editor, uri):
    editor.open(uri, SOURCE)
    race = next(d for d in await editor.diagnostics(uri, bool) if d.code == "race-missing-reduction")
    params = types.CodeActionParams(document(uri), race.range, types.CodeActionContext([race]))
    actions = await editor.client.text_document_code_action_async(params)
    action = next(a for a in actions if a.title == "copy a reproducer")
    assert "hpc-ls.copyReproducer" in str(action.command)
    position = {"line": race.range.start.line, "character": race.range.start.character}
    program = await editor.client.workspace_execute_command_async(
        types.ExecuteCommandParams("hpc-ls.copyReproducer", [uri, position])
    )
    assert program.startswith("/* race-missing-reduction: ") and "int main(void)" in program
    nothing = await editor.client.workspace_execute_command_async(
        types.ExecuteCommandParams("hpc-ls.copyReproducer", [uri, {"line": 0, "character": 0}])
    )
    assert nothing is None
    assert "No race was found on this line." in [m.message for m in editor.client.messages]
