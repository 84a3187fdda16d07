import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { startAnother } from '../../src/launch/another.ts';

test("a shard's process knows what names of patients are hashed with, as its worker does, and no password of the queue", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fusionclip-another-'));
  vi.stubEnv('FUSIONCLIP_SECRET', 'of all machines');
  vi.stubEnv('FUSIONCLIP_REDIS_PASSWORD', 'of the queue');
  try {
    const script = join(folder, 'script.mjs');
    writeFileSync(script, 'console.log(process.env.FUSIONCLIP_SECRET, process.env.FUSIONCLIP_REDIS_PASSWORD);');
    const said: string[] = [];
    for await (const line of startAnother(script, []).lines) said.push(line);
    expect(said).toEqual(['of all machines undefined']);
  } finally {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  }
});
