"""What the files of a command line are told of each other, and of the other files of their workspaces."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_server.index.project import Project
from lsp_server.settings import Loaded, workspace_of
from lsp_server.terminal import Progress

if TYPE_CHECKING:
    from analyzers.api import Language
    from analyzers.dependence.linking import Outside

Named = tuple[Path, "Language"]


def outsides(files: Sequence[Named], settings: Callable[[Path], Loaded], jobs: int) -> Mapping[Path, Outside]:
    """What each of the files is told, where there is something to tell. Files of one workspace belong together; so do
    those without one that are named together."""
    groups: dict[Path | None, list[Named]] = {}
    for path, language in files:
        loaded = settings(path)
        if loaded.settings.workspace_index:
            groups.setdefault(workspace_of(path, loaded), []).append((path, language))
    found: dict[Path, Outside] = {}
    for root, group in groups.items():
        if root is not None:
            found.update(_of_group(Project(root, settings, jobs), group, everything=True))
        elif len(group) > 1:
            common = Path(os.path.commonpath([path.absolute().parent for path, _ in group]))
            found.update(_of_group(Project(common, settings, jobs), group, everything=False))
    return found


def _of_group(project: Project, group: list[Named], *, everything: bool) -> dict[Path, Outside]:
    """`everything`: the other files of the workspace count too."""
    progress: list[Progress] = []

    def told(done: int, total: int) -> None:
        if done == 0:
            progress.append(Progress(sys.stderr, total, what="files of the index"))
        progress[-1].tick(done)

    project.told = told
    project.open()
    project.read([project.wanted(path, language=language) for path, language in group])
    names = {path: project.name_of(path) for path, _ in group}
    if everything:
        project.reach(names.values())
    for each in progress:
        each.clear()
    project.close()
    program = project.program()
    each_told = {path: project.outside(program, name) for path, name in names.items()}
    return {path: outside for path, outside in each_told.items() if outside is not None}
