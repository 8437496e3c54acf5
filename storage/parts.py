"""What gateways and webs on machines of their own write of themselves, and what gateways read."""

from dataclasses import dataclass
from uuid import UUID

from kit.ids import new_id
from kit.parts import PartKind
from storage.database import Connection, translated_errors
from storage.nodes import LEEWAY

LEASE_S = 8.0
# A web is asked for its health by gateways themselves: that it was not heard for a while says
# little, as after the database was away.
_WEBS = """SELECT name, address FROM dataplane_part
    WHERE kind = 'web' AND lease_ends_at > now() - interval '1 minute' ORDER BY name"""


@dataclass(frozen=True, slots=True)
class KnownPart:
    """`address` is `host:port` of its door; "" where it has none."""

    kind: PartKind
    name: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Doors by name; for each index its port, if it has one, and the node that serves it."""

    nodes: tuple[tuple[str, str], ...]
    webs: tuple[tuple[str, str], ...]
    indexes: tuple[tuple[UUID, int | None, str | None], ...]


def beat(connection: Connection, part: KnownPart, version: int) -> None:
    """Note that it lives, and acts by that version of the control plane."""
    with translated_errors():
        connection.execute(
            """INSERT INTO dataplane_part
                   (id, kind, name, address, heard_at, heard_version, lease_ends_at)
               VALUES (%(id)s, %(kind)s, %(name)s, %(address)s, now(), %(version)s,
                   now() + make_interval(secs => %(lease)s))
               ON CONFLICT (kind, name) DO UPDATE SET address = excluded.address,
                   heard_at = excluded.heard_at, heard_version = excluded.heard_version,
                   lease_ends_at = excluded.lease_ends_at""",
            {
                "id": new_id(), "kind": part.kind, "name": part.name, "address": part.address,
                "version": version, "lease": LEASE_S * LEEWAY,
            },
        )  # fmt: skip


def leave(connection: Connection, part: KnownPart) -> None:
    """Note that it ends, so that nobody waits for it."""
    with translated_errors():
        connection.execute(
            "UPDATE dataplane_part SET lease_ends_at = now() - interval '1 hour'"
            " WHERE kind = %s AND name = %s",
            [part.kind, part.name],
        )


def load_surroundings(connection: Connection) -> Surroundings:
    """All that a gateway has to know."""
    with translated_errors(), connection.cursor() as cursor:
        nodes = cursor.execute(
            "SELECT name, address FROM dataplane_node WHERE address <> '' ORDER BY name"
        ).fetchall()
        webs = cursor.execute(_WEBS).fetchall()
        indexes = cursor.execute(
            "SELECT index_id, port, node_name FROM dataplane_route ORDER BY index_id"
        ).fetchall()
    return Surroundings(tuple(nodes), tuple(webs), tuple(indexes))
