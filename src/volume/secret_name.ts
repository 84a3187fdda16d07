import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { overlaid } from '../base/overlaid.ts';
import { extension } from '../base/paths.ts';

/** Of programs without a secret of their own, such as pages: for this one run. */
const PASSING = crypto.randomUUID();

/** Hexadecimal digits of names. */
const SHORT = 8;
const LONG = 20;

/** Where the secret comes from. */
export type SecretSource = Pick<FileSystem, 'secret'>;

/**
 * A short name that does not say what it is made of: a hash with the secret of this installation. Equal texts have equal names there, and
 * who does not know the secret cannot try out names, numbers or identifiers.
 */
export async function secretName(source: SecretSource, text: string): Promise<string> {
  return (await longSecretName(source, text)).slice(0, SHORT);
}

/** As {@link secretName}, which it begins with, for archives: of a hundred thousand short names two would be alike. */
export async function longSecretName(source: SecretSource, text: string): Promise<string> {
  // As a method: a page's files know their secret by themselves.
  return (await hashOf(`fusionclip ${(await source.secret?.()) ?? PASSING} ${text}`)).slice(0, LONG);
}

/** A rank among texts that is the same everywhere and is no name: what is drawn by chance must not depend on the secret. */
export async function secretOrder(text: string): Promise<string> {
  return (await hashOf(`fusionclip ${text}`)).slice(0, SHORT);
}

/** What a file of a patient is called, `file 1a2b3c4d.dcm`. */
export async function calledFile(fs: FileSystem, path: string): Promise<string> {
  const whole = fs.absolutePath ? await fs.absolutePath(path) : path;
  const ending = /^[a-z]{2,5}$/.exec(extension(path))?.[0];
  return `file ${await secretName(fs, whole)}${ending ? `.${ending}` : ''}`;
}

/** What messages call it, with how it is found. */
export async function secretFile(fs: FileSystem, path: string): Promise<string> {
  return `${await calledFile(fs, path)} (data check --names says which)`;
}

/** A file system whose errors call what lies below `roots` by {@link secretFile}: folders are often called after patients. */
export function withSecretNames(fs: FileSystem, roots: readonly string[]): FileSystem {
  const isBelow = (path: string) => roots.some((root) => path.startsWith(`${root.replace(/[/\\]+$/, '')}/`));
  const hidden =
    <A extends unknown[], R>(method: (path: string, ...rest: A) => Promise<R>) =>
    async (path: string, ...rest: A): Promise<R> => {
      try {
        return await method(path, ...rest);
      } catch (error) {
        if (!(error instanceof FusionclipError) || !isBelow(path)) throw error;
        const message = error.message.replaceAll(path, await secretFile(fs, path));
        // Its cause may name the path, too.
        throw new FusionclipError(error.code, message, { about: error.about ?? undefined });
      }
    };
  return overlaid(fs, {
    readFile: hidden((path) => fs.readFile(path)),
    readRange: hidden((path, offset: number, length: number) => fs.readRange(path, offset, length)),
    stat: hidden((path) => fs.stat(path)),
    list: hidden((path) => fs.list(path)),
  });
}

async function hashOf(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
