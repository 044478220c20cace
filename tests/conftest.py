"""What the tests need from the machine.

`@pytest.mark.needs("nvim")` names a tool of the machine. Where it is missing, the test is skipped for a person and
fails in CI (`CI=true`), where `make setup-system` must have brought it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# CI tries the same examples every time, so that a red run is about the change; a person's run looks for new ones.
settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("person", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci" if os.environ.get("CI") == "true" else "person")

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "tests" / "clients" / ".cache"
# Tools that are no program on PATH: what `make clients` puts into the cache.
CACHED = {
    "nvim-0.12": CACHE / "nvim-0.12" / "nvim",
    "vscode": CACHE / "code-server" / "lib" / "vscode" / "out" / "server-main.js",
    "node-24": CACHE / "node" / "bin" / "node",
    "playwright": ROOT / "tests" / "clients" / "vscode" / "node_modules" / "playwright-core" / "package.json",
    "extension": ROOT / "vscode-extension" / "node_modules" / "esbuild" / "package.json",
}
HOW = dict.fromkeys(CACHED, "make clients") | {"extension": "make extension"}


def find_tool(name: str) -> str | None:
    """The path of a tool by its name in `needs`, or None."""
    if name in CACHED:
        return str(CACHED[name]) if CACHED[name].exists() else None
    return shutil.which(name)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test, and no program that a test starts, sees or changes what this person's machine remembers."""
    os.environ["XDG_CACHE_HOME"] = os.environ["LOCALAPPDATA"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session", autouse=True)
def no_model(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the analysis says is tested without a model beside it, whatever this person has chosen; tests of models
    choose their own."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "hpc-ls").mkdir()
    (folder / "hpc-ls" / "model.json").write_text('{"use": "none"}')
    os.environ["XDG_DATA_HOME"] = str(folder)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(*tools): tools of the machine without which the test cannot run")


def pytest_runtest_setup(item: pytest.Item) -> None:
    wanted = [name for mark in item.iter_markers("needs") for name in mark.args]
    missing = [name for name in wanted if find_tool(name) is None]
    if not missing:
        return
    ways = ", ".join(sorted({f"`{HOW.get(name, 'make setup-system')}`" for name in missing}))
    require(False, f"needs {', '.join(missing)}: {ways} brings what is missing")


def require(present: bool, message: str) -> None:
    """Skip for a person, fail in CI."""
    if present:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


@pytest.fixture(scope="session")
def need() -> Callable[[bool, str], None]:
    """`need(present, message)`: the same for what only a try can tell."""
    return require


@pytest.fixture(scope="session")
def tool() -> Callable[[str], str]:
    """Gives the path of a tool that `needs` has made sure of."""

    def path(name: str) -> str:
        found = find_tool(name)
        assert found is not None, name
        return found

    return path
