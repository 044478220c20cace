"""The folder of what hpc-ls remembers on this machine. Nothing in it is needed: it may be deleted at any time."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """Where this user's programs keep what they can make again; it need not exist yet."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        named = os.environ.get("XDG_CACHE_HOME", "")
        # The specification asks to ignore a relative path: it would mean another folder in each project.
        base = named if Path(named).is_absolute() else Path.home() / ".cache"
    return Path(base) / "hpc-ls"
