/** m, k, n of products: forward layers of ViT-L/14 at 240 px (290 tokens), of the text tower (77), and a batch of eight images. */
export const MATMUL_SHAPES = [
  [1024, 1024, 1024],
  [290, 1024, 1024],
  [290, 1024, 4096],
  [290, 4096, 1024],
  [77, 768, 768],
  [2320, 1024, 1024],
] as const;

/** A block of ViT-L/14 at 240 px. */
export const BLOCK = { tokens: 290, width: 1024, heads: 16, mlp: 4096 } as const;
