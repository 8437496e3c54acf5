"""Audit streams: making, changing, pausing, trying and deleting them, and how far each has come."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.models import Chain, Delivery, Event, Stream, StreamKind
from audit.record import Target, record
from audit.streams.delivery import receiver_of
from audit.streams.destinations import Batch, checked_config, send
from audit.streams.schedule import deliver_soon
from audit.streams.secrets import sealed_secret
from kit import clock
from kit.errors import AlreadyExists, InvalidArgument, NotFound
from kit.ids import new_id
from kit.outbound import ExchangeFailed
from orgs.models import Organization
from orgs.plans import FEATURES, Feature, Plan
from orgs.tenancy import tenant
from orgs.verbs import verb

_MAX_NAME = 80
_MAX_SECRET = 512


@dataclass(frozen=True, slots=True)
class NewStream:
    """`secret` signs HTTP batches and is returned only here; None where the stream has none of
    ours."""

    stream: Stream
    secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class StreamState:
    """`lag` events wait; the oldest of them since `waiting_since`."""

    stream: Stream
    lag: int
    waiting_since: datetime | None


@dataclass(frozen=True, slots=True)
class TestResult:
    """`error` is empty where the receiver took the test."""

    __test__ = False
    error: str


@verb(Action.AUDIT_STREAM_CREATED)
def create_stream(
    actor: Actor,
    organization: Organization,
    *,
    name: str,
    kind: str,
    config: dict[str, Any],
    secret: str = "",
) -> NewStream:
    """Send on what happens from now on. `secret` is that of the S3 account."""
    require(actor, Permission.AUDIT_WRITE, organization.scope)
    organization.require_feature(Feature.AUDIT_STREAMS)
    settings = checked_config(kind, config)
    chain = Chain.objects.filter(organization_id=organization.pk).first()
    start = 0 if chain is None else chain.sequence
    stream = Stream(
        organization_id=organization.pk,
        name=_checked_name(name),
        kind=kind,
        config=settings,
        starts_after=start,
        cursor=start,
    )
    own = secrets.token_urlsafe(32) if kind == StreamKind.HTTP else None
    _set_secret(stream, own if own is not None else secret)
    _save(stream, is_new=True)
    record(actor, Action.AUDIT_STREAM_CREATED, target=_target(organization, stream), kind=kind)
    return NewStream(stream, own)


@verb(Action.AUDIT_STREAM_UPDATED)
def update_stream(
    actor: Actor,
    organization: Organization,
    stream_id: UUID,
    *,
    name: str | None = None,
    config: dict[str, Any] | None = None,
    secret: str | None = None,
) -> Stream:
    """Change what is not None. The kind stays. A new `secret` replaces the old one at once."""
    require(actor, Permission.AUDIT_WRITE, organization.scope)
    organization.require_feature(Feature.AUDIT_STREAMS)
    stream = _locked(stream_id)
    changed = {"name": name, "config": config, "secret": secret}
    if name is not None:
        stream.name = _checked_name(name)
    if config is not None:
        stream.config = checked_config(stream.kind, config)
    if secret is not None:
        _set_secret(stream, secret)
    stream.next_attempt_at = clock.now()
    _save(stream)
    record(
        actor,
        Action.AUDIT_STREAM_UPDATED,
        target=_target(organization, stream),
        changed=[key for key, value in changed.items() if value is not None],
    )
    deliver_soon(stream.pk)
    return stream


@verb(Action.AUDIT_STREAM_PAUSED)
def pause_stream(actor: Actor, organization: Organization, stream_id: UUID) -> None:
    """Stop sending; what happens meanwhile is sent after the stream is resumed."""
    _set_paused(actor, organization, stream_id, is_paused=True)


@verb(Action.AUDIT_STREAM_RESUMED)
def resume_stream(actor: Actor, organization: Organization, stream_id: UUID) -> None:
    _set_paused(actor, organization, stream_id, is_paused=False)


@verb(Action.AUDIT_STREAM_DELETED)
def delete_stream(actor: Actor, organization: Organization, stream_id: UUID) -> None:
    """Its ledger and secret go with it; the events themselves stay."""
    require(actor, Permission.AUDIT_WRITE, organization.scope)
    stream = _locked(stream_id)
    target = _target(organization, stream)
    stream.delete()
    record(actor, Action.AUDIT_STREAM_DELETED, target=target)


@verb(Action.AUDIT_STREAM_REWOUND)
def redeliver(
    actor: Actor, organization: Organization, stream_id: UUID, *, from_sequence: int
) -> None:
    """Send once more from there on, under new batch ids; events keep theirs."""
    require(actor, Permission.AUDIT_WRITE, organization.scope)
    organization.require_feature(Feature.AUDIT_STREAMS)
    stream = _locked(stream_id)
    if not stream.starts_after < from_sequence <= stream.cursor + 1:
        raise InvalidArgument(
            f"This stream can send again from {stream.starts_after + 1} to {stream.cursor + 1}.",
            field="from_sequence",
        )
    Delivery.objects.filter(stream=stream, status="pending").delete()
    # Whoever delivers now has lost its claim, and moves the cursor no more.
    stream.claim = stream.claimed_until = None
    stream.cursor, stream.attempts, stream.next_attempt_at = from_sequence - 1, 0, clock.now()
    stream.save()
    record(
        actor,
        Action.AUDIT_STREAM_REWOUND,
        target=_target(organization, stream),
        from_sequence=from_sequence,
    )
    deliver_soon(stream.pk)


def test_stream(actor: Actor, organization: Organization, stream_id: UUID) -> TestResult:
    """Send an empty batch (to S3: a test object) and tell what came of it."""
    stream = _note_test(actor, organization, stream_id)
    try:
        # After the verb: no transaction waits for somebody else's server.
        send(receiver_of(stream), Batch(new_id(), organization.pk, stream.pk, []))
    except ExchangeFailed as error:
        return TestResult(str(error))
    return TestResult("")


test_stream.__test__ = False  # type: ignore[attr-defined] # a verb of the product's, no test


def pause_without_feature(organization: Organization) -> None:
    """Part of a change of plan: what the plan does not include sends nothing more."""
    if Feature.AUDIT_STREAMS not in FEATURES[Plan(organization.plan)]:
        Stream.objects.filter(organization_id=organization.pk).update(is_paused=True)


def stream_states(actor: Actor, organization: Organization) -> list[StreamState]:
    """All streams by name, each with how far behind it is."""
    require(actor, Permission.AUDIT_READ, organization.scope)
    with tenant(organization.pk):
        chain = Chain.objects.filter(organization_id=organization.pk).first()
        last = 0 if chain is None else chain.sequence
        streams = Stream.objects.filter(organization_id=organization.pk).order_by("name")
        return [_state(stream, last) for stream in streams]


def stream_state(actor: Actor, organization: Organization, stream_id: UUID) -> StreamState:
    """One of them; `NotFound` where there is none."""
    for one in stream_states(actor, organization):
        if one.stream.pk == stream_id:
            return one
    raise NotFound("Audit stream not found.")


def deliveries(
    actor: Actor, organization: Organization, stream_id: UUID, *, limit: int = 50
) -> list[Delivery]:
    """The ledger's newest batches of one stream."""
    require(actor, Permission.AUDIT_READ, organization.scope)
    with tenant(organization.pk):
        rows = Delivery.objects.filter(organization_id=organization.pk, stream_id=stream_id)
        return list(rows.order_by("-created_at")[:limit])


@verb(Action.AUDIT_STREAM_TESTED)
def _note_test(actor: Actor, organization: Organization, stream_id: UUID) -> Stream:
    require(actor, Permission.AUDIT_WRITE, organization.scope)
    organization.require_feature(Feature.AUDIT_STREAMS)
    stream = _locked(stream_id)
    record(actor, Action.AUDIT_STREAM_TESTED, target=_target(organization, stream))
    return stream


def _set_paused(
    actor: Actor, organization: Organization, stream_id: UUID, *, is_paused: bool
) -> None:
    require(actor, Permission.AUDIT_WRITE, organization.scope)
    if not is_paused:
        organization.require_feature(Feature.AUDIT_STREAMS)
    stream = _locked(stream_id)
    if stream.is_paused == is_paused:
        return
    stream.is_paused, stream.next_attempt_at = is_paused, clock.now()
    stream.save(update_fields=["is_paused", "next_attempt_at"])
    action = Action.AUDIT_STREAM_PAUSED if is_paused else Action.AUDIT_STREAM_RESUMED
    record(actor, action, target=_target(organization, stream))
    deliver_soon(stream.pk)


def _locked(stream_id: UUID) -> Stream:
    found = Stream.objects.select_for_update().filter(pk=stream_id).first()
    if found is None:
        raise NotFound("Audit stream not found.")
    return found


def _state(stream: Stream, last: int) -> StreamState:
    waiting = Event.objects.filter(
        link__organization_id=stream.organization_id, link__sequence=stream.cursor + 1
    ).first()
    lag = max(0, last - stream.cursor)
    return StreamState(stream, lag, waiting.created_at if waiting is not None else None)


def _set_secret(stream: Stream, secret: str) -> None:
    if stream.kind == StreamKind.S3 and not secret:
        raise InvalidArgument("A stream to S3 needs the secret of its key.", field="secret")
    if len(secret) > _MAX_SECRET:
        raise InvalidArgument(f"A secret has at most {_MAX_SECRET} characters.", field="secret")
    stream.sealed_secret = sealed_secret(
        secret, organization_id=stream.organization_id, stream_id=stream.pk
    )


def _save(stream: Stream, *, is_new: bool = False) -> None:
    try:
        with transaction.atomic():
            stream.save(force_insert=is_new)
    except IntegrityError:
        raise AlreadyExists("A stream of this name exists already.", field="name") from None


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= _MAX_NAME:
        raise InvalidArgument("A stream's name has 1 to 80 characters.", field="name")
    return name


def _target(organization: Organization, stream: Stream) -> Target:
    return Target("audit_stream", str(stream.pk), stream.name, organization.pk, organization.name)
