"""The models on this machine: where they are, which one is in use, and which ones could be had.

What a user decides about models is decided for the machine: a file in a workspace must not choose what is loaded.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SHIPPED = Path(__file__).parent / "default" / "hpc-ls.gguf"
CATALOGUE = Path(__file__).parent / "catalogue.toml"
_NAME = re.compile(r"[A-Za-z0-9][\w.+-]*\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


class CatalogueError(Exception):
    """The catalogue cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that can be had."""

    name: str
    url: str
    sha256: str = ""  # "": nobody knows for certain
    size: int = 0  # bytes; 0: not known
    licence: str = ""
    kind: str = "base"
    fim: tuple[str, ...] = ()
    memory: int = 0  # MB

    @property
    def file(self) -> str:
        """The name under which it is kept."""
        return f"{self.name}.gguf"


@dataclass(frozen=True, slots=True)
class InUse:
    """The model that the editor asks; `path` None: none, and `why` says why."""

    path: Path | None
    why: str


def folder() -> Path:
    """Where models are kept that were brought; it need not exist yet."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        named = os.environ.get("XDG_DATA_HOME", "")
        base = named if Path(named).is_absolute() else Path.home() / ".local" / "share"
    return Path(base) / "hpc-ls" / "models"


def local() -> Iterator[Path]:
    """The models in that folder, by name."""
    yield from sorted(path for path in folder().glob("*.gguf") if path.is_file())


def in_use() -> InUse:
    """Which model is asked: the one that was chosen, else the one that comes with hpc-ls."""
    try:
        chosen: object = json.loads(_choice().read_text(encoding="utf-8")).get("use")
    except FileNotFoundError:
        chosen = None
    except (OSError, ValueError, AttributeError):
        return InUse(None, f"{_choice()} is damaged; `hpc-ls model use default` writes it anew")
    if chosen == "none":
        return InUse(None, "switched off by `hpc-ls model use none`")
    if isinstance(chosen, str):
        path = Path(chosen)
        if not path.is_file():
            return InUse(None, f"{path} is gone; `hpc-ls model use PATH` names another one")
        return InUse(path, "chosen by `hpc-ls model use`")
    if SHIPPED.is_file():
        return InUse(SHIPPED, "comes with hpc-ls")
    return InUse(None, "none is there; `hpc-ls model list` shows which can be had")


def use(choice: Path | None) -> None:
    """From now on ask this model; None: none at all. Raises OSError."""
    _write({"use": "none" if choice is None else str(choice.absolute())})


def use_default() -> None:
    """From now on ask the model that comes with hpc-ls. Raises OSError."""
    _choice().unlink(missing_ok=True)


def catalogue(path: Path = CATALOGUE) -> dict[str, Entry]:
    """The models that can be had, by name. Raises CatalogueError."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogueError(f"{path} cannot be read: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path} is not valid TOML: {error}") from None
    return {name: _entry(path, name, values) for name, values in table.items()}


def _entry(path: Path, name: str, values: object) -> Entry:
    def wrong(what: str) -> CatalogueError:
        return CatalogueError(f"{path}: [{name}] {what}")

    if not _NAME.match(name):  # it becomes the name of a file
        raise wrong("is no name for a model: letters, digits, `.`, `-`, `_` and `+`")
    if not isinstance(values, dict):
        raise wrong("is no table")
    kinds: dict[str, type] = {"url": str, "sha256": str, "size": int, "licence": str, "kind": str, "memory": int}
    for key, kind in kinds.items():
        if key in values and not isinstance(values[key], kind):
            raise wrong(f"`{key}` must be {'a number' if kind is int else 'a text'}")
    url, sha256, fim = values.get("url", ""), values.get("sha256", "").lower(), values.get("fim", [])
    if not url.startswith(("https://", "http://")):
        raise wrong("`url` must begin with https:// or http://")
    if sha256 and not _SHA256.match(sha256):
        raise wrong("`sha256` must be 64 hexadecimal digits")
    if not isinstance(fim, list) or not all(isinstance(token, str) for token in fim):
        raise wrong("`fim` must be a list of texts")
    size, memory = values.get("size", 0), values.get("memory", 0)
    return Entry(name, url, sha256, size, values.get("licence", ""), values.get("kind", "base"), tuple(fim), memory)


def _choice() -> Path:
    return folder().parent / "model.json"


def _write(values: dict[str, str]) -> None:
    path = _choice()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(values) + "\n", encoding="utf-8")
    fresh.replace(path)
