import type { LoadOptions } from '../clip/blocks.ts';
import type { StorageReport } from '../clip/weight_storage.ts';
import type { NamedTensors } from '../clip/weights.ts';
import type { GpuArray } from '../gpu/array.ts';
import type { MedClipConfig } from './config.ts';

/** The weights of a MedCLIP model. */
export interface MedClipWeights extends NamedTensors {
  readonly config: MedClipConfig;
}

/** How the towers are opened. */
export interface MedClipVisionOptions extends Pick<LoadOptions, 'storage' | 'signal'> {
  /** Side of the square input in pixels. */
  readonly size: number;
}

/** What a vision tower says of a batch of B images. */
export interface StageFeatures {
  /** Cells of the wanted stages by 1-based number, row by row of their grid, [B, grid², width]. */
  readonly stages: ReadonlyMap<number, GpuArray>;
  /** Image embeddings [B, E], not normalised. */
  readonly embedding: GpuArray;
}

/** A frozen vision tower of MedCLIP: a pyramid of stages whose grids become coarser. */
export interface StageTower {
  readonly size: number;
  /** Cells on the side of each stage's grid, and their width. */
  readonly grids: readonly { readonly side: number; readonly width: number }[];
  readonly storage: StorageReport;
  /**
   * What the stages say of some images.
   * @param images [B, 3, size, size], preprocessed
   * @param stages whose cells are wanted, 1-based
   */
  encode(images: GpuArray, stages: readonly number[]): StageFeatures;
  /** Frees the memory of the GPU. */
  release(): void;
}
