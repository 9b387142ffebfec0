"""A real HTTP server on loopback that speaks OpenAI's API and answers by a function of the test."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[str, dict[str, Any]], tuple[int, Any]]
"""Path and body of a request -> status and what is sent back: an object as JSON, text as it is. Status 0 hangs up."""


@dataclass
class Served:
    """A server at work."""

    url: str
    bodies: list[dict[str, Any]] = field(default_factory=list)
    """What was asked, in the order it came."""
    keys: set[str] = field(default_factory=set)
    is_down: bool = False
    """Whether it hangs up on everybody, whatever is asked."""


@contextlib.contextmanager
def serving(answer: Answer, models: tuple[str, ...] = ("tiny",)) -> Iterator[Served]:
    """The server, until the block ends."""
    served = Served("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def reply(self, status: int, content: Any) -> None:
            if not status or served.is_down:
                self.close_connection = True
                return
            raw = (content if isinstance(content, str) else json.dumps(content)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.send_header("Retry-After-Ms", "1")
            self.end_headers()
            self.wfile.write(raw)

        def do_GET(self) -> None:
            self.reply(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in models]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            served.bodies.append(body)
            served.keys.add(str(self.headers.get("Authorization")))
            self.reply(*answer(self.path, body))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def chat(content: str | None = None, calls: Any = None, finish: str = "stop") -> dict[str, Any]:
    """The body of a chat completion."""
    message = {"role": "assistant", "content": content, **({"tool_calls": calls} if calls else {})}
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 0,
        "model": "tiny",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": usage,
    }


def tool_call(name: str, arguments: str) -> dict[str, Any]:
    """An entry of `tool_calls`, arguments as JSON text."""
    return {"id": "1", "type": "function", "function": {"name": name, "arguments": arguments}}
