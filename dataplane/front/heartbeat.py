"""The node's word that it lives, once a second: for as long as it is good the node answers."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import structlog

from dataplane.engine.memory_ceiling import ceiling_bytes
from kit import clock
from kit.environment import Environment
from storage import nodes
from storage.database import Connection
from storage.nodes import Presence

_EVERY_S = 1.0
_KNOCK_TIMEOUT_S = 1.0

_log = structlog.get_logger()


@dataclass(slots=True)
class Heartbeat:
    """Of one front. A node whose engines take no connections has nothing to live for: it does not
    say that it does, and others take its indexes."""

    presence: Presence
    engines: Sequence[Path]
    _due_at_s: float = 0.0
    _version: int | None = None
    _was_refused: bool = field(default=False)

    @classmethod
    def of(cls, here: Environment) -> Self:
        engines = here.engine_count
        presence = Presence(
            name=here.node_name,
            place=f"{socket.gethostname()}:{here.run_dir.absolute()}",
            address=here.part_address,
            engines=engines,
            memory_bytes=engines * ceiling_bytes(here.engine_memory_mb, engines=engines),
            lease_s=here.node_lease_s,
            zone=here.node_zone,
        )
        return cls(presence, here.engine_sockets)

    def beat(self, connection: Connection, version: int) -> bool:
        """Whether the node is known to live, as of now."""
        now_s = clock.monotonic_s()
        if version == self._version and now_s < self._due_at_s:
            return False  # what was said last still counts, from when it was said
        if not all(map(_takes_connections, self.engines)):
            return False
        is_ours = nodes.beat(connection, self.presence, version)
        if is_ours:
            self._due_at_s, self._version = now_s + _EVERY_S, version
        elif not self._was_refused:
            _log.error("node.name_taken", name=self.presence.name, place=self.presence.place)
        self._was_refused = not is_ours
        return is_ours


def _takes_connections(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_KNOCK_TIMEOUT_S)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
