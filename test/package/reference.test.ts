import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

test('the reference of the API can be made, without a warning', async () => {
  const typedoc = 'node_modules/typedoc/bin/typedoc';
  // typedoc.json makes an error of every warning; types are checked by `npm run types`.
  const said = await promisify(execFile)(process.execPath, [typedoc, '--emit', 'none', '--skipErrorChecking'], {
    cwd: ROOT,
  }).then(
    () => '',
    ({ stdout, stderr }) => stdout + stderr,
  );
  expect(said).toBe('');
});
