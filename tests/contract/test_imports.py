"""Bulk imports through the official clients and the whole stack: worker, importer, engine."""

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.dataplane.importer.conftest import numbered
from tests.support.clients import NEWEST, OLDER, run_client, run_scenario, typescript_folder
from tests.support.stack import Stack
from tests.support.waiting import wait_until
from tests.support.wire import Wire

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def uri(import_folder: Path) -> str:
    folder = import_folder / "export" / "films"
    folder.mkdir(parents=True)
    pq.write_table(numbered(1000), folder / "a.parquet")
    pq.write_table(numbered(500, start=1000), folder / "b.parquet")
    return f"file://{folder.parent}"


@pytest.mark.parametrize(("version", "transport"), [(OLDER, "rest"), (NEWEST, "grpc")])
def test_a_folder_is_imported(
    stack: Stack, name: str, uri: str, version: str, transport: str
) -> None:
    run_scenario(stack, "bulk_import", name, transport, uri, version=version)


def test_the_typescript_client_imports(
    stack: Stack, name: str, uri: str, open_index: Callable[..., Wire]
) -> None:
    open_index(dimension=4)
    folder = typescript_folder()
    command = ["node", "dist/import.js", "--index", name, "--uri", uri]
    printed = run_client(stack, command, cwd=folder)
    assert printed.strip() == "Completed: 1500 records, 100 %, listed: true"


def test_an_operator_imports(
    stack: Stack, name: str, uri: str, open_index: Callable[..., Wire]
) -> None:
    open_index(dimension=4)
    place = (stack.facts["organization_id"], stack.facts["project_id"], name)

    def run(act: str, *more: str) -> str:
        result = stack.run("import", act, *place, *more, "--home", str(stack.home))
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    started = run("start", uri)
    wait_until(lambda: "Completed" in run("list"), timeout_s=180, every_s=1, what="it is done")
    assert run("list") == f"{started}  Completed  100.0  1500  {uri}"
    assert run("cancel", started) == f"{started} is not under way any more."
    assert "Completed" in run("list")


def test_an_operator_keeps_integrations_for_a_project(stack: Stack) -> None:
    def integration(act: str, *more: str) -> str:
        place = (stack.facts["organization_id"], stack.facts["project_id"])
        result = stack.run("integration", act, *place, *more, "--home", str(stack.home))
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    made = integration("add", "lake", "--provider", "s3", "--region", "eu-west-1")
    others = integration("list").splitlines()  # of tests that came before
    others.remove(f"{made}  lake  s3  eu-west-1")
    assert integration("remove", "lake") == "lake is gone."
    assert integration("list").splitlines() == others
