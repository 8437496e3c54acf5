"""Finding events: by any of their marks, page by page along the chain."""

import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from audit.models import Chain, Event, Outcome
from kit.errors import InvalidArgument

MAX_PAGE = 500
# Words within texts are looked for in so many entries at a time: no index finds them under row
# security, which lets only leakproof comparisons use one.
LOOKED_THROUGH = 10_000
# And for so long: who waits for a page would rather be told how far the search came.
_PATIENCE_S = 0.01
# So many are looked through by one statement: for some thousands, the planner takes it to be
# cheaper to read the texts of the whole log and then ask which of what fits is recent enough.
_AT_ONCE = 1_000
_SEARCHED = ("action", "actor_name", "target_name", "target_id", "reason", "request_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """What is None or empty does not narrow. `since` is inclusive, `until` is not."""

    action: str = ""
    actor_id: UUID | None = None
    actor: str = ""
    target_type: str = ""
    target_id: str = ""
    outcome: str = ""
    project_id: UUID | None = None
    ip: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""

    def narrowed(self) -> dict[str, str]:
        """What narrows, in words."""
        return {name: str(value) for name, value in asdict(self).items() if value}

    @property
    def is_for_words(self) -> bool:
        """Whether texts have to be read to find what fits."""
        return bool(self.text or self.actor)


@dataclass(frozen=True, slots=True)
class Page:
    """Newest first. `next_before` is the `before` of the page after it, None at the end.

    `looked_back_to` is set where a search for words stopped before the end: the first sequence that
    was looked at.
    """

    events: list[Event]
    next_before: int | None
    looked_back_to: int | None = None


def matching(organization_id: UUID, wanted: EventFilter) -> QuerySet[Event]:
    """The organization's events that fit, each with its `link`. Raises `InvalidArgument`."""
    if wanted.outcome and wanted.outcome not in Outcome.values:
        raise InvalidArgument(f"outcome is one of {', '.join(Outcome.values)}.", field="outcome")
    rows = Event.objects.select_related("link").filter(
        organization_id=organization_id, link__organization_id=organization_id
    )
    exact = ("action", "actor_id", "target_type", "target_id", "outcome", "project_id", "ip")
    rows = rows.filter(**{name: getattr(wanted, name) for name in exact if getattr(wanted, name)})
    if wanted.since is not None:
        rows = rows.filter(created_at__gte=wanted.since)
    if wanted.until is not None:
        rows = rows.filter(created_at__lt=wanted.until)
    if wanted.actor:
        rows = rows.filter(actor_name__icontains=wanted.actor)
    if wanted.text:
        rows = rows.filter(_any_contains(wanted.text))
    return rows


def page(
    organization_id: UUID, wanted: EventFilter, *, before: int | None = None, limit: int = 50
) -> Page:
    """The newest events that fit, with a sequence below `before`.

    A search for words looks through a part of the chain and says how far: the next page goes on.
    """
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidArgument(f"limit must be between 1 and {MAX_PAGE}.", field="limit")
    rows = matching(organization_id, wanted).order_by("-link__sequence")
    if wanted.is_for_words:
        return _page_of_words(organization_id, rows, before, limit)
    if before is not None:
        rows = rows.filter(link__sequence__lt=before)
    found = list(rows[: limit + 1])
    events = found[:limit]
    return Page(events, events[-1].link.sequence if len(found) > limit else None)


def _page_of_words(
    organization_id: UUID, rows: QuerySet[Event], before: int | None, limit: int
) -> Page:
    top = _head(organization_id) + 1 if before is None else before
    floor = max(1, top - LOOKED_THROUGH)
    found: list[Event] = []
    give_up_at = time.monotonic() + _PATIENCE_S
    while top > floor and len(found) <= limit:
        bottom = max(floor, top - _AT_ONCE)
        part = rows.filter(link__sequence__gte=bottom, link__sequence__lt=top)
        found += part[: limit + 1 - len(found)]
        top = bottom
        if time.monotonic() > give_up_at:
            break
    events = found[:limit]
    if len(found) > limit:
        return Page(events, events[-1].link.sequence)
    return Page(events, top, top) if top > 1 else Page(events, None)


def _head(organization_id: UUID) -> int:
    """The newest sequence; 0 where nothing happened yet."""
    head = Chain.objects.filter(organization_id=organization_id).first()
    return 0 if head is None else head.sequence


def _any_contains(text: str) -> Q:
    found = Q()
    for name in _SEARCHED:
        found |= Q(**{f"{name}__icontains": text})
    return found


def parse_filter(given: dict[str, Any]) -> EventFilter:
    """From texts, as forms and command lines bring them. Raises `InvalidArgument`."""
    fields: dict[str, Any] = {name: value for name, value in given.items() if value}
    try:
        for name in ("actor_id", "project_id"):
            if name in fields:
                fields[name] = UUID(str(fields[name]))
        for name in ("since", "until"):
            if name in fields:
                fields[name] = _moment(str(fields[name]))
        if "ip" in fields:
            fields["ip"] = str(ip_address(str(fields["ip"])))
        return EventFilter(**fields)
    except (ValueError, TypeError) as error:
        raise InvalidArgument(f"The filter cannot be used: {error}.") from error


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
