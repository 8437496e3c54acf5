{% load snippet %}{% autoescape off %}{% if is_long %}import json
from pathlib import Path

{% endif %}from pinecone import Pinecone{% if sparse %}, SparseValues{% endif %}

index = Pinecone().Index(host={{ host|quoted }})
{% if is_long %}vector = json.loads(Path("vector.json").read_text())  # the numbers you asked with
{% endif %}found = index.query(
    namespace={{ question.namespace|quoted }},{% if question.id %}
    id={{ question.id|quoted }},{% elif is_long %}
    vector=vector,{% elif question.vector %}
    vector={{ vector }},{% endif %}{% if sparse %}
    sparse_vector=SparseValues(
        indices={{ sparse.indices|literal }}, values={{ sparse.values|literal }}
    ),{% endif %}
    top_k={{ question.top_k }},{% if filter %}
    filter={{ filter|literal }},{% endif %}
    include_metadata=True,{% if question.include_values %}
    include_values=True,{% endif %}
)
for match in found.matches:
    print(match.id, match.score, match.metadata){% endautoescape %}
