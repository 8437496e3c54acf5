"""Making and keeping streams: who may, what is shown, and what is never shown again."""

import psycopg
import pytest

from access.actor import OPERATOR
from audit.models import Delivery, Event, Stream
from audit.streams.delivery import deliver, receiver_of
from cli.embedded.postgres import EmbeddedPostgres
from kit.errors import (
    AlreadyExists,
    DataLoss,
    InvalidArgument,
    NotFound,
    PaymentRequired,
    PermissionDenied,
)
from orgs import audit_streams
from orgs.audit_streams import create_stream, delete_stream, stream_states, update_stream
from orgs.organizations import create_organization, set_plan
from orgs.plans import Plan
from tests.support.world import World

HTTP = {"url": "https://siem.invalid/hook"}
S3 = {"bucket": "logs", "access_key_id": "AK"}


def made(world: World, name: str = "siem") -> Stream:
    return create_stream(
        world.alice, world.organization, name=name, kind="http", config=HTTP
    ).stream


def test_the_secret_of_an_http_stream_is_shown_once_and_kept_sealed(world: World) -> None:
    new = create_stream(world.alice, world.organization, name="siem", kind="http", config=HTTP)
    assert new.secret is not None
    assert len(new.secret) >= 32
    assert new.secret not in repr(new)
    assert new.secret.encode() not in bytes(new.stream.sealed_secret or b"")
    assert receiver_of(new.stream).secret == new.secret
    for event in Event.objects.using("system").all():
        assert new.secret not in str(event.parameters)


def test_a_secret_opens_only_for_its_own_stream(world: World) -> None:
    first, second = made(world, "first"), made(world, "second")
    first.sealed_secret = second.sealed_secret
    with pytest.raises(DataLoss):
        receiver_of(first)


def test_a_stream_to_s3_keeps_the_secret_it_was_given(world: World) -> None:
    with pytest.raises(InvalidArgument, match="secret"):
        create_stream(world.alice, world.organization, name="s", kind="s3", config=S3)
    new = create_stream(
        world.alice, world.organization, name="s", kind="s3", config=S3, secret="hush"
    )
    assert new.secret is None
    assert receiver_of(new.stream).secret == "hush"
    update_stream(world.alice, world.organization, new.stream.pk, secret="newer")
    assert receiver_of(Stream.objects.using("system").get()).secret == "newer"
    assert "newer" not in str(list(Event.objects.using("system").values_list("parameters")))


def test_a_plan_without_streams_pauses_them_makes_none_and_may_still_end_them(world: World) -> None:
    stream = made(world)
    set_plan(OPERATOR, world.organization, plan=Plan.STANDARD)
    world.organization.refresh_from_db(using="system")
    with pytest.raises(PaymentRequired):
        made(world, "second")
    assert [state.stream.is_paused for state in stream_states(world.alice, world.organization)] == [
        True
    ]
    with pytest.raises(PaymentRequired):
        audit_streams.resume_stream(world.alice, world.organization, stream.pk)
    delete_stream(world.alice, world.organization, stream.pk)
    assert stream_states(world.alice, world.organization) == []


def test_names_are_unique_within_an_organization(world: World) -> None:
    made(world)
    with pytest.raises(AlreadyExists):
        made(world)
    with pytest.raises(InvalidArgument):
        made(world, " ")


def test_a_stream_of_another_organization_does_not_exist(world: World) -> None:
    stream = made(world)
    with pytest.raises(NotFound):
        delete_stream(world.mallory, world.elsewhere, stream.pk)
    with pytest.raises(PermissionDenied):
        stream_states(world.mallory, world.organization)
    assert stream_states(world.mallory, world.elsewhere) == []


def test_a_test_tells_what_went_wrong_and_is_audited(world: World) -> None:
    stream = made(world)
    result = audit_streams.test_stream(world.alice, world.organization, stream.pk)
    assert result.error == "siem.invalid cannot be resolved."
    newest = Event.objects.using("system").order_by("-created_at")[0]
    assert (newest.action, newest.target_name) == ("audit_stream.tested", "siem")


def test_only_what_was_sent_can_be_sent_again(world: World) -> None:
    stream = made(world)
    for place in (stream.starts_after, stream.cursor + 2):
        with pytest.raises(InvalidArgument, match="can send again from"):
            audit_streams.redeliver(world.alice, world.organization, stream.pk, from_sequence=place)


def test_a_deleted_organization_takes_its_streams_along(
    world: World, postgres_server: EmbeddedPostgres
) -> None:
    stream = made(world)
    brief = create_organization(OPERATOR, name="Brief", plan=Plan.ENTERPRISE)
    theirs = create_stream(OPERATOR, brief, name="siem", kind="http", config=HTTP).stream
    deliver(theirs.pk)
    with psycopg.connect(postgres_server.url("postgres", "control_plane")) as connection:
        connection.execute("DELETE FROM orgs_organization WHERE id = %s", [brief.pk])
    assert [left.pk for left in Stream.objects.using("system").all()] == [stream.pk]
    assert not Delivery.objects.using("system").exists()
