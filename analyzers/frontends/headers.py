"""System headers as the compiler on this machine sees them: types, record layouts, prototypes and constants.

Nothing needs this: what programs commonly use stands in `c_names` and `c_types`. It costs a run of the compiler's
preprocessor, so it is done on request (a file is opened or saved), never while typing. Only `#include` lines are given
to the compiler, nothing of the user's text.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from analyzers.frontends.includes import Header
from analyzers.frontends.macros import Macro, parse_define
from analyzers.frontends.masking import mask

COMPILERS = ("cc", "gcc", "clang")
_SECONDS = 20.0
_MAX_BYTES = 30_000_000
_NAME = re.compile(r"[\w./+-]+")


@dataclass(frozen=True, slots=True)
class SystemHeaders:
    """What the headers declare (`header`: preprocessed text) and the numbers among their macros."""

    header: Header
    constants: dict[bytes, Macro]


def read(names: Iterable[str], include_paths: Iterable[str] = (), compiler: str | None = None) -> SystemHeaders | None:
    """Preprocess `#include <name>` for the names that exist. None: no compiler, or it reads none of them."""
    program = compiler or next((c for c in COMPILERS if shutil.which(c)), None)
    wanted = tuple(sorted({name for name in names if _NAME.fullmatch(name)}))
    if program is None or not wanted:
        return None
    return _read(program, wanted, tuple(include_paths))


@lru_cache(maxsize=32)
def _read(program: str, names: tuple[str, ...], include_paths: tuple[str, ...]) -> SystemHeaders | None:
    # A header that is missing must not hide the others.
    lines = "".join(f"#if __has_include(<{name}>)\n#include <{name}>\n#endif\n" for name in names)
    command = [program, "-E", "-dD", "-x", "c", *(f"-I{path}" for path in include_paths), "-"]
    try:
        done = subprocess.run(command, input=lines.encode(), capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    if done.returncode != 0 or len(done.stdout) > _MAX_BYTES:
        return None
    masked = mask(done.stdout)
    constants: dict[bytes, Macro] = {}
    for line in masked.lines:
        macro = parse_define(line.text.encode("utf-8", "surrogatepass")) if line.keyword == "define" else None
        if macro is not None and macro.number is not None and not macro.name.startswith(b"_"):
            constants[macro.name] = macro
    if not masked.code.strip() and not constants:
        return None
    return SystemHeaders(Header(f"<{' '.join(names)}>", masked.code, masked.skeleton), constants)
