"""JSON-RPC as pygls speaks it, made robust: a bad message is answered, none ends the server, no traceback leaves it.

Document contents are not kept here a second time: `lsp_server.session` owns them.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.json_rpc import JsonRPCNotification, JsonRPCResponseMessage
from pygls.protocol.language_server import lsp_method

if TYPE_CHECKING:
    from lsp_server.server import HpcLanguageServer

log = logging.getLogger(__name__)

PARSE_ERROR, INVALID_REQUEST, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32602, -32603
NOT_INITIALIZED = -32002
# In this order of preference: no conversion is needed for UTF-8.
ENCODINGS = (types.PositionEncodingKind.Utf8, types.PositionEncodingKind.Utf16, types.PositionEncodingKind.Utf32)


class Protocol(LanguageServerProtocol):
    """The protocol of one client."""

    _server: HpcLanguageServer

    def receive(self, body: bytes) -> None:
        """Handle one message body, whatever it is."""
        try:
            message = json.loads(body)
        except (ValueError, RecursionError) as error:
            log.warning("a message is not JSON: %s", error)
            self.refuse(None, PARSE_ERROR, f"the message is not JSON: {error}")
            return
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            identifier = message.get("id") if isinstance(message, dict) else None
            self.refuse(_identifier(identifier), INVALID_REQUEST, "the message is no JSON-RPC 2.0 object")
            return
        if "method" in message:
            self._receive_call(message)
        elif "id" in message and ("result" in message or "error" in message):
            self._receive_response(message)
        else:
            self.refuse(_identifier(message.get("id")), INVALID_REQUEST, "the message has no method")

    def refuse(self, identifier: str | int | None, code: int, text: str) -> None:
        """Answer with an error."""
        self._send_data({"jsonrpc": "2.0", "id": identifier, "error": {"code": code, "message": text}})

    def send_notification(self, method: str, params: object) -> None:
        """A notification whose parameters are LSP types or plain JSON."""
        self._send_data({"jsonrpc": "2.0", "method": method, "params": params})

    def _receive_call(self, message: dict[str, Any]) -> None:
        method, is_request = message["method"], "id" in message
        identifier = _identifier(message.get("id"))
        if not isinstance(method, str) or (is_request and identifier is None):
            self.refuse(identifier, INVALID_REQUEST, "method must be a string and id a number or a string")
            return
        refusal = self._out_of_order(method)
        if refusal is not None:
            if is_request:
                self.refuse(identifier, *refusal)
            return
        try:
            structured = self.structure_message({"params": None, **message})
        except Exception as error:
            log.warning("the parameters of %s are malformed: %s", method, _cause(error))
            if is_request:
                self.refuse(identifier, INVALID_PARAMS, f"the parameters of {method} are malformed: {_cause(error)}")
            return
        self.handle_message(structured)

    def _out_of_order(self, method: str) -> tuple[int, str] | None:
        if method == types.EXIT:
            return None
        if self._shutdown:
            return INVALID_REQUEST, "the server is shutting down"
        if self._workspace is None and method != types.INITIALIZE:
            return NOT_INITIALIZED, "the server waits for initialize"
        if self._workspace is not None and method == types.INITIALIZE:
            return INVALID_REQUEST, "the server is initialized already"
        return None

    def _receive_response(self, message: dict[str, Any]) -> None:
        try:
            self.handle_message(self.structure_message(message))
        except Exception as error:
            log.warning("an answer of the client is malformed: %s", _cause(error))

    # --- what pygls does otherwise ------------------------------------------------------------------------------

    def _send_response(
        self, msg_id: str | int, result: Any | None = None, error: types.ResponseError | None = None
    ) -> None:
        if error is not None and error.code == INTERNAL_ERROR:
            # The library puts the traceback in; it belongs in the log.
            error = types.ResponseError(INTERNAL_ERROR, "hpc-ls failed inside; its log has the details")
        super()._send_response(msg_id, result, error)

    def _serialize_message(self, data: Any) -> Any:
        # A plain result or notification may hold plain JSON, which the converter would walk for nothing.
        if type(data) is JsonRPCResponseMessage:
            return {"jsonrpc": "2.0", "id": data.id, "result": data.result}
        if type(data) is JsonRPCNotification:
            return {"jsonrpc": "2.0", "method": data.method, "params": data.params}
        return super()._serialize_message(data)

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        general = params.capabilities.general
        if general is not None and general.position_encodings:
            offered = {str(getattr(e, "value", e)) for e in general.position_encodings}
            general.position_encodings = [e for e in ENCODINGS if e.value in offered]
        result = yield from super().lsp_initialize(params)
        self._server.negotiated()
        return result

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        self._server.did_open(params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        self._server.did_change(params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        self._server.did_close(params)

    @lsp_method(types.EXIT)
    def lsp_exit(self, *args: Any) -> None:  # type: ignore[override]  # no user handler to hand over to
        self._server.leave(0 if self._shutdown else 1)

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *args: Any) -> None:  # type: ignore[override]  # the same
        # Running requests are cancelled, which answers them; the library would answer some with an internal error.
        for future in list(self._request_futures.values()):
            if not future.done():
                future.cancel()
        self._shutdown = True
        self._server.prepare_to_leave()


def _identifier(value: object) -> str | int | None:
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def _cause(error: BaseException) -> str:
    """The innermost reason in one line."""
    while error.__cause__ is not None or getattr(error, "exceptions", None):
        error = error.__cause__ or error.exceptions[0]  # type: ignore[attr-defined]  # ExceptionGroup on 3.11, cattrs' own before
    text = str(error) if not isinstance(error, JsonRpcException) else error.message
    return f"{type(error).__name__}: {text}".splitlines()[0][:200]
