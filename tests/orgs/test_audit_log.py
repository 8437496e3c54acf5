"""Searching and exporting the audit log: every filter, whole pages, nobody else's events."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest

from access.actor import OPERATOR
from audit import search
from audit.actions import Action
from audit.export import ExportForm
from audit.models import Event
from audit.record import record
from audit.search import EventFilter, parse_filter
from kit import clock
from kit.errors import InvalidArgument, NotFound, PermissionDenied
from kit.ids import new_id
from orgs.audit_log import chain_state, export_events, get_event, search_events, verify_events
from orgs.tenancy import tenant
from projects.projects import create_project
from tests.support.world import World


@pytest.fixture
def busy(world: World) -> World:
    """A world in which Alice did something, Vera was denied, and others did things elsewhere."""
    create_project(world.alice, world.organization, name="Alpha")
    with pytest.raises(PermissionDenied):
        create_project(world.vera, world.organization, name="Denied")
    create_project(world.mallory, world.elsewhere, name="Alpha elsewhere")
    return world


def found(world: World, **wanted: Any) -> list[Event]:
    return search_events(world.alice, world.organization, EventFilter(**wanted)).events


def exported(world: World, form: ExportForm, **wanted: Any) -> str:
    lines = export_events(world.alice, world.organization, form=form, wanted=EventFilter(**wanted))
    return b"".join(lines).decode()


def test_events_come_newest_first_and_are_the_organizations_own(busy: World) -> None:
    events = found(busy)
    sequences = [event.link.sequence for event in events]
    assert sequences == sorted(sequences, reverse=True)
    assert events[0].outcome == "denied"
    assert {event.organization_id for event in events} == {busy.organization.pk}


def test_every_filter_narrows(busy: World) -> None:
    alpha = found(busy, text="alpha")[0]
    fitting: dict[str, Any] = {
        "action": "project.created", "actor_id": alpha.actor_id, "actor": "ALI",
        "target_type": "project", "target_id": alpha.target_id, "outcome": "success",
        "project_id": alpha.project_id, "ip": "192.0.2.1", "text": "Alph",
        "since": alpha.created_at, "until": alpha.created_at + timedelta(microseconds=1),
    }  # fmt: skip
    for name, value in fitting.items():
        assert alpha.pk in {event.pk for event in found(busy, **{name: value})}, name
    assert [event.pk for event in found(busy, **fitting)] == [alpha.pk]
    other: dict[str, Any] = {
        "action": "project.deleted", "actor_id": new_id(), "actor": "Bob", "target_type": "index",
        "target_id": "x", "outcome": "denied", "project_id": new_id(), "ip": "192.0.2.2",
        "text": "%", "since": clock.now() + timedelta(hours=1), "until": alpha.created_at,
    }  # fmt: skip
    for name, value in other.items():
        assert alpha.pk not in {event.pk for event in found(busy, **{name: value})}, name


def test_pages_follow_each_other_without_gap_or_overlap(busy: World) -> None:
    everything = [event.pk for event in found(busy)]
    walked, before = [], None
    while True:
        page = search_events(busy.alice, busy.organization, before=before, limit=2)
        walked += [event.pk for event in page.events]
        before = page.next_before
        if before is None:
            break
    assert walked == everything


def test_words_are_looked_for_in_a_part_of_the_chain_at_a_time(
    busy: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "LOOKED_THROUGH", 2)
    everything = [event.pk for event in found(busy) if "project" in event.action]
    assert len(everything) > 1
    length = chain_state(busy.alice, busy.organization).sequence
    wanted = EventFilter(text="project")
    walked, before, looks = [], None, 0
    while True:
        page = search_events(busy.alice, busy.organization, wanted, before=before)
        walked += [event.pk for event in page.events]
        looks += 1
        before = page.next_before
        assert page.looked_back_to == before
        if before is None:
            break
    assert walked == everything
    assert looks == (length + 1) // 2
    # What needs no reading of texts is looked for everywhere at once.
    by_action = search_events(busy.alice, busy.organization, EventFilter(action="project.created"))
    assert by_action.looked_back_to is None


def test_a_search_for_words_that_takes_long_says_how_far_it_came(
    busy: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_PATIENCE_S", 0)
    monkeypatch.setattr(search, "_AT_ONCE", 2)
    everything = [event.pk for event in found(busy) if "project" in event.action]
    length = chain_state(busy.alice, busy.organization).sequence
    page = search_events(busy.alice, busy.organization, EventFilter(text="project"))
    assert page.looked_back_to == page.next_before == length - 1
    walked = [event.pk for event in page.events]
    while page.next_before is not None:
        page = search_events(
            busy.alice, busy.organization, EventFilter(text="project"), before=page.next_before
        )
        walked += [event.pk for event in page.events]
    assert walked == everything


def test_texts_become_a_filter_or_an_error_in_words() -> None:
    wanted = parse_filter({"since": "2026-01-01", "ip": "2001:DB8::1", "text": ""})
    assert (wanted.since, wanted.ip) == (clock.now().replace(2026, 1, 1, 0, 0, 0, 0), "2001:db8::1")
    for bad in ({"actor_id": "x"}, {"since": "soon"}, {"ip": "300.1.1.1"}, {"colour": "red"}):
        with pytest.raises(InvalidArgument):
            parse_filter(bad)


def test_a_limit_or_outcome_that_does_not_exist_is_refused(busy: World) -> None:
    with pytest.raises(InvalidArgument):
        found(busy, outcome="maybe")
    with pytest.raises(InvalidArgument):
        search_events(busy.alice, busy.organization, limit=0)
    with pytest.raises(InvalidArgument):
        exported(busy, ExportForm.CSV, outcome="maybe")


def test_an_event_of_another_organization_does_not_exist(busy: World) -> None:
    theirs = Event.objects.using("system").filter(organization_id=busy.elsewhere.pk)[0]
    with pytest.raises(NotFound):
        get_event(busy.alice, busy.organization, theirs.pk)
    own = found(busy)[0]
    assert get_event(busy.alice, busy.organization, own.pk) == own


def test_only_who_may_read_the_log_searches_exports_or_verifies(busy: World) -> None:
    for actor in (busy.bob, busy.vera, busy.mallory):
        for act in (search_events, chain_state, verify_events):
            with pytest.raises(PermissionDenied):
                act(actor, busy.organization)
        with pytest.raises(PermissionDenied):
            export_events(actor, busy.organization, form=ExportForm.CSV)


def test_lines_of_json_have_pinecones_shape(busy: World) -> None:
    (line,) = exported(busy, ExportForm.JSONL, text="Alpha").splitlines()
    event = json.loads(line)
    assert event["event"]["action"] == "create"
    assert event["event"]["resource_type"] == "project"
    assert event["event"]["resource_name"] == "Alpha"
    assert event["event"]["outcome"] == {"result": "success", "reason": "", "error_code": ""}
    assert event["actor"]["principal_type"] == "user"
    assert event["actor"]["display_name"] == "Alice"
    assert event["organization_name"] == "Pine"
    assert (event["name"], event["request_id"]) == ("project.created", "test-request")
    assert len(event["hash"]) == len(event["previous_hash"]) == 64
    (denied,) = exported(busy, ExportForm.JSONL, outcome="denied").splitlines()
    outcome = json.loads(denied)["event"]["outcome"]
    assert (outcome["result"], outcome["error_code"]) == ("failure", "PERMISSION_DENIED")
    assert outcome["reason"]


def test_a_csv_names_its_columns_and_holds_every_event(busy: World) -> None:
    expected = len(found(busy))
    rows = list(csv.DictReader(io.StringIO(exported(busy, ExportForm.CSV))))
    assert len(rows) == expected
    assert [int(row["sequence"]) for row in rows] == list(range(1, expected + 1))
    assert rows[-1]["outcome"] == "denied"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", '=cmd|"/c calc"!A1'])
def test_no_cell_of_a_csv_is_a_formula(busy: World, name: str) -> None:
    create_project(busy.alice, busy.organization, name=name)
    rows = csv.DictReader(io.StringIO(exported(busy, ExportForm.CSV, action="project.created")))
    assert [row["resource_name"] for row in rows][-1] == f"'{name}"


def test_an_export_is_audited_with_its_filter_and_before_itself(busy: World) -> None:
    text = exported(busy, ExportForm.JSONL, action="audit.exported")
    assert text == ""
    event = found(busy)[0]
    assert event.action == "audit.exported"
    assert event.parameters == {"format": "jsonl", "filter": {"action": "audit.exported"}}


def test_a_long_export_goes_over_many_transactions(busy: World) -> None:
    before = chain_state(busy.alice, busy.organization).sequence
    with tenant(busy.organization.pk):
        for number in range(1_100):
            record(
                OPERATOR, Action.PROJECT_CREATED,
                target=busy.project.audit_target(), number=number,
            )  # fmt: skip
    assert len(exported(busy, ExportForm.JSONL).splitlines()) == before + 1_100


def test_a_chain_is_verified_for_its_owner(busy: World) -> None:
    report = verify_events(busy.alice, busy.organization)
    assert report.problem is None
    assert report.events == chain_state(busy.alice, busy.organization).sequence
