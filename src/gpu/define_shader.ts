import { FusionclipError } from '../base/errors.ts';
import type { Shader, ShaderBinding, ShaderParam } from './shader.ts';
import { TEXEL_FORMAT } from './texels.ts';

/** What every shader is built by; the message of each failure ends with it. */
const WHERE = 'docs/architecture.md, "Kernels", shows the form';
/** WebGPU guarantees more, but a kernel that needs more than this many bytes of parameters wants a buffer. */
const MOST_PARAM_BYTES = 64;
const PARAM_TYPES: readonly string[] = ['u32', 'i32', 'f32'] satisfies ShaderParam['type'][];

const defined = new Map<string, Shader>();

/**
 * A shader for `gpu.run` from WGSL given at run time: a kernel that lives outside this library. The module follows the same
 * conventions as the library's own: entry point `main`, a uniform struct of u32, i32 and f32 at `@group(0) @binding(0)`, storage
 * buffers at `@binding(1)`, 2, … without gaps; lines `const NAME: u32 = 64u;` are constants that a dispatch may change.
 * Bindings, parameters and constants are read from the text; their names are not known to the compiler, so a call is checked
 * when it is made. The same text gives the same shader, compiled once.
 * @param label what errors and profiles call it
 * @throws FusionclipError `usage`, when the module does not follow the conventions. What is no WGSL at all is reported by
 *   the first call of the device after the first dispatch.
 */
export function defineShader(wgsl: string, label = 'kernel'): Shader {
  const known = defined.get(wgsl);
  if (known) return known;
  // Pipelines are kept by name: a colon and a number keep it apart from every other one.
  const shader = parseShader(`${label}:${defined.size + 1}`, wgsl);
  defined.set(wgsl, shader);
  return shader;
}

/** Bindings, parameters and constants of a WGSL module, from its text; `scripts/gen_shaders.ts` uses it too. */
export function parseShader(name: string, source: string): Shader {
  const code = withoutComments(source);
  const fail = (what: string): never => {
    throw new FusionclipError('usage', `The shader ${name} ${what}; ${WHERE}.`);
  };
  if (!/@compute\b[^{;]*\bfn\s+main\s*\(/.test(code)) fail('has no @compute entry point called main');
  const variables = [...code.matchAll(/((?:@\w+(?:\([^)]*\))?\s*)+)var\s*(?:<([^>]*)>)?\s*(\w+)\s*:\s*([^;]+);/g)].map(
    ([, attributes, space = 'private', variable, type]) => ({
      name: variable,
      group: numberOf(attributes, 'group'),
      binding: numberOf(attributes, 'binding'),
      space: space.split(',').map((word) => word.trim()),
      type: type.trim(),
    }),
  );
  for (const { name: variable, group, binding, space, type } of variables) {
    if (group !== 0 || binding === null) fail(`binds ${variable} elsewhere than in @group(0), by a whole number`);
    if (binding !== 0 && isTexels(type)) continue;
    if (space[0] !== (binding === 0 ? 'uniform' : 'storage')) {
      fail(
        `has var<${space}> ${variable} at @binding(${binding}), where ${binding ? 'storage' : 'a uniform'} is expected`,
      );
    }
  }
  const sorted = variables.sort((a, b) => a.binding! - b.binding!);
  if (sorted[0]?.binding !== 0) fail('has no @binding(0) var<uniform> params: Params');
  sorted.forEach((v, i) => {
    if (v.binding !== i) fail(`must number its bindings 0, 1, 2, …, and ${v.name} has ${v.binding}`);
  });
  const [uniform, ...storage] = sorted;
  const params = paramsOf(code, uniform.type, fail);
  const paramBytes = Math.ceil((4 * params.length) / 16) * 16;
  if (paramBytes > MOST_PARAM_BYTES) fail(`has ${params.length} parameters, at most ${MOST_PARAM_BYTES / 4}`);
  const bindings = storage.map(({ name: variable, space, type }): ShaderBinding => {
    if (isTexels(type)) return { name: variable, access: 'texels' };
    const access = space[1] ?? 'read';
    return access === 'read' || access === 'read_write'
      ? { name: variable, access }
      : fail(`binds ${variable} for ${access}, not for read or read_write`);
  });
  // The same lines that `specialize` changes, in the source as it stands.
  const constants = Object.fromEntries(
    [...source.matchAll(/^const ([A-Za-z_]\w*): u32 = (\d+)u;/gm)].map((m) => [m[1], Number(m[2])]),
  );
  return { name, source, bindings, params, paramBytes, constants };
}

/** Whether a binding is a texture that a dispatch copies a buffer to. */
function isTexels(type: string): boolean {
  return type.replaceAll(/\s/g, '') === `texture_storage_2d<${TEXEL_FORMAT},read>`;
}

function paramsOf(code: string, type: string, fail: (what: string) => never): ShaderParam[] {
  const body = new RegExp(`\\bstruct\\s+${type}\\s*\\{([^}]*)\\}`).exec(code)?.[1];
  if (body === undefined) return fail(`has no struct ${type}, the type of its parameters`);
  const members = body.split(',').map((member) => member.trim());
  // A comma may follow the last one.
  if (members[members.length - 1] === '') members.pop();
  if (members.length === 0) fail(`has a struct ${type} without members`);
  return members.map((member, i) => {
    const [, name, of] = /^(\w+)\s*:\s*(\w+)$/.exec(member) ?? fail(`has the parameter "${member}", not NAME: TYPE`);
    if (!PARAM_TYPES.includes(of)) fail(`has the parameter ${name} of type ${of}, not of u32, i32 or f32`);
    return { name, type: of as ShaderParam['type'], offset: 4 * i };
  });
}

/** The number in an attribute like `@binding(3)`, or null. */
function numberOf(attributes: string, name: string): number | null {
  const text = new RegExp(`@${name}\\(\\s*(\\d+)[ui]?\\s*\\)`).exec(attributes)?.[1];
  return text === undefined ? null : Number(text);
}

/** The text with each comment replaced by a space; WGSL's block comments nest. */
function withoutComments(source: string): string {
  let out = '';
  let depth = 0;
  for (let i = 0; i < source.length; i++) {
    const two = source.slice(i, i + 2);
    if (two === '/*' || (depth > 0 && two === '*/')) {
      depth += two === '/*' ? 1 : -1;
      i++;
      out += ' ';
    } else if (depth === 0 && two === '//') {
      const end = source.indexOf('\n', i);
      i = end < 0 ? source.length : end;
      out += '\n';
    } else if (depth === 0) out += source[i];
  }
  return out;
}
