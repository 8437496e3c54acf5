"""The official Python clients, old and new, against a running stack."""

import pytest

from tests.support.clients import NEWEST, OLDER, VERSIONS, run_scenario
from tests.support.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_index_lives_its_life(stack: Stack, name: str, version: str) -> None:
    run_scenario(stack, "index_lifecycle", name, version=version)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("transport", ["rest", "grpc"])
def test_every_data_call_works(stack: Stack, name: str, version: str, transport: str) -> None:
    run_scenario(stack, "data_plane", name, transport, version=version)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_async_client_works(stack: Stack, name: str, version: str) -> None:
    run_scenario(stack, "async_client", name, version=version)


@pytest.mark.parametrize("version", VERSIONS)
def test_refusals_arrive_as_the_clients_own_errors(stack: Stack, name: str, version: str) -> None:
    run_scenario(stack, "error_classes", name, version=version)


@pytest.mark.parametrize(("creator", "reader"), [(OLDER, NEWEST), (NEWEST, OLDER)])
def test_both_versions_see_each_others_indexes(
    stack: Stack, name: str, creator: str, reader: str
) -> None:
    run_scenario(stack, "seen_by_all", "create", name, version=creator)
    run_scenario(stack, "seen_by_all", "see", name, version=reader)
    run_scenario(stack, "seen_by_all", "delete", name, version=reader)
