/**
 * WGSL has no imports, and each file of `shaders/` is a complete module: a function that several of them need is written once, in
 * `shaders/lib/NAME.wgsl`, and pasted between the lines `// <paste NAME>` and `// </paste>` by `npm run gen`. A type in the first
 * line, as in `// <paste normal_cdf vec4f>`, stands for `T` in the library's text.
 */
import { readdirSync, readFileSync } from 'node:fs';

export const SHADERS = new URL('../shaders/', import.meta.url);

/** Names of the modules, without `.wgsl`, sorted. */
export function shaderNames(): string[] {
  return readdirSync(SHADERS)
    .filter((file) => file.endsWith('.wgsl'))
    .map((file) => file.slice(0, -5))
    .sort();
}

/** Text of a module of `shaders/`. */
export function shaderSource(name: string): string {
  return readFileSync(new URL(`${name}.wgsl`, SHADERS), 'utf8');
}

const PASTE = /^\/\/ <paste (\w+)(?: (\w+))?>\n(?:(?!\/\/ <).*\n)*?\/\/ <\/paste>\n/gm;

/**
 * A module with what is between its markers replaced by what `shaders/lib` says.
 * @throws Error for a marker without its other one and for a name without a file
 */
export function pasted(source: string): string {
  const out = source.replaceAll(PASTE, (_, name: string, type: string | undefined) => {
    const text = readFileSync(new URL(`lib/${name}.wgsl`, SHADERS), 'utf8').trimEnd();
    const body = type ? text.replaceAll(/\bT\b/g, type) : text;
    return `// <paste ${name}${type ? ` ${type}` : ''}>\n${body}\n// </paste>\n`;
  });
  const whole = out.match(PASTE)?.length ?? 0;
  const markers = out.match(/^\/\/ <.*/gm)?.length ?? 0;
  if (markers !== 2 * whole) throw new Error('a line "// <paste NAME>" or "// </paste>" stands alone');
  return out;
}

/** Functions outside of markers, by their text without comments: two modules that share one should paste it. */
export function ownFunctions(source: string): { name: string; text: string }[] {
  const own = source.replaceAll(PASTE, '').replaceAll(/\s*\/\/.*/g, '');
  return [...own.matchAll(/^fn (\w+)\([\s\S]*?^\}/gm)].map(([text, name]) => ({ name, text }));
}
