"""Frames of an engine: whole, cut anywhere, too large, unreadable."""

from dataplane.engine import messages
from dataplane.front.reply_stream import ReplyStream

_WRITTEN = messages.Written(lsn=7)


def test_replies_are_found_however_the_bytes_are_cut() -> None:
    stream = ReplyStream()
    raw = messages.pack(1, _WRITTEN) + messages.pack(2, messages.Pong())
    found = [reply for at in range(len(raw)) for reply in stream.feed(raw[at : at + 1])]
    assert found == [(1, _WRITTEN), (2, messages.Pong())]
    assert stream.feed(raw) == found


def test_a_frame_over_the_limit_fails_its_own_call_only() -> None:
    stream = ReplyStream()
    length = messages.MAX_FRAME_BYTES + 3
    found = stream.feed(messages.pack(1, _WRITTEN) + messages.HEADER.pack(length, 2) + b"xxx")
    chunk = bytes(1024 * 1024)
    for _ in range(64):
        found += stream.feed(chunk)
    assert stream.feed(messages.pack(3, _WRITTEN)) == [(3, _WRITTEN)]
    assert found[0] == (1, _WRITTEN)
    [(call, refusal)] = found[1:]
    assert (call, isinstance(refusal, messages.Failure)) == (2, True)
    assert refusal.code == "INVALID_ARGUMENT"


def test_an_unreadable_reply_fails_its_own_call_only() -> None:
    stream = ReplyStream()
    raw = messages.HEADER.pack(2, 1) + b"\xc1\xc1" + messages.pack(2, _WRITTEN)
    [(first, refusal), second] = stream.feed(raw)
    assert (first, isinstance(refusal, messages.Failure)) == (1, True)
    assert refusal.code == "INTERNAL"
    assert second == (2, _WRITTEN)
