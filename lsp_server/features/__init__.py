"""One LSP feature per module; each has `register(server)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lsp_server.server import HpcLanguageServer


def register_all(server: HpcLanguageServer) -> None:
    """Make the server answer everything it can."""
    from lsp_server.features import (
        code_actions,
        code_lens,
        commands,
        completion,
        diagnostics,
        hover,
        indexing,
        inlay_hints,
        inline_completion,
        lifecycle,
        status,
    )

    features = (
        lifecycle,
        diagnostics,
        code_actions,
        inline_completion,
        completion,
        hover,
        code_lens,
        inlay_hints,
        commands,
        status,
        indexing,
    )
    for feature in features:
        feature.register(server)
