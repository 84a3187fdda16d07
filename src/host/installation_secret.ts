import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';

/** The variable that a secret can be given in: the same on all machines that share runs. */
export const SECRET = 'FUSIONCLIP_SECRET';

let passing: string | undefined;

/**
 * What names of patients and series are hashed with: `FUSIONCLIP_SECRET`, or a random text that lies in the user's own folder
 * (`~/.local/share/fusionclip/secret`, readable by nobody else) since it was first needed. Where no file can be, one for this run.
 */
export async function installationSecret(env: (name: string) => string | undefined): Promise<string> {
  const given = env(SECRET);
  if (given) return given;
  const home = env('HOME') || env('USERPROFILE');
  const data = env('XDG_DATA_HOME') || (home && join(home, '.local', 'share'));
  passing ??= `${randomUUID()}${randomUUID()}`;
  if (!data) return passing;
  const file = join(data, 'fusionclip', 'secret');
  const stored = await read(file);
  if (stored) return stored;
  try {
    await fs.mkdir(join(data, 'fusionclip'), { recursive: true, mode: 0o700 });
    await fs.writeFile(file, passing, { mode: 0o600, flag: 'wx' });
  } catch {} // another process was first, or the folder is not ours
  return (await read(file)) || passing;
}

async function read(file: string): Promise<string> {
  return fs.readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => '',
  );
}
