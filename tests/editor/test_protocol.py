"""Whatever is sent to the server is answered, once, and it goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

HOVER = {"textDocument": {"uri": "file:///a.spec"}, "position": {"line": 0, "character": 0}}


class Client:
    """Sends bytes, and reads what comes back."""

    def __init__(self, server: subprocess.Popen[bytes]) -> None:
        self.server = server

    def ask(self, message: bytes | object) -> dict[str, Any]:
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        assert self.server.stdin
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.server.stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, Any]:
        assert self.server.stdout
        length = 0
        while (line := self.server.stdout.readline()) != b"\r\n":
            assert line, "the server has ended"
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        found = json.loads(self.server.stdout.read(length))
        assert isinstance(found, dict)
        return found

    def request(self, number: int, method: object, params: object) -> dict[str, Any]:
        return self.ask({"jsonrpc": "2.0", "id": number, "method": method, "params": params})


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "cnngraph", "lsp"]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as server:
        made = Client(server)
        assert "result" in made.request(1, "initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        yield made
        server.kill()


@pytest.mark.parametrize(
    ("message", "number", "code"),
    [
        (b"{abc", None, -32700),
        (b"\xff\xfe", None, -32700),
        (b"[" * 100_000, None, -32700),
        (b"5", None, -32600),
        (b"null", None, -32600),
        (b"[]", None, -32600),
        (b"{}", None, -32600),
        ({"jsonrpc": "2.0"}, None, -32600),
        ({"jsonrpc": "2.0", "id": 7}, 7, -32600),
        ({"id": 2, "method": "shutdown"}, 2, -32600),
        ({"jsonrpc": "2.0", "id": 3, "method": "no/such", "params": {}}, 3, -32601),
        ({"jsonrpc": "2.0", "id": 4, "method": "textDocument/hover", "params": {"textDocument": 5}}, 4, -32602),
        ({"jsonrpc": "2.0", "id": 5, "method": "textDocument/hover", "params": [1]}, 5, -32602),
        ({"jsonrpc": "2.0", "id": "six", "method": "textDocument/rename", "params": None}, "six", -32602),
        ({"jsonrpc": "2.0", "id": 7, "method": "textDocument/hover", "params": HOVER}, 7, -32602),
        ({"jsonrpc": "2.0", "id": 8, "method": "workspace/executeCommand", "params": {"command": "no"}}, 8, -32602),
    ],
)
def test_what_cannot_be_done_is_said(client: Client, message: bytes | object, number: object, code: int) -> None:
    answer = client.ask(message)
    assert answer.get("id") == number
    assert answer["error"]["code"] == code
    assert client.request(99, "no/such", {})["id"] == 99  # one answer, and it goes on


def test_it_ends_as_it_was_asked_to(client: Client) -> None:
    assert client.request(20, "shutdown", None)["id"] == 20
    late = client.request(21, "textDocument/hover", HOVER)
    assert (late["id"], late["error"]["code"]) == (21, -32600)
    assert client.server.stdin
    body = b'{"jsonrpc": "2.0", "method": "exit"}'
    client.server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    client.server.stdin.flush()
    assert client.server.wait(10) == 0
