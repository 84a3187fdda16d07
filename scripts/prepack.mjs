/** Before `npm pack` and `npm publish`: builds everything anew, and gives every file the mode that it has on any machine. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
rmSync('dist', { recursive: true, force: true });
const { status } = spawnSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);

// The umask of a clone would be in the tarball.
const { files, bin } = JSON.parse(readFileSync('package.json', 'utf8'));
const programs = new Set(Object.values(bin));
for (const name of ['package.json', ...files.filter((each) => !each.startsWith('!') && existsSync(each))]) {
  const inside = statSync(name).isDirectory()
    ? readdirSync(name, { recursive: true, encoding: 'utf8' }).map((each) => join(name, each))
    : [name];
  for (const path of inside) if (statSync(path).isFile()) chmodSync(path, programs.has(path) ? 0o755 : 0o644);
}
