"""Imports are worked on by child processes, one after the other, whoever they belong to."""

from collections.abc import Callable
from uuid import UUID

import pytest

from access.actor import OPERATOR
from audit.models import Event
from indexes.deployment.imports import forget_old_imports, import_what_is_due
from indexes.imports import cancel_import, error_of, get_import, start_import, visible_imports
from indexes.integrations import create_storage_integration
from indexes.locks import Lock
from indexes.models import Index
from indexes.queries import state_of
from kit.errors import InvalidArgument, NotFound, PermissionDenied
from kit.ids import new_id
from storage import imports
from storage.database import Connection
from storage.imports import ImportRow, NewImport, insert_import, load_import
from tests.support.world import World

Start = Callable[[Index], UUID]


@pytest.fixture
def start(world: World, control: Connection) -> Start:
    """Starts an import from a folder that may not be read, as a node would."""
    del world

    def act(index: Index) -> UUID:
        new = NewImport(
            id=new_id(), index_id=index.pk, key_id="", uri="file:///nowhere", on_error="abort"
        )
        assert insert_import(control, new)
        return new.id

    return act


def found(control: Connection, import_id: UUID) -> ImportRow:
    row = load_import(control, import_id)
    assert row is not None
    return row


def test_imports_of_every_tenant_have_their_turn(
    world: World, control: Connection, start: Start
) -> None:
    ours, theirs = world.index(), world.index(project=world.their_project)
    started = [start(ours), start(theirs), start(ours)]
    assert imports.cancel_import(control, ours.pk, started[2])
    assert import_what_is_due() == 2
    assert [found(control, one).status for one in started] == ["Failed", "Failed", "Cancelled"]
    assert [found(control, one).organization_id for one in started[:2]] == [
        world.organization.pk,
        world.elsewhere.pk,
    ]
    assert import_what_is_due() == 0


def test_only_one_process_imports_at_a_time(
    world: World, control: Connection, start: Start
) -> None:
    start(world.index())
    control.execute("SELECT pg_advisory_lock(%s)", [Lock.IMPORTING])
    assert import_what_is_due() == 0
    control.execute("SELECT pg_advisory_unlock(%s)", [Lock.IMPORTING])
    assert import_what_is_due() == 1


def test_an_import_that_crashes_again_and_again_fails(
    world: World, control: Connection, start: Start
) -> None:
    import_id = start(world.index())
    for number in range(5):
        assert found(control, import_id).failures == number
        control.execute("UPDATE indexes_import SET sealed_cursor = 'x', due_at = created_at")
        assert import_what_is_due() == 1
    assert found(control, import_id).status == "Failed"


def test_an_import_goes_with_its_index(world: World, control: Connection, start: Start) -> None:
    index = world.index()
    import_id = start(index)
    Index.objects.using("system").filter(pk=index.pk).delete()
    assert state_of(index) is None
    assert load_import(control, import_id) is None
    assert import_what_is_due() == 0


def test_what_finished_long_ago_is_forgotten_for_every_tenant(
    world: World, control: Connection, start: Start
) -> None:
    started = [start(world.index()), start(world.index(project=world.their_project))]
    fresh = start(world.index("books"))
    for one in started:
        control.execute(
            """UPDATE indexes_import SET status = 'Completed',
                   finished_at = clock_timestamp() - interval '31 days' WHERE id = %s""",
            [one],
        )
    assert forget_old_imports() == 2
    assert load_import(control, fresh) is not None
    assert all(load_import(control, one) is None for one in started)


def test_people_start_watch_and_cancel_imports(world: World, control: Connection) -> None:
    index = world.index()
    started = start_import(world.bob, index, uri="s3://bucket/folder", on_error="abort")
    assert found(control, started.pk).status == "Pending"
    assert visible_imports(world.vera, index) == [started]
    assert get_import(world.vera, index, str(started.pk)) == started
    cancel_import(world.bob, started)
    cancel_import(world.bob, started)
    assert found(control, started.pk).status == "Cancelled"
    told = Event.objects.using("system").filter(target_type="import").order_by("created_at")
    assert [event.action for event in told] == ["import.started", "import.cancelled"]
    assert {event.target_id for event in told} == {str(started.pk)}


def test_what_goes_wrong_is_told_to_who_may_see_it(
    world: World, control: Connection, start: Start
) -> None:
    index = world.index()
    import_id = start(index)
    import_what_is_due()
    (one,) = visible_imports(world.vera, index)
    assert "STONEPINE_IMPORT_FOLDERS" in error_of(one)
    assert "STONEPINE" not in str(found(control, import_id))
    with pytest.raises(NotFound):
        get_import(world.bob, index, str(new_id()))


def test_who_may_not_write_may_not_import(world: World) -> None:
    index = world.index()
    started = start_import(world.bob, index, uri="s3://bucket/folder")
    for refused in (world.vera, world.mallory):
        with pytest.raises(PermissionDenied):
            start_import(refused, index, uri="s3://bucket/folder")
        with pytest.raises(PermissionDenied):
            cancel_import(refused, started)


@pytest.mark.parametrize(
    "wrong",
    [
        {"uri": "file:///etc"},
        {"uri": "gopher://x"},
        {"uri": "s3://bucket/a", "on_error": "ignore"},
        {"uri": "gs://bucket/a", "integration": "lake"},
    ],
)
def test_a_wrong_wish_is_refused(world: World, wrong: dict[str, str]) -> None:
    create_storage_integration(OPERATOR, world.project, name="lake", provider="s3", credentials={})
    index = world.index()
    with pytest.raises(InvalidArgument):
        start_import(world.bob, index, **wrong)
    assert visible_imports(world.bob, index) == []
