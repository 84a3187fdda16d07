import type { Kernel } from './kernel.ts';
import { IMAGE_KERNELS } from './kernels/images.ts';
import { POINTWISE_KERNELS } from './kernels/pointwise.ts';
import { PRODUCT_KERNELS } from './kernels/products.ts';
import { ROW_KERNELS } from './kernels/rows.ts';

/** All kernels with a float64 reference, as they are offered. */
export const KERNELS: readonly Kernel[] = [
  ...Object.values(PRODUCT_KERNELS),
  ...Object.values(ROW_KERNELS),
  ...Object.values(POINTWISE_KERNELS).flat(),
  ...Object.values(IMAGE_KERNELS),
];

/** The sizes that a kernel has by default. */
export function defaultSizes({ sizes }: Kernel): Record<string, number> {
  return Object.fromEntries(Object.entries(sizes).map(([name, { value }]) => [name, value]));
}
