{% autoescape off %}// npm install @pinecone-database/pinecone
import { Pinecone } from '@pinecone-database/pinecone';

const pc = new Pinecone();
const { host } = await pc.indexes.create({
  name: 'quickstart',
  schema: { fields: { _values: { type: 'dense_vector', dimension: 3, metric: 'cosine' } } },
  deployment: { deploymentType: 'managed', cloud: 'aws', region: 'us-east-1' },
  waitUntilReady: true,
});
const index = pc.index({ host });
await index.upsert({ records: [
  { id: 'a', values: [0.1, 0.9, 0.2], metadata: { language: 'en' } },
  { id: 'b', values: [0.8, 0.1, 0.3], metadata: { language: 'de' } },
] });
console.log(await index.query({ vector: [0.1, 0.8, 0.3], topK: 1, includeMetadata: true }));{% endautoescape %}
