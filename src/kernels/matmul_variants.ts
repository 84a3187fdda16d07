import type { Shader } from '../gpu/shader.ts';
import {
  matmul as reference,
  matmul_registers as registers,
  matmul_subgroups as subgroups,
  matmul_textures as textures,
  matmul_thin as thin,
  matmul_workgroup as workgroup,
} from './shaders.gen.ts';
import type { Variant } from './variants.ts';

type BindingOf<S> = S extends Shader<infer B, string, string> ? B : never;
type ParamOf<S> = S extends Shader<string, infer P, string> ? P : never;

/** Buffers of every variant. */
export type MatmulBinding = BindingOf<typeof reference>;
/** And of some: b once more, as numbers of two bytes are read. */
export type VariantBinding = MatmulBinding | 'b_pairs';
/** Parameters of every variant. */
export type MatmulParam = ParamOf<typeof reference>;

/**
 * One way to carry out a product. Of the constants TRANSPOSE_A, TRANSPOSE_B, B_FORMAT, EPILOGUE, TILE_M, TILE_N and TILE, a
 * dispatch sets those that the shader has.
 */
export interface MatmulRow extends Variant {
  readonly shader: Shader<VariantBinding, MatmulParam, string>;
  /** Rows and columns of the result that belong together: of one invocation, or of one workgroup. */
  readonly tile: (m: number, n: number) => readonly [rows: number, columns: number];
  /** Tiles of one workgroup. */
  readonly tiles: number;
  /**
   * What it can read: any operand; rows that start on 16 bytes; besides that only f32, and a only by rows; or rows that start
   * on 256 bytes, which a texture can be filled with.
   */
  readonly reads: 'any' | 'vec4' | 'rows' | 'texels';
  /** The variant that does products too thin for this one, with fewer than 16 rows or columns. */
  readonly thin: 'reference' | 'registers-16' | 'registers-8' | 'workgroup-thin';
  /** Its epilogue can multiply by the slope of an activation; after the others that takes a pass of its own. */
  readonly slopes?: boolean;
  /** It does thin products alone: nobody chooses it for all. */
  readonly thinOnly?: boolean;
  /** The variant with smaller tiles that does products of which its own would cover too little or be too few. */
  readonly small?: 'workgroup-64';
}

/** Two sizes only: every further combination is a pipeline that takes up to half a second to compile. */
const ownTile =
  (side: number): MatmulRow['tile'] =>
  (m, n) => [m > 8 ? side : 4, n > 8 ? side : 4];

/** The variants of matmul, the first one first; `fusionclip tune` chooses among the others. A new one is its shader and a row. */
export const MATMUL_VARIANTS = {
  reference: {
    ...{ shader: reference, best: [], tile: () => [1, 1], tiles: reference.constants.WORKGROUP },
    ...{ reads: 'any', thin: 'reference', slopes: true },
  },
  'registers-16': {
    ...{ shader: registers, best: ['lavapipe', 'software'], tile: ownTile(16), tiles: registers.constants.WORKGROUP },
    ...{ reads: 'vec4', thin: 'registers-16' },
  },
  'registers-8': {
    ...{ shader: registers, best: ['swiftshader'], tile: ownTile(8), tiles: registers.constants.WORKGROUP },
    ...{ reads: 'vec4', thin: 'registers-8' },
  },
  textures: {
    ...{
      shader: textures,
      only: ['lavapipe'],
      best: ['lavapipe'],
      tile: () => [textures.constants.TILE_M, textures.constants.TILE_N],
    },
    ...{ tiles: textures.constants.WORKGROUP, reads: 'texels', thin: 'registers-16' },
  },
  'workgroup-thin': {
    ...{ shader: thin, best: [], tile: (m) => (m < 16 ? [16, 64] : [64, 16]), tiles: 1, reads: 'vec4' },
    ...{ thin: 'workgroup-thin', thinOnly: true, slopes: true },
  },
  'workgroup-64': {
    ...{ shader: workgroup, best: [], tile: () => [64, 64], tiles: 1, reads: 'vec4', thin: 'workgroup-thin' },
    slopes: true,
  },
  'workgroup-128': {
    ...{ shader: workgroup, best: ['hardware'], tile: () => [128, 128], tiles: 1, reads: 'vec4' },
    ...{ thin: 'workgroup-thin', small: 'workgroup-64', slopes: true },
  },
  subgroups: {
    ...{ shader: subgroups, needs: 'subgroups', best: ['swiftshader'], tiles: 1, reads: 'rows', thin: 'registers-8' },
    tile: () => [subgroups.constants.TILE_M, subgroups.constants.TILE_N],
  },
} as const satisfies Readonly<Record<string, MatmulRow>>;

/** Name of a row of {@link MATMUL_VARIANTS}. */
export type MatmulVariant = keyof typeof MATMUL_VARIANTS;

/** A row of the table. */
export function matmulRow(variant: MatmulVariant): MatmulRow {
  return MATMUL_VARIANTS[variant];
}
