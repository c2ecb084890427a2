"""JSON-RPC where pygls leaves a client without an answer: a request that cannot be understood, or comes too late."""

from __future__ import annotations

from json import JSONDecodeError
from typing import Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol

_UNDERSTOOD = "2.0"
_NO_MESSAGE = "this is no message of JSON-RPC 2.0"
_ANSWERED = object()
"""Stands for a message about which all is said."""
UNREADABLE = (JSONDecodeError, UnicodeDecodeError, RecursionError)
"""What comes of a message that is no JSON."""


class Protocol(LanguageServerProtocol):
    """The protocol, with an answer to requests that cannot be read or come late."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        if "jsonrpc" in data and not data.keys() & {"method", "result", "error"}:
            self.refuse(data.get("id"), lsp.ErrorCodes.InvalidRequest, _NO_MESSAGE)
            return _ANSWERED
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "method" in data and "id" in data:
                self.refuse(data["id"], error.code, error.message)
            return _ANSWERED

    def handle_message(self, message: Any) -> None:
        if message is _ANSWERED:
            return
        if getattr(message, "jsonrpc", None) != _UNDERSTOOD:
            number = message.get("id") if isinstance(message, dict) else getattr(message, "id", None)
            self.refuse(number, lsp.ErrorCodes.InvalidRequest, _NO_MESSAGE)
        elif self._shutdown and hasattr(message, "id") and hasattr(message, "method"):
            self.refuse(message.id, lsp.ErrorCodes.InvalidRequest, "the server was asked to shut down")
        else:
            super().handle_message(message)

    def refuse(self, number: Any, code: int, message: str) -> None:
        """Answers the request *number*, None where that is not known, with an error."""
        number = number if isinstance(number, int | str) else None
        error = lsp.ResponseError(int(code), message)
        self._send_data(lsp.ResponseErrorMessage(id=number, error=error))
