"""Indexes over the API, from create to delete, in every version's words."""

import json
from typing import Any

import pytest

from access.actor import OPERATOR
from indexes.deployment.placement import place, place_again
from indexes.deployment.reconcile import reconcile
from indexes.models import Index, IndexState
from indexes.nodes import register_node
from indexes.read_capacity import read_status
from kit.environment import environment
from projects.encryption_keys import detach_encryption_key
from storage.catalog import load_index
from storage.database import connect
from tests.api.conftest import Caller
from tests.audit.encryption_key_cases import attached
from tests.support.gatehouse import open_gatehouse
from tests.support.world import World

OLD = ["2025-01", "2025-04", "2025-10", "2026-04"]
NEW = ["2026-01.alpha", "2026-07", "unstable", None]
DENSE = {"type": "dense_vector", "dimension": 4, "metric": "cosine"}
NEW_BODY: dict[str, Any] = {
    "name": "movies",
    "schema": {"fields": {"_values": DENSE}},
    "deployment": {"deployment_type": "managed", "cloud": "aws", "region": "us-east-1"},
}
OLD_BODY: dict[str, Any] = {
    "name": "movies",
    "dimension": 4,
    "metric": "cosine",
    "spec": {"serverless": {"cloud": "aws", "region": "us-east-1"}},
}


def editor(world: World, version: str | None = "2026-07") -> Caller:
    return Caller(world.key()[1], version)


def made(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    response = caller.call("POST", "/indexes", body)
    assert response.status_code == 201, response.content
    return dict(json.loads(response.content))


@pytest.mark.parametrize("version", [*OLD, *NEW])
def test_every_version_creates_and_sees_the_union_body(world: World, version: str | None) -> None:
    caller = editor(world, version)
    created = made(caller, OLD_BODY if version in OLD else NEW_BODY)
    assert created["metric"] == "cosine"
    assert created["dimension"] == 4
    assert created["vector_type"] == "dense"
    assert created["status"] == {"ready": False, "state": "Initializing"}
    assert created["host"].startswith("http://127.0.0.1:")
    assert created["spec"]["serverless"]["region"] == "us-east-1"
    assert created["spec"]["serverless"]["read_capacity"]["status"]["state"] == "Ready"
    assert created["read_capacity"]["mode"] == "OnDemand"
    assert created["deployment"] == {
        "deployment_type": "managed", "cloud": "aws", "region": "us-east-1",
    }  # fmt: skip
    assert created["schema"]["fields"]["_values"] == DENSE
    assert created["schema"]["fields"]["_sparse_values"] == {"type": "sparse_vector"}
    assert created["deletion_protection"] == "disabled"
    assert json.loads(caller.call("GET", "/indexes/movies").content) == created
    assert json.loads(caller.call("GET", "/indexes").content) == {"indexes": [created]}


@pytest.mark.parametrize(
    ("version", "body"),
    [
        ("2025-10", {**OLD_BODY, "dimension": None, "metric": None, "vector_type": "sparse"}),
        (
            "2026-07",
            {**NEW_BODY, "schema": {"fields": {"_sparse_values": {"type": "sparse_vector"}}}},
        ),
    ],
)
def test_a_sparse_index_has_no_dimension(world: World, version: str, body: dict[str, Any]) -> None:
    created = made(editor(world, version), body)
    assert "dimension" not in created
    assert (created["metric"], created["vector_type"]) == ("dotproduct", "sparse")
    assert set(created["schema"]["fields"]) == {"_sparse_values"}


def test_a_name_is_made_where_the_newest_version_gives_none(world: World) -> None:
    created = made(editor(world), {"schema": NEW_BODY["schema"]})
    assert created["name"].startswith("index-")
    assert created["deployment"]["cloud"] == "aws"


def test_a_pod_index_of_the_old_versions_shows_its_pods_to_the_new_ones(world: World) -> None:
    old = editor(world, "2025-04")
    pod = {"environment": "us-east1-gcp", "pod_type": "p1.x2", "replicas": 2, "shards": 3}
    created = made(old, {**OLD_BODY, "spec": {"pod": pod}})
    assert created["spec"]["pod"]["pods"] == 6
    assert created["deployment"] == {"deployment_type": "pod", **pod}


def test_what_pods_were_to_index_is_kept_and_shown(world: World) -> None:
    old = editor(world, "2025-04")
    pod = {
        "environment": "us-east1-gcp",
        "pod_type": "s1.x1",
        "metadata_config": {"indexed": ["genre", "year"]},
    }
    made(old, {**OLD_BODY, "spec": {"pod": pod}})
    whole = {**pod, "replicas": 1, "shards": 1, "pods": 1}
    assert shown(old)["spec"] == {"pod": whole}
    resized = {"replicas": 2, "pod_type": "s1.x2"}
    assert old.call("PATCH", "/indexes/movies", {"spec": {"pod": resized}}).status_code == 202
    assert shown(old)["spec"] == {"pod": {**whole, **resized, "pods": 2}}


def test_pods_are_resized_by_the_old_versions(world: World) -> None:
    register_node(environment().node_name, engines=3)
    old = editor(world, "2025-04")
    pods = {"environment": "here", "pod_type": "p1.x1", "replicas": 1, "shards": 1}
    created = made(old, {**OLD_BODY, "spec": {"pod": pods}})
    rows = Index.objects.using("system").filter(pk=created["id"])
    place(rows.get())
    rows.update(state="Ready")

    def change(**pod: object) -> tuple[int, dict[str, object]]:
        reply = old.call("PATCH", "/indexes/movies", {"spec": {"pod": pod}})
        return reply.status_code, json.loads(reply.content)

    status, grown = change(replicas=2, pod_type="p1.x2")
    assert status == 202
    assert grown["spec"] == {"pod": {**pods, "replicas": 2, "pod_type": "p1.x2", "pods": 2}}
    assert grown["status"]["state"] == "ScalingUp"
    place(rows.get())
    assert change(replicas=1)[1]["status"]["state"] == "ScalingDown"
    for refused in ({"pod_type": "p1.x1"}, {"pod_type": "p2.x2"}, {"shards": 2}, {"replicas": 0}):
        status, told = change(**refused)
        assert (status, told["error"]["code"]) == (400, "INVALID_ARGUMENT")
    assert rows.get().spec["pod"]["pod_type"] == "p1.x2"


def test_filterable_fields_are_shown_as_each_version_decodes_them(world: World) -> None:
    fields = {"genre": {"filterable": True}}
    spec = {"serverless": {**OLD_BODY["spec"]["serverless"], "schema": {"fields": fields}}}
    made(editor(world, "2026-04"), {**OLD_BODY, "spec": spec})
    shown = {
        version: json.loads(editor(world, version).call("GET", "/indexes/movies").content)
        for version in ("2026-04", "2026-07", "2026-01.alpha")
    }
    assert shown["2026-04"]["spec"]["serverless"]["schema"] == {"fields": fields}
    assert shown["2026-07"]["schema"]["fields"]["genre"] == {"filterable": True}
    alpha = shown["2026-01.alpha"]["schema"]["fields"]["genre"]
    assert alpha == {"type": "string", "filterable": True}


def test_dedicated_read_capacity_comes_back_with_its_status(world: World) -> None:
    capacity = {
        "mode": "Dedicated",
        "dedicated": {
            "node_type": "b1",
            "scaling": "Manual",
            "manual": {"shards": 1, "replicas": 2},
        },
    }
    client = editor(world)
    created = made(client, {**NEW_BODY, "read_capacity": capacity})
    scaling = {"state": "Scaling", "current_replicas": 0, "current_shards": 0}
    assert created["read_capacity"] == {**capacity, "status": scaling}
    node = register_node(environment().node_name, engines=1)
    place(Index.objects.using("system").get(pk=created["id"]))
    status = json.loads(client.call("GET", "/indexes/movies").content)["read_capacity"]["status"]
    assert (status["state"], status["current_replicas"]) == ("Error", 1)
    assert "2 engines are needed" in status["error_message"]
    place_again(register_node(node.name, engines=2))
    status = json.loads(client.call("GET", "/indexes/movies").content)["read_capacity"]["status"]
    assert status == {"state": "Ready", "current_replicas": 2, "current_shards": 1}


def dedicated(**manual: int) -> dict[str, Any]:
    part = {"node_type": "b1", "scaling": "Manual", "manual": manual}
    return {"mode": "Dedicated", "dedicated": part}


def shown(caller: Caller) -> dict[str, Any]:
    return dict(json.loads(caller.call("GET", "/indexes/movies").content))


def test_without_replicas_an_index_is_disabled_until_it_has_some_again(world: World) -> None:
    register_node(environment().node_name, engines=2)
    client = editor(world)
    created = made(client, {**NEW_BODY, "read_capacity": dedicated(shards=1, replicas=1)})
    rows = Index.objects.using("system").filter(pk=created["id"])
    place(rows.get())
    rows.update(state=IndexState.READY)
    manual = {"scaling": "Manual", "manual": {"replicas": 0}}
    paused = client.call("PATCH", "/indexes/movies", {"read_capacity": {"dedicated": manual}})
    assert paused.status_code == 200
    assert shown(client)["status"] == {"ready": True, "state": "Ready"}, "not carried out yet"
    with open_gatehouse(rows.get()) as gatehouse:
        reconcile(rows.get().pk)
        assert gatehouse.statuses == [], "nobody would answer"
        assert shown(client)["status"] == {"ready": False, "state": "Disabled"}
        assert shown(client)["read_capacity"] == {
            **dedicated(shards=1, replicas=0),
            "status": {"state": "Ready", "current_replicas": 0, "current_shards": 0},
        }
        manual["manual"] = {"replicas": 2}
        client.call("PATCH", "/indexes/movies", {"read_capacity": {"dedicated": manual}})
        reconcile(rows.get().pk)
    assert shown(client)["status"] == {"ready": True, "state": "Ready"}
    assert shown(client)["read_capacity"]["status"]["current_replicas"] == 2


REFUSED_CHANGES: dict[str, dict[str, Any]] = {
    "byoc": {"byoc": {"read_capacity": dedicated(shards=1, replicas=1)}},
    "pods": {"pod": {"replicas": 2}},
    "two kinds": {"serverless": {}, "byoc": {}},
    "none of them": {},
    "a scaling without numbers": {
        "serverless": {"read_capacity": {"dedicated": {"node_type": "b1", "scaling": "Manual"}}}
    },
    "numbers without a scaling": {
        "serverless": {"read_capacity": {"dedicated": {"manual": {"replicas": 2}}}}
    },
    "replicas of nothing yet": {
        "serverless": {
            "read_capacity": {"dedicated": {"scaling": "Manual", "manual": {"replicas": 2}}}
        }
    },
    "negative replicas": {"serverless": {"read_capacity": dedicated(shards=1, replicas=-1)}},
}


@pytest.mark.parametrize("what", REFUSED_CHANGES)
def test_a_change_that_does_not_fit_a_serverless_index_changes_nothing(
    world: World, what: str
) -> None:
    client = editor(world, "2026-04")
    made(client, OLD_BODY)
    before = shown(client)
    reply = client.call("PATCH", "/indexes/movies", {"spec": REFUSED_CHANGES[what]})
    assert (reply.status_code, json.loads(reply.content)["error"]["code"]) == (
        400, "INVALID_ARGUMENT",
    )  # fmt: skip
    assert shown(client) == before


def test_pods_are_resized_in_the_words_of_2026_07_and_byoc_needs_its_own_capacity(
    world: World,
) -> None:
    client = editor(world)
    pods = {"environment": "here", "pod_type": "p1.x1", "replicas": 1, "shards": 1}
    made(editor(world, "2025-04"), {**OLD_BODY, "spec": {"pod": pods}})
    change = {"deployment": {"replicas": 3, "pod_type": "p1.x2"}}
    assert client.call("PATCH", "/indexes/movies", change).status_code == 200
    assert shown(client)["deployment"] == {
        "deployment_type": "pod", **pods, "replicas": 3, "pod_type": "p1.x2",
    }  # fmt: skip
    byoc = {
        **NEW_BODY,
        "name": "own",
        "deployment": {"deployment_type": "byoc", "environment": "x"},
    }
    assert client.call("POST", "/indexes", byoc).status_code == 400
    made(client, {**byoc, "read_capacity": dedicated(shards=1, replicas=1)})
    assert client.call("PATCH", "/indexes/own", change).status_code == 400


def test_each_shard_of_each_replica_is_an_engine(world: World) -> None:
    node = register_node(environment().node_name, engines=3)
    pods = {"environment": "here", "pod_type": "p1.x1", "replicas": 2, "shards": 2}
    created = made(editor(world, "2025-04"), {**OLD_BODY, "spec": {"pod": pods}})
    rows = Index.objects.using("system").select_related("deployment__node")
    place(rows.get(pk=created["id"]))
    found = read_status(rows.get(pk=created["id"]))
    assert (found.state, found.replicas, found.shards) == ("Error", 1, 2)
    place_again(register_node(node.name, engines=4))
    found = read_status(rows.get(pk=created["id"]))
    assert (found.state, found.replicas, found.shards) == ("Ready", 2, 2)
    with connect(environment().database_system_url.get_secret_value(), name="test") as connection:
        row = load_index(connection, rows.get(pk=created["id"]).pk)
    assert row is not None
    assert (row.shards, len(row.engines)) == (2, 4)


@pytest.mark.parametrize(("version", "status"), [("2026-04", 202), ("2026-07", 200)])
def test_tags_merge_and_an_empty_value_removes_one(world: World, version: str, status: int) -> None:
    made(editor(world), {**NEW_BODY, "tags": {"team": "search", "stage": "test"}})
    response = editor(world, version).call(
        "PATCH", "/indexes/movies", {"tags": {"stage": "", "owner": "alice"}}
    )
    assert response.status_code == status
    assert json.loads(response.content)["tags"] == {"team": "search", "owner": "alice"}


def test_a_protected_index_is_deleted_only_after_the_protection_is_lifted(world: World) -> None:
    caller = editor(world)
    made(caller, {**NEW_BODY, "deletion_protection": "enabled"})
    refused = caller.call("DELETE", "/indexes/movies")
    assert refused.status_code == 403
    assert json.loads(refused.content)["error"]["code"] == "FORBIDDEN"
    caller.call("PATCH", "/indexes/movies", {"deletion_protection": "disabled"})
    assert caller.call("DELETE", "/indexes/movies").status_code == 202


def test_a_deleted_index_is_gone_at_once_and_its_name_is_free(world: World) -> None:
    caller = editor(world)
    first = made(caller, NEW_BODY)
    deleted = caller.call("DELETE", "/indexes/movies")
    assert (deleted.status_code, deleted.content) == (202, b"")
    assert caller.call("GET", "/indexes/movies").status_code == 404
    assert caller.call("DELETE", "/indexes/movies").status_code == 404
    second = made(caller, NEW_BODY)
    assert second["id"] != first["id"]
    assert second["host"] != first["host"]
    states = Index.objects.using("system").order_by("id").values_list("state", flat=True)
    assert list(states) == [IndexState.TERMINATING, IndexState.INITIALIZING]


def test_a_taken_name_is_a_conflict(world: World) -> None:
    caller = editor(world)
    made(caller, NEW_BODY)
    response = caller.call("POST", "/indexes", NEW_BODY)
    assert response.status_code == 409
    assert json.loads(response.content)["error"]["code"] == "ALREADY_EXISTS"
    assert Index.objects.using("system").count() == 1


def test_the_same_name_is_free_in_another_project(world: World) -> None:
    made(editor(world), NEW_BODY)
    theirs = Caller(world.key(project=world.their_project)[1])
    made(theirs, NEW_BODY)
    assert len(json.loads(theirs.call("GET", "/indexes").content)["indexes"]) == 1


def test_a_ready_index_says_so(world: World) -> None:
    world.index()
    Index.objects.using("system").update(state=IndexState.READY)
    shown = json.loads(editor(world).call("GET", "/indexes/movies").content)
    assert shown["status"] == {"ready": True, "state": "Ready"}


def test_an_index_names_the_key_of_its_project(world: World) -> None:
    caller = editor(world)
    theirs = attached(world, project=world.their_project)
    for wrong in (str(theirs.pk), "no-key"):
        response = caller.call("POST", "/indexes", {**NEW_BODY, "cmek_id": wrong})
        assert response.status_code == 400
        assert "names no encryption key of this project" in response.content.decode()
    assert "cmek_id" not in made(caller, NEW_BODY)
    key = attached(world)
    assert made(caller, {**NEW_BODY, "name": "named", "cmek_id": str(key.pk)})["cmek_id"] == str(
        key.pk
    )
    for name in ("movies", "named"):
        assert caller.call("GET", f"/indexes/{name}").json()["cmek_id"] == str(key.pk)
        changed = caller.call("PATCH", f"/indexes/{name}", {"tags": {"a": "b"}})
        assert changed.json()["cmek_id"] == str(key.pk)
    listed = caller.call("GET", "/indexes").json()["indexes"]
    assert {one["cmek_id"] for one in listed} == {str(key.pk)}
    assert "cmek_id" not in editor(world, "2025-10").call("GET", "/indexes/named").json()
    detach_encryption_key(OPERATOR, key)
    assert "cmek_id" not in caller.call("GET", "/indexes/named").json()
