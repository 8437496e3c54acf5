{% load snippet %}{% autoescape off %}import { Pinecone } from '@pinecone-database/pinecone';

const pc = new Pinecone();
await pc.indexes.create({
  name: {{ name|quoted }},
  schema: { fields: {
    _values: { type: 'dense_vector', dimension: {{ dimension|number }}, metric: {{ metric|quoted }} },
  } },
  deployment: { deploymentType: 'managed', cloud: 'aws', region: 'us-east-1' },{% if is_protected %}
  deletionProtection: 'enabled',{% endif %}
  waitUntilReady: true,
});{% endautoescape %}
