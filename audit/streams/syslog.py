"""RFC 5424 messages over TCP or TLS, framed by octet counts (RFC 6587, RFC 5425)."""

import json
import re
import socket
from typing import Any

from kit.destinations import Purpose
from kit.environment import environment
from kit.outbound import ExchangeFailed, Place, connected

# Facility 13 (log audit), severity 6 (informational) for what was done and 4 for what was refused.
_INFORMATIONAL, _WARNING = 13 * 8 + 6, 13 * 8 + 4
_APPLICATION = "stonepine"
_UNFIT = re.compile(r"[^\x21-\x7e]")
_TEST = "stream.tested"


def send(place: Place, events: list[dict[str, Any]], *, timeout_s: float) -> None:
    """Syslog has no acknowledgement: taken is what the other side read before it closed."""
    frames = [frame(event) for event in events] or [_test_frame()]
    allowed = environment().outbound_allowed(Purpose.AUDIT)
    with connected(place, allowed=allowed, timeout_s=timeout_s) as wire:
        wire.sendall(b"".join(frames))
        wire.shutdown(socket.SHUT_WR)
        try:
            while wire.recv(4096):
                pass
        except TimeoutError as error:
            raise ExchangeFailed(f"{place.host} did not take the messages in time.") from error


def frame(event: dict[str, Any]) -> bytes:
    """One event as a message with its length before it; the event's JSON is the text."""
    priority = _INFORMATIONAL if event["outcome"] == "success" else _WARNING
    name = _UNFIT.sub("_", event["name"])[:32]
    text = json.dumps(event, ensure_ascii=False)
    return _frame(priority, event["event"]["time"], name, text)


def _test_frame() -> bytes:
    return _frame(_INFORMATIONAL, "-", _TEST, "{}")


def _frame(priority: int, time: str, name: str, text: str) -> bytes:
    host = _UNFIT.sub("_", socket.gethostname())[:255] or "-"
    message = f"<{priority}>1 {time} {host} {_APPLICATION} - {name} - {text}".encode()
    return f"{len(message)} ".encode() + message
