"""A known amount of work on an index that is made, used and deleted again."""

import sys

from pinecone import Pinecone, ServerlessSpec

name = sys.argv[1]
pc = Pinecone()
host = pc.create_index(
    name=name, dimension=8, metric="cosine", spec=ServerlessSpec(cloud="aws", region="us-east-1")
).host
index = pc.Index(host=host)

# 32 bytes of values, 4 of id, 1,002 of metadata each: tests/contract/test_usage.py counts them.
metadata = {"t": "x" * 994}
records = [{"id": f"r{n:03}", "values": [1.0] * 8, "metadata": metadata} for n in range(100)]
assert index.upsert(vectors=records).upserted_count == 100
for _ in range(7):
    index.query(vector=[1.0] * 8, top_k=3)
index.fetch(ids=[f"r{n:03}" for n in range(25)])
index.delete(ids=["r000"])
pc.delete_index(name)
