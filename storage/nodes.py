"""What index nodes write of themselves: that they live, until when, and what they have heard."""

from dataclasses import dataclass

from kit.ids import new_id
from storage.database import Connection, translated_errors

# Clocks of two machines tick alike, but not quite.
LEEWAY = 1.25


@dataclass(frozen=True, slots=True)
class Presence:
    """A node as it makes itself known; `place` tells two machines of the same name apart.

    `address` is `host:port` of its door for other machines, "" where there are none; `zone` is ""
    where nobody told.
    """

    name: str
    place: str
    address: str
    engines: int
    memory_bytes: int
    lease_s: float
    zone: str = ""


def beat(connection: Connection, node: Presence, version: int) -> bool:
    """Note that it lives and has heard of that version of the control plane.

    False while a node of that name lives elsewhere: it has the name to itself until its lease is
    over.
    """
    with translated_errors():
        found = connection.execute(
            """INSERT INTO dataplane_node AS n (id, name, capacity, created_at, is_draining, place,
                   address, zone, engines, memory_bytes, heard_version, heard_at, lease_ends_at)
               VALUES (%(id)s, %(name)s, 1000, now(), false, %(place)s, %(address)s, %(zone)s,
                   %(engines)s, %(memory)s, %(version)s, now(),
                   now() + make_interval(secs => %(lease)s))
               ON CONFLICT (name) DO UPDATE SET place = excluded.place, address = excluded.address,
                   zone = excluded.zone, engines = excluded.engines,
                   memory_bytes = excluded.memory_bytes,
                   heard_version = excluded.heard_version, heard_at = excluded.heard_at,
                   lease_ends_at = excluded.lease_ends_at, overdue_since = NULL
               WHERE n.place IN ('', excluded.place) OR n.lease_ends_at < now()""",
            {
                "id": new_id(), "name": node.name, "place": node.place, "address": node.address,
                "zone": node.zone, "engines": node.engines, "memory": node.memory_bytes,
                "version": version, "lease": node.lease_s * LEEWAY,
            },
        )  # fmt: skip
        return found.rowcount == 1
