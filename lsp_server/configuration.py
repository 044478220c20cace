"""The settings that hold for each open document, and what to tell the user about bad ones."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from lsp_server.session import Snapshot
from lsp_server.settings import Loaded, SettingProblem, load

log = logging.getLogger(__name__)

CONFIG_NAMES = (".hpc-ls.toml", "pyproject.toml")


class Configuration:
    """Loads settings once per folder; everything is read anew after `invalidate`."""

    def __init__(self) -> None:
        self.folders: list[Path] = []
        self.editor: Mapping[str, object] = {}
        self._loaded: dict[Path | None, Loaded] = {}
        self._told: set[str] = set()
        self._untold: list[SettingProblem] = []
        self.generation = 0

    def of(self, snapshot: Snapshot) -> Loaded:
        """The settings for a document."""
        path = snapshot.path
        folder = path.parent if path else None
        loaded = self._loaded.get(folder)
        if loaded is None:
            workspace = self.workspace(path)
            # A buffer without a file obeys the project file of the workspace it was opened in.
            loaded = load(path or workspace, workspace=workspace, editor=self.editor)
            self._loaded[folder] = loaded
            self._untold.extend(p for p in loaded.problems if str(p) not in self._told)
        return loaded

    def excluded(self, snapshot: Snapshot) -> bool:
        """Whether the user does not want this document analysed."""
        path = snapshot.path
        return path is not None and self.of(snapshot).excludes(path)

    def workspace(self, path: Path | None) -> Path | None:
        """The innermost workspace folder around a path; the first one for a buffer without a file."""
        if path is None:
            return self.folders[0] if self.folders else None
        around = [folder for folder in self.folders if folder == path or folder in path.parents]
        return max(around, key=lambda folder: len(folder.parts), default=None)

    def complaints(self) -> list[SettingProblem]:
        """Problems found since the last call; each is told once."""
        fresh = []
        for problem in self._untold:
            if str(problem) not in self._told:
                self._told.add(str(problem))
                fresh.append(problem)
        self._untold.clear()
        return fresh

    def invalidate(self) -> None:
        """Forget what was read: a file or the editor's settings changed."""
        self._loaded.clear()
        self.generation += 1

    def set_editor(self, settings: object) -> None:
        """Take the editor's settings; a section `hpc-ls` inside is unwrapped, anything but a table means none."""
        if isinstance(settings, Mapping) and isinstance(settings.get("hpc-ls"), Mapping):
            settings = settings["hpc-ls"]
        self.editor = dict(settings) if isinstance(settings, Mapping) else {}
        self.invalidate()
