// The twin of ../quickstart.py: create an index, upsert real embeddings, query with a filter.
//
//   export PINECONE_API_KEY=… PINECONE_CONTROLLER_HOST=http://127.0.0.1:8080
//   npm ci && npm start
//
// Add `-- --keep` to keep the index and `-- --name NAME` to call it something else.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Pinecone, type Index } from '@pinecone-database/pinecone';

interface Package {
  id: string;
  text: string;
  section: string;
  size: number;
  values: number[];
}

interface Packages {
  records: Package[];
  queries: { text: string; values: number[] }[];
}

type About = Pick<Package, 'text' | 'section' | 'size'>;

const BATCH = 20;
const LARGEST = 400_000;

const { values: options } = parseArgs({
  options: {
    name: { type: 'string', default: 'quickstart-ts' },
    keep: { type: 'boolean', default: false },
  },
});

async function upsert(index: Index<About>, packages: Package[]): Promise<void> {
  const records = packages.map(({ id, values, text, section, size }) => ({
    id,
    values,
    metadata: { text, section, size },
  }));
  for (let start = 0; start < records.length; start += BATCH) {
    await index.upsert({ records: records.slice(start, start + BATCH) });
  }
  console.log(`Upserted ${records.length} package descriptions.`);
}

async function search(index: Index<About>, query: Packages['queries'][number]): Promise<void> {
  const answer = await index.query({
    vector: query.values,
    topK: 5,
    filter: { size: { $lte: LARGEST }, section: { $ne: 'doc' } },
    includeMetadata: true,
  });
  console.log(`\nLike “${query.text}”, up to ${LARGEST} bytes:`);
  for (const match of answer.matches) {
    const { section, size, text } = match.metadata!;
    const title = text.split('. ')[0];
    console.log(`  ${match.score!.toFixed(3)}  ${section.padEnd(10)} ${size}  ${title}`);
  }
}

const file = new URL('../../data/quickstart.json', import.meta.url);
const packages = JSON.parse(readFileSync(file, 'utf8')) as Packages;

const pc = new Pinecone();
const started = performance.now();
const description = await pc.indexes.create({
  name: options.name,
  schema: { fields: { _values: { type: 'dense_vector', dimension: 384, metric: 'cosine' } } },
  deployment: { deploymentType: 'managed', cloud: 'aws', region: 'us-east-1' },
  waitUntilReady: true,
});
const seconds = ((performance.now() - started) / 1000).toFixed(2);
console.log(`Index '${options.name}' was ready after ${seconds} s.`);
try {
  const index = pc.index<About>({ host: description!.host! });
  await upsert(index, packages.records);
  for (const query of packages.queries) {
    await search(index, query);
  }
} finally {
  if (!options.keep) {
    await pc.indexes.delete(options.name);
    console.log(`\nIndex '${options.name}' is deleted.`);
  }
}
