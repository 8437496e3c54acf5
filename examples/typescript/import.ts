// Bulk import: start it, watch it, look at what came. The folder or bucket holds
// <namespace>/<name>.parquet; see docs/import.md.
//
//   export PINECONE_API_KEY=… PINECONE_CONTROLLER_HOST=http://127.0.0.1:8080
//   npm ci && npx tsc && node dist/import.js --index NAME --uri file:///srv/imports/today

import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Pinecone } from '@pinecone-database/pinecone';

const { values: options } = parseArgs({
  options: { index: { type: 'string' }, uri: { type: 'string' } },
});
if (!options.index || !options.uri) {
  throw new Error('Give --index and --uri.');
}

const index = new Pinecone().index({ name: options.index });
const { id } = await index.startImport({ uri: options.uri, errorMode: 'abort' });
let found = await index.describeImport(id!);
while (found.status === 'Pending' || found.status === 'InProgress') {
  await setTimeout(500);
  found = await index.describeImport(id!);
}
const { data } = await index.listImports(10);
const isListed = data?.some((one) => one.id === id);
console.log(`${found.status}: ${found.recordsImported} records, ${found.percentComplete} %, listed: ${isListed}`);
