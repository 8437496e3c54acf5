"""Each refusal reaches the caller as the client's own class, with the server's words."""

import os
import sys

from pinecone import Pinecone, ServerlessSpec
from pinecone.errors import ApiError, ConflictError, NotFoundError, UnauthorizedError

name = sys.argv[1]
pc = Pinecone()
spec = ServerlessSpec(cloud="aws", region="us-east-1")


def refusal(expected, status, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except expected as error:
        assert error.status_code == status, (status, error.status_code, error)
        return str(error)
    raise AssertionError(f"expected {expected.__name__}")


pc.create_index(name=name, dimension=3, metric="cosine", spec=spec)
index = pc.index(name)

refusal(ConflictError, 409, pc.create_index, name=name, dimension=3, metric="cosine", spec=spec)
refusal(NotFoundError, 404, pc.describe_index, "never-was")
refusal(NotFoundError, 404, pc.delete_index, "never-was")
nowhere = ServerlessSpec(cloud="nimbus", region="seven")
refusal(
    NotFoundError, 404, pc.create_index, name=f"{name}-b", dimension=3, metric="cosine",
    spec=nowhere,
)  # fmt: skip
refusal(ApiError, 400, index.query, vector=[1.0, 2.0], top_k=1)
refusal(ApiError, 400, index.query, vector=[1.0, 2.0, 3.0], top_k=1, filter={"a": {"$near": 1}})

stranger = Pinecone(api_key="pcsk_none_of_ours")
message = refusal(UnauthorizedError, 401, stranger.list_indexes)
assert "invalid api key" in message.lower(), message
host = pc.describe_index(name).host
refusal(UnauthorizedError, 401, stranger.index(host=host).describe_index_stats)
assert "none_of_ours" not in message
assert os.environ["PINECONE_API_KEY"] not in message

pc.delete_index(name)
