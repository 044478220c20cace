"""The index on disk: what is kept, when it holds, and that nothing that happens to it does harm."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from lsp_server.index import records, store
from lsp_server.index.project import Project
from lsp_server.index.records import Wanted
from lsp_server.index.store import Record
from lsp_server.settings import load
from tests.lsp_server import cli_runner

TEXT = "double weigh(double x);\ndouble twice(double x) { return weigh(x) + x; }\n"
TEXT += "static int n;\nint next(void) { return n++; }\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "hpc-ls" / "index"


def wanted(path: Path) -> Wanted:
    return Wanted(path.name, path, "c", load(None).settings.to_options())


def record_of(path: Path) -> Record:
    found = records.made(wanted(path))
    assert found is not None
    return found


def written(folder: Path, name: str = "a.c", text: str = TEXT) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_what_is_kept_comes_back_as_it_was(tmp_path: Path, cache: Path) -> None:
    record = record_of(written(tmp_path))
    assert [d.name for d in record.unit.definitions] == ["twice", "next"]
    assert store.load(tmp_path) == {}
    assert store.save(tmp_path, {"a.c": record})
    assert store.load(tmp_path) == {"a.c": record}
    assert store.load(tmp_path / "other") == {}
    assert [path.suffix for path in cache.iterdir()] == [".units"]


@pytest.mark.parametrize("damage", ["empty", "short", "one byte", "other version", "no pickle", "folder"])
def test_a_damaged_index_is_none(tmp_path: Path, cache: Path, damage: str) -> None:
    record = record_of(written(tmp_path))
    store.save(tmp_path, {"a.c": record})
    place = store.place_of(tmp_path)
    data = bytearray(place.read_bytes())
    match damage:
        case "empty":
            data.clear()
        case "short":
            del data[-20:]
        case "one byte":
            data[-1] ^= 1
        case "other version":
            data[len(b"hpc-ls index 1\n")] ^= 1
        case "no pickle":
            data[60:] = b"x" * 100
    place.unlink()
    if damage == "folder":
        place.mkdir()
        assert store.load(tmp_path) == {}
        assert not store.save(tmp_path, {"a.c": record})
        return
    place.write_bytes(bytes(data))
    assert store.load(tmp_path) == {}
    assert store.save(tmp_path, {"a.c": record})
    assert store.load(tmp_path) == {"a.c": record}


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch evil",)


def test_an_index_cannot_run_anything(tmp_path: Path) -> None:
    """Even one with a right checksum: other programs of the user write into the cache folder too."""
    store.save(tmp_path, {"a.c": Evil()})  # type: ignore[dict-item]  # on purpose
    assert store.load(tmp_path) == {}
    assert not Path("evil").exists()
    data = pickle.dumps(os.system)
    with pytest.raises(pickle.UnpicklingError):
        store._Reader(__import__("io").BytesIO(data)).load()


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert not store.save(tmp_path, {})
    assert store.load(tmp_path) == {}
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/folder")
    assert store.cache_folder().is_absolute()


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    """Whoever is last wins; what is read is always one of the two, whole."""
    program = (
        "import sys; from pathlib import Path; from lsp_server.index import store, records\n"
        "from tests.lsp_server.test_index import record_of\n"
        "root, name = Path(sys.argv[1]), sys.argv[2]\n"
        "record = record_of(root / name)\n"
        "for _ in range(60):\n"
        "    assert store.save(root, {f'{name}{k}': record for k in range(20)})\n"
        "    assert len(store.load(root)) == 20\n"
    )
    for name in ("a.c", "b.c"):
        written(tmp_path, name)
    both = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path), name], stderr=subprocess.PIPE)
        for name in ("a.c", "b.c")
    ]
    seen = set()
    while any(process.poll() is None for process in both):
        seen.add(frozenset(name[:3] for name in store.load(tmp_path)))
    assert [(process.returncode, process.stderr.read() if process.stderr else b"") for process in both] == [
        (0, b"")
    ] * 2
    assert seen <= {frozenset(), frozenset({"a.c"}), frozenset({"b.c"})}
    assert len(list(store.place_of(tmp_path).parent.iterdir())) == 1


def test_an_entry_holds_until_what_it_was_made_from_changes(tmp_path: Path) -> None:
    header = written(tmp_path, "a.h", "#define STEP 1\n")
    path = written(tmp_path, text='#include "a.h"\n#include "later.h"\n' + TEXT)
    record = record_of(path)
    assert [Path(name).name for name, _, _ in record.headers] == ["a.h"]
    assert record.missing == ("later.h",)

    def holds(*headers: str) -> bool:
        asked = wanted(path)
        source = records.text_of(asked)
        assert source is not None
        return records.holds(record, asked, source, frozenset(headers))

    assert holds()
    assert not holds("later.h")
    header.write_text("#define STEP 22\n")
    assert not holds()
    header.write_text("#define STEP 1\n")
    os.utime(header, ns=(record.headers[0][1], record.headers[0][1]))
    assert holds()
    (tmp_path / "compile_commands.json").write_text(
        f'[{{"directory": "{tmp_path}", "file": "a.c", "command": "cc -DFAST -c a.c"}}]'
    )
    assert not holds()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (b"int f(int a) { return g(a); }", {"f"}),
        (b"int f(a, b) int a; { }", {"f"}),
        (b"int f(int (*op)(int),\n int b) // why\n/* so */\n{ }", {"f"}),
        (b"void A::g(int k) const { if (k) { h(k); } }", {"g"}),
        (b"int f(void);\nx = f(2) + 3;", set()),
        (b"void NAME(f)(int n) { }", {"NAME", "f"}),
        (b"void f(int n)\n#ifdef X\n{ }", {"f"}),
        (b"void f(int n", set()),
    ],
)
def test_what_a_text_may_define(text: bytes, names: set[str]) -> None:
    assert names <= records.may_define(text)
    assert "g" not in names or b"::g" in text or "h" not in records.may_define(text)
    if not names:
        assert records.may_define(text) == frozenset()


def project(root: Path) -> Project:
    made = Project(root, lambda path: load(path, workspace=root))
    made.open()
    return made


def test_only_files_that_may_matter_are_read(tmp_path: Path) -> None:
    written(tmp_path)
    written(tmp_path, "b.c", "double weigh(double x) { return third(x); }\n")
    written(tmp_path, "c.c", "double third(double x) { return x; }\n")
    written(tmp_path, "d.c", "double weighs(double x) { return weigh(x); }\n")
    written(tmp_path, "e.h", "double weigh(double x);\n")
    (tmp_path / "build").mkdir()
    written(tmp_path / "build", "f.c", "double weigh(double x) { return 0; }\n")
    first = project(tmp_path)
    first.read([first.wanted(tmp_path / "a.c")])
    first.reach(["a.c"])
    assert set(first.records) == {"a.c", "b.c", "c.c"}
    first.close()
    again = project(tmp_path)
    again.read([again.wanted(tmp_path / "a.c")])
    again.reach(["a.c"])
    assert again.records == first.records


def test_a_header_that_is_found_nowhere_is_not_looked_for_again_and_again(tmp_path: Path) -> None:
    written(tmp_path, text='#include "far.h"\n' + TEXT)
    (tmp_path / "deep").mkdir()
    written(tmp_path / "deep", "far.h", "int far;\n")
    first = project(tmp_path)
    first.read_all([], rescan=True)
    before = first.records["a.c"]
    assert before.nearby == {"far.h"}
    first.read_all([], rescan=True)
    assert first.records["a.c"] is before
    (tmp_path / "deep" / "far.h").unlink()
    first.read_all([], rescan=True)
    assert first.records["a.c"] is not before


def test_what_others_wrote_meanwhile_is_kept(tmp_path: Path) -> None:
    one, other = project(tmp_path), project(tmp_path)
    for each, name in ((one, "a.c"), (other, "b.c")):
        written(tmp_path, name)
        each.read([each.wanted(tmp_path / name)])
    one.close()
    other.close()
    assert set(store.load(tmp_path)) == {"a.c", "b.c"}


def test_a_file_that_is_too_long_says_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, text=TEXT + "/*" + " " * records.LARGEST + "*/\n")
    assert records.made(wanted(path)) is None


# The command line

CALLER = '#include "w.h"\nvoid run(int n, double *u) { for (int i = 0; i < n; i++) u[i] = weigh(u[i]); }\n'
HEADER = "double weigh(double x);\n"
WEIGH = '#include "w.h"\ndouble weigh(double x) { return 2 * x; }\n'


def two_files(folder: Path, *, repository: bool = True) -> Path:
    folder.mkdir()
    if repository:
        (folder / ".git").mkdir()
    (folder / "src").mkdir()
    written(folder / "src", "a.c", CALLER)
    written(folder / "src", "b.c", WEIGH)
    written(folder / "src", "w.h", HEADER)
    return folder


def loop(cwd: Path, *arguments: str) -> tuple[str, str, list[str]]:
    document = cli_runner.check_json(*arguments, cwd=cwd, command="suggest", status=0)
    found = next(file for file in document["files"] if file["path"].endswith("a.c"))["loops"][0]
    return found["verdict"], found["confidence"], found["reasons"]


PROVED = ("parallel", "proved", ["`weigh` is defined in src/b.c"])


def test_files_of_a_repository_know_each_other(tmp_path: Path) -> None:
    folder = two_files(tmp_path / "work")
    for arguments in (["."], ["src/a.c"], ["src/a.c", "src/b.c"], ["--jobs", "2", "src"]):
        assert loop(folder, *arguments) == PROVED
    assert loop(folder, "--no-index", ".")[:2] == ("unknown", "possible")
    (folder / ".hpc-ls.toml").write_text("workspace-index = false\n")
    assert loop(folder, ".")[:2] == ("unknown", "possible")


def test_without_a_repository_files_that_are_named_together_do(tmp_path: Path) -> None:
    folder = two_files(tmp_path / "work", repository=False)
    assert loop(folder, ".") == ("parallel", "proved", ["`weigh` is defined in b.c"])
    assert loop(folder, "src/a.c")[:2] == ("unknown", "possible")


def test_another_definition_counts_from_the_next_run_on(tmp_path: Path) -> None:
    folder = two_files(tmp_path / "work")
    assert loop(folder, "src/a.c") == PROVED
    written(folder / "src", "b.c", "int calls;\n" + WEIGH.replace("return", "calls++; return"))
    assert loop(folder, "src/a.c")[0] == "unknown"
    written(folder / "src", "b.c", WEIGH)
    assert loop(folder, "src/a.c") == PROVED
    (folder / ".hpc-ls.toml").write_text('exclude = ["src/b.c"]\n')
    assert loop(folder, "src/a.c")[:2] == ("unknown", "possible")


def test_explain_why_and_apply_know_other_files(tmp_path: Path) -> None:
    folder = two_files(tmp_path / "work")
    said = cli_runner.run("explain", "src/a.c:2", cwd=folder, status=0).stdout.decode()
    assert "weigh   defined in src/b.c" in said
    said = cli_runner.run("why", "src/a.c:2", cwd=folder, status=0).stdout.decode()
    assert "[defined-elsewhere]" in said
    cli_runner.run("suggest", "--apply", "src/a.c", cwd=folder, status=0)
    assert "#pragma omp parallel for" in (folder / "src" / "a.c").read_text()


def test_doctor_says_what_is_kept(tmp_path: Path) -> None:
    folder = two_files(tmp_path / "work")

    def said() -> str:
        return cli_runner.run("doctor", cwd=folder, status=0).stdout.decode()

    assert f"{folder}: nothing yet" in said()
    cli_runner.run("suggest", ".", cwd=folder, status=0)
    assert f"{folder}: 3 files with 2 functions, 0.0 MB" in said()
    (folder / ".hpc-ls.toml").write_text("workspace-index = false\n")
    assert "off: `workspace-index` is false" in said()


def test_the_smallest_program_names_the_files_it_needs(tmp_path: Path) -> None:
    folder = two_files(tmp_path / "work")
    done = cli_runner.run("why", "--minimize", "src/a.c:2", cwd=folder, status=0)
    said, needs, *program = done.stdout.decode().splitlines()
    assert "parallel (proved)" in said
    assert needs == "// weigh is defined in src/b.c."
    number = int(said.split()[2].rstrip(":"))
    assert "for (" in [said, needs, *program][number - 1]
