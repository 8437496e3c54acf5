"""Replies out of the bytes that an engine sends: one bad frame fails its own call only."""

import msgspec

from dataplane.engine import messages
from kit.errors import ErrorCode


class ReplyStream:
    """Of one connection. Of a frame over the limit nothing is kept: its bytes are passed over."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._passed_over: int | None = None
        self._remaining = 0

    def feed(self, data: bytes) -> list[tuple[int, messages.AnyReply]]:
        """The calls whose replies are complete now, each with its reply."""
        self._buffer += data
        found: list[tuple[int, messages.AnyReply]] = []
        while (reply := self._take()) is not None:
            found.append(reply)
        return found

    def _take(self) -> tuple[int, messages.AnyReply] | None:
        if self._passed_over is not None:
            return self._pass_over(self._passed_over)
        if len(self._buffer) < messages.HEADER.size:
            return None
        length, call = messages.HEADER.unpack_from(self._buffer)
        if length > messages.MAX_FRAME_BYTES:
            self._passed_over, self._remaining = call, messages.HEADER.size + length
            return self._pass_over(call)
        end = messages.HEADER.size + length
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[messages.HEADER.size : end])
        del self._buffer[:end]
        return call, _decoded(body)

    def _pass_over(self, call: int) -> tuple[int, messages.AnyReply] | None:
        taken = min(self._remaining, len(self._buffer))
        del self._buffer[:taken]
        self._remaining -= taken
        if self._remaining:
            return None
        self._passed_over = None
        return call, messages.Failure(
            code=str(ErrorCode.INVALID_ARGUMENT), message=messages.TOO_LARGE
        )


def _decoded(body: bytes) -> messages.AnyReply:
    try:
        reply: messages.AnyReply = messages.decode_reply(body)
    except msgspec.MsgspecError:
        return messages.Failure(code=str(ErrorCode.INTERNAL), message="Internal error")
    return reply
