"""The generated code is fresh, every error has a status, and every known version has its name."""

import pytest

from kit.errors import ErrorCode, InvalidArgument
from protocol.generate import stale_files
from protocol.status import STATUS
from protocol.v1 import vector_service_pb2 as pb
from protocol.versions import NEWEST_STABLE, ApiVersion, parse_version


def test_generated_code_is_what_the_protos_say() -> None:
    assert stale_files() == []


def test_every_error_code_has_a_status_on_both_faces() -> None:
    assert set(STATUS) == set(ErrorCode)


def test_the_service_is_called_as_official_clients_call_it() -> None:
    service = pb.DESCRIPTOR.services_by_name["VectorService"]
    assert service.full_name == "VectorService"
    assert len(service.methods) == 12


@pytest.mark.parametrize(
    ("message", "field", "number"),
    [
        (pb.Vector, "metadata", 3),
        (pb.Vector, "sparse_values", 4),
        (pb.ScoredVector, "metadata", 4),
        (pb.ScoredVector, "sparse_values", 5),
        (pb.QueryRequest, "vector", 7),
        (pb.QueryRequest, "sparse_vector", 9),
        (pb.UpdateRequest, "set_metadata", 3),
        (pb.UpdateRequest, "dry_run", 7),
    ],
)
def test_fields_have_the_numbers_of_the_wire(message: type, field: str, number: int) -> None:
    assert message.DESCRIPTOR.fields_by_name[field].number == number


def test_no_version_means_the_newest_stable_one() -> None:
    assert parse_version(None) is NEWEST_STABLE
    assert parse_version("2025-04") is ApiVersion.V2025_04


@pytest.mark.parametrize("name", ["2023-01", "latest", "2026-07 ", "x" * 500])
def test_an_unknown_version_is_refused(name: str) -> None:
    with pytest.raises(InvalidArgument, match="Unknown API version"):
        parse_version(name)
