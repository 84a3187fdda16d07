import { withoutSecrets } from './address.ts';
import { visible } from './visible.ts';

/**
 * Names of the failures a user can meet. The command line gives each an exit code (`src/host/exit_codes.ts`).
 *
 * | code | meaning |
 * | --- | --- |
 * | `usage` | a flag or argument is wrong |
 * | `no_adapter` | no usable WebGPU adapter |
 * | `bad_data` | a data set has a wrong layout, a missing mask, too few images |
 * | `bad_image` | an image cannot be decoded |
 * | `bad_model` | a model file is corrupt, of a refused format, or does not fit |
 * | `not_finite` | a loss or a tensor is NaN or infinite |
 * | `device_lost` | the GPU device was lost |
 * | `io` | a file cannot be read or written (missing, permission, full disk) |
 * | `leak` | `data audit --strict` found test images that the support set knows |
 * | `below` | `ci`: a metric is below what was asked for |
 * | `too_large` | an array does not fit into one buffer of this adapter |
 * | `gpu_error` | the GPU refused a command or a shader, or ran out of memory |
 * | `killed` | the program was ended from outside (`kill -9`, no memory left), as the launcher tells |
 * | `interrupted` | Ctrl-C; the state was saved |
 */
export type ErrorCode =
  | 'usage'
  | 'no_adapter'
  | 'bad_data'
  | 'bad_image'
  | 'bad_model'
  | 'not_finite'
  | 'device_lost'
  | 'io'
  | 'leak'
  | 'below'
  | 'too_large'
  | 'gpu_error'
  | 'killed'
  | 'interrupted';

/**
 * An expected failure: `message` is one sentence that says what happened and what to do, and one line. It tells addresses without their
 * queries and passwords.
 */
export class FusionclipError extends Error {
  readonly code: ErrorCode;
  /** What it is about, more closely than the code, where who has no command line says by it what to do: the kind of a data set's problem. */
  readonly about: string | null;
  /** Files and folders of a data set, relative to it, without which this failure and all like it would be gone; or none. */
  readonly leave: readonly string[];
  /** What series may have against them, as the setting `accept` names it, with which this failure would be gone; or none. */
  readonly accept: readonly string[];
  /** Of how many volumes of a file one has to be chosen, with which this failure would be gone; else 0. */
  readonly volumes: number;

  constructor(
    code: ErrorCode,
    message: string,
    options: ErrorOptions & {
      about?: string;
      leave?: readonly string[];
      accept?: readonly string[];
      volumes?: number;
    } = {},
  ) {
    super(visible(withoutSecrets(message)), options);
    this.name = 'FusionclipError';
    this.code = code;
    this.about = options.about ?? null;
    this.leave = options.leave ?? [];
    this.accept = options.accept ?? [];
    this.volumes = options.volumes ?? 0;
  }
}
