import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { visible } from '../base/visible.ts';

/** Why signals come that are no wish to stop. */
const MEANINGS: Readonly<Record<string, string>> = {
  SIGKILL: 'kill -9, or no memory was left',
  SIGXFSZ: 'a file became larger than "ulimit -f" allows: raise it',
  SIGXCPU: 'it took more time than "ulimit -t" allows: raise it',
};

/** A sentence about a program that was ended from outside. @param args of its command line */
export function killedNote(how: string, args: readonly string[]): string {
  const why = MEANINGS[how] ? `${how} (${MEANINGS[how]})` : how;
  return `fusionclip: the program was ended by ${why}; ${goOnAdvice(args)}.\n`;
}

/** How a command goes on that was broken off. */
export function goOnAdvice(args: readonly string[]): string {
  const [command] = args;
  const out = flagOf(args, '--out');
  if (command === 'study' || command === 'reproduce') return 'the same command again goes on';
  const saved = { train: 'config.json', pretrain: 'checkpoint/latest.safetensors' }[command];
  if (out === null || !saved || !existsSync(join(out, saved))) return 'run it again';
  if (existsSync(join(out, 'results.json')))
    return `the run is finished: fusionclip report ${visible(out)} makes its report`;
  return `go on with fusionclip ${command} --resume --out ${visible(out)}`;
}

function flagOf(args: readonly string[], name: string): string | null {
  const given = args.find((arg) => arg.startsWith(`${name}=`));
  if (given) return given.slice(name.length + 1);
  const at = args.indexOf(name);
  return at < 0 ? null : (args[at + 1] ?? null);
}
