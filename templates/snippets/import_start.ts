{% load snippet %}{% autoescape off %}import { Pinecone } from '@pinecone-database/pinecone';

const index = new Pinecone().index({ host: {{ host|quoted }} });
const { id } = await index.startImport({
  uri: {{ uri|quoted }},
  errorMode: {{ on_error|quoted }},{% if integration %}
  integration: {{ integration|quoted }},{% endif %}
});
console.log((await index.describeImport(id!)).status);{% endautoescape %}
