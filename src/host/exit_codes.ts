import type { ErrorCode } from '../base/errors.ts';

/** What the process ends with for each failure: 0 is success, 1 an error in the program. Scripts rely on them, so none changes. */
export const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
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
  below: 13,
  killed: 20,
  interrupted: 130,
};
