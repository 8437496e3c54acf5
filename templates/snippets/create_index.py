{% load snippet %}{% autoescape off %}from pinecone import Pinecone, ServerlessSpec

pc = Pinecone()
pc.create_index(
    name={{ name|quoted }},
    dimension={{ dimension|number }},
    metric={{ metric|quoted }},
    spec=ServerlessSpec(
        cloud="aws", region="us-east-1"
    ),{% if is_protected %}
    deletion_protection="enabled",{% endif %}
){% endautoescape %}
