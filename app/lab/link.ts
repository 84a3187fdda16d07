/** The state of the lab as the fragment of an address, which no server is ever told. */
import type { KernelFacts, LabJob, OwnKernel, ShaderEdit } from '../../src/lab/job.ts';

/** What a link holds. */
export interface Linked {
  readonly job: LabJob;
  /** The shader that is shown; '' for the first one. */
  readonly shader: string;
}

/** Characters of a fragment; browsers open no address of two million. */
const MOST_FRAGMENT = 2 ** 20;

/** Bytes of the code in it: a few letters can be packed that unpack to more than a page has memory for. */
const MOST_CODE = 2 ** 22;

/** Sizes are written `size.NAME`. */
const SIZE = 'size.';

/** The fragment without its #; '' where it would be too long. Edits are deflated, base64 as addresses have it. */
export async function fragmentOf({ job, shader }: Linked): Promise<string> {
  const { kernel, variant, rows, sizes, edits, own } = job;
  const fields = new URLSearchParams();
  if (own) fields.set('own', await packed(own));
  else {
    fields.set('kernel', kernel);
    fields.set('variant', variant);
    if (rows) fields.set('rows', rows);
    for (const [name, value] of Object.entries(sizes)) fields.set(SIZE + name, String(value));
    if (shader) fields.set('shader', shader);
    if (Object.keys(edits).length > 0) fields.set('code', await packed(edits));
  }
  const fragment = fields.toString();
  return fragment.length > MOST_FRAGMENT ? '' : fragment;
}

/**
 * Size of the kernel as a link has it.
 * @throws Error where it is none of those that can be chosen
 */
export function linkedSizes(sizes: Readonly<Record<string, number>>, kernel: KernelFacts): Record<string, number> {
  return Object.fromEntries(
    Object.entries(kernel.sizes).map(([name, { value, least, most }]) => {
      const wanted = sizes[name] ?? value;
      if (wanted >= least && wanted <= most) return [name, wanted];
      throw new Error(
        `This link asks for ${name} = ${wanted}; ${kernel.id} takes ${least} to ${most}. Change it in the address.`,
      );
    }),
  );
}

/** @returns null for an address without a kernel @throws Error when the code in it is damaged */
export async function readFragment(fragment: string): Promise<Linked | null> {
  const fields = new URLSearchParams(fragment.replace(/^#/, ''));
  const [kernel, own, code] = [fields.get('kernel') ?? '', fields.get('own'), fields.get('code')];
  if (!kernel && !own) return null;
  const sizes = [...fields].flatMap(([name, value]) =>
    name.startsWith(SIZE) && /^\d{1,9}$/.test(value) ? [[name.slice(SIZE.length), Number(value)]] : [],
  );
  return {
    job: {
      ...{ kernel, variant: fields.get('variant') ?? '', rows: fields.get('rows') ?? '' },
      sizes: Object.fromEntries(sizes),
      edits: code ? editsIn(await unpacked(code)) : {},
      own: own ? ownIn(await unpacked(own)) : null,
    },
    shader: fields.get('shader') ?? '',
  };
}

async function packed(value: unknown): Promise<string> {
  const bytes = await through(new CompressionStream('deflate-raw'), new TextEncoder().encode(JSON.stringify(value)));
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

async function unpacked(text: string): Promise<unknown> {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(await through(new DecompressionStream('deflate-raw'), bytes)));
  } catch {
    throw new Error(DAMAGED);
  }
}

async function through(
  stream: CompressionStream | DecompressionStream,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let left = MOST_CODE;
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    parts.push(value!);
    left -= value!.length;
    if (left < 0) {
      await reader.cancel();
      throw new RangeError('too much');
    }
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

const DAMAGED = 'The code in this link is damaged, perhaps cut off; ask for the whole link.';

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function numbersIn(value: unknown): Record<string, number> {
  if (!isRecord(value) || Object.values(value).some((one) => typeof one !== 'number')) throw new Error(DAMAGED);
  return value as Record<string, number>;
}

function groupsIn(value: unknown): [number, number, number] {
  if (!Array.isArray(value) || value.length !== 3 || value.some((n) => !Number.isSafeInteger(n) || n < 0)) {
    throw new Error(DAMAGED);
  }
  return value as [number, number, number];
}

function editsIn(value: unknown): Record<string, ShaderEdit> {
  if (!isRecord(value)) throw new Error(DAMAGED);
  return Object.fromEntries(
    Object.entries(value).map(([name, edit]) => {
      if (!isRecord(edit) || (edit.source !== null && typeof edit.source !== 'string')) throw new Error(DAMAGED);
      const groups = edit.groups === null ? null : groupsIn(edit.groups);
      return [name, { source: edit.source, constants: numbersIn(edit.constants), groups }];
    }),
  );
}

function ownIn(value: unknown): OwnKernel {
  if (!isRecord(value) || typeof value.source !== 'string' || !isRecord(value.buffers)) throw new Error(DAMAGED);
  const buffers = Object.entries(value.buffers).map(([name, buffer]) => {
    const { length, fill } = isRecord(buffer) ? buffer : {};
    if (typeof length !== 'number' || (fill !== 'random' && fill !== 'zeros' && fill !== 'count')) {
      throw new Error(DAMAGED);
    }
    return [name, { length, fill }] as const;
  });
  const { source, params, groups } = value;
  return { source, buffers: Object.fromEntries(buffers), params: numbersIn(params), groups: groupsIn(groups) };
}
