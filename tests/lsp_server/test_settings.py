"""Settings in layers, what is said of bad ones, and edits of the configuration file."""

from __future__ import annotations

import sys
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.rules import registry
from lsp_server import settings_values as module
from lsp_server.globs import matches
from lsp_server.settings import DEFAULTS, add_independent_function, find_config, load
from lsp_server.settings_edit import add_to_list, write_atomically
from lsp_server.settings_values import KEYS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@pytest.fixture(autouse=True)
def _known_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "rule_codes", lambda: ("omp-unknown-clause", "race-missing-reduction"))


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_without_any_configuration_the_defaults_hold(tmp_path: Path) -> None:
    loaded = load(tmp_path / "a.c", workspace=tmp_path)
    assert loaded.settings == DEFAULTS
    assert loaded.config is None
    assert not loaded.problems


def test_every_key_is_read(tmp_path: Path) -> None:
    _write(
        tmp_path / ".hpc-ls.toml",
        """
select = ["race", "omp-unknown-clause"]
ignore = ["perf"]
min-confidence = "possible"
exclude = ["third_party", "gen/*.c"]
assume-no-alias = true
independent-functions = ["relax"]
defines = ["N=100", "DEBUG"]
include-paths = ["include", "/opt/x"]
offload = true
code-lens = false
inlay-hints = false
compile-commands = "out/debug"
use-calibration = false
workspace-index = false
jobs = 3
[severity]
race-missing-reduction = "warning"
perf = "off"
""",
    )
    loaded = load(tmp_path / "a.c")
    assert not loaded.problems
    settings = loaded.settings
    assert settings.select == {"race", "omp-unknown-clause"}
    assert settings.ignore == {"perf"}
    assert settings.severity == {"race-missing-reduction": "warning", "perf": "off"}
    assert settings.min_confidence == "possible"
    assert settings.exclude == ("third_party", "gen/*.c")
    assert settings.assume_no_alias
    assert settings.independent_functions == {"relax"}
    assert settings.defines == (("N", "100"), ("DEBUG", "1"))
    assert settings.include_paths == (str(tmp_path / "include"), "/opt/x")
    assert settings.offload and settings.to_options().offload
    assert not settings.code_lens
    assert not settings.inlay_hints
    assert settings.compile_commands == str(tmp_path / "out" / "debug")
    assert not settings.use_calibration
    assert not settings.workspace_index
    assert settings.jobs == 3
    assert set(loaded.origins) == set(KEYS)


def test_defines_may_be_a_table(tmp_path: Path) -> None:
    _write(tmp_path / ".hpc-ls.toml", "[defines]\nN = 100\nDEBUG = true\nNDEBUG = false\nREAL = 'double'\n")
    assert load(tmp_path / "a.c").settings.defines == (("N", "100"), ("DEBUG", "1"), ("REAL", "double"))


def test_layers(tmp_path: Path) -> None:
    _write(tmp_path / ".hpc-ls.toml", 'jobs = 2\nmin-confidence = "proved"\n')
    loaded = load(
        tmp_path / "a.c",
        editor={"jobs": 9, "codeLens": False, "minConfidence": "possible", "inlayHints": None},
        command_line={"min-confidence": "likely"},
    )
    assert loaded.settings.jobs == 2
    assert loaded.settings.min_confidence == "likely"
    assert loaded.settings.code_lens is False
    assert loaded.settings.inlay_hints is True
    assert dict(loaded.origins) == {
        "jobs": "project file",
        "code-lens": "editor",
        "min-confidence": "command line",
    }


def test_own_file_wins_over_pyproject_and_the_nearest_wins(tmp_path: Path) -> None:
    _write(tmp_path / "pyproject.toml", "[tool.hpc-ls]\njobs = 1\n")
    assert load(tmp_path / "a.c").settings.jobs == 1
    _write(tmp_path / ".hpc-ls.toml", "jobs = 2\n")
    assert load(tmp_path / "a.c").settings.jobs == 2
    (tmp_path / ".git").mkdir()
    _write(tmp_path / "sub" / "pyproject.toml", "[tool.other]\nx = 1\n")
    assert load(tmp_path / "sub" / "a.c").settings.jobs == 2
    _write(tmp_path / "sub" / "pyproject.toml", "[tool.hpc-ls]\njobs = 3\n")
    assert load(tmp_path / "sub" / "a.c").settings.jobs == 3


def test_the_search_stops_at_the_root_of_the_repository(tmp_path: Path) -> None:
    _write(tmp_path / ".hpc-ls.toml", "jobs = 2\n")
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "src").mkdir()
    assert find_config(tmp_path / "repo" / "src" / "a.c") is None
    (tmp_path / "repo" / ".git").rmdir()
    assert find_config(tmp_path / "repo" / "src" / "a.c", workspace=tmp_path / "repo") is None
    assert find_config(tmp_path / "repo" / "src" / "a.c", workspace=tmp_path) == tmp_path / ".hpc-ls.toml"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("\nselct = []\n", 2, ['"selct"', 'did you mean "select"']),
        ("colour = 1\n", 1, ['"colour"', "valid keys", "select"]),
        ('min-confidence = "certain"\n', 1, ['"min-confidence"', '"likely"', '"certain"', "stays"]),
        ("jobs = true\n", 1, ['"jobs"', "true"]),
        ("jobs = -1\n", 1, ['"jobs"', "-1"]),
        ("code-lens = 'yes'\n", 1, ['"code-lens"', "true or false"]),
        ("exclude = [1]\n", 1, ['"exclude"', "list of strings"]),
        ("ignore = ['race-missing-reducton']\n", 1, ['"ignore"', 'did you mean "race-missing-reduction"']),
        ("[severity]\nrace-missing-reduction = 'warn'\n", 1, ["severity.race-missing-reduction", 'mean "warning"']),
        ("severity = 3\n", 1, ['"severity"', "table"]),
        ("defines = ['1A=3']\n", 1, ['"defines"', '"1A"']),
        ("independent-functions = ['f()']\n", 1, ['"independent-functions"', '"f()"']),
        ("jobs = \n", 1, ["not valid TOML"]),
    ],
)
def test_a_bad_setting_keeps_the_default_and_says_so(tmp_path: Path, text: str, line: int, words: list[str]) -> None:
    config = _write(tmp_path / ".hpc-ls.toml", text)
    loaded = load(tmp_path / "a.c")
    assert loaded.settings.jobs == DEFAULTS.jobs
    assert loaded.settings.min_confidence == DEFAULTS.min_confidence
    assert len(loaded.problems) == 1
    problem = loaded.problems[0]
    assert (problem.path, problem.line) == (config, line)
    for word in words:
        assert word in problem.message
    assert str(problem).startswith(f"{config}:{line}: ")


def test_a_bad_key_does_not_spoil_the_good_ones(tmp_path: Path) -> None:
    _write(tmp_path / "pyproject.toml", "[project]\njobs = 1\n[tool.hpc-ls]\njobs = 4\ncode_lens = 1\n")
    loaded = load(tmp_path / "a.c")
    assert loaded.settings.jobs == 4
    assert [(p.line, "code-lens" in p.message) for p in loaded.problems] == [(5, True)]


def test_a_select_of_unknown_rules_is_not_everything_selected_silently(tmp_path: Path) -> None:
    _write(tmp_path / ".hpc-ls.toml", "select = ['nothing-such', 'race', 'memory', 'style']\n")
    loaded = load(tmp_path / "a.c")
    assert loaded.settings.select == {"race"}
    assert len(loaded.problems) == 3


def test_a_wrong_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / ".hpc-ls.toml").write_bytes(b"jobs = 1 # \xe9\n")
    loaded = load(tmp_path / "a.c")
    assert "UTF-8" in loaded.problems[0].message
    assert loaded.settings == DEFAULTS


def test_editor_problems_name_the_editor() -> None:
    loaded = load(None, editor={"minConfidence": "x", "trace": {"server": "off"}, "jobz": 1})
    assert sorted(str(p).split(":")[0] for p in loaded.problems) == ["editor settings", "editor settings"]


def test_options(tmp_path: Path) -> None:
    _write(tmp_path / ".hpc-ls.toml", "ignore = ['perf']\nassume-no-alias = true\n[severity]\nomp = 'off'\n")
    options = load(tmp_path / "a.c").settings.to_options(snippet=True)
    assert options.ignore == {"perf", "omp"}
    assert options.assume_no_alias
    assert options.snippet
    hash(options)


def test_exclude_is_relative_to_the_project_file(tmp_path: Path) -> None:
    _write(tmp_path / ".hpc-ls.toml", "exclude = ['gen', 'src/old/*.c']\n")
    loaded = load(tmp_path / "src" / "a.c", workspace=tmp_path)
    assert loaded.excludes(tmp_path / "src" / "gen" / "x.c")
    assert loaded.excludes(tmp_path / "src" / "old" / "x.c")
    assert not loaded.excludes(tmp_path / "src" / "x.c")
    assert not loaded.excludes(tmp_path / "old" / "x.c")


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a/b/c.c", "c.c", True),
        ("a/b/c.c", "b", True),
        ("a/b/c.c", "*.c", True),
        ("a/b/c.c", "/b", False),
        ("a/b/c.c", "a/*/c.c", True),
        ("a/b/d/c.c", "a/*/c.c", False),
        ("a/b/d/c.c", "a/**/c.c", True),
        ("a/c.c", "a/**/c.c", True),
        ("a/c.c", "**/c.c", True),
        ("a/c.c", "a/**", True),
        ("a/c1.c", "c[0-9].c", True),
        ("a/cx.c", "c[!0-9].c", True),
        ("a/c.c", "", False),
        ("a/c.c", "[", False),
        ("a.b/c", "a?b/", True),
    ],
)
def test_globs(path: str, pattern: str, expected: bool) -> None:
    assert matches(PurePosixPath(path), (pattern,)) is expected


@given(st.text(max_size=12))
def test_any_pattern_is_survived(pattern: str) -> None:
    matches(PurePosixPath("a/b.c"), (pattern,))


# --- edits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'independent-functions = ["relax"]\n'),
        ("jobs = 2 # two\n", 'jobs = 2 # two\nindependent-functions = ["relax"]\n'),
        ("jobs = 2", 'jobs = 2\nindependent-functions = ["relax"]\n'),
        (
            "# mine\njobs = 2\n\n[severity]\nperf = 'off'\n",
            "# mine\njobs = 2\nindependent-functions = [\"relax\"]\n\n[severity]\nperf = 'off'\n",
        ),
        ("independent-functions = []\n", 'independent-functions = ["relax"]\n'),
        ('independent-functions = ["f"] # x\n', 'independent-functions = ["f", "relax"] # x\n'),
        ("independent-functions = ['f',]\n", "independent-functions = ['f', \"relax\"]\n"),
        (
            'independent-functions = [\n  "f", # trusted [1]\n  "g" # too\n]\njobs = 1\n',
            'independent-functions = [\n  "f", # trusted [1]\n  "g", # too\n  "relax"\n]\njobs = 1\n',
        ),
        (
            'independent-functions = [\r\n  "f",\r\n]\r\n',
            'independent-functions = [\r\n  "f",\r\n  "relax",\r\n]\r\n',
        ),
        ('independent-functions = "f"\n', 'independent-functions = ["f", "relax"]\n'),
    ],
)
def test_adding_a_function_keeps_the_rest(tmp_path: Path, before: str, after: str) -> None:
    config = tmp_path / ".hpc-ls.toml"
    config.write_bytes(before.encode())
    assert add_independent_function(config, "relax") == config
    assert config.read_bytes().decode() == after
    add_independent_function(config, "relax")
    assert config.read_bytes().decode() == after
    assert "relax" in load(config).settings.independent_functions


def test_adding_a_function_creates_the_file_at_the_root(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "src").mkdir()
    target = add_independent_function(tmp_path / "src" / "a.c", "relax")
    assert target == tmp_path / ".hpc-ls.toml"
    assert load(tmp_path / "src" / "a.c").settings.independent_functions == {"relax"}


def test_adding_a_function_to_pyproject(tmp_path: Path) -> None:
    config = _write(tmp_path / "pyproject.toml", "[project]\nname = 'x'\n[tool.hpc-ls]\njobs = 1\n[tool.z]\na = 1\n")
    add_independent_function(tmp_path / "a.c", "relax")
    assert tomllib.loads(config.read_text())["tool"] == {
        "hpc-ls": {"jobs": 1, "independent-functions": ["relax"]},
        "z": {"a": 1},
    }


def test_adding_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    config = _write(tmp_path / ".hpc-ls.toml", "jobs = \n")
    with pytest.raises(ValueError, match="not valid TOML"):
        add_independent_function(config, "relax")
    assert config.read_text() == "jobs = \n"
    with pytest.raises(ValueError, match="not the name"):
        add_independent_function(config, 'x"]')


_names = st.lists(st.sampled_from(["f", "g", "h", "i"]), unique=True, max_size=3)


@given(
    names=_names,
    layout=st.sampled_from(["line", "lines", "lines-comma", "comments"]),
    tail=st.sampled_from(["", "jobs = 1\n", "\n[severity]\nperf = 'off'\n"]),
)
def test_adding_to_any_layout(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], layout: str, tail: str
) -> None:
    path = tmp_path_factory.mktemp("toml") / ".hpc-ls.toml"
    if layout == "line":
        body = "[" + ", ".join(f'"{n}"' for n in names) + "]"
    else:
        comment = {"comments": ' # why ] "'}.get(layout, "")
        rows = [
            f'\n  "{n}"{"," if layout != "lines" or k + 1 < len(names) else ""}{comment}' for k, n in enumerate(names)
        ]
        body = "[" + "".join(rows) + "\n]"
    text = f"# head\nlist = {body} # end\n{tail}"
    path.write_text(text)
    before = tomllib.loads(text)
    assert add_to_list(path, "", "list", "new")
    after = tomllib.loads(path.read_text())
    assert after.pop("list") == [*before.pop("list"), "new"]
    assert after == before
    assert path.read_text().count("# why") == text.count("# why")


def test_writing_keeps_permissions_and_follows_links(tmp_path: Path) -> None:
    target = _write(tmp_path / "real.toml", "a")
    target.chmod(0o640)
    link = tmp_path / "link.toml"
    link.symlink_to(target)
    write_atomically(link, b"b")
    assert link.is_symlink()
    assert target.read_bytes() == b"b"
    assert target.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.toml", "real.toml"]


def test_the_families_are_those_of_the_rules() -> None:
    """They are written out in the settings, which must not load the analysis."""
    assert set(module.FAMILIES) == set(registry.families())
