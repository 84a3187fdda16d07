import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { FusionclipError } from '../base/errors.ts';

/** Makes device nodes, up to `--`, such that nobody can open them; becomes the program that follows. */
const SCRIPT = `for node; do
  shift
  [ "$node" = -- ] && break
  mount --bind "$node" "$node" && mount -o remount,bind,nodev "$node" || exit 125
done
exec "$@"`;

/**
 * What stands in front of a program that shall not see some devices: it gets a view of the file system of its own, as a container
 * does, in which they cannot be opened. The program keeps the process id.
 * @throws FusionclipError `no_adapter` where the system does not let it
 */
export function hiding(nodes: readonly string[]): string[] {
  // A user who is not root may do so as the root of a name space of its own.
  const ways = process.getuid?.() === 0 ? [['-m'], ['-r', '-m']] : [['-r', '-m']];
  let why = '';
  for (const way of ways) {
    const front = ['unshare', ...way, 'sh', '-c', SCRIPT, 'fusionclip', ...nodes, '--'];
    const { status, stderr, error } = spawnSync(front[0], [...front.slice(1), 'true'], { encoding: 'utf8' });
    if (status === 0) return front;
    why = error?.message ?? stderr.trim().split('\n')[0];
  }
  throw new FusionclipError(
    'no_adapter',
    `The other GPUs with the same driver cannot be hidden here (${why}); give each worker a container with its GPU.`,
  );
}
