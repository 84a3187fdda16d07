/**
 * Every failure a user can meet, and the exit code of the CLI that stands for it.
 *
 * | code | exit | meaning |
 * | --- | --- | --- |
 * | `usage` | 2 | a flag or argument is wrong |
 * | `no_adapter` | 3 | no usable WebGPU adapter |
 * | `bad_data` | 4 | a data set has a wrong layout, a missing mask, too few images |
 * | `bad_image` | 5 | an image cannot be decoded |
 * | `bad_model` | 6 | a model file is corrupt, of a refused format, or does not fit |
 * | `not_finite` | 7 | a loss or a tensor is NaN or infinite |
 * | `device_lost` | 8 | the GPU device was lost |
 * | `io` | 9 | a file cannot be read or written (missing, permission, full disk) |
 * | `leak` | 10 | `data audit --strict` found test images that the support set knows |
 * | `too_large` | 11 | an array does not fit into one buffer of this adapter |
 * | `gpu_error` | 12 | the GPU refused a command or a shader, or ran out of memory |
 * | `interrupted` | 130 | Ctrl-C; the state was saved |
 */
export const EXIT_CODES = {
  usage: 2,
  no_adapter: 3,
  bad_data: 4,
  bad_image: 5,
  bad_model: 6,
  not_finite: 7,
  device_lost: 8,
  io: 9,
  leak: 10,
  too_large: 11,
  gpu_error: 12,
  interrupted: 130,
} as const;

/** One of the codes of `EXIT_CODES`. */
export type ErrorCode = keyof typeof EXIT_CODES;

/** An expected failure: `message` is one sentence that says what happened and what to do. */
export class FusionclipError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FusionclipError';
    this.code = code;
  }
}
