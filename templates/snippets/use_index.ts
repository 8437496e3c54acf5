{% load snippet %}{% autoescape off %}import { Pinecone } from '@pinecone-database/pinecone';

const index = new Pinecone().index({ host: {{ host|quoted }} });
const vector = Array({{ dimension|number }}).fill(0.1); // from your embedding model
await index.upsert({ records: [
  { id: 'a', values: vector, metadata: { language: 'en' } },
] });
console.log(await index.query({
  vector, topK: 3, includeMetadata: true, filter: { language: 'en' },
}));{% endautoescape %}
