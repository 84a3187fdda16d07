import type { CheckResult, JobFacts, LabJob, LabStart, OwnKernel, TimeResult } from '../../src/lab/job.ts';

/** The worker's functions. Each fails with `device_lost` when a kernel took the device with it; the next call has a new one. */
export interface LabCalls {
  /** Finds an adapter; fails with `no_adapter`. */
  open(): Promise<LabStart>;
  look(job: LabJob): Promise<JobFacts>;
  /** The same kernel with what its text says of buffers and parameters. */
  complete(own: OwnKernel): Promise<OwnKernel>;
  check(job: LabJob): Promise<CheckResult>;
  time(job: LabJob, others: boolean): Promise<TimeResult>;
}
