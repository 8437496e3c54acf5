"""What nodes tell the control plane of keys: that one was used, and its digest of today."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from storage.database import Connection, translated_errors

# Whoever holds a row is busy with the key itself: the next use is noted instead.
_NOTE = """
    UPDATE dataplane_key_use AS key SET last_used_at = used.at, last_used_from = used.address
    FROM unnest(%s::text[], %s::timestamptz[], %s::inet[]) AS used (public_id, at, address)
    WHERE key.public_id = used.public_id
      AND (key.last_used_at IS NULL OR key.last_used_at < used.at - interval '1 minute')
      AND key.public_id IN (SELECT public_id FROM dataplane_key_use WHERE public_id = ANY(%s)
                            ORDER BY public_id FOR UPDATE SKIP LOCKED)
"""
_RENEW = """
    UPDATE dataplane_key_use SET digest = %s, pepper_id = %s
    WHERE public_id = %s AND pepper_id = %s
"""


@dataclass(frozen=True, slots=True)
class KeyUse:
    public_id: str
    at: datetime
    address: str | None


@dataclass(frozen=True, slots=True)
class Renewal:
    """The digest of a proven key under a later pepper."""

    public_id: str
    old_pepper_id: int
    pepper_id: int
    digest: bytes = field(repr=False)


def note_uses(connection: Connection, uses: Sequence[KeyUse]) -> None:
    """At most one write a minute for each key, whoever reports it."""
    names = [use.public_id for use in uses]
    columns = [names, [use.at for use in uses], [use.address for use in uses], names]
    with translated_errors(), connection.transaction():
        connection.execute(_NOTE, columns)


def renew_digests(connection: Connection, renewals: Sequence[Renewal]) -> None:
    """Each only while the row still has the pepper that the key was proven with."""
    with translated_errors(), connection.transaction():
        for one in renewals:
            row = [one.digest, one.pepper_id, one.public_id, one.old_pepper_id]
            connection.execute(_RENEW, row)
