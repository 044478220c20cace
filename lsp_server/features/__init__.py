"""One LSP feature per module; each has `register(server)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lsp_server.server import HpcLanguageServer


def register_all(server: HpcLanguageServer) -> None:
    """Make the server answer everything it can."""
    from lsp_server.features import diagnostics, lifecycle

    for feature in (lifecycle, diagnostics):
        feature.register(server)
