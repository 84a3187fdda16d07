/**
 * Checks every `shaders/*.wgsl` without a GPU; part of `npm run lint`. Budgets, header, words that WGSL reserves, what is
 * pasted; wrapper, test and bench of every word; loop iterations at the largest supported shapes; races, where the interpreter can tell,
 * between the invocations of a workgroup at tiny shapes.
 *
 * A header ends with a line `// Loops: none` or `// Loops: FORMULA [where NAME <= NUMBER, …]`: the most iterations that one
 * invocation runs, all its loops together (lavapipe stops silently after 65,535). The formula may use parameters, constants,
 * and names that `where` bounds; the same bounds are required of parameters. It is evaluated for every dispatch that the
 * wrappers make in `shader_cases.ts`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { detectRaces, WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js';
import { parseShader } from '../src/gpu/define_shader.ts';
import { ownFunctions, pasted, shaderNames, shaderSource } from './paste_shaders.ts';
import { LARGEST, TINY } from './shader_cases.ts';
import { constantsOf, evaluate, type Recorded, recorder } from './shader_recorder.ts';

const ROOT = new URL('..', import.meta.url);
const MOST = { storage: 8, workgroupBytes: 16384, invocations: 256, paramBytes: 64, iterations: 65535 };

/** Identifiers that WGSL keeps for later; wgsl_reflect accepts them, browsers do not. */
const RESERVED = new Set(
  `NULL Self abstract active alignas alignof as asm asm_fragment async attribute auto await become cast catch class co_await
  co_return co_yield coherent column_major common compile compile_fragment concept const_cast consteval constexpr constinit
  crate debugger decltype delete demote demote_to_helper do dynamic_cast enum explicit export extends extern external
  fallthrough filter final finally friend from fxgroup get goto groupshared highp impl implements import inline instanceof
  interface layout lowp macro macro_rules match mediump meta mod module move mut mutable namespace new nil noexcept noinline
  nointerpolation non_coherent noncoherent noperspective null nullptr of operator package packoffset partial pass patch
  pixelfragment precise precision premerge priv protected pub public readonly ref regardless register reinterpret_cast
  require resource restrict self set shared sizeof smooth snorm static static_assert static_cast std subroutine super target
  template this thread_local throw trait try type typedef typeid typename typeof union unless unorm unsafe unsized use using
  varying virtual volatile wgsl where with writeonly yield`.split(/\s+/),
);
const BYTES: Readonly<Record<string, number>> = {
  f32: 4,
  u32: 4,
  i32: 4,
  vec2f: 8,
  vec3f: 16,
  vec4f: 16,
  vec4u: 16,
  mat4x4f: 64,
};

const problems: string[] = [];
/** By the text of a function, the first module that has it. */
const owners = new Map<string, string>();
const complain = (shader: string, what: string): number => problems.push(`shaders/${shader}.wgsl: ${what}`);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

/** Element and length of an array, which may hold arrays. */
const OF_ARRAY = /^array<(.+), ([^,]+)>$/;

/** What a module, specialised or not, needs of an adapter. */
function checkBudget(name: string, source: string): void {
  const reflect = new WgslReflect(source);
  const values = constantsOf(source);
  const amount = (formula: string): number => evaluate(formula.replaceAll(/(\d)u\b/g, '$1'), values);
  if (reflect.storage.length > MOST.storage) complain(name, `${reflect.storage.length} storage buffers`);
  if (reflect.storage.some((s, i) => s.group !== 0 || !reflect.storage.some((t) => t.binding === i + 1))) {
    complain(name, 'storage bindings must be numbered 1, 2, … in group 0');
  }
  const uniform = reflect.uniforms[0];
  if (reflect.uniforms.length !== 1 || uniform.binding !== 0) complain(name, 'expected one uniform, at binding 0');
  else if (uniform.size > MOST.paramBytes) complain(name, `Params of ${uniform.size} bytes`);
  let bytes = 0;
  for (const [, type] of source.matchAll(/var<workgroup> \w+: ([^;]+);/g)) {
    let [element, count] = [type, 1];
    for (let outer = OF_ARRAY.exec(element); outer; outer = OF_ARRAY.exec(element)) {
      element = outer[1];
      count *= amount(outer[2]);
    }
    bytes += (BYTES[element.replace(/^atomic<(\w+)>$/, '$1')] ?? Number.NaN) * count;
  }
  if (!(bytes <= MOST.workgroupBytes)) complain(name, `${bytes} bytes of workgroup memory`);
  const sizes = /@workgroup_size\(([^)]*)\)/.exec(source)?.[1].split(',') ?? [];
  const invocations = sizes.filter((s) => s.trim()).reduce((n, s) => n * amount(s), 1);
  if (!sizes.length || invocations > MOST.invocations) complain(name, `${invocations} invocations in a workgroup`);
}

/** Header, reserved words, and the agreement of the loops line with the code. */
function checkText(name: string, source: string): void {
  const header = /^(\/\/.*\n)+/.exec(source)?.[0] ?? '';
  const code = source.replaceAll(/\/\/.*/g, '');
  if (header.split('\n').length < 4) complain(name, 'a header comment must give formula, shapes and caller');
  if (!/Caller: src\/kernels\/\w+\.ts/.test(header)) complain(name, 'the header names no "Caller: src/kernels/….ts"');
  const reserved = new Set(code.match(/[A-Za-z_]\w*/g)?.filter((word) => RESERVED.has(word)));
  for (const word of reserved) complain(name, `"${word}" is a reserved word of WGSL`);
  const loops = /^\/\/ Loops: (.+)$/m.exec(header)?.[1];
  const has = /\b(for|while|loop)\b/.test(code);
  if (!loops) complain(name, 'the header has no line "// Loops: …"');
  else if (has === (loops === 'none')) complain(name, `"Loops: ${loops}", but the code has ${has ? '' : 'no '}loops`);
}

/** What is pasted stands as `shaders/lib` has it, and what two modules share is pasted. */
function checkPaste(name: string, source: string): void {
  try {
    if (pasted(source) !== source) complain(name, 'what is pasted differs from shaders/lib: run `npm run gen`');
  } catch (error) {
    complain(name, error instanceof Error ? error.message : String(error));
  }
  for (const { name: what, text } of ownFunctions(source)) {
    if (what === 'main') continue;
    const other = owners.get(text);
    if (other) complain(name, `${what} also stands in ${other}.wgsl: put it into shaders/lib and paste it`);
    else owners.set(text, name);
  }
}
/** Two parsers read the same out of a module: ours, which the published library has, and wgsl_reflect. */
function checkParser(name: string, source: string): void {
  const reflect = new WgslReflect(source);
  const { bindings, params, paramBytes } = parseShader(name, source);
  const storage = reflect.storage.sort((a, b) => a.binding - b.binding);
  const theirs = {
    bindings: storage.map(({ name: variable, access, type }) => ({
      name: variable,
      access: type.name.startsWith('texture_') ? 'texels' : access === 'read_write' ? 'read_write' : 'read',
    })),
    params: reflect.uniforms[0].members?.map((m) => ({ name: m.name, type: m.type.name, offset: m.offset })),
    paramBytes: Math.ceil(reflect.uniforms[0].size / 16) * 16,
  };
  if (JSON.stringify(theirs) !== JSON.stringify({ bindings, params, paramBytes })) {
    complain(name, 'src/gpu/define_shader.ts reads other bindings or parameters than wgsl_reflect');
  }
}

/** Every shader belongs to the word of a wrapper that uses it and that a suite and a bench import. */
function checkWord(name: string): void {
  const parts = name.split('_');
  const words = parts.map((_, i) => parts.slice(0, parts.length - i).join('_'));
  const word = words.find((w) => existsSync(new URL(`src/kernels/${w}.ts`, ROOT)));
  if (!word) return void complain(name, `there is no src/kernels/${words[words.length - 1]}….ts`);
  // Its wrapper, or what that is cut into: the table of its variants, its operands.
  const own = new RegExp(`^${word}(_\\w+)?\\.ts$`);
  const kernels = readdirSync(new URL('src/kernels', ROOT)).filter((file) => own.test(file));
  const users = kernels.map((file) => `src/kernels/${file}`);
  if (!users.some((path) => new RegExp(`\\b${name}\\b`).test(read(path)))) {
    complain(name, `${users.join(' and ')} do not use it`);
  }
  for (const [folder, ending] of [
    ['test/kernels', '.suite.ts'],
    ['bench/kernels', '.bench.ts'],
  ]) {
    const files = existsSync(new URL(folder, ROOT)) ? readdirSync(new URL(folder, ROOT)) : [];
    const found = files.some((f) => {
      const text = f.endsWith(ending) ? read(`${folder}/${f}`) : '';
      // The kernels of src/lab come with their wrapper.
      const shared = text.includes('src/lab/kernels/') && text.includes(`bench('${word}'`);
      return shared || text.includes(`src/kernels/${word}.ts`);
    });
    if (!found) complain(name, `no ${folder}/*${ending} imports src/kernels/${word}.ts`);
  }
}

/** Iterations of one invocation of a recorded dispatch. */
function checkLoops({ shader, source, params }: Recorded): void {
  const text = /^\/\/ Loops: (.+)$/m.exec(shader.source)?.[1] ?? 'none';
  if (text === 'none') return;
  try {
    const names: Record<string, number> = { ...constantsOf(source), ...params };
    // A remark in parentheses is for the reader.
    const [formula, where = ''] = text.replaceAll(/ \(at most \d+\)/g, '').split(' where ');
    for (const bound of where.split(',').filter(Boolean)) {
      const [left, right] = bound.split('<=').map((s) => s.trim());
      if (/^\w+$/.test(left) && !(left in names)) names[left] = Number(right);
      else if (evaluate(left, names) > Number(right)) {
        complain(shader.name, `${left} is ${evaluate(left, names)} for ${JSON.stringify(params)}, at most ${right}`);
      }
    }
    const iterations = evaluate(formula, names);
    if (!(iterations <= MOST.iterations)) {
      complain(shader.name, `${iterations} loop iterations for ${JSON.stringify(params)}, at most ${MOST.iterations}`);
    }
  } catch (error) {
    complain(shader.name, `Loops: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * Whether wgsl_reflect 1.6 can interpret a shader: it computes 1u / 2u as a half, on which indices by division fail and a
 * bisection hangs, gives invocations in lockstep one another's results of helper functions that take part in an index
 * (matmul_workgroup), and takes minutes for register tiles.
 */
function interpretable({ shader }: Recorded): boolean {
  const code = shader.source.replaceAll(/\/\/.*/g, '');
  const divides = /%|[\w)\]] \/ (\d+u|params\.\w+|[A-Z]\w*|[a-z_]+)(?![\w.(])/.test(code);
  return !divides && !shader.name.includes('registers') && shader.name !== 'matmul_workgroup';
}

/** Elements that two invocations touch, one of them writing, without a barrier between: by interpretation. */
function checkRaces({ shader, source, block, groups, buffers }: Recorded): void {
  const bindings: Record<string, unknown> = { 0: { uniform: block } };
  shader.bindings.forEach(({ name }, i) => {
    bindings[i + 1] = buffers[name];
  });
  const { races, errors } = detectRaces(source, 'main', [...groups], { 0: bindings });
  for (const what of [...errors, ...races.map((race) => race.message)].slice(0, 3)) complain(shader.name, what);
}

/** Runs cases against the recorder, as the variants of every kind of adapter. */
function record(cases: typeof TINY): Recorded[] {
  return (['lavapipe', 'hardware'] as const).flatMap((kind) => {
    const { gpu, recorded } = recorder(kind);
    for (const run of cases) {
      using _scope = gpu.scope();
      run(gpu);
    }
    return recorded;
  });
}

const names = shaderNames();
for (const name of names) {
  const source = shaderSource(name);
  checkText(name, source);
  checkPaste(name, source);
  checkParser(name, source);
  checkBudget(name, source);
  checkWord(name);
}

const key = (d: Recorded): string => `${d.shader.name} ${JSON.stringify([d.constants, d.params])}`;
const unique = (list: Recorded[]): Recorded[] => [...new Map(list.map((d) => [key(d), d])).values()];
const tiny = unique(record(TINY)).filter(interpretable);
const largest = unique(record(LARGEST));
for (const dispatch of tiny) checkRaces(dispatch);
for (const dispatch of largest) {
  checkLoops(dispatch);
  checkBudget(dispatch.shader.name, dispatch.source);
}
for (const name of names) {
  if (!largest.some((d) => d.shader.name === name))
    complain(name, 'no largest case of scripts/shader_cases.ts runs it');
}

const distinct = [...new Set(problems)];
for (const problem of distinct) console.error(problem);
console.log(
  `check_shaders: ${names.length} shaders, ${tiny.length} dispatches searched for races, loops of ${largest.length} counted, ` +
    `${distinct.length} problems`,
);
process.exit(distinct.length ? 1 : 0);
