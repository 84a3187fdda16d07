/**
 * Makes `src/clip/vocabulary.gen.ts` from OpenAI's `bpe_simple_vocab_16e6.txt.gz`: the version line and the 48,894
 * merges that count, gzipped again and written as base64.
 *
 * npx deno run -A scripts/gen_vocabulary.ts path/to/bpe_simple_vocab_16e6.txt.gz
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';

const lines = gunzipSync(readFileSync(process.argv[2])).toString('utf8').split('\n').slice(0, 48_895);
// Node stamps no time into the header, so equal input gives equal output.
const packed = gzipSync(`${lines.join('\n')}\n`, { level: 9 }).toString('base64');
writeFileSync(
  new URL('../src/clip/vocabulary.gen.ts', import.meta.url),
  `// Made by scripts/gen_vocabulary.ts: do not edit.
// The byte-pair merges of OpenAI's CLIP, https://github.com/openai/CLIP, Copyright (c) 2021 OpenAI, MIT License.

/** \`bpe_simple_vocab_16e6.txt\`, its version line and first 48,894 merges, gzipped, in base64. */
export const MERGES_GZIP_BASE64: string =
  '${packed}';
`,
);
