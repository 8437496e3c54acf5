"""Jobs of a project over the Admin API: what there is, what was written down, stopping one."""

from uuid import UUID

import pytest

from access.actor import OPERATOR
from audit.models import Event
from indexes.backup_models import Backup, BackupStatus
from indexes.backups import create_backup
from indexes.collections import create_collection
from indexes.deployment.backups import take_backup
from indexes.imports import start_import
from indexes.job_lines import MAX_LINES, JobLine, note_step
from indexes.models import Index
from indexes.restores import create_index_from_backup
from indexes.verification_models import BackupVerification
from indexes.verifications import verify_backup
from kit.errors import StonepineError
from kit.ids import new_id
from orgs.tenancy import tenant
from tests.support.admin import AdminCaller
from tests.support.world import World


@pytest.fixture
def index(world: World) -> Index:
    return world.index()


@pytest.fixture
def backup(index: Index) -> Backup:
    made = create_backup(OPERATOR, index, name="nightly")
    with tenant(index.organization_id):
        Backup.objects.filter(pk=made.pk).update(status=BackupStatus.READY)
    return made


def here(world: World) -> str:
    return f"/projects/{world.project.pk}/jobs"


def listed(owner: AdminCaller, world: World, query: str = "") -> list[str]:
    status, answer = owner.call("GET", here(world) + query)
    assert status == 200, answer
    return [f"{one['kind']} {one['name']} {one['status']}" for one in answer["data"]]


def test_every_kind_is_listed_the_newest_first_and_page_by_page(
    world: World, owner: AdminCaller, index: Index, backup: Backup
) -> None:
    verify_backup(OPERATOR, backup)
    create_index_from_backup(OPERATOR, backup, name="again")
    start_import(OPERATOR, index, uri="s3://bucket/folder/")
    create_collection(OPERATOR, index, name="kept")
    expected = [
        "collection kept Initializing", "import movies Pending", "restore again Pending",
        "index again Initializing", "verification nightly Pending", "backup nightly Ready",
        "index movies Initializing",
    ]  # fmt: skip
    assert listed(owner, world) == expected
    found, token = [], ""
    while token is not None:
        query = f"?limit=3&paginationToken={token}" if token else "?limit=3"
        page = owner.call("GET", here(world) + query)[1]
        found += [one["name"] for one in page["data"]]
        token = page["pagination"].get("next")
    assert found == [one.split()[1] for one in expected]
    assert listed(owner, world, "?state=done") == ["backup nightly Ready"]
    assert listed(owner, world, "?state=failed") == []
    assert owner.call("GET", f"{here(world)}?state=odd")[0] == 400


def test_a_job_tells_whose_it_is_and_what_workers_did(
    world: World, owner: AdminCaller, index: Index
) -> None:
    made = create_backup(world.alice, index, name="mine")
    take_backup(made.pk)
    told = owner.call("GET", f"{here(world)}/{made.pk}")[1]
    assert (told["state"], told["owner"]) == ("done", "Alice")
    assert [(line["text"], line["actor"]) for line in told["log"]] == [
        ("The backup was asked for.", "Alice"),
        ("A worker takes it.", None),
        ("Ready: 0 records are in it.", None),
    ]


@pytest.mark.parametrize("what", ["backup", "import", "restore", "verification"])
def test_what_is_under_way_is_cancelled_by_the_act_of_its_kind(
    world: World, owner: AdminCaller, index: Index, backup: Backup, what: str
) -> None:
    job_id: UUID = {
        "backup": lambda: create_backup(OPERATOR, index, name="unwanted").pk,
        "import": lambda: start_import(OPERATOR, index, uri="s3://bucket/folder/").pk,
        "restore": lambda: create_index_from_backup(OPERATOR, backup, name="again").pk,
        "verification": lambda: verify_backup(OPERATOR, backup).pk,
    }[what]()
    action = {
        "backup": "backup.deleted",
        "import": "import.cancelled",
        "restore": "restore.cancelled",
        "verification": "backup.verification_cancelled",
    }[what]
    status, answer = owner.call("POST", f"{here(world)}/{job_id}/cancel")
    assert (status, answer["state"], answer["may_be_cancelled"]) == (200, "cancelled", False)
    assert Event.objects.using("system").filter(action=action).count() == 1
    again = owner.call("POST", f"{here(world)}/{job_id}/cancel")[0]
    assert again == (404 if what == "backup" else 412)
    assert not BackupVerification.objects.using("system").filter(status="Pending").exists()


def test_a_job_of_elsewhere_is_a_missing_one(world: World, owner: AdminCaller) -> None:
    theirs = create_backup(OPERATOR, world.index("filme", project=world.their_project), name="x")
    for method, end in (("GET", ""), ("POST", "/cancel")):
        answers = []
        for job_id in (theirs.pk, new_id()):
            status, answer = owner.call(method, f"{here(world)}/{job_id}{end}")
            text = str(answer).replace(str(job_id), "…").partition("request_id")[0]
            answers.append((status, text))
        assert answers[0] == answers[1]
        assert answers[0][0] == 404
    assert owner.call("GET", f"{here(world)}/x")[0] == 404
    assert Backup.objects.using("system").filter(pk=theirs.pk).exists()


def test_lines_are_neither_repeated_nor_endless(world: World, index: Index) -> None:
    for number in range(MAX_LINES + 9):
        for _ in range(2):
            note_step(index.organization_id, index.pk, f"Try {number} failed.")
    rows = JobLine.objects.using("system").filter(job_id=index.pk)
    assert rows.count() == MAX_LINES
    assert rows.filter(text="Try 5 failed.").count() == 1


def test_why_an_index_does_not_come_up_is_written_down(world: World, index: Index) -> None:
    from indexes.deployment.reconcile import reconcile

    with pytest.raises(StonepineError):
        reconcile(index.pk, probe_timeout_s=0)
    lines = JobLine.objects.using("system").filter(job_id=index.pk).order_by("id")
    assert [line.text for line in lines][1:] == [
        "It has its engines.", "The gateway leads to it.",
        "Not yet: The index does not answer through its public host yet.",
    ]  # fmt: skip
