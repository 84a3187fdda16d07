/** Kernels on grids of pixels. */
import { convolution } from '../../kernels/convolution.ts';
import { guidedUpsampleWith } from '../../kernels/guided_upsample.ts';
import { maxPool } from '../../kernels/max_pool.ts';
import { patchEmbedding } from '../../kernels/patch_embedding.ts';
import { bilinearResize, bilinearResizeBackward } from '../../kernels/resize.ts';
import { windowAttention } from '../../kernels/window_attention.ts';
import { flag, input, kernel, only, size } from '../kernel.ts';
import { convolutionReference, maxPoolReference, placesOf } from '../reference/convolution.ts';
import * as maps from '../reference/maps.ts';
import { patchEmbeddingReference } from '../reference/patch_embedding.ts';
import { windowAttentionReference } from '../reference/window_attention.ts';

const RESIZE = kernel({
  ...{ id: 'resize', word: 'resize' },
  sizes: { batch: size(2, 64), from: size(7, 512), to: size(30, 4096), channels: size(2, 64), align: flag(1) },
  formula: 'y [batch, to, to, channels] = x [batch, from, from, channels], bilinear; align: corners on corners',
  tolerance: { absolute: 1e-6, relative: 1e-6 },
  at(gpu, { batch, from, to, channels, align }) {
    const x = input(gpu, 1, [batch, from, from, channels]);
    const count = batch * to * to * channels;
    return {
      name: `${batch}×${from}×${from}×${channels} to ${to}`,
      ...{ flops: 9 * count, bytes: 4 * count },
      variants: [
        { name: channels === 2 ? 'pair' : 'any', run: () => ({ y: bilinearResize(x.array, [to, to], align === 1) }) },
      ],
      reference: () => ({ y: maps.resize(x.host, [batch, from, from, channels], [to, to], align === 1) }),
      referenceWork: count * from * from,
    };
  },
});

const RESIZE_BACKWARD = kernel({
  ...{ id: 'resize backward', word: 'resize' },
  sizes: { batch: size(2, 64), from: size(7, 512), to: size(30, 4096), channels: size(2, 64), align: flag(1) },
  formula: 'gradient of resize by x: what each input gave to the outputs, gathered',
  tolerance: { absolute: 1e-5, relative: 1e-6 },
  at(gpu, { batch, from, to, channels, align }) {
    const grad = input(gpu, 1, [batch, to, to, channels]);
    const own = batch * from * from * channels;
    const side = maps.resizeMatrix(from, to, align === 1);
    return {
      name: `${batch}×${from}×${from}×${channels} to ${to} backward`,
      ...{ flops: 4 * grad.host.length, bytes: 4 * grad.host.length },
      variants: only(() => ({ dx: bilinearResizeBackward(grad.array, [from, from], align === 1) })),
      // Σ over outputs (i, j) of side[i, y] side[j, x] grad[i, j].
      reference: () => ({
        dx: Float64Array.from({ length: own }, (_, at) => {
          const [c, x] = [at % channels, Math.floor(at / channels) % from];
          const [y, b] = [Math.floor(at / channels / from) % from, Math.floor(at / channels / from / from)];
          let sum = 0;
          for (let i = 0; i < to; i++) {
            for (let j = 0; j < to; j++) {
              const weight = side[i * from + y] * side[j * from + x];
              sum += weight * grad.host[((b * to + i) * to + j) * channels + c];
            }
          }
          return sum;
        }),
      }),
      referenceWork: own * to * to,
    };
  },
});

const WINDOW = { side: size(3, 31), stride: size(1, 31), pad: size(1, 30, 0) };

const CONVOLUTION = kernel({
  ...{ id: 'convolution', word: 'convolution' },
  sizes: { pixels: size(13, 1024), channels: size(5, 1024), outputs: size(6, 1024), ...WINDOW },
  formula: 'y [H′, W′, outputs]: windows of x [pixels, pixels, channels], unfolded, times a weight',
  tolerance: { absolute: 2e-5, relative: 1e-6 },
  at(gpu, { pixels, channels, outputs, ...window }) {
    const shape = { batch: 1, height: pixels, width: pixels, channels, ...window };
    const [down, across] = placesOf(shape);
    const columns = window.side ** 2 * channels;
    const x = input(gpu, 1, [1, pixels, pixels, channels]);
    const weight = input(gpu, 2, [outputs, columns]);
    return {
      name: `${pixels}×${pixels}×${channels}, windows of ${window.side}`,
      flops: 2 * down * across * columns * outputs,
      bytes: 4 * (x.host.length + weight.host.length + down * across * outputs),
      variants: [{ name: 'product', run: () => ({ y: convolution(x.array, weight.array, window) }) }],
      reference: () => ({ y: convolutionReference(x.host, weight.host, new Float64Array(outputs), shape) }),
      referenceWork: down * across * columns * outputs,
    };
  },
});

const MAX_POOL = kernel({
  ...{ id: 'max_pool', word: 'max_pool' },
  sizes: { pixels: size(13, 1024), channels: size(5, 1024), ...WINDOW },
  formula: 'largest value of every window of x [pixels, pixels, channels]',
  tolerance: {},
  at(gpu, { pixels, channels, ...window }) {
    const shape = { batch: 1, height: pixels, width: pixels, channels, ...window };
    const [down, across] = placesOf(shape);
    const x = input(gpu, 1, [1, pixels, pixels, channels]);
    return {
      name: `${pixels}×${pixels}×${channels}, windows of ${window.side}`,
      flops: window.side ** 2 * down * across * channels,
      bytes: 4 * (x.host.length + down * across * channels),
      variants: [{ name: 'pool', run: () => ({ y: maxPool(x.array, window) }) }],
      reference: () => ({ y: maxPoolReference(x.host, shape) }),
      referenceWork: window.side ** 2 * down * across * channels,
    };
  },
});

const PATCH_EMBEDDING = kernel({
  ...{ id: 'patch_embedding', word: 'patch_embedding' },
  sizes: { batch: size(1, 64), pixels: size(17, 1024), patch: size(4, 64), width: size(24, 4096) },
  formula: 'y [batch, patches, width]: patches of the images, unfolded, times a weight',
  tolerance: { absolute: 1e-5, relative: 1e-6 },
  at(gpu, { batch, pixels, patch, width }) {
    const images = input(gpu, 1, [batch, 3, pixels, pixels]);
    const weight = input(gpu, 2, [width, 3, patch, patch]);
    const [tokens, columns] = [batch * Math.floor(pixels / patch) ** 2, 3 * patch * patch];
    return {
      name: `${batch}×${pixels} px, patches of ${patch}, to ${width} columns`,
      flops: 2 * tokens * columns * width,
      bytes: 4 * (tokens * columns + columns * width + tokens * width),
      variants: [{ name: 'product', run: () => ({ y: patchEmbedding(images.array, weight.array) }) }],
      reference: () => ({
        y: patchEmbeddingReference(images.host, weight.host, { batch, size: pixels, patch, width }),
      }),
      referenceWork: tokens * columns * width,
    };
  },
});

const WINDOW_ATTENTION = kernel({
  ...{ id: 'window_attention', word: 'window_attention' },
  sizes: {
    ...{ height: size(5, 256), width: size(7, 256), heads: size(3, 32), head: size(4, 128, 4) },
    ...{ side: size(4, 16), shift: size(2, 15, 0) },
  },
  formula: 'softmax(q kᵀ / √head + bias) v within shifted windows of a grid of tokens',
  tolerance: { absolute: 1e-5, relative: 1e-6 },
  at(gpu, { height, width, heads, head, side, shift }) {
    const columns = 3 * heads * head;
    const qkv = input(gpu, 1, [1, height, width, columns]);
    const pad = input(gpu, 2, [columns]);
    const table = input(gpu, 3, [(2 * side - 1) ** 2, heads]);
    const pairs = height * width * side * side * heads;
    return {
      name: `${height}×${width} tokens, ${heads} heads`,
      ...{ flops: 4 * pairs * head, bytes: 16 * height * width * heads * head },
      variants: [
        {
          name: shift > 0 ? 'shifted' : 'windows',
          run: () => ({ y: windowAttention(qkv.array, pad.array, table.array, { heads, side, shift }) }),
        },
      ],
      reference: () => ({
        y: windowAttentionReference(qkv.host, pad.host, table.host, {
          ...{ batch: 1, height, width, heads, head, side, shift },
        }),
      }),
      // It goes through all pairs of a window once more for each column.
      referenceWork: 8 * pairs * head,
    };
  },
});

const GUIDED_UPSAMPLE = kernel({
  ...{ id: 'guided_upsample', word: 'guided_upsample' },
  sizes: { batch: size(1, 16), height: size(19, 1024), width: size(23, 1024), radius: size(4, 48) },
  formula: 'mean of a window, weighted by nearness in space and in the image',
  tolerance: { absolute: 2e-6, relative: 3e-6 },
  at(gpu, { batch, height, width, radius }) {
    const guidance = { radius, space: 7, range: 0.1 };
    const x = input(gpu, 1, [batch, height, width]);
    const guide = input(gpu, 2, [batch, 3, height, width], (v) => 0.2 * v);
    const window = (2 * radius + 1) ** 2;
    return {
      name: `${batch}×${height}×${width}, radius ${radius}`,
      ...{ flops: 22 * window * x.host.length, bytes: 20 * x.host.length },
      variants: (['reference', 'registers'] as const).map((name) => ({
        name,
        run: () => ({ y: guidedUpsampleWith(name, x.array, guide.array, guidance) }),
      })),
      reference: () => ({ y: maps.guidedUpsample(x.host, guide.host, [batch, height, width], guidance) }),
      referenceWork: 10 * batch * (height * width) ** 2,
    };
  },
});

/** All of them. */
export const IMAGE_KERNELS = {
  ...{ RESIZE, RESIZE_BACKWARD, CONVOLUTION, MAX_POOL, PATCH_EMBEDDING, WINDOW_ATTENTION, GUIDED_UPSAMPLE },
};
