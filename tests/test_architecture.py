"""The invariants of ARCHITECTURE.md, as far as a test can see them."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("analyzers", "models", "lsp_server", "processes")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
OUTPUTS = {".cache", "node_modules", "output", "__pycache__"}
TESTS = sorted(path for path in (ROOT / "tests").rglob("*.py") if not OUTPUTS & set(path.parts))

# What each room may import of ours (invariant 1). `analyzers.text` and `analyzers.words` are below all of them.
ROOMS: dict[str, tuple[str, ...]] = {
    "analyzers.text": (),
    "analyzers.words": (),
    "analyzers.costs": (),
    "analyzers.settings": ("analyzers.costs",),
    "analyzers.standards": (),
    "analyzers.ir": ("analyzers.text",),
    "analyzers.frontends": ("analyzers.ir", "analyzers.text", "analyzers.standards"),
    "analyzers.dependence": ("analyzers.ir", "analyzers.text", "analyzers.standards", "analyzers.settings"),
    "analyzers.openmp": (
        "analyzers.dependence", "analyzers.ir", "analyzers.text", "analyzers.standards", "analyzers.settings",
        "analyzers.costs",
    ),
    "analyzers.mpi": (
        "analyzers.dependence", "analyzers.ir", "analyzers.text", "analyzers.standards", "analyzers.settings",
    ),
    "analyzers.rules": (
        "analyzers.openmp", "analyzers.mpi", "analyzers.dependence", "analyzers.ir", "analyzers.text",
        "analyzers.standards", "analyzers.settings", "analyzers.costs",
    ),
    "analyzers.explain": (
        "analyzers.rules", "analyzers.openmp", "analyzers.mpi", "analyzers.dependence", "analyzers.ir",
        "analyzers.text", "analyzers.standards", "analyzers.costs",
    ),
    "analyzers.suppressions": ("analyzers.rules", "analyzers.ir", "analyzers.text", "analyzers.settings"),
    "analyzers": ("analyzers",),
    "processes": (),
    "models": ("analyzers.api", "analyzers.text", "processes"),
    "lsp_server": ("analyzers", "models", "processes"),
}  # fmt: skip

# Third-party packages that live in one room (invariants 1, 2, 9 and the folders of ARCHITECTURE.md).
ONLY_IN: dict[str, tuple[str, ...]] = {
    "islpy": ("analyzers.dependence.polyhedral",),
    "tree_sitter": ("analyzers.frontends",),
    "tree_sitter_c": ("analyzers.frontends",),
    "tree_sitter_cpp": ("analyzers.frontends",),
    "pygls": ("lsp_server",),
    "lsprotocol": ("lsp_server",),
    "rich": ("lsp_server",),
    "llama_cpp": ("models",),
}

# Names of measuring suites: nothing in the product may know them.
FOREIGN = re.compile(r"dataracebench|\bDRB\d|polybench|autoparbench|corrbench|monocoder|mpirigen", re.IGNORECASE)


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    return max((room for room in ROOMS if module == room or module.startswith(f"{room}.")), key=len)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_imports_point_downwards(path: Path) -> None:
    module = name_of(path)
    room = room_of(module)
    allowed = (room, *ROOMS[room], "analyzers.words")
    ours = [name for name in imports(path) if name.split(".")[0] in PACKAGES]
    wrong = [name for name in ours if not any(within(name, other) for other in allowed)]
    assert not wrong, f"{module} is in {room}, which may not import these"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_engines_live_in_one_room(path: Path) -> None:
    module = name_of(path)
    for name in imports(path):
        rooms = ONLY_IN.get(name.split(".")[0])
        assert rooms is None or any(within(module, room) for room in rooms), f"{name} belongs to {rooms}"


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=name_of)
def test_a_file_can_be_held_in_the_head(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= 600, "split it by meaning"
    if path.parent.parent.name == "rules" and not path.name.startswith("_"):
        assert path.stat().st_size <= 12_000, "a rule is one small file"


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=name_of)
def test_exceptions_to_the_checks_name_their_rule(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"#\s*noqa(?!:\s*[A-Z]+\d+)", text)
    assert not re.findall(r"#\s*type:\s*ignore(?!\[)", text)
    assert not re.findall(r"#\s*(?:mypy|ruff):\s*(?:ignore-errors|noqa)", text)


def product_files() -> list[Path]:
    code = [p for folder in (*PACKAGES, "examples", "docs", "tests") for p in (ROOT / folder).rglob("*") if p.is_file()]
    code += list((ROOT / "vscode-extension" / "src").rglob("*.ts"))
    text = {".py", ".c", ".md", ".ts", ".toml", ".lua", ".sh"}
    return [p for p in code if p.suffix in text and not OUTPUTS & set(p.parts) and p != Path(__file__).resolve()]


def test_nothing_in_the_product_knows_a_benchmark_suite_or_a_machine() -> None:
    words = [FOREIGN.pattern]
    # A short path, such as `/src`, is also a part of others.
    words += [re.escape(str(folder)) + r"\b" for folder in (ROOT, Path.home()) if len(folder.parts) > 2]
    foreign = re.compile("|".join(words), re.IGNORECASE)
    files = product_files()
    assert len(files) > len(SOURCES)
    known = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in files
        if (match := foreign.search(path.read_text(encoding="utf-8", errors="replace")))
    ]
    assert not known


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("lsp_server.worker", ("pygls", "lsprotocol", "rich")),
        ("analyzers.api", ("pygls", "lsprotocol", "lsp_server", "llama_cpp")),
        ("lsp_server.server", ("islpy", "tree_sitter")),
    ],
)
def test_a_process_loads_only_what_it_needs(module: str, absent: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(*[name for name in {absent!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == []


def test_the_folders_of_the_plan_exist() -> None:
    plan = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:analyzers|lsp_server|models|processes|tests|docs|examples)/[\w/.*-]*)`", plan))
    assert named, "the plan names no paths"
    missing = [name for name in sorted(named) if not any(ROOT.glob(name.rstrip("/")))]
    assert not missing
