"""Where the server's own messages go: to the client's log, short; with the reasons to stderr."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Optional, Union

if TYPE_CHECKING:
    from lsp_server.server import HpcLanguageServer

ExcInfo = Union[tuple[type[BaseException], BaseException, Optional[TracebackType]], tuple[None, None, None]]  # noqa: UP007, UP045  (evaluated at run time on 3.10)
DEBUG_VARIABLE = "HPC_LS_DEBUG"


class _OneLine(logging.Formatter):
    """An exception as one line: its type, its text and where it came from. The whole of it when debugging."""

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802  (the name is logging's)
        if os.environ.get(DEBUG_VARIABLE):
            return super().formatException(ei)
        kind, value, trace = ei
        if kind is None:
            return ""
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = f" ({Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno})" if trace else ""
        return f"{kind.__name__}: {value}{where}"


class _ToClient(logging.Handler):
    """window/logMessage, first line only: traces of workers follow in the lines after it."""

    def __init__(self, server: HpcLanguageServer) -> None:
        super().__init__(logging.INFO)
        self._server = server

    def emit(self, record: logging.LogRecord) -> None:
        from lsprotocol import types

        if not self._server.greeted:  # before the answer to `initialize` a client may not expect anything
            return
        kind = types.MessageType.Info
        if record.levelno >= logging.ERROR:
            kind = types.MessageType.Error
        elif record.levelno >= logging.WARNING:
            kind = types.MessageType.Warning
        text = record.getMessage().split("\n", 1)[0].rstrip(":")
        try:
            self._server.window_log_message(types.LogMessageParams(kind, text))
        except Exception:
            self.handleError(record)


def configure() -> None:
    """Log to stderr, which editors keep. The library's own chatter stays out unless one debugs."""
    debug = bool(os.environ.get(DEBUG_VARIABLE))
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(levelname)s %(message)s"))
    root = logging.getLogger("lsp_server")
    root.handlers = [handler]
    root.propagate = False
    root.setLevel(logging.DEBUG if debug else logging.INFO)
    for name in ("pygls", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers = [handler] if debug else [logging.NullHandler()]
        logger.propagate = False


def attach(server: HpcLanguageServer) -> None:
    """Show what is logged to the client, too."""
    logging.getLogger("lsp_server").addHandler(_ToClient(server))
