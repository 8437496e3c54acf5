"""Both faces tell the same reply, with the bits that were stored."""

import json
from dataclasses import dataclass, field

import numpy as np

from protocol import to_json, to_proto
from protocol.replies import ReplyContext
from protocol.v1 import vector_service_pb2 as pb
from protocol.versions import ApiVersion

_NEW = ReplyContext("", ApiVersion.V2026_07)
_OLD = ReplyContext("", ApiVersion.V2025_01)


@dataclass
class Sparse:
    indices: bytes
    values: bytes


@dataclass
class Hit:
    id: str
    score: float
    values: bytes = b""
    sparse: Sparse | None = None
    metadata: bytes | None = None


@dataclass
class Hits:
    matches: list[Hit]
    read_units: int = 1


@dataclass
class Space:
    name: str
    record_count: int
    schema: bytes | None = None
    indexed_fields: list[str] = field(default_factory=list)
    size_bytes: int = 0


@dataclass
class Spaces:
    namespaces: list[Space]
    total_count: int = 1
    next_after_name: str | None = None
    dimension: int | None = 3
    metric: str = "cosine"
    vector_type: str = "dense"


def _hits() -> Hits:
    sparse = Sparse(
        np.array([1, 300, 2**32 - 1], dtype="<u4").tobytes(),
        np.array([0.1, 0.2, 0.3], dtype="<f4").tobytes(),
    )
    values = np.random.default_rng(7).standard_normal(300).astype("<f4").tobytes()
    return Hits([Hit("a", 0.9, values, sparse, b'{"year":2020,"tags":["x"]}'), Hit("b", 0.5)])


def test_values_come_back_with_the_same_bits_over_json() -> None:
    body = json.loads(to_json.matches(_hits(), _NEW))
    values = np.array(body["matches"][0]["values"], dtype="<f4").tobytes()
    assert values == _hits().matches[0].values


def test_values_come_back_with_the_same_bits_over_proto() -> None:
    response = pb.QueryResponse.FromString(to_proto.matches(_hits(), _NEW))
    assert np.array(response.matches[0].values, "<f4").tobytes() == _hits().matches[0].values
    assert list(response.matches[0].sparse_values.indices) == [1, 300, 2**32 - 1]
    assert response.matches[0].metadata["year"] == 2020


def test_2026_07_tells_how_many_bytes_a_reply_holds() -> None:
    for context, tells in ((_NEW, True), (_OLD, False)):
        usage = json.loads(to_json.matches(_hits(), context))["usage"]
        message = pb.QueryResponse.FromString(to_proto.matches(_hits(), context)).usage
        assert (usage.get("egressBytes", 0) > 3000) is tells
        assert (message.egress_bytes > 1200) is tells
        assert usage["readUnits"] == message.read_units == 1


def test_a_score_is_written_as_short_as_float32_allows() -> None:
    assert b'"score":0.9,' in to_json.matches(_hits(), _NEW)


def test_what_a_hit_lacks_is_left_out() -> None:
    assert json.loads(to_json.matches(_hits(), _NEW))["matches"][1] == {"id": "b", "score": 0.5}


def test_counts_are_strings_since_2026_07_and_numbers_before() -> None:
    spaces = Spaces([Space("", 5)])
    assert json.loads(to_json.namespace(spaces, _NEW)) == {
        "name": "__default__", "record_count": "5", "size_bytes": "0",
    }  # fmt: skip
    assert json.loads(to_json.namespace(spaces, _OLD)) == {
        "name": "__default__", "record_count": 5,
    }  # fmt: skip


def test_the_default_namespace_has_a_name_in_stats_since_2025_04() -> None:
    spaces = Spaces([Space("", 5), Space("n", 2)], total_count=7)
    new, old = json.loads(to_json.stats(spaces, _NEW)), json.loads(to_json.stats(spaces, _OLD))
    assert set(new["namespaces"]) == {"__default__", "n"}
    assert set(old["namespaces"]) == {"", "n"}
    assert new["totalVectorCount"] == 7
    assert pb.DescribeIndexStatsResponse.FromString(to_proto.stats(spaces, _OLD)).namespaces[
        ""
    ].vector_count == 5  # fmt: skip


def test_a_schema_reads_alike_on_both_faces() -> None:
    space = Space("n", 0, b'{"fields":{"genre":{"filterable":true}}}', ["genre"])
    body = json.loads(to_json.namespace(Spaces([space]), _NEW))
    message = pb.NamespaceDescription.FromString(to_proto.namespace(Spaces([space]), _NEW))
    assert body["schema"] == {"fields": {"genre": {"filterable": True}}}
    assert message.schema.fields["genre"].filterable
    assert body["indexed_fields"]["fields"] == list(message.indexed_fields.fields) == ["genre"]
