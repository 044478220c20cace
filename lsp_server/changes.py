"""What changed since a commit, for `--since`. Git is asked; nothing of the repository's configuration is run."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# A repository can name programs in its configuration: an external diff, a file-system monitor, a text converter.
_QUIET = ("-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-c", "diff.external=")
_HUNK = re.compile(rb"^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


class GitError(Exception):
    """Git could not answer; the message says what a person can do."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The zero-based lines of each file that changed; None: the whole file is new."""

    lines: Mapping[Path, frozenset[int] | None]

    def touches(self, path: Path, lines: range) -> bool:
        """Whether one of these lines of the file changed."""
        changed = self.lines.get(path.resolve(), frozenset())
        return changed is None or not changed.isdisjoint(lines)

    def has(self, path: Path) -> bool:
        return path.resolve() in self.lines


def since(reference: str, folders: Sequence[Path]) -> Changes:
    """What changed in the working trees that hold `folders` since the commit `reference`. Raises GitError."""
    lines: dict[Path, frozenset[int] | None] = {}
    roots = dict.fromkeys(_root(folder) for folder in folders)
    for root in roots:
        commit = _commit(root, reference)
        diff = _git(
            root, "diff", "--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames",
            "--src-prefix=a/", "--dst-prefix=b/", "-z", "--name-only", "--diff-filter=d", commit, "--",
        )  # fmt: skip
        for name in filter(None, diff.split(b"\0")):
            path = root / name.decode("utf-8", "surrogateescape")
            hunks = _git(
                root, "diff", "--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--text", commit, "--",
                str(path),
            )  # fmt: skip
            lines[path.resolve()] = _changed(hunks)
        untracked = _git(root, "ls-files", "--others", "--exclude-standard", "-z")
        for name in filter(None, untracked.split(b"\0")):
            lines[(root / name.decode("utf-8", "surrogateescape")).resolve()] = None
    return Changes(lines)


def _changed(diff: bytes) -> frozenset[int] | None:
    if re.search(rb"^new file mode", diff, re.MULTILINE):
        return None
    changed: set[int] = set()
    for hunk in _HUNK.finditer(diff):
        start, count = int(hunk[1]), int(hunk[2]) if hunk[2] is not None else 1
        # After a deletion `start` is the line before it: what now stands on both sides may mean something else.
        changed.update(range(start - 1, start - 1 + count) if count else (max(0, start - 1), start))
    return frozenset(changed)


def _root(folder: Path) -> Path:
    try:
        top = _git(folder, "rev-parse", "--show-toplevel")
    except GitError as error:
        if "not a git repository" in str(error):
            raise GitError(f"--since needs a git repository, and {folder} is in none") from None
        raise
    return Path(top.decode("utf-8", "surrogateescape").rstrip("\n"))


def _commit(root: Path, reference: str) -> str:
    if reference.startswith("-"):
        raise GitError(f"--since: `{reference}` is not a commit")
    try:
        found = _git(root, "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}")
    except GitError:
        raise GitError(f"--since: git knows no commit `{reference}` in {root}") from None
    return found.decode("ascii").strip()


def _git(folder: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(
            ["git", *_QUIET, *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=120,
        )
    except FileNotFoundError:
        raise GitError("--since needs git, which is not on PATH") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitError(f"git could not be run: {error}") from None
    if done.returncode != 0:
        raise GitError(done.stderr.decode("utf-8", "replace").strip() or f"git {arguments[0]} failed")
    return done.stdout
