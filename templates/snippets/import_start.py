{% load snippet %}{% autoescape off %}from pinecone import Pinecone

index = Pinecone().Index(host={{ host|quoted }})
started = index.start_import(
    uri={{ uri|quoted }},
    error_mode={{ on_error|quoted }},{% if integration %}
    integration_id={{ integration|quoted }},{% endif %}
)
print(index.describe_import(started.id).status){% endautoescape %}
