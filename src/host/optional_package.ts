import { FusionclipError } from '../base/errors.ts';

/**
 * A package that not every machine has. The name is no constant for whoever bundles this program, so that none of its code gets in.
 * @param install the command that installs packages beside this program, where it is known
 * @throws FusionclipError `usage` where it is not installed
 */
export async function optionalPackage(name: string, install = 'npm install'): Promise<unknown> {
  try {
    return await import(/* @vite-ignore */ name);
  } catch (cause) {
    if ((cause as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    const message = `This needs the package ${name}, which is not installed; install it with "${install} ${name}".`;
    throw new FusionclipError('usage', message, { cause });
  }
}
