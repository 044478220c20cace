"""What the extension says and what the server knows are the same words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from lsp_server.features import commands
from lsp_server.settings import DEFAULTS, EDITOR_ONLY, load
from lsp_server.settings_values import CONFIDENCES, SEVERITIES

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = ROOT / "vscode-extension"
MANIFEST = json.loads((EXTENSION / "package.json").read_text())
PROPERTIES = {
    name.removeprefix("hpc-ls."): schema
    for name, schema in MANIFEST["contributes"]["configuration"]["properties"].items()
}
SHARED = {name: schema for name, schema in PROPERTIES.items() if name.partition(".")[0] not in EDITOR_ONLY}


def test_the_defaults_of_the_editor_are_those_of_the_server() -> None:
    loaded = load(None, editor={name: schema["default"] for name, schema in SHARED.items()})
    assert loaded.problems == ()
    assert loaded.settings == DEFAULTS
    assert len(loaded.origins) == len(SHARED)


@pytest.mark.parametrize(("name", "known"), [("minConfidence", CONFIDENCES), ("severity", SEVERITIES)])
def test_choices(name: str, known: tuple[str, ...]) -> None:
    schema = PROPERTIES[name]
    assert tuple((schema.get("additionalProperties") or schema)["enum"]) == known


def test_commands_of_the_server_have_its_names() -> None:
    table = re.search(r"SERVER_COMMANDS = \{(.*?)\}", (EXTENSION / "src" / "commands.ts").read_text(), re.DOTALL)
    assert table is not None
    used = set(re.findall(r"'(hpc-ls\.\w+)'", table[1]))
    served = {value for name, value in vars(commands).items() if name.isupper() and str(value).startswith("hpc-ls.")}
    assert used
    assert used <= served
    # VS Code would refuse to register one name twice.
    assert not served & {entry["command"] for entry in MANIFEST["contributes"]["commands"]}


def test_settings_that_name_programs_are_restricted() -> None:
    programs = {f"hpc-ls.{name}" for name in PROPERTIES if name.startswith("server.")}
    trust = MANIFEST["capabilities"]["untrustedWorkspaces"]
    assert programs == set(trust["restrictedConfigurations"])
    assert all(PROPERTIES[name.removeprefix("hpc-ls.")]["scope"] == "machine-overridable" for name in programs)


@pytest.mark.parametrize("folder", [EXTENSION, ROOT / "tests" / "clients" / "vscode"])
def test_lock_files_name_no_host_and_no_path(folder: Path) -> None:
    lock = json.loads((folder / "package-lock.json").read_text())
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert all(name == "" or name.startswith("node_modules/") for name in lock["packages"])


def test_the_version_is_that_of_the_package() -> None:
    version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert MANIFEST["version"] == version[1]
