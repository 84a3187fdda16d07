/**
 * `npm run pack:hash [-- --check] [--install] [--out DIR]`: packs the last commit from a fresh clone and prints the SHA-256 of the
 * tarball. `--check`: packs it from a second clone too, elsewhere on the disk and under another locale, time zone and umask, and fails
 * where a byte differs. `--install`: with `npm ci` in each clone, in place of this folder's packages. `--out`: keeps the tarball.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
const out = args.includes('--out') ? args[args.indexOf('--out') + 1] : null;
const scratch = mkdtempSync(join(tmpdir(), 'fusionclip-pack-'));

function run(cwd, env, umask, command, ...rest) {
  const script = `umask ${umask} && exec "$0" "$@"`;
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', script, command, ...rest], {
    cwd,
    env: { ...process.env, INIT_CWD: '', ...env },
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`${command} ${rest.join(' ')} failed\n${stdout}\n${stderr}`);
  return stdout;
}

/** The commit that both clones are of, whatever is committed meanwhile. */
const commit = run(root, {}, '022', 'git', 'rev-parse', 'HEAD').trim();

/** Clones, builds and packs; returns the path of the tarball. */
function pack(folder, env, umask) {
  mkdirSync(dirname(folder), { recursive: true });
  const sh = (cwd, ...command) => run(cwd, env, umask, ...command);
  sh(scratch, 'git', 'clone', '--quiet', '--no-local', '--no-checkout', root, folder);
  sh(folder, 'git', 'checkout', '--quiet', '--detach', commit);
  if (args.includes('--install')) sh(folder, 'npm', 'ci', '--no-audit', '--no-fund');
  // Hard links: a link to the folder would lead the bundler out of the clone.
  else sh(folder, 'cp', '-al', join(root, 'node_modules'), 'node_modules');
  // Its prepack builds, as that of `npm publish` does.
  sh(folder, 'npm', 'pack', '--silent');
  return join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.tgz')),
  );
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Names of entries of two tar archives whose header or content differs. */
function differences(a, b) {
  const entries = (file) => {
    const tar = gunzipSync(readFileSync(file));
    const found = new Map();
    for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
      const size = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8) || 0;
      const end = at + 512 + Math.ceil(size / 512) * 512;
      found.set(tar.toString('utf8', at, at + 100).replace(/\0.*$/s, ''), sha256(tar.subarray(at, end)));
      at = end;
    }
    return found;
  };
  const [first, second] = [entries(a), entries(b)];
  return [...new Set([...first.keys(), ...second.keys()])].filter((name) => first.get(name) !== second.get(name));
}

try {
  const tarball = pack(join(scratch, 'a'), {}, '022');
  const bytes = readFileSync(tarball);
  console.log(`sha256 ${sha256(bytes)}  ${tarball.split('/').pop()}, ${bytes.length} bytes, Node ${process.version}`);
  if (args.includes('--check')) {
    const other = { LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8', TZ: 'Pacific/Kiritimati', HOME: scratch };
    const second = pack(join(scratch, 'other place/ö/b'), other, '077');
    console.log(
      `sha256 ${sha256(readFileSync(second))}  the same from "other place/ö/b", tr_TR, Pacific/Kiritimati, umask 077`,
    );
    const differing = differences(tarball, second);
    if (!readFileSync(second).equals(bytes)) {
      console.log(`DIFFERENT: ${differing.slice(0, 20).join(', ') || 'the compression'}`);
      process.exitCode = 1;
    }
  }
  if (out !== null) {
    mkdirSync(out, { recursive: true });
    copyFileSync(tarball, join(out, tarball.split('/').pop()));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
