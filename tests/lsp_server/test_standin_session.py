"""Documents, scheduling and processes through real sessions, with the scripted analysis."""

from __future__ import annotations

from lsprotocol import types

CALM = "void one(int n)\n{\n    int a;\n}\n"
RACY = "void two(int n)\n{\n    RACE;\n}\n"
URI = "file:///somewhere/a.c"


async def test_open_edit_publish(standin):
    standin.open(URI, CALM + RACY)
    found = await standin.diagnostics(URI, bool)
    assert [(d.code, d.range.start.line) for d in found] == [("race-test", 6)]
    assert found[0].related_information[0].location.range.start.line == 4
    standin.change(URI, "RACE; ", (2, 4))
    found = await standin.diagnostics(URI, lambda ds: len(ds) == 2)
    assert [d.range.start.line for d in found] == [2, 6]
    standin.change(URI, "", (6, 4), (6, 8))
    found = await standin.diagnostics(URI, lambda ds: len(ds) == 1)
    assert found[0].message == "race in one"
    standin.close(URI)
    await standin.until(lambda: standin.published[URI][-1].version is None)
    assert not standin.published[URI][-1].diagnostics
    assert isinstance(standin.capabilities, types.ServerCapabilities)
