{% load snippet %}{% autoescape off %}export PINECONE_API_KEY={{ key|quoted }}
export PINECONE_CONTROLLER_HOST={{ base_url|quoted }}{% endautoescape %}
