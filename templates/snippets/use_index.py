{% load snippet %}{% autoescape off %}from pinecone import Pinecone

index = Pinecone().Index(host={{ host|quoted }})
vector = [0.1] * {{ dimension|number }}  # from your embedding model
index.upsert(vectors=[{
    "id": "a", "values": vector,
    "metadata": {"language": "en"},
}])
print(index.query(
    vector=vector, top_k=3, include_metadata=True,
    filter={"language": "en"},
)){% endautoescape %}
