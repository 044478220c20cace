"""The guide says what the program does: keys, commands, JSON, links."""

from __future__ import annotations

import argparse
import re
import subprocess
from pathlib import Path

import pytest

from analyzers.api import analyze, loops_of
from analyzers.text import SourceText
from lsp_server import cli, settings
from lsp_server.outcomes import Located
from lsp_server.reporters import json as json_reporter
from tests.samples import RACY

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(
    p for p in (*ROOT.glob("*.md"), *DOCS.glob("*.md"), ROOT / "vscode-extension" / "README.md") if p.is_file()
)


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    missing = [t for t in targets if t and "://" not in t and not (path.parent / t).exists()]
    assert not missing


def test_every_setting_is_in_the_guide() -> None:
    text = page("configuration.md")
    assert [key for key in settings.KEYS if f"`{key}`" not in text] == []


def test_the_example_configuration_is_valid(tmp_path: Path) -> None:
    match = re.search(r"```toml\n(.*?)```", page("configuration.md"), re.DOTALL)
    assert match is not None
    (tmp_path / ".hpc-ls.toml").write_text(match[1])
    loaded = settings.load(tmp_path, workspace=tmp_path)
    assert loaded.problems == ()
    assert set(loaded.origins) == set(settings.KEYS)


def test_every_command_and_option_of_the_guide_exists() -> None:
    (commands,) = [a for a in cli.parser()._actions if isinstance(a, argparse._SubParsersAction)]
    text = page("command-line.md")
    named = set(re.findall(r"^hpc-ls ([a-z]+)", text, re.MULTILINE))
    assert named == set(commands.choices)
    options = {flag for sub in commands.choices.values() for action in sub._actions for flag in action.option_strings}
    used = set(
        re.findall(r"(?<![\w-])--[a-z][a-z-]+", text + page("accepting-findings.md") + (ROOT / "README.md").read_text())
    )
    assert used - options - {"--install-extension"} == set()


def test_the_keys_of_the_json_are_those_of_the_guide() -> None:
    source = SourceText.of(RACY)
    report = analyze(source, "c")
    (placed,) = report.functions
    finding = Located(placed.result.findings[0], "f")
    (loop,) = [loop for _, loop in loops_of(report)]
    text = page("json.md")
    documented = set(re.findall(r'"(\w+)":', text))
    for entry in (json_reporter.diagnostic(source, finding), json_reporter.loop_entry(source, loop)):
        assert set(entry) <= documented
        assert all(key in documented for fix in entry["fixes"] for key in fix)  # type: ignore[attr-defined]


def test_the_two_commands_of_the_readme_are_targets_of_make() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(r"\A# hpc-ls\n\n```\nmake demo .*\nmake test .*\n```", readme)
    for target in re.findall(r"make (\w[\w-]*)", readme):
        run = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
