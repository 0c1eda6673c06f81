"""How one request goes wrong."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

from tests.support.model_server.script import Fault

if TYPE_CHECKING:
    from tests.support.model_server.handler import Handler


def misbehave(handler: Handler, fault: Fault, body: dict[str, Any]) -> None:
    script, usage = handler.server.script, {"prompt_tokens": 1, "completion_tokens": 1}
    streaming = bool(body.get("stream")) and script.streaming == "yes"
    match fault.kind:
        case "status":
            handler.reply(fault.status, fault.body.encode(), **fault.headers)
        case "rst":
            handler.reset()
        case "rst_body" | "cut" | "hang_body":
            _half(handler, streaming)
            if fault.kind == "rst_body":
                handler.reset()
            elif fault.kind == "hang_body":
                handler.server.stopping.wait()
            handler.close_connection = True
        case "cut_stream":
            handler.start_stream()
            handler.event(handler.delta({"content": "half an ans"}))
            handler.wfile.write(b"0\r\n\r\n")
        case "hang":
            handler.server.stopping.wait()
            handler.close_connection = True
        case "slow_headers":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Endless: ")
            while not handler.server.stopping.wait(0.01):
                handler.wfile.write(b"x")
            handler.close_connection = True
        case "pings":
            handler.start_stream()
            while not handler.server.stopping.wait(0.01):
                handler.chunk(b": ping\n\n")
            handler.close_connection = True
        case "truncated_json":
            handler.reply(200, json.dumps(handler.whole("cut off", "stop", usage)).encode()[:-20])
        case "html":
            handler.reply(200, b"<html><body>Welcome to the proxy</body></html>", "text/html")
        case "empty":
            handler.reply(200, b"")
        case "wrong_schema":
            handler.reply_json(200, {"choices": [{"index": 0, "message": "not an object"}]})
        case "no_choices":
            handler.reply_json(200, {"model": script.model, "choices": []})
        case "two_choices":
            answer = handler.whole("one", "stop", usage)
            handler.reply_json(200, answer | {"choices": [answer["choices"][0], answer["choices"][0] | {"index": 1}]})
        case "null_content":
            handler.reply_json(200, handler.whole(None, "stop", usage))
        case "reasoning_only":
            handler.reply_json(200, handler.whole(None, "length", usage, reasoning_content="hmm"))
        case "tool_calls":
            handler.reply_json(200, handler.whole(None, "tool_calls", usage, tool_calls=[{"function": {"name": "f"}}]))
        case "gzip_bomb":
            bomb = gzip.compress(b" " * fault.size)
            handler.reply(200, bomb, Content_Encoding="gzip")
        case "huge":
            _huge(handler, streaming, fault.size, usage)
        case "invalid_utf8":
            good = json.dumps(handler.whole("MARK", "stop", usage)).encode()
            handler.reply(200, good.replace(b"MARK", b"caf\xe9 \xff"))
        case "finish" if streaming:
            handler.start_stream()
            handler.event(handler.delta({"content": "half an ans"}))
            handler.event(handler.delta({}, fault.message))
            handler.event(None)
        case "finish":
            handler.reply_json(200, handler.whole("half an ans", fault.message, usage))
        case "cut_blank":
            handler.start_stream()
            handler.event(handler.delta({"content": "half an ans"}, ""))
            handler.wfile.write(b"0\r\n\r\n")
        case "choice_error" if streaming:
            handler.start_stream()
            spoiled = handler.delta({"content": "half an ans"})
            spoiled["choices"][0]["error"] = {"message": fault.message}
            handler.event(spoiled)
            handler.event(None)
        case "choice_error":
            answer = handler.whole("half an ans", "stop", usage)
            answer["choices"][0]["error"] = {"message": fault.message}
            handler.reply_json(200, answer)
        case "error_event":
            handler.start_stream()
            handler.event(handler.delta({"content": "half an ans"}))
            handler.chunk(b"event: error\ndata: " + fault.message.encode() + b"\n\n")
            handler.wfile.write(b"0\r\n\r\n")
        case "error_object":
            handler.reply_json(200, {"object": "error", "message": fault.message, "code": fault.status})
        case "stream_error":
            handler.start_stream()
            handler.event(handler.delta({"content": "half"}))
            handler.event({"error": {"message": fault.message, "code": fault.status}})
            handler.event(None)


def _half(handler: Handler, streaming: bool) -> None:
    if streaming:
        handler.start_stream()
        handler.event(handler.delta({"content": "half an ans"}))
    else:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"choices": [')


def _huge(handler: Handler, streaming: bool, size: int, usage: dict[str, int]) -> None:
    if not streaming:
        handler.reply_json(200, handler.whole("x" * size, "stop", usage))
        return
    handler.start_stream()
    for _ in range(size >> 16):
        handler.event(handler.delta({"content": "x" * (1 << 16)}))
    handler.event(handler.delta({}, "stop"))
    handler.event(None)
