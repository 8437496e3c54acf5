"""A key of one index and one namespace, through the official client: the rest is not there."""

import sys

from pinecone import Pinecone
from pinecone.errors import ApiError

name, other, transport, key = sys.argv[1:5]
owner = Pinecone()
for index_name in (name, other):
    whole = owner.index(index_name, grpc=transport == "grpc")
    for namespace in ("mine", "theirs"):
        whole.upsert(
            vectors=[
                {"id": "a", "values": [1.0, 2.0, 3.0]},
                {"id": "b", "values": [3.0, 2.0, 1.0]},
            ],
            namespace=namespace,
        )

pc = Pinecone(api_key=key)
assert [index.name for index in pc.list_indexes()] == [name]


def refusal(act):
    try:
        act()
    except ApiError as error:
        return error
    raise AssertionError("it was allowed")


assert refusal(lambda: pc.describe_index(other)).status_code == 404
assert refusal(lambda: pc.delete_index(other)).status_code == 404
assert refusal(lambda: pc.delete_index(name)).status_code == 403

index = pc.index(name, grpc=transport == "grpc")
vector = [1.0, 2.0, 3.0]
assert len(index.query(vector=vector, top_k=5, namespace="mine").matches) == 2
assert not index.query(vector=vector, top_k=5, namespace="theirs").matches
assert not index.fetch(ids=["a"], namespace="theirs").vectors
stats = index.describe_index_stats()
assert set(stats.namespaces) == {"mine"}, stats
assert stats.total_vector_count == 2
index.upsert(vectors=[{"id": "c", "values": vector}], namespace="mine")
index.delete(ids=["c"], namespace="mine")
for act in (
    lambda: index.upsert(vectors=[{"id": "c", "values": vector}], namespace="theirs"),
    lambda: index.delete(delete_all=True, namespace="theirs"),
):
    assert "theirs" not in str(refusal(act))

host = owner.describe_index(other).host
elsewhere = pc.index(host=host, grpc=transport == "grpc")
assert "not found" in str(refusal(lambda: elsewhere.query(vector=vector, top_k=1))).lower()
