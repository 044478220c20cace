"""Configuration: what may be set, where it comes from, and what to say when it is wrong.

Layers, the first that sets a key wins: command line, project file, editor, default. The project file is the nearest
`.hpc-ls.toml`, or `pyproject.toml` with a `[tool.hpc-ls]` table, from the file upward to the root of the repository
(else of the workspace, else of the file system); in one folder `.hpc-ls.toml` wins. A key that is set replaces the
lower layers' value as a whole. A bad key or value keeps the lower layers' value and becomes a `SettingProblem`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

from analyzers.settings import family_of, is_chosen
from lsp_server.background.calibration import REMEDY, current
from lsp_server.globs import matches
from lsp_server.settings_values import (
    CONFIDENCES,
    IDENTIFIER,
    KEYS,
    PARSERS,
    Confidence,
    SeverityChoice,
    parse,
    shown,
)

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from analyzers.api import Options
    from analyzers.ir.verdicts import Finding

Layer = Literal["command line", "project file", "editor", "default"]

CONFIG_NAME = ".hpc-ls.toml"
# Settings that only the editor's client reads and that reach the server along with the rest.
EDITOR_ONLY = frozenset({"trace", "server", "path", "python", "interpreter", "command", "env", "enable", "enabled"})
_VCS = (".git", ".hg", ".svn", ".jj")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user decided. Names are those of the TOML keys with `_` for `-`."""

    select: frozenset[str] = frozenset()  # rule codes or families; empty: all
    ignore: frozenset[str] = frozenset()
    severity: Mapping[str, SeverityChoice] = field(default_factory=dict)  # rule code or family: severity, or "off"
    min_confidence: Confidence = "likely"
    exclude: tuple[str, ...] = ()  # patterns relative to the folder of the project file
    assume_no_alias: bool = False
    independent_functions: frozenset[str] = frozenset()
    defines: tuple[tuple[str, str], ...] = ()
    include_paths: tuple[str, ...] = ()
    compile_commands: str = ""  # the database or its folder; "": looked for
    offload: bool = False
    code_lens: bool = True
    inlay_hints: bool = True
    use_calibration: bool = True  # what was measured on this machine
    workspace_index: bool = True  # functions of other files of the workspace are known
    jobs: int = 0  # 0: one per processor

    def to_options(self, *, snippet: bool = False) -> Options:
        """The part of it that the analysis needs."""
        from analyzers.api import Options
        from analyzers.costs import DEFAULTS as COSTS

        # A family that is off runs where a rule of it has a severity of its own; `adjusted` drops the others.
        wanted = {family_of(name) for name, severity in self.severity.items() if severity != "off"}
        off = {name for name, severity in self.severity.items() if severity == "off" and name not in wanted}
        return Options(
            select=self.select,
            ignore=self.ignore | off,
            assume_no_alias=self.assume_no_alias,
            independent=self.independent_functions,
            defines=self.defines,
            include_paths=self.include_paths,
            database=self.compile_commands,
            offload=self.offload,
            snippet=snippet,
            costs=current().costs if self.use_calibration else COSTS,
        )

    def adjusted(self, finding: Finding) -> Finding | None:
        """The finding with the user's severity, or None when the user does not want to see it.

        A rule's own entry counts before its family's. What is named in `select` wins over an ignored family.
        """
        severity = self.severity.get(finding.rule) or self.severity.get(family_of(finding.rule))
        if severity == "off" or not self.shows(finding.confidence):
            return None
        if not is_chosen(finding.rule, self.select, self.ignore):
            return None
        if severity is None or severity == finding.severity:
            return finding
        return replace(finding, severity=severity)

    def shows(self, confidence: str) -> bool:
        """Whether something of this confidence is shown without being asked for."""
        return CONFIDENCES.index(confidence) <= CONFIDENCES.index(self.min_confidence)


DEFAULTS = Settings()


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """A setting that was not taken. `line` is one-based; `path` is None for the editor and the command line."""

    path: Path | None
    line: int | None
    message: str  # names the key, what is wrong, and the nearest valid one
    layer: Layer = "project file"

    def __str__(self) -> str:
        if self.path is None:
            return f"{self.layer} settings: {self.message}"
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings for one file with everything one may ask about where they come from."""

    settings: Settings
    problems: tuple[SettingProblem, ...] = ()
    config: Path | None = None  # the project file
    origins: Mapping[str, Layer] = field(default_factory=dict)  # TOML key: the layer that set it; absent: default

    def excludes(self, path: Path) -> bool:
        """Whether `exclude` names this file or a folder above it."""
        if self.config is None or not self.settings.exclude:
            return matches(PurePosixPath(path.as_posix().lstrip("/")), self.settings.exclude)
        try:
            relative = path.absolute().relative_to(self.config.parent)
        except ValueError:
            return False
        return matches(PurePosixPath(relative.as_posix()), self.settings.exclude)


def load(
    path: Path | None,
    *,
    workspace: Path | None = None,
    editor: Mapping[str, object] | None = None,
    command_line: Mapping[str, object] | None = None,
) -> Loaded:
    """The settings that hold for `path` (a file or a folder; None: no project file). Never raises.

    `editor` may spell its keys in camelCase and leave out or null what is not set. `command_line` uses TOML keys.
    """
    problems: list[SettingProblem] = []
    config, table, text = (None, {}, "") if path is None else _project_file(path, workspace, problems)
    values: dict[str, object] = {}
    origins: dict[str, Layer] = {}
    layers: tuple[tuple[Layer, Mapping[str, object]], ...] = (
        ("editor", _editor_table(editor or {})),
        ("project file", table),
        ("command line", command_line or {}),
    )
    for layer, entries in layers:
        base = config.parent if layer == "project file" and config else workspace or Path.cwd()
        for key, raw in entries.items():
            where = config if layer == "project file" else None
            line = _line_of(text, key, where) if where else None
            value, complaints = parse(key, raw, base)
            if value is None and layer != "command line" and key in PARSERS:
                stays = values.get(key.replace("-", "_"), getattr(DEFAULTS, key.replace("-", "_")))
                if isinstance(stays, bool | str | int):
                    complaints = [f"{complaint}; it stays {shown(stays)}" for complaint in complaints]
            problems.extend(SettingProblem(where, line, complaint, layer) for complaint in complaints)
            if value is None:
                continue
            values[key.replace("-", "_")] = value
            origins[key] = layer
    settings = replace(DEFAULTS, **values)  # type: ignore[arg-type]  # checked by parse
    if settings.use_calibration and (measured := current()).problem is not None:
        complaint = f"is ignored: {measured.problem}; `{REMEDY}` measures again"
        problems.append(SettingProblem(measured.path, None, complaint, "default"))
    return Loaded(settings, tuple(problems), config, origins)


def find_config(path: Path, workspace: Path | None = None) -> Path | None:
    """The project file that holds for `path`, or None."""
    return _project_file(path, workspace, [])[0]


def config_for_edit(path: Path, workspace: Path | None = None) -> Path:
    """The project file to write to: the one that holds for `path`, else a new `.hpc-ls.toml` at the root."""
    return find_config(path, workspace) or (_root(path, workspace) or _folder(path)) / CONFIG_NAME


def add_independent_function(path: Path, name: str) -> Path:
    """Note in the project file that holds for `path` that calls to `name` are independent; returns that file.

    `path` may also be the project file itself. The rest of the file stays as it is. Raises ValueError when `name`
    is no identifier or the file cannot be edited safely, OSError when it cannot be read or written.
    """
    from lsp_server.settings_edit import add_to_list

    if not IDENTIFIER.match(name):
        raise ValueError(f"{name!r} is not the name of a function")
    is_config = path.name in (CONFIG_NAME, "pyproject.toml")
    target = path if is_config else config_for_edit(path)
    table = "tool.hpc-ls" if target.name == "pyproject.toml" else ""
    add_to_list(target, table, "independent-functions", name)
    return target


# --- finding and reading the project file -------------------------------------------------------------------------


def _folder(path: Path) -> Path:
    path = path.absolute()
    return path if path.is_dir() else path.parent


def workspace_of(path: Path, loaded: Loaded) -> Path | None:
    """The folder whose files belong together with `path`: its repository, else that of its project file."""
    try:
        root = _root(path, None)
    except OSError:
        return None
    root = root or (loaded.config.parent if loaded.config is not None else None)
    return None if root is None or is_too_wide(root) else root


def is_too_wide(root: Path) -> bool:
    """Is it a folder that holds more than one program, even if it is under version control?"""
    return root in (Path.home(), Path(root.anchor))


def _root(path: Path, workspace: Path | None) -> Path | None:
    """The root of the repository, else of the workspace that holds `path`."""
    folder = _folder(path)
    for parent in (folder, *folder.parents):
        if any((parent / name).exists() for name in _VCS):
            return parent
    if workspace is not None and (workspace.absolute() == folder or workspace.absolute() in folder.parents):
        return workspace.absolute()
    return None


def _project_file(
    path: Path, workspace: Path | None, problems: list[SettingProblem]
) -> tuple[Path | None, Mapping[str, object], str]:
    try:
        folder, last = _folder(path), _root(path, workspace)
    except OSError:
        return None, {}, ""
    for parent in (folder, *folder.parents):
        for name in (CONFIG_NAME, "pyproject.toml"):
            found = _read(parent / name, problems)
            if found is not None:
                return parent / name, found[0], found[1]
        if parent == last:
            break
    return None, {}, ""


def _read(config: Path, problems: list[SettingProblem]) -> tuple[Mapping[str, object], str] | None:
    """The table of hpc-ls and the text, or None when this file does not speak of hpc-ls."""
    own = config.name == CONFIG_NAME
    try:
        if not config.is_file():
            return None
        text = config.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        if own:
            problems.append(SettingProblem(config, None, "is not UTF-8, which TOML must be; it is not used"))
        return ({}, "") if own else None
    except OSError as error:
        if own:
            problems.append(SettingProblem(config, None, f"cannot be read ({error.strerror}); it is not used"))
        return ({}, "") if own else None
    if not own and "hpc-ls" not in text:
        return None
    try:
        table: object = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        problems.append(
            SettingProblem(config, int(at[1]) if at else None, f"is not valid TOML: {error}; it is not used")
        )
        return {}, text
    if not own:
        tool = table.get("tool") if isinstance(table, dict) else None
        table = tool.get("hpc-ls") if isinstance(tool, dict) else None
        if table is None:
            return None
    if not isinstance(table, dict):
        problems.append(SettingProblem(config, None, "[tool.hpc-ls] must be a table; it is not used"))
        return {}, text
    return table, text


def _line_of(text: str, key: str, config: Path) -> int | None:
    """The one-based line where `key` is set, where the layout of the file lets one see it."""
    wanted = ("tool.hpc-ls",) if config.name == "pyproject.toml" else ("",)
    table = ""
    setting = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*[=.]""")
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\[?([^\]]+)\]", line)
        if header:
            table = header[1].replace('"', "").replace(" ", "")
            if table in {f"{prefix}.{key}".lstrip(".") for prefix in wanted}:
                return number
        elif table in wanted and setting.match(line):
            return number
    return None


def _editor_table(editor: Mapping[str, object]) -> Mapping[str, object]:
    """camelCase and snake_case to TOML's keys; null means not set."""
    kebab = {
        re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", str(key)).replace("_", "-").lower(): value
        for key, value in editor.items()
        if value is not None
    }
    return {key: value for key, value in kebab.items() if key not in EDITOR_ONLY}


assert {key.replace("-", "_") for key in KEYS} == {f.name for f in fields(Settings)}
