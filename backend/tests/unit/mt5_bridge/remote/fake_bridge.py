"""A bridge made of a table: every path has a list of replies, and what was asked is written down."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from edgerunner.mt5_surface.struct_sequence import field_kinds
from edgerunner.mt5_surface.structs import STRUCTS

TOKEN = "a-token-of-thirty-two-characters"
PATIENCE_S = 10

Reply = tuple[int, Any]
Answer = Callable[["Asked"], Reply | None]
"""Returns status and body, or None: the connection is closed without an answer."""


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    body: Any
    headers: dict[str, str]


@dataclass
class FakeBridge:
    """``answers[path]`` are used up one by one; the last one stays."""

    answers: dict[str, list[Answer | Reply | None]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    port: int = 0

    def __post_init__(self) -> None:
        self.answer("initialize", True)
        self.answers["/v1/lease"] = [lease]
        self._lock = threading.Lock()

    def answer(self, function: str, *results: Any) -> None:
        """Let a function answer these results, all of them successes."""
        self.answers[f"/v1/calls/{function}"] = [succeeded(result) for result in results]

    def calls(self, function: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == f"/v1/calls/{function}"]

    def reply_to(self, asked: Asked) -> Reply | None:
        with self._lock:
            self.asked.append(asked)
            replies = self.answers.get(asked.path) or [problem(404, "not_found")]
            reply = replies.pop(0) if len(replies) > 1 else replies[0]
        return reply(asked) if callable(reply) else reply


def lease(asked: Asked) -> Reply:
    if asked.method == "DELETE":
        return 204, None
    return (201 if asked.method == "POST" else 200), {"lease_id": "lease-1", "client": "test", "ttl_s": 15}


def succeeded(result: Any) -> Reply:
    return 200, {"result": result, "last_error": [1, "Success"]}


def problem(status: int, code: str, **extra: Any) -> Reply:
    return status, {"status": status, "code": code, "detail": f"refused as {code}", "errors": [], **extra}


def plain_struct(name: str, **values: Any) -> dict[str, Any]:
    """Return a struct as the bridge sends it, with nothing in it but ``values``."""
    blank: dict[Any, Any] = {bool: False, int: 0, float: 0.0, str: ""}
    kinds = field_kinds(STRUCTS[name])
    return {
        field_name: values.get(field_name, blank[kind] if kind in blank else plain_struct(kind.__name__))
        for field_name, kind in kinds.items()
    }


@contextmanager
def running(bridge: FakeBridge, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve the bridge on a free port and give its address without the scheme."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = json.loads(content) if content else None
            reply = bridge.reply_to(Asked(self.command, self.path, body, dict(self.headers)))
            if reply is None:
                self.close_connection = True
                return
            status, answered = reply
            text = b"" if answered is None else json.dumps(answered).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_PUT = do_DELETE = do_GET = answer  # noqa: N815 - the names of the standard library

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    bridge.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"127.0.0.1:{bridge.port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(PATIENCE_S)
