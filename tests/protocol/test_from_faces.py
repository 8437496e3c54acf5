"""Both faces decode into the same forms."""

import numpy as np
import pytest

from kit.errors import InvalidArgument
from protocol import from_json, from_proto
from protocol.v1 import vector_service_pb2 as pb


def test_an_upsert_reads_alike_from_json_and_from_proto() -> None:
    json = (
        b'{"namespace":"n","vectors":[{"id":"a","values":[0.1,2,-3.5],'
        b'"sparseValues":{"indices":[7,4294967295],"values":[0.5,1]},'
        b'"metadata":{"genre":"x","year":2020,"ratio":0.5,"ok":true,"tags":["p","q"]}}]}'
    )
    request = pb.UpsertRequest(namespace="n")
    vector = request.vectors.add(id="a", values=[0.1, 2, -3.5])
    vector.sparse_values.indices.extend([7, 2**32 - 1])
    vector.sparse_values.values.extend([0.5, 1])
    vector.metadata.update(
        {"genre": "x", "year": 2020, "ratio": 0.5, "ok": True, "tags": ["p", "q"]}
    )
    assert from_json.upsert(json) == from_proto.upsert(request.SerializeToString())


def test_a_query_reads_alike_from_json_and_from_proto() -> None:
    json = (
        b'{"topK":3,"vector":[1,2],"filter":{"$and":[{"a":{"$in":[1,2.5]}},{"b":"x"}]},'
        b'"includeMetadata":true}'
    )
    request = pb.QueryRequest(top_k=3, vector=[1, 2], include_metadata=True)
    request.filter.update({"$and": [{"a": {"$in": [1, 2.5]}}, {"b": "x"}]})
    assert from_json.query(json) == from_proto.query(request.SerializeToString())


def test_numbers_are_rounded_to_float32_as_numpy_does() -> None:
    numbers = [0.1, 1 / 3, 1e-45, 3.4028235e38, -0.0]
    assert from_json.float32_bytes(numbers) == np.array(numbers, dtype="<f4").tobytes()


def test_a_number_beyond_float32_becomes_an_infinity() -> None:
    values = np.frombuffer(from_json.float32_bytes([1.0, 1e39]), dtype="<f4")
    assert values.tolist() == [1.0, float("inf")]


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (b'{"vectors":[{"id":"a","values":[1,NaN]}]}', "not valid JSON"),
        (b'{"vectors":[{"id":"a","values":[1,1e400]}]}', "vectors[0].values[1]: Number out of"),
        (b'{"vectors":[{"id":"a","values":[1,null]}]}', "vectors[0].values[1]: Expected `float`"),
        (b'{"vectors":[{"id":"a","values":["1"]}]}', "vectors[0].values[0]"),
        (b'{"vectors":[{"id":7}]}', "vectors[0].id: Expected `str`"),
        (b'{"vectors":[{"id":"\xff"}]}', "not valid UTF-8"),
        (b'{"vectors":', "not valid JSON"),
        (b"", "not valid JSON"),
        (b"[]", "Expected `object`"),
        (b'{"vectors":[{"id":"a","sparseValues":{"indices":[-1],"values":[1]}}]}', "indices[0]"),
        (b'{"vectors":[{"id":"a","sparseValues":{"indices":[4294967296]}}]}', "indices[0]"),
    ],
)
def test_a_wrong_body_is_refused_with_the_place(body: bytes, part: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        from_json.upsert(body)
    assert part in refusal.value.message


def test_deep_nesting_is_refused_and_does_not_crash() -> None:
    deep = b'{"topK":1,"filter":{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}}"
    with pytest.raises(InvalidArgument):
        from_json.query(deep)


def test_a_message_that_is_cut_off_is_refused() -> None:
    whole = pb.UpsertRequest(vectors=[pb.Vector(id="abc", values=[1, 2])]).SerializeToString()
    with pytest.raises(InvalidArgument):
        from_proto.upsert(whole[:-3])


def test_a_string_that_is_not_utf8_is_refused_over_grpc() -> None:
    with pytest.raises(InvalidArgument):
        from_proto.describe_namespace(b"\x0a\x02\xff\xfe")


def test_nan_in_metadata_is_refused_over_grpc() -> None:
    request = pb.UpsertRequest(vectors=[pb.Vector(id="a", values=[1])])
    request.vectors[0].metadata.update({"x": float("nan")})
    with pytest.raises(InvalidArgument, match="x: nan is not a finite number"):
        from_proto.upsert(request.SerializeToString())
