{% load snippet %}{% autoescape off %}{% if is_long %}import { readFileSync } from 'node:fs';
{% endif %}import { Pinecone } from '@pinecone-database/pinecone';

const index = new Pinecone().index({ host: {{ host|quoted }}, namespace: {{ question.namespace|quoted }} });
{% if is_long %}const vector = JSON.parse(readFileSync('vector.json', 'utf8')); // the numbers you asked with
{% endif %}const { matches } = await index.query({ {% if question.id %}
  id: {{ question.id|quoted }},{% elif is_long %}
  vector,{% elif question.vector %}
  vector: {{ vector }},{% endif %}{% if sparse %}
  sparseVector: {{ sparse|json_text }},{% endif %}
  topK: {{ question.top_k }},{% if filter %}
  filter: {{ filter|json_text }},{% endif %}
  includeMetadata: true,{% if question.include_values %}
  includeValues: true,{% endif %}
});
for (const { id, score, metadata } of matches) console.log(id, score, metadata);{% endautoescape %}
