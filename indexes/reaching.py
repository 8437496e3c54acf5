"""Connections of the control plane to the node that serves an index: here, or elsewhere."""

import http.client
import socket
from pathlib import Path

from indexes.models import Deployment, Index
from kit.environment import environment
from kit.parts import PartConnection, PartKind, identity


def connection_to(index: Index, *, timeout_s: float) -> http.client.HTTPConnection:
    """To the front of its node, not yet opened. Raises `ConnectionError` where there is none."""
    here = environment()
    if not here.has_parts:
        return _SocketConnection(here.node_rest_socket, timeout_s)
    rows = Deployment.objects.using("system").select_related("node")
    placed = rows.filter(index_id=index.pk).first()
    if placed is None or not placed.node.address:
        raise ConnectionError("no node serves the index")
    expected = identity(PartKind.NODE, placed.node.name)
    return PartConnection(here, placed.node.address, expected=expected, timeout_s=timeout_s)


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over the socket of the node's front, which only this user's processes can open."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("index", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
