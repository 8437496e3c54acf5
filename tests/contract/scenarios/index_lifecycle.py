"""Create, list, describe, configure, protect and delete an index with the official client."""

import sys
import time

from pinecone import Pinecone, ServerlessSpec
from pinecone.errors import ForbiddenError, NotFoundError

name = sys.argv[1]
pc = Pinecone()

started = time.monotonic()
created = pc.create_index(
    name=name,
    dimension=12,
    metric="dotproduct",
    spec=ServerlessSpec(cloud="aws", region="us-east-1"),
    tags={"team": "search", "stage": "test"},
)
took = time.monotonic() - started
assert took < 2.5, f"create_index took {took:.2f} s: not ready at the client's first look"
assert created.name == name
assert created.status.ready
assert created.status.state == "Ready"

described = pc.describe_index(name)
assert (described.dimension, described.metric, described.vector_type) == (12, "dotproduct", "dense")
assert described.deletion_protection == "disabled"
assert dict(described.tags) == {"team": "search", "stage": "test"}
assert described.host.startswith("http://127.0.0.1:"), described.host
assert name in pc.list_indexes().names()
assert pc.has_index(name)

pc.configure_index(name, tags={"stage": "", "owner": "alice"}, deletion_protection="enabled")
configured = pc.describe_index(name)
assert dict(configured.tags) == {"team": "search", "owner": "alice"}, configured.tags
assert configured.deletion_protection == "enabled"

try:
    pc.delete_index(name)
except ForbiddenError as refusal:
    assert "deletion protection" in str(refusal).lower(), refusal
else:
    raise AssertionError("a protected index was deleted")

pc.configure_index(name, deletion_protection="disabled")
pc.delete_index(name)
assert not pc.has_index(name)
assert name not in pc.list_indexes().names()
try:
    pc.describe_index(name)
except NotFoundError as missing:
    assert missing.status_code == 404
else:
    raise AssertionError("a deleted index is still described")

sparse = f"{name}-sparse"
pc.create_index(
    name=sparse, vector_type="sparse", metric="dotproduct",
    spec=ServerlessSpec(cloud="aws", region="us-east-1"),
)  # fmt: skip
assert pc.describe_index(sparse).vector_type in {"sparse", None}
pc.delete_index(sparse)
