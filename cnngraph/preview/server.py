"""The page and the figures for it, over HTTP, to this machine only."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnngraph.diagnostics import CnngraphError
from cnngraph.preview.state import State

if TYPE_CHECKING:
    from cnngraph.network import Network

HOST = "127.0.0.1"
_NAMES = (HOST, "localhost")
"""Under which the page may be asked for; a page from elsewhere whose name leads here is refused."""
_BEAT = 10.0
"""Seconds after which a browser is told that nothing has changed, to notice whether it is still there."""
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; "
    "connect-src 'self'"
)


class Server(ThreadingHTTPServer):
    """The page of a preview, on this machine only."""

    daemon_threads = True

    def __init__(self, state: State, port: int) -> None:
        """Listens on *port*, or on a free one for 0. Raises `CnngraphError` (E0820) when it is taken."""
        self.state = state
        self.page = (Path(__file__).parent / "page.html").read_bytes()
        self.ending = threading.Event()
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise CnngraphError.of(
                "E0820", f"cannot listen on port {port}: {reason}", help="without --port a free one is taken"
            ) from None

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away in the middle is no error."""


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.headers.get("Host", "").partition(":")[0] not in _NAMES:
            self.send_error(403, "asked for under another name")
        elif self.path == "/":
            self._begin("text/html; charset=utf-8", len(self.server.page))
            self.wfile.write(self.server.page)
        elif self.path == "/events":
            self._events()
        elif self.path in ("/view", "/view.json") and (network := self.server.state.network) is not None:
            self._view(network, self.path.endswith(".json"))
        else:
            self.send_error(404)

    def _view(self, network: Network, as_data: bool) -> None:
        """The interactive page, or what is new for it."""
        from cnngraph.viewer.facts import facts
        from cnngraph.viewer.page import json_of, page

        data = facts(network)
        content = json_of(data).encode() if as_data else page(data, network.summary()._repr_html_(), follows=True)
        self._begin(f"{'application/json' if as_data else 'text/html'}; charset=utf-8", len(content))
        self.wfile.write(content)

    def _begin(self, kind: str, length: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        if length is None:
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _events(self) -> None:
        """Server-sent events: each thing shown as JSON, until the browser or the server goes."""
        self._begin("text/event-stream")
        version = 0
        while not self.server.ending.is_set():
            shown = self.server.state.after(version, _BEAT)
            if shown is None:
                self.wfile.write(b": still there\n\n")
                continue
            version = shown.version
            self.wfile.write(b"data: " + json.dumps(asdict(shown)).encode() + b"\n\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not worth a line."""
