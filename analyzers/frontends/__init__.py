"""The frontends, by language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from analyzers.frontends.c import CFrontend


def frontend_of(language: Literal["c", "cpp", "fortran"]) -> type[CFrontend]:
    """The frontend for a language; its grammar is loaded now."""
    if language == "cpp":
        from analyzers.frontends.cpp import CppFrontend

        return CppFrontend
    from analyzers.frontends.c import CFrontend

    return CFrontend
