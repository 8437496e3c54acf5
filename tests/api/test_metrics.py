"""Metrics by REST, for Prometheus and for the operator; and what dashboards and alerts name."""

import json
import os
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from django.test import Client

from api.processes import process_families
from kit import clock
from kit.environment import environment
from kit.exposition import exposition
from storage.activity import Held
from storage.database import Connection
from tests.api.conftest import Caller
from tests.support.past import Past
from tests.support.past_activity import PastActivity
from tests.support.world import World

DEPLOY = Path(__file__).resolve().parents[2] / "deploy" / "grafana"
TOKEN = "operator-token-of-the-tests-0123456789"


@pytest.fixture
def busy(world: World, control: Connection, past: Past) -> World:
    """An index in each of two organizations that was asked something."""
    for name, project in (("movies", world.project), ("songs", world.their_project)):
        index = world.index(name, project=project)
        past.used(index, date(2026, 11, 25), read_units=7, write_units=5)
        asked = PastActivity(control).asked
        now = clock.now()
        asked(index, now, took_ms=[2, 2, 40], errors={"NOT_FOUND": 1}, held=Held(800, 20))
        asked(index, now, "Upsert", took_ms=[5])
        asked(index, now, "FetchByMetadata", took_ms=[5])
    return world


def scrape(caller: Caller, path: str) -> dict[str, float]:
    """By name with labels: the values of a scrape, with a key as bearer as Prometheus sends it."""
    response = Client().get(path, headers={"Authorization": f"Bearer {caller.key}"})
    assert response.status_code == 200, response.content
    assert response["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = response.content.decode().splitlines()
    samples = [line.rpartition(" ") for line in lines if not line.startswith("#")]
    return {name: float(value) for name, _, value in samples}


def test_the_series_of_an_index_by_rest(busy: World, caller: type[Caller]) -> None:
    response = caller(busy.key()[1]).call("GET", "/indexes/movies/metrics?range=1h")
    found = json.loads(response.content)
    assert (found["range"], found["step_seconds"], found["operation"]) == ("1h", 60, "Query")
    assert len(found["timestamps"]) == len(found["latency_ms"]["p99"]) == 60
    assert found["summary"]["requests"] == 6
    assert found["previous"] == {"requests": 0, "errors": 0, "latency_p95_ms": None}
    assert set(found["records"]) - {None} == {20}


@pytest.mark.parametrize("query", ["range=2h", "operation=Nothing"])
def test_what_is_not_known_is_refused(busy: World, caller: type[Caller], query: str) -> None:
    response = caller(busy.key()[1]).call("GET", f"/indexes/movies/metrics?{query}")
    assert response.status_code == 400


def test_prometheus_finds_and_scrapes_a_project(busy: World, caller: type[Caller]) -> None:
    ours = caller(busy.key()[1])
    for name in ("discover", "discovery"):
        path = f"/prometheus/projects/{busy.project.pk}/metrics/{name}"
        (target,) = json.loads(ours.call("GET", path).content)
        assert target["targets"] == [f"127.0.0.1:{environment().port}"]
        assert target["labels"]["__scheme__"] == "http"
    found = scrape(ours, target["labels"]["__metrics_path__"])
    labels = 'index_name="movies",cloud="aws",region="us-east-1",capacity_mode="serverless"'
    for name, value in {
        "record_total": 20, "storage_size_bytes": 800, "read_unit_total": 7, "write_unit_total": 5,
        "op_query_total": 4, "op_query_duration_total": 44, "op_upsert_total": 1,
        "op_fetch_total": 1, "op_update_total": 0, "op_delete_duration_total": 0,
    }.items():  # fmt: skip
        assert found[f"pinecone_db_{name}{{{labels}}}"] == value, name
    query = f'{labels},operation="Query"'
    assert found[f'stonepine_index_errors_total{{{query},code="NOT_FOUND"}}'] == 1
    assert found[f'stonepine_index_request_duration_seconds_bucket{{{query},le="0.005"}}'] == 2
    assert "songs" not in str(found)


def test_another_project_is_not_there(busy: World, caller: type[Caller]) -> None:
    ours, theirs = caller(busy.key()[1]), busy.their_project.pk
    for path in (f"/prometheus/projects/{theirs}/metrics/discovery",
                 f"/projects/{theirs}/metrics/export"):  # fmt: skip
        assert ours.call("GET", path).status_code == 404


def test_a_key_for_one_index_exports_that_one_only(busy: World, caller: type[Caller]) -> None:
    from access.actor import OPERATOR
    from indexes.models import Index
    from projects.api_keys import create_api_key
    from projects.key_bounds import Bounds

    other = busy.index("other")
    _, plain = create_api_key(OPERATOR, busy.project, name="one", bounds=Bounds((other.pk,)))
    found = scrape(caller(plain.value), f"/projects/{busy.project.pk}/metrics/export")
    assert Index.objects.using("system").count() == 3
    assert "movies" not in str(found)
    assert "other" in str(found)


@pytest.fixture
def with_token(installation: Path) -> Iterator[None]:
    """The operator has set a token."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STONEPINE_METRICS_TOKEN", TOKEN)
        environment.cache_clear()
        yield
    environment.cache_clear()


@pytest.mark.usefixtures("with_token")
def test_the_operator_alone_scrapes_the_installation(busy: World, caller: type[Caller]) -> None:
    found = scrape(caller(TOKEN), "/metrics")
    assert found['stonepine_requests_total{operation="Query"}'] == 8
    assert found['stonepine_errors_total{operation="Query",code="NOT_FOUND"}'] == 2
    assert found["stonepine_records"] == 40
    assert found["stonepine_storage_bytes"] == 1600
    assert found['stonepine_indexes{state="Initializing"}'] == 2
    assert found['stonepine_part_ready{part="database"}'] == 1
    assert "movies" not in str(found)
    for headers in ({}, {"Authorization": f"Bearer {busy.key()[1]}"}, {"Api-Key": TOKEN}):
        assert Client().get("/metrics", headers=headers).status_code == 401


def test_without_a_token_in_the_settings_there_is_nothing(world: World) -> None:
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer x"}):
        assert Client().get("/metrics", headers=headers).status_code == 404


def test_processes_are_told_of_as_the_supervisor_names_them(tmp_path: Path) -> None:
    status = tmp_path / "status.json"
    assert exposition(process_families(tmp_path)) == ""
    processes = [{"name": "web", "pid": os.getpid(), "restarts": 2},
                 {"name": "worker", "pid": None, "restarts": 0}]  # fmt: skip
    status.write_text(json.dumps({"processes": processes}))
    told = exposition(process_families(tmp_path))
    assert 'stonepine_process_restarts_total{process="web"} 2' in told
    assert 'stonepine_process_resident_memory_bytes{process="web"}' in told
    assert 'stonepine_process_restarts_total{process="worker"} 0' in told
    assert 'cpu_seconds_total{process="worker"}' not in told


def named(text: str) -> set[str]:
    return set(re.findall(r"\b(?:stonepine|pinecone)_[a-z_]+", text))


@pytest.mark.usefixtures("with_token")
@pytest.mark.parametrize("file", ["stonepine-project.json", "stonepine-alerts.yml"])
def test_what_dashboard_and_alerts_name_is_exported(
    busy: World, caller: type[Caller], tmp_path: Path, file: str
) -> None:
    project = scrape(caller(busy.key()[1]), f"/projects/{busy.project.pk}/metrics/export")
    exported = {name.partition("{")[0] for name in (*project, *scrape(caller(TOKEN), "/metrics"))}
    expressions = re.findall(r'"?expr"?: *(.*)', (DEPLOY / file).read_text())
    assert len(expressions) >= 5
    for expression in expressions:
        assert named(expression), expression
        assert named(expression) <= exported, expression
