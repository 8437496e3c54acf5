"""One question to one engine, past the front."""

import socket
from pathlib import Path

from dataplane.engine import messages
from dataplane.front.link import not_reached, raise_failure
from dataplane.front.reply_stream import ReplyStream

_TIMEOUT_S = 5.0


def ask_engine(path: Path, request: messages.Request) -> messages.AnyReply:
    """The reply; a failure is raised as the error it stands for, and no reply as `Unavailable`."""
    replies = ReplyStream()
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(_TIMEOUT_S)
        try:
            line.connect(str(path))
            line.sendall(messages.pack(1, request))
            while chunk := line.recv(1 << 20):
                for _, reply in replies.feed(chunk):
                    return raise_failure(reply)
        except OSError:
            raise not_reached() from None
    raise not_reached()
