"""Starts the server quickly: editors wait for the answer to `initialize`."""

from __future__ import annotations

import gc


def main() -> int:
    """Speak LSP on stdin and stdout; the exit status."""
    # Loading makes hundreds of thousands of objects and no garbage: collecting meanwhile costs a quarter of the start.
    gc.disable()
    from lsp_server.server import main as serve

    gc.freeze()
    gc.enable()
    return serve()
