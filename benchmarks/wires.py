"""The wires of the contenders: requests as bytes, and where an answer ends."""

import socket
from collections.abc import Callable, Mapping, Sequence

from benchmarks.closed_loop import Dialogue

_HEAD_END = b"\r\n\r\n"


def connect(host: str, port: int) -> socket.socket:
    opened = socket.create_connection((host, port), timeout=60)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


def http_posts(
    netloc: str, path: str, bodies: Sequence[bytes], headers: Mapping[str, str] | None = None
) -> Dialogue:
    """POST each body over HTTP/1.1 with keep-alive; any status but 2xx is a failure."""
    lines = {"Host": netloc, "Content-Type": "application/json", **(headers or {})}
    head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{key}: {lines[key]}\r\n" for key in lines)
    requests = [f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies]
    host, _, port = netloc.partition(":")
    return Dialogue(lambda: connect(host, int(port)), requests, _http_length)


def http_body(answer: bytes) -> bytes:
    return answer[answer.index(_HEAD_END) + len(_HEAD_END) :]


def http_header(answer: bytes, name: str) -> str:
    """The value of a header; empty where it is missing."""
    for line in answer[: answer.index(_HEAD_END)].split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name.encode():
            return value.strip().decode()
    return ""


def _http_length(buffer: bytes) -> int | None:
    end = buffer.find(_HEAD_END)
    if end < 0:
        return None
    head = buffer[:end].lower()
    if head[9:10] != b"2":
        raise RuntimeError(f"the answer is {buffer[:500]!r}")
    place = head.index(b"content-length:") + len(b"content-length:")
    stop = head.find(b"\r", place)
    body_length = int(head[place : stop if stop >= 0 else len(head)])
    whole = end + len(_HEAD_END) + body_length
    return whole if len(buffer) >= whole else None


def resp_command(*parts: bytes | str | int) -> bytes:
    """One command in the form that redis-server reads."""
    encoded = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    return b"*%d\r\n" % len(encoded) + b"".join(
        b"$%d\r\n%b\r\n" % (len(part), part) for part in encoded
    )


def resp_length(replies: int) -> Callable[[bytes], int | None]:
    """The end of that many replies that follow each other."""

    def length(buffer: bytes) -> int | None:
        at = 0
        for _ in range(replies):
            end = _resp_end(buffer, at)
            if end is None:
                return None
            at = end
        return at

    return length


def resp_strings(answer: bytes) -> list[bytes]:
    """The strings of a reply that is an array of them."""
    found, at = [], answer.index(b"\r\n") + 2
    while at < len(answer):
        start = answer.index(b"\r\n", at) + 2
        size = int(answer[at + 1 : start - 2])
        found.append(answer[start : start + size])
        at = start + size + 2
    return found


def _resp_end(buffer: bytes, at: int) -> int | None:
    line_end = buffer.find(b"\r\n", at)
    if line_end < 0:
        return None
    kind, after = buffer[at : at + 1], line_end + 2
    if kind == b"-":
        raise RuntimeError(f"the answer is {buffer[at:line_end]!r}")
    if kind == b"$":
        end = after + int(buffer[at + 1 : line_end]) + 2
        return end if len(buffer) >= end else None
    if kind != b"*":
        return after
    for _ in range(int(buffer[at + 1 : line_end])):
        end_of_one = _resp_end(buffer, after)
        if end_of_one is None:
            return None
        after = end_of_one
    return after
