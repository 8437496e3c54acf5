"""What one version of the client creates, the other lists, describes and deletes."""

import sys

from pinecone import Pinecone, ServerlessSpec

act, name = sys.argv[1:3]
pc = Pinecone()
if act == "create":
    pc.create_index(
        name=name, dimension=7, metric="euclidean", tags={"by": "this client"},
        spec=ServerlessSpec(cloud="aws", region="us-east-1"),
    )  # fmt: skip
    pc.create_index(
        name=f"{name}-sparse", vector_type="sparse", metric="dotproduct",
        spec=ServerlessSpec(cloud="aws", region="us-east-1"),
    )  # fmt: skip
elif act == "see":
    listed = {index.name: index for index in pc.list_indexes()}
    assert {name, f"{name}-sparse"} <= listed.keys(), listed.keys()
    for index in (listed[name], pc.describe_index(name)):
        assert (index.dimension, index.metric) == (7, "euclidean")
        assert index.status.ready
        assert dict(index.tags) == {"by": "this client"}
    assert listed[f"{name}-sparse"].metric == "dotproduct"
else:
    pc.delete_index(name)
    pc.delete_index(f"{name}-sparse")
