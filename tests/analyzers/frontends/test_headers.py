"""What is read from the headers of the system."""

from __future__ import annotations

import pytest

from analyzers.frontends import headers
from analyzers.frontends.c import CFrontend
from analyzers.ir.statements import Declare, walk_statements
from analyzers.text import SourceText

TEXT = """#include <time.h>
#include <errno.h>
#include <no_such_header.h>
void f(void) { struct timespec t = {0}; clockid_t id = CLOCK_MONOTONIC; int code = EDOM; long s = t.tv_sec; }
"""


@pytest.mark.needs("cc")
def test_types_and_constants_of_the_system() -> None:
    frontend = CFrontend()
    frontend.update(SourceText.of(TEXT))
    before = frontend.chunks()[0].fingerprint
    assert frontend.read_system_headers()
    assert not frontend.read_system_headers()
    (chunk,) = frontend.chunks()
    assert chunk.fingerprint != before
    declared = {s.symbol.name: s for s in walk_statements(frontend.lower(chunk).body) if isinstance(s, Declare)}
    assert [name for name, _ in declared["t"].symbol.type.fields or ()] == ["tv_sec", "tv_nsec"]
    assert declared["id"].symbol.type.kind == "integer"
    assert declared["code"].value is not None
    assert declared["code"].value.value == 33  # type: ignore[union-attr]
    assert declared["s"].value is not None
    assert declared["s"].value.type.kind == "integer"
    assert frontend.file().prototypes == ()


def test_without_a_compiler_nothing_is_learnt() -> None:
    frontend = CFrontend()
    frontend.update(SourceText.of(TEXT))
    assert not frontend.read_system_headers("/no/such/compiler")
    assert headers.read([]) is None
    assert headers.read(["a b; rm"]) is None
