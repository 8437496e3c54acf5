"""Every call of the data plane through the official client, over REST or gRPC."""

import sys

from pinecone import Pinecone, ServerlessSpec
from pinecone.errors import ApiError

name, transport = sys.argv[1:3]
pc = Pinecone()
pc.create_index(
    name=name, dimension=3, metric="euclidean",
    spec=ServerlessSpec(cloud="aws", region="us-east-1"),
)  # fmt: skip
index = pc.index(name, grpc=transport == "grpc")

COLOURS = ("red", "green", "blue")


def record(number):
    return {
        "id": f"r-{number:02d}",
        "values": [float(number), 0.5, 1.0],
        "metadata": {"colour": COLOURS[number % 3], "n": number, "even": number % 2 == 0},
    }


def ids(answer):
    return [match.id for match in answer.matches]


for namespace in ("", "second"):
    answer = index.upsert(vectors=[record(n) for n in range(25)], namespace=namespace)
    assert answer.upserted_count == 25, answer

# Query by vector and by id: order, scores, what is included.
answer = index.query(vector=[3.0, 0.5, 1.0], top_k=3, include_values=True, include_metadata=True)
assert ids(answer)[0] == "r-03", answer
assert set(ids(answer)) == {"r-02", "r-03", "r-04"}
assert abs(answer.matches[0].score) < 1e-6
assert list(answer.matches[0].values) == [3.0, 0.5, 1.0]
assert answer.matches[0].metadata == {"colour": "red", "n": 3, "even": False}
bare = index.query(id="r-07", top_k=1).matches[0]
assert bare.id == "r-07"
assert not bare.metadata
assert not bare.values

# Filters.
for condition, expected in [
    ({"colour": "red"}, {n for n in range(25) if n % 3 == 0}),
    ({"colour": {"$ne": "red"}}, {n for n in range(25) if n % 3}),
    ({"n": {"$gt": 20}}, {21, 22, 23, 24}),
    ({"n": {"$gte": 20, "$lt": 22}}, {20, 21}),
    ({"n": {"$lte": 1}}, {0, 1}),
    ({"colour": {"$in": ["red", "blue"]}}, {n for n in range(25) if n % 3 != 1}),
    ({"colour": {"$nin": ["red", "blue"]}}, {n for n in range(25) if n % 3 == 1}),
    ({"even": True}, set(range(0, 25, 2))),
    ({"missing": {"$exists": False}}, set(range(25))),
    ({"missing": {"$exists": True}}, set()),
    ({"$and": [{"even": True}, {"n": {"$lt": 5}}]}, {0, 2, 4}),
    ({"$or": [{"n": 1}, {"n": 24}]}, {1, 24}),
]:
    found = {
        int(one[2:]) for one in ids(index.query(vector=[1, 1, 1], top_k=100, filter=condition))
    }
    assert found == expected, (condition, found)

# Fetch, with an id that is not there, and by metadata.
fetched = index.fetch(ids=["r-01", "r-02", "nobody"], namespace="second").vectors
assert set(fetched) == {"r-01", "r-02"}
assert list(fetched["r-02"].values) == [2.0, 0.5, 1.0]
if hasattr(index, "fetch_by_metadata"):  # the older client's gRPC index lacks it
    by_metadata = index.fetch_by_metadata(filter={"n": {"$lt": 4}}, limit=3)
    assert len(by_metadata.vectors) == 3
    assert by_metadata.pagination.next

# List, page by page.
page = index.list_paginated(prefix="r-1", limit=4)
pages = [[item.id for item in page.vectors]]
while page.pagination and page.pagination.next:
    page = index.list_paginated(prefix="r-1", limit=4, pagination_token=page.pagination.next)
    pages.append([item.id for item in page.vectors])
assert [one for ids_ in pages for one in ids_] == [f"r-1{n}" for n in range(10)], pages
assert max(map(len, pages)) <= 4

# Update: metadata merges, values replace; by filter.
index.update(id="r-05", set_metadata={"colour": "white", "new": ["a", "b"]})
index.update(id="r-06", values=[9.0, 9.0, 9.0])
changed = index.fetch(ids=["r-05", "r-06"]).vectors
assert changed["r-05"].metadata == {
    "colour": "white", "n": 5, "even": False, "new": ["a", "b"],
}  # fmt: skip
assert list(changed["r-06"].values) == [9.0, 9.0, 9.0]
assert changed["r-06"].metadata["n"] == 6
index.update(filter={"n": {"$gte": 23}}, set_metadata={"late": True})
assert set(ids(index.query(vector=[1, 1, 1], top_k=9, filter={"late": True}))) == {"r-23", "r-24"}
index.update(id="nobody", set_metadata={"a": 1})
assert not index.fetch(ids=["nobody"]).vectors

# Delete: by id, by filter, all.
index.delete(ids=["r-00", "r-01", "nobody"])
index.delete(filter={"n": {"$gte": 20}})
left = [item.id for page in index.list() for item in page.vectors]
assert left == [f"r-{n:02d}" for n in range(2, 20)], left
stats = index.describe_index_stats()
counts = {key: space.vector_count for key, space in stats.namespaces.items()}
assert counts.pop("second") == 25
assert list(counts.values()) == [18], counts
assert (stats.total_vector_count, stats.dimension) == (43, 3)
index.delete(delete_all=True, namespace="second")
assert not index.query(vector=[1, 1, 1], top_k=5, namespace="second").matches

# Namespaces.
index.upsert(vectors=[record(1)], namespace="third")
names = {space.name for page in index.list_namespaces() for space in page.namespaces}
assert "third" in names, names
assert int(index.describe_namespace(name="third").record_count) == 1
index.delete_namespace(name="third")
try:
    index.describe_namespace(name="third")
except ApiError as missing:
    assert missing.status_code == 404, missing
else:
    raise AssertionError("a deleted namespace is still described")

# A vector of another dimension is refused and changes nothing.
for wrong in ([1.0, 2.0], [1.0, 2.0, 3.0, 4.0]):
    try:
        index.upsert(vectors=[{"id": "wrong", "values": wrong}])
    except ApiError as refusal:
        assert refusal.status_code == 400, refusal
        assert "dimension" in str(refusal).lower(), refusal
    else:
        raise AssertionError(f"{wrong} was taken by an index of dimension 3")
assert "wrong" not in index.fetch(ids=["wrong"]).vectors

pc.delete_index(name)
