"""A bulk import from a local folder through the official client: started, watched, listed."""

import sys
import time

from pinecone import Pinecone, ServerlessSpec
from pinecone.errors import ApiError

name, transport, uri = sys.argv[1:4]
pc = Pinecone()
pc.create_index(
    name=name, dimension=4, metric="cosine", spec=ServerlessSpec(cloud="aws", region="us-east-1")
)
index = pc.index(name, grpc=transport == "grpc")


def refused(act):
    try:
        act()
    except ApiError as error:
        return error.status_code
    raise AssertionError("it was allowed")


def finished(import_id):
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        found = index.describe_import(import_id)
        if found.status not in ("Pending", "InProgress"):
            return found
        time.sleep(0.2)
    raise AssertionError(found)


started = index.start_import(uri=uri, error_mode="abort")
found = finished(started.id)
assert (found.status, found.records_imported) == ("Completed", 1500), found
assert found.percent_complete == 100.0
assert found.uri == uri
assert found.error is None
stats = index.describe_index_stats()
assert stats.namespaces["films"].vector_count == 1500, stats
fetched = index.fetch(ids=["r1499"], namespace="films").vectors["r1499"]
assert list(fetched.values) == [1499.0, 1.0, 1.0, 1.0]
assert fetched.metadata == {"number": 1499}

again = finished(index.start_import(uri=uri).id)
assert again.status == "Failed", again
assert "holds records already" in again.error
index.cancel_import(again.id)
assert index.describe_import(again.id).status == "Failed"
assert [one.id for one in index.list_imports(limit=1)] == [again.id, started.id]
assert refused(lambda: index.start_import(uri="file:///etc")) == 400
assert refused(lambda: index.describe_import("101")) == 404
pc.delete_index(name)
