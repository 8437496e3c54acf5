"""Whether an organization's caps leave room for an operation, from what was last looked up.

Nothing here waits for the database. An organization that was not looked up yet is let pass, and a
cap is noticed when use has been reported and looked at again: it is overshot by a few seconds.
"""

from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

from dataplane.engine import messages
from dataplane.front.rates import Limits, Rates
from kit import clock
from kit.errors import QuotaExceeded, ResourceExhausted
from storage.allowances import Standing, load_standings
from storage.catalog import IndexRow
from storage.database import Connection
from storage.rate_limits import RateLimit

_READS = frozenset({"Query", "Fetch", "FetchByMetadata", "List"})
_WRITES = frozenset({"Upsert", "Update", "Delete", "DeleteNamespace"})
_GROWING = frozenset({"Upsert", "Update"})
# An organization that asked for nothing for so long is no longer looked up.
_FORGOTTEN_AFTER_S = 3600.0


class Refusals(NamedTuple):
    """What to answer instead; None where there is room. Reads and writes only until `until`.

    `rates`: what is limited a second.
    """

    until: datetime
    reads: str | None
    writes: str | None
    growth: str | None
    rates: Limits


class Allowances:
    """`require` from any thread; `refresh` from one."""

    def __init__(self) -> None:
        self._refusals: dict[UUID, Refusals] = {}
        self._asked_at: dict[UUID, float] = {}
        self._rates = Rates()

    def require(self, index: IndexRow, operation: str, request: messages.Request) -> None:
        """Raise `ResourceExhausted` past a monthly cap and where requests come too fast,
        `QuotaExceeded` past the cap of storage."""
        self._asked_at[index.org_id] = clock.monotonic_s()
        found = self._refusals.get(index.org_id)
        if found is None:
            return
        past_month = found.reads if operation in _READS else None
        if operation in _WRITES:
            past_month = found.writes
        if past_month is not None and clock.now() < found.until:
            raise ResourceExhausted(past_month)
        if found.growth is not None and operation in _GROWING:
            raise QuotaExceeded(found.growth)
        if found.rates:
            self._rates.require(found.rates, index.index_id, operation, request)

    def charge(self, index: IndexRow, request: messages.Request, reply: messages.Reply) -> None:
        """The request was answered: take what that has cost from what is limited a second."""
        found = self._refusals.get(index.org_id)
        if found is not None and found.rates:
            self._rates.charge(found.rates, index.index_id, request, reply)

    def refresh(self, connection: Connection) -> None:
        """Look up every organization that was asked about lately."""
        oldest_s = clock.monotonic_s() - _FORGOTTEN_AFTER_S
        asked = list(self._asked_at.items())
        for org_id, asked_at in asked:
            if asked_at < oldest_s:
                self._asked_at.pop(org_id, None)
        if not self._asked_at:
            self._refusals = {}
            return
        today = clock.now().date()
        standings = load_standings(connection, list(self._asked_at), month=today.replace(day=1))
        found = {standing.org_id: refusals(standing, today) for standing in standings}
        self._refusals = {key: value for key, value in found.items() if any(value[1:])}


def refusals(standing: Standing, today: date) -> Refusals:
    """What the caps refuse on that day."""
    until = _next_month(today)
    return Refusals(
        until,
        _past_month("read", standing.read_units, standing.read_units_per_month, until),
        _past_month("write", standing.write_units, standing.write_units_per_month, until),
        _past_storage(standing.stored_bytes, standing.storage_bytes),
        _rates(standing),
    )


def _rates(standing: Standing) -> Limits:
    """Names of a newer control plane are passed over."""
    known = {str(limit): limit for limit in RateLimit}
    return {known[name]: rate for name, rate in standing.rates.items() if name in known}


def _past_month(kind: str, used: int | None, cap: int | None, until: datetime) -> str | None:
    if used is None or cap is None or used < cap:
        return None
    return (
        f"The organization has used its {cap:,} {kind} units of this month: {kind}s are refused "
        f"until {until:%Y-%m-%d %H:%M} UTC, unless the cap is raised."
    )


def _past_storage(stored: int | None, cap: int | None) -> str | None:
    if stored is None or cap is None or stored < cap:
        return None
    return (
        f"The organization's indexes hold {stored:,} bytes of records, and its storage is limited "
        f"to {cap:,} bytes: delete records or change the plan."
    )


def _next_month(today: date) -> datetime:
    years, month = divmod(today.month, 12)
    return datetime(today.year + years, month + 1, 1, tzinfo=UTC)
