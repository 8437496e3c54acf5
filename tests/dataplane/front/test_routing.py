"""Every path leads to one operation, whatever a client does to its slashes."""

from uuid import UUID

import pytest

from access.permissions import Permission
from dataplane.front.operations import OPERATIONS
from dataplane.front.rest_input import RestInput, read_query, split_index_prefix
from dataplane.front.routing import MethodNotAllowed, find
from kit.errors import InvalidArgument, NotFound

_ID = UUID(int=7)


def test_every_method_of_the_service_has_a_route_and_a_data_right() -> None:
    assert len(OPERATIONS) == 12
    for operation in OPERATIONS:
        assert operation.routes
        assert operation.permission in {Permission.DATA_READ, Permission.DATA_WRITE}


@pytest.mark.parametrize(
    ("method", "path", "name", "namespace"),
    [
        ("POST", "/query", "Query", ""),
        ("GET", "/namespaces", "ListNamespaces", ""),
        ("GET", "/namespaces/a%2Fb", "DescribeNamespace", "a/b"),
        ("DELETE", "/namespaces/__default__", "DeleteNamespace", "__default__"),
        ("DELETE", "/vectors/delete", "Delete", ""),
        ("GET", "/describe_index_stats", "DescribeIndexStats", ""),
    ],
)
def test_a_path_finds_its_operation(method: str, path: str, name: str, namespace: str) -> None:
    found = find(method, path)
    assert (found.operation.name, found.namespace) == (name, namespace)


@pytest.mark.parametrize("path", ["/", "/nothing", "/query/x", "/namespaces/a/b", "/namespaces/"])
def test_an_unknown_path_is_not_found(path: str) -> None:
    with pytest.raises(NotFound):
        find("GET", path)


def test_a_wrong_method_names_the_right_ones() -> None:
    with pytest.raises(MethodNotAllowed) as refusal:
        find("PUT", "/vectors/delete")
    assert refusal.value.allowed == ["DELETE", "POST"]


@pytest.mark.parametrize(
    "path",
    ["/records/namespaces/x/search", "/namespaces/x/documents/search"],
)
def test_the_other_apis_are_named(path: str) -> None:
    with pytest.raises(NotFound, match="speaks the Vectors API"):
        find("POST", path)


@pytest.mark.parametrize(
    ("raw", "index_id", "path"),
    [
        (b"/query", None, "/query"),
        (b"//query", None, "/query"),
        (f"/i/{_ID}/query".encode(), _ID, "/query"),
        (f"/i/{_ID}//query".encode(), _ID, "/query"),
        (f"/i/{_ID}".encode(), _ID, "/"),
    ],
)
def test_the_index_may_stand_in_the_path(raw: bytes, index_id: UUID | None, path: str) -> None:
    assert split_index_prefix(raw) == (index_id, path)


def test_what_is_no_index_id_is_an_index_that_is_not_there() -> None:
    with pytest.raises(NotFound, match="Index not found"):
        split_index_prefix(b"/i/nonsense/query")


def test_query_values_are_text_and_numbers() -> None:
    rest = RestInput(read_query(b"ids=a&ids=b%2Fc&limit=7&prefix="))
    assert (rest.texts("ids"), rest.number("limit"), rest.text("prefix")) == (["a", "b/c"], 7, "")
    assert rest.number("missing") is None


@pytest.mark.parametrize("query", [b"limit=x", b"limit=1.5", b"limit=\xb2", b"limit=1&limit=2"])
def test_a_wrong_number_is_refused(query: bytes) -> None:
    with pytest.raises(InvalidArgument):
        RestInput(read_query(query)).number("limit")


def test_a_query_string_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="not valid UTF-8"):
        read_query(b"prefix=%ff")
