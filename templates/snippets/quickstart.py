{% autoescape off %}# pip install pinecone
from pinecone import Pinecone, ServerlessSpec

pc = Pinecone()
pc.create_index(
    name="quickstart", dimension=3, metric="cosine",
    spec=ServerlessSpec(cloud="aws", region="us-east-1"),
)
index = pc.Index("quickstart")
index.upsert(vectors=[
    {"id": "a", "values": [0.1, 0.9, 0.2], "metadata": {"language": "en"}},
    {"id": "b", "values": [0.8, 0.1, 0.3], "metadata": {"language": "de"}},
])
print(index.query(vector=[0.1, 0.8, 0.3], top_k=1, include_metadata=True)){% endautoescape %}
