import type { AdapterFacts } from '../../src/gpu/adapter.ts';
import type { Kept } from '../protocol/sessions.ts';

const MIB = 2 ** 20;

/** What the page computes on: a chip that opens to the adapter's facts. */
export function MachineChip({ facts }: { facts: AdapterFacts }) {
  const name = facts.description || [facts.vendor, facts.architecture].filter(Boolean).join(' ') || 'GPU';
  const { limits } = facts;
  const rows = [
    ['Kind', facts.software ? `software (${facts.class}): slow, results are the same` : 'hardware'],
    ['Vendor', [facts.vendor, facts.architecture, facts.device].filter(Boolean).join(' · ') || 'not told'],
    ['Features', facts.features.join(', ') || 'none'],
    ['One binding', `${Math.round(limits.maxStorageBufferBindingSize / MIB)} MiB`],
    ['One buffer', `${Math.round(limits.maxBufferSize / MIB)} MiB`],
    ['Workgroup', `${limits.maxComputeInvocationsPerWorkgroup} invocations`],
    ['Workgroup memory', `${limits.maxComputeWorkgroupStorageSize / 1024} KiB`],
  ];
  return (
    <details
      class="machine"
      onKeyDown={({ key, currentTarget }) => {
        if (key !== 'Escape') return;
        currentTarget.open = false;
        currentTarget.querySelector('summary')?.focus();
      }}
    >
      <summary>
        <span class={facts.software ? 'lamp software' : 'lamp'} aria-hidden="true" />
        <span class="machine-name">{name}</span>
      </summary>
      <dl>
        {rows.map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** What to do where there is no WebGPU; `reason` is what else went wrong, or empty. */
export function NoMachine({ reason, kept }: { reason: string; kept: Kept | null }) {
  const names = kept?.lasting ? kept.sessions.map(({ name }) => name) : [];
  return (
    <section class="card trouble" role="alert">
      <h2>This page cannot compute here</h2>
      <p class="reason">{reason || missing()}</p>
      {names.length > 0 && (
        <p>
          Nothing is lost: {names.slice(0, 3).join('; ')}
          {names.length > 3 ? ` and ${names.length - 3} more` : ''} {names.length === 1 ? 'is' : 'are'} kept in this
          browser. Restart the browser and open this page again to go on.
        </p>
      )}
      {reason === '' && <Advice />}
    </section>
  );
}

/** What helps where a browser gives no adapter. */
function Advice() {
  return (
    <>
      <p>Training and maps run on your own machine, through WebGPU. One of these usually helps:</p>
      <ul>
        <li>Use a current Chrome or Edge, Safari 26 or later, or Firefox 141 or later.</li>
        <li>
          Open the page over <code>https://</code> or from <code>localhost</code>.
        </li>
        <li>
          Switch on hardware acceleration in the browser’s settings; <code>chrome://gpu</code> tells whether WebGPU is
          blocked for the graphics driver.
        </li>
        <li>
          On Linux without a graphics card start Chrome with <code>--enable-unsafe-webgpu</code>, or use the command
          line: <code>npx fusionclip doctor</code> finds a software adapter.
        </li>
      </ul>
    </>
  );
}

function missing(): string {
  if (!isSecureContext) return 'This address is not secure, and browsers offer WebGPU to https and localhost only.';
  if (!('gpu' in navigator)) return 'This browser has no WebGPU.';
  return 'This browser has WebGPU, but no adapter to run it on.';
}
