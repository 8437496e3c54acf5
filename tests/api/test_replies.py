"""What every reply has in common: envelopes, request ids, versions, and what is no route."""

import json
import re

import pytest
from django.core.cache import cache
from django.db import connections

from indexes.models import Index
from indexes.tasks import HEARTBEAT_KEY
from kit import clock
from tests.api.conftest import Caller
from tests.api.test_indexes import NEW_BODY, OLD_BODY
from tests.matrix.walk import mounted_routes
from tests.support.world import World

HEADER = "x-pinecone-request-id"
SCHEMA = NEW_BODY["schema"]


def code_of(content: bytes) -> str:
    body = json.loads(content)
    assert set(body) == {"status", "error"}
    assert {"code", "message"} <= set(body["error"])
    return str(body["error"]["code"])


def test_every_reply_carries_its_own_request_id(world: World) -> None:
    caller = Caller(world.key()[1])
    ids = {caller.call("GET", path)[HEADER] for path in ("/indexes", "/indexes/x", "/nowhere")}
    ids.add(Caller("garbage").call("GET", "/indexes")[HEADER])
    assert len(ids) == 4
    assert all(len(one) == 32 for one in ids)


def test_a_request_id_of_the_client_is_not_taken_over(world: World) -> None:
    response = Caller(world.key()[1]).call("GET", "/indexes", **{"x-pinecone-request-id": "mine"})
    assert response[HEADER] != "mine"


def test_a_refused_key_is_text_in_the_newest_version_and_json_before(database: None) -> None:
    new = Caller("garbage", "2026-07").call("GET", "/indexes")
    assert (new.content, new["Content-Type"]) == (b"Invalid API key", "text/plain")
    old = Caller("garbage", "2026-04").call("GET", "/indexes")
    assert code_of(old.content) == "UNAUTHENTICATED"


@pytest.mark.parametrize("version", ["2024-01", "", "latest", "2026-07 ", "x" * 5000])
def test_an_unknown_version_is_refused(world: World, version: str) -> None:
    response = Caller(world.key()[1], version).call("GET", "/indexes")
    assert response.status_code == 400
    assert code_of(response.content) == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "NOT_FOUND"),
        ("GET", "/indexes/a/b", 404, "NOT_FOUND"),
        ("GET", "/indexes/%00", 404, "NOT_FOUND"),
        ("GET", "/indexes/%ff%fe", 404, "NOT_FOUND"),
        ("DELETE", "/indexes/" + "a" * 3000, 404, "NOT_FOUND"),
        ("GET", "/assistant/assistants", 404, "NOT_FOUND"),
        ("PUT", "/indexes", 405, "UNIMPLEMENTED"),
        ("DELETE", "/indexes", 405, "UNIMPLEMENTED"),
        ("OPTIONS", "/indexes/movies", 405, "UNIMPLEMENTED"),
    ],
)
def test_what_is_no_route_gets_an_envelope(
    world: World, method: str, path: str, status: int, code: str
) -> None:
    response = Caller(world.key()[1]).call(method, path)
    assert (response.status_code, code_of(response.content)) == (status, code)


BAD_BODIES = {
    "empty": (b"", 400),
    "broken JSON": (b'{"name": ', 400),
    "not UTF-8": (b'{"name": "\xff"}', 400),
    "NaN": (b'{"name": "a", "schema": NaN}', 400),
    "deeply nested": (b'{"schema":' + b"[" * 50_000 + b"]" * 50_000 + b"}", 422),
    "an array": (b"[]", 422),
    "null": (b"null", 422),
    "a lone surrogate": (b'{"name": "\\ud800", "schema": {"fields": {"_values": {}}}}', 400),
    "no schema": ({"name": "a"}, 422),
    "unknown key": ({**NEW_BODY, "colour": "red"}, 422),
    "the old body": (OLD_BODY, 422),
    "dimension as text": (
        {"schema": {"fields": {"_values": {**SCHEMA["fields"]["_values"], "dimension": "4"}}}},
        422,
    ),
    "dimension as fraction": (
        {"schema": {"fields": {"_values": {**SCHEMA["fields"]["_values"], "dimension": 4.5}}}},
        422,
    ),
    "name with a dot": ({**NEW_BODY, "name": "my.index"}, 400),
    "name in capitals": ({**NEW_BODY, "name": "Movies"}, 400),
    "name with a dash at the end": ({**NEW_BODY, "name": "movies-"}, 400),
    "name with a line feed": ({**NEW_BODY, "name": "movies\n"}, 400),
    "name too long": ({**NEW_BODY, "name": "a" * 46}, 400),
    "empty name": ({**NEW_BODY, "name": ""}, 400),
    "tags not text": ({**NEW_BODY, "tags": {"a": 1}}, 422),
    "tag key with a space": ({**NEW_BODY, "tags": {"a b": "c"}}, 400),
    "tag key too long": ({**NEW_BODY, "tags": {"a" * 81: "c"}}, 400),
    "tag value too long": ({**NEW_BODY, "tags": {"a": "b" * 121}}, 400),
    "tag value with NUL": ({**NEW_BODY, "tags": {"a": "\0"}}, 400),
    "too many tags": ({**NEW_BODY, "tags": {f"t{n}": "x" for n in range(21)}}, 400),
    "protection misspelt": ({**NEW_BODY, "deletion_protection": "yes"}, 400),
    "unknown metric": (
        {"schema": {"fields": {"_values": {**SCHEMA["fields"]["_values"], "metric": "hamming"}}}},
        400,
    ),
    "no metric": (
        {"schema": {"fields": {"_values": {"type": "dense_vector", "dimension": 4}}}},
        400,
    ),
    "dimension zero": (
        {"schema": {"fields": {"_values": {**SCHEMA["fields"]["_values"], "dimension": 0}}}},
        400,
    ),
    "dimension too large": (
        {"schema": {"fields": {"_values": {**SCHEMA["fields"]["_values"], "dimension": 20_001}}}},
        400,
    ),
    "no dimension": (
        {"schema": {"fields": {"_values": {"type": "dense_vector", "metric": "cosine"}}}},
        400,
    ),
    "wrong type of the reserved field": (
        {"schema": {"fields": {"_values": {"type": "sparse_vector"}}}},
        400,
    ),
    "sparse with a dimension": (
        {"schema": {"fields": {"_sparse_values": {"type": "sparse_vector", "dimension": 4}}}},
        400,
    ),
    "no fields": ({"schema": {"fields": {}}}, 400),
    "a field of one's own": ({"schema": {"fields": {"mine": {"type": "dense_vector"}}}}, 400),
    "pods": ({**NEW_BODY, "deployment": {"deployment_type": "pod", "environment": "x"}}, 400),
    "unknown cloud": (
        {**NEW_BODY, "deployment": {**NEW_BODY["deployment"], "cloud": "moon"}},
        404,
    ),
    "unknown region": (
        {**NEW_BODY, "deployment": {**NEW_BODY["deployment"], "region": "Mare Tranquillitatis"}},
        404,
    ),
    "unknown capacity": ({**NEW_BODY, "read_capacity": {"mode": "Infinite"}}, 400),
    "a megabyte and a byte": (b" " * (1024 * 1024 + 1), 413),
}
CODES = {
    400: "INVALID_ARGUMENT",
    404: "NOT_FOUND",
    413: "PAYLOAD_TOO_LARGE",
    422: "UNPROCESSABLE_ENTITY",
}


@pytest.mark.parametrize("case", BAD_BODIES)
def test_a_bad_body_is_refused_with_its_reason_and_changes_nothing(world: World, case: str) -> None:
    body, status = BAD_BODIES[case]
    response = Caller(world.key()[1]).call("POST", "/indexes", body)
    assert (response.status_code, code_of(response.content)) == (status, CODES[status])
    assert b"Traceback" not in response.content
    assert not Index.objects.using("system").exists()


BAD_OLD_BODIES = {
    "no spec": ({"name": "a", "dimension": 4}, 422),
    "an empty spec": ({**OLD_BODY, "spec": {}}, 400),
    "two specs": (
        {**OLD_BODY, "spec": {**OLD_BODY["spec"], "byoc": {"environment": "x"}}},
        400,
    ),
    "no dimension": ({"name": "a", "spec": OLD_BODY["spec"]}, 400),
    "sparse with cosine": (
        {"name": "a", "spec": OLD_BODY["spec"], "vector_type": "sparse", "metric": "cosine"},
        400,
    ),
    "unknown vector type": ({**OLD_BODY, "vector_type": "fuzzy"}, 400),
    "dimension as a truth": ({**OLD_BODY, "dimension": True}, 422),
    "a huge dimension": ({**OLD_BODY, "dimension": 2**70}, 400),
    "no pods": ({**OLD_BODY, "spec": {"pod": {"environment": "x", "replicas": 0}}}, 400),
    "a NUL in the environment": ({**OLD_BODY, "spec": {"byoc": {"environment": "a\0"}}}, 400),
    "filterable false": (
        {
            **OLD_BODY,
            "spec": {
                "serverless": {
                    **OLD_BODY["spec"]["serverless"],
                    "schema": {"fields": {"genre": {"filterable": False}}},
                }
            },
        },
        400,
    ),
}


@pytest.mark.parametrize("case", BAD_OLD_BODIES)
def test_a_bad_body_of_the_old_versions_is_refused_too(world: World, case: str) -> None:
    body, status = BAD_OLD_BODIES[case]
    response = Caller(world.key()[1], "2026-04").call("POST", "/indexes", body)
    assert (response.status_code, code_of(response.content)) == (status, CODES[status])
    assert not Index.objects.using("system").exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"tags": {"a b": "c"}}, 400),
        ({"deletion_protection": "maybe"}, 400),
        ({"schema": {"fields": {}}}, 400),
        ({"deployment": {"replicas": 2}}, 400),
        ({"spec": {}}, 422),
        ({"read_capacity": {"mode": "Dedicated"}}, 400),
        (b"{", 400),
    ],
)
def test_a_bad_configuration_changes_nothing(world: World, body: object, status: int) -> None:
    world.index()
    response = Caller(world.key()[1]).call("PATCH", "/indexes/movies", body)
    assert (response.status_code, code_of(response.content)) == (status, CODES[status])
    row = Index.objects.using("system").get()
    assert (row.tags, row.is_protected) == ({}, False)


def test_readiness_names_each_part(database: None) -> None:
    response = Caller().call("GET", "/readyz")
    assert response.status_code == 503
    parts = json.loads(response.content)["parts"]
    assert parts == {
        "database": "ok", "database_system": "ok", "cache": "ok", "worker": "unavailable",
        "object_store": "ok",
    }  # fmt: skip
    cache.set(HEARTBEAT_KEY, clock.now().timestamp())
    assert Caller().call("GET", "/readyz").status_code == 200


def test_a_database_that_is_gone_is_503_and_not_a_fault_of_ours(world: World) -> None:
    value = world.key()[1]
    connections["system"].close()
    settings = connections["system"].settings_dict
    host, settings["HOST"] = settings["HOST"], "/nowhere"
    try:
        response = Caller(value).call("GET", "/indexes")
    finally:
        settings["HOST"] = host
        connections["system"].close()
    assert response.status_code == 503
    assert code_of(response.content) == "UNAVAILABLE"
    assert response["Retry-After"] == "2"


def test_the_description_of_the_api_lists_every_route(database: None) -> None:
    described = json.loads(Caller().call("GET", "/docs/openapi.json").content)
    # SCIM describes itself, at /Schemas.
    mounted = [route for route in mounted_routes("api.urls") if not route.startswith("scim/")]
    routes = {"/" + re.sub(r"<\w+:(\w+)>", r"{\1}", route) for route in mounted}
    assert set(described["paths"]) == routes - {
        "/healthz", "/readyz", "/metrics", "/docs/openapi.json",
    }  # fmt: skip
    assert "Index" in described["components"]["schemas"]
    assert described["paths"]["/indexes"]["post"]["security"] == [{"ApiKey": []}]
