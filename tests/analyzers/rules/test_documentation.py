"""The pages are those of the rules as they are, and their examples are true."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from analyzers.api import analyze
from analyzers.rules import documentation
from analyzers.rules.documentation import Example
from analyzers.rules.registry import Rule, modules, rules
from analyzers.text import SourceText

DOCSTRING = """A thing is wrong.

What it finds
-------------
Things::

    not code

Why it matters
It does.

Example
Bad:

    int f(void)
    {

        return 1;
    }

Good (fortran):

    end

Fix
Repair `it`.

References
OpenMP 5.2
"""


def module(docstring: str) -> ModuleType:
    made = ModuleType("thing", docstring)
    made.RULE = Rule("omp-thing", "omp", "warning", "a thing", "OpenMP 5.2", lambda context: iter(()))  # type: ignore[attr-defined]
    return made


def test_a_page_has_its_sections_and_examples() -> None:
    page = documentation.page(module(DOCSTRING))
    assert tuple(page.sections) == documentation.HEADINGS
    assert documentation.examples(page) == [
        Example(True, "c", "int f(void)\n{\n\n    return 1;\n}\n"),
        Example(False, "fortran", "end\n"),
    ]


def test_markdown_fences_the_examples() -> None:
    text = documentation.markdown(documentation.page(module(DOCSTRING)))
    assert "Bad:\n\n```c\nint f(void)\n{\n\n    return 1;\n}\n```\n\nGood (fortran):\n\n```fortran\nend\n```" in text


@pytest.mark.parametrize("damage", [("Fix\n", ""), ("What it finds\n", ""), ("Fix\n", "Repair\n")])
def test_a_page_without_a_heading_is_refused(damage: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="omp-thing"):
        documentation.page(module(DOCSTRING.replace(*damage)))


def test_pages_in_the_repository_are_fresh() -> None:
    stored = {path.name: path.read_text(encoding="utf-8") for path in documentation.FOLDER.glob("*.md")}
    assert stored == documentation.pages(), "run: python -m analyzers.rules.documentation"


def test_writing_twice_changes_nothing_and_removes_what_is_gone(tmp_path: Path) -> None:
    documentation.write(tmp_path)
    (tmp_path / "race-gone.md").write_text("old")
    assert documentation.write(tmp_path) == [tmp_path / "race-gone.md"]
    assert documentation.write(tmp_path) == []


def test_links_name_what_exists() -> None:
    assert documentation.link("no-such-rule") is None
    for code in (*rules(), "unused-suppression", "internal-error"):
        link = documentation.link(code)
        assert link is not None
        assert Path(link.removeprefix("file://")).is_file()
        assert documentation.link(code, "https://intranet/rules/") == f"https://intranet/rules/{code}.md"


EXAMPLES = [
    pytest.param(page.rule.code, example, id=f"{page.rule.code}-{'bad' if example.bad else 'good'}-{number}")
    for page in (*(documentation.page(m) for m in modules()), *documentation.service_pages())
    for number, example in enumerate(documentation.examples(page))
]


@pytest.mark.parametrize(("code", "example"), EXAMPLES)
def test_examples_are_true(code: str, example: Example, tmp_path: Path) -> None:
    place = str(tmp_path / "example")
    report = analyze(SourceText.of(example.source), example.language, path=place)  # type: ignore[arg-type]
    found = {f.rule for placed in report.functions for f in placed.result.findings} | {f.rule for f in report.findings}
    assert (code in found) == example.bad, sorted(found)


@pytest.mark.parametrize("rule_module", modules(), ids=lambda m: m.RULE.code)
def test_every_rule_shows_bad_and_good(rule_module: ModuleType) -> None:
    assert {e.bad for e in documentation.examples(documentation.page(rule_module))} == {True, False}
