/**
 * One storage binding of a shader, in the order of its `@binding` numbers (1, 2, …). `texels` is a texture that a dispatch is
 * given as a buffer, like the others, and copies (`Dispatch.texels`).
 */
export interface ShaderBinding<B extends string = string> {
  readonly name: B;
  readonly access: 'read' | 'read_write' | 'texels';
}

/** One field of the uniform `Params` struct, which every shader has at `@binding(0)`. */
export interface ShaderParam<P extends string = string> {
  readonly name: P;
  readonly type: 'u32' | 'i32' | 'f32';
  /** Byte offset in the struct. */
  readonly offset: number;
}

/**
 * A complete WGSL module and what reflection found in it (`src/kernels/shaders.gen.ts`).
 * `B`, `P` and `C` are the names of its bindings, parameters and tunable constants, so a call is checked by the compiler.
 */
export interface Shader<B extends string = string, P extends string = string, C extends string = string> {
  readonly name: string;
  readonly source: string;
  readonly bindings: readonly ShaderBinding<B>[];
  readonly params: readonly ShaderParam<P>[];
  /** Size of `Params` in bytes: a multiple of 16, at most 64. */
  readonly paramBytes: number;
  /** Values of the `const NAME: u32 = …;` lines that `specialize` may change. */
  readonly constants: Readonly<Record<C, number>>;
}

/**
 * Rewrites lines `const NAME: u32 = 64u;` of a WGSL module. (`override` cannot size a private array.)
 * @throws Error when the module has no such line
 */
export function specialize(source: string, constants: Readonly<Record<string, number>>): string {
  let out = source;
  for (const [name, value] of Object.entries(constants)) {
    if (!Number.isSafeInteger(value) || value < 0) throw new Error(`constant ${name} must be a u32, not ${value}`);
    const line = new RegExp(`^const ${name}: u32 = \\d+u;`, 'm');
    if (!line.test(out)) throw new Error(`the shader has no line "const ${name}: u32 = …u;"`);
    out = out.replace(line, `const ${name}: u32 = ${value}u;`);
  }
  return out;
}

/** Packs parameter values as the shader's `Params` struct lays them out. */
export function packParams(shader: Shader, values: Readonly<Record<string, number>>): ArrayBuffer {
  const bytes = new ArrayBuffer(shader.paramBytes);
  const view = new DataView(bytes);
  for (const { name, type, offset } of shader.params) {
    const value = values[name];
    if (value === undefined) throw new Error(`${shader.name}: parameter "${name}" is missing`);
    if (type === 'f32') view.setFloat32(offset, value, true);
    else if (!Number.isInteger(value) || value < (type === 'u32' ? 0 : -(2 ** 31)) || value >= 2 ** 32) {
      throw new Error(`${shader.name}: parameter "${name}" must be a ${type}, not ${value}`);
    } else view.setUint32(offset, value >>> 0, true);
  }
  return bytes;
}
