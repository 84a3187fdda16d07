import { useState } from 'preact/hooks';
import type { LabMessage } from '../../src/lab/job.ts';
import { Editor } from './editor.tsx';
import type { LabSession } from './session.ts';

/** The shader's text, what the compiler says of it, and the buttons that run and share it. */
export function CodePanel({ session }: { session: LabSession }) {
  const { facts, shader, job, check, busy, live, others, start } = session.state;
  const [at, setAt] = useState<{ line: number } | null>(null);
  const [copied, setCopied] = useState<string | null>(null);
  const original = facts?.shaders.find(({ name }) => name === shader)?.source;
  const text = job.own ? job.own.source : (job.edits[shader]?.source ?? original ?? '');
  const name = job.own ? 'own' : shader;
  const messages = check?.messages ?? [];
  const share = async () => {
    const link = await session.link();
    if (link.hash === '') return setCopied('The code is too long for a link; save it as a file.');
    try {
      await navigator.clipboard.writeText(link.href);
      setCopied('Copied: the link holds the code.');
    } catch {
      setCopied('The link is the address of this page, which holds the code.');
    }
  };
  return (
    <section class="card" aria-labelledby="code">
      <div class="bar">
        <h2 id="code">
          <span class="file">{job.own ? 'your kernel' : shader ? `${shader}.wgsl` : '…'}</span>
          {!job.own && job.edits[shader] && <span class="badge">edited</span>}
        </h2>
        <div class="row">
          <button
            type="button"
            id="restore"
            disabled={!job.own && !job.edits[shader]}
            onClick={() => session.restore()}
          >
            Restore
          </button>
          <button type="button" id="share" onClick={share}>
            Copy link
          </button>
        </div>
      </div>
      {copied && (
        <p class="hint" role="status">
          {copied}
        </p>
      )}
      {name && (
        <Editor
          {...{ name, text, at }}
          messages={messages.filter((one) => one.shader === name)}
          onChange={(source) => {
            setCopied(null);
            session.edit({ source });
          }}
          onRun={() => session.run()}
        />
      )}
      {messages.length > 0 && (
        <ul class="messages" aria-label="What the compiler says">
          {messages.map((one) => (
            <Message
              key={`${one.shader}:${one.line}:${one.column}:${one.text}`}
              one={one}
              onGo={() => {
                if (!job.own && one.shader !== shader) session.show(one.shader);
                setAt({ line: one.line });
              }}
            />
          ))}
        </ul>
      )}
      <div class="bar">
        <div class="row">
          <button type="button" id="run" class="primary" disabled={!start} onClick={() => session.run()}>
            Run and time
          </button>
          {busy && (
            <button type="button" id="stop" onClick={() => session.stop()}>
              Stop
            </button>
          )}
          <span class="hint" role="status">
            {busy === 'checking' ? 'Checking…' : busy === 'timing' ? 'Timing…' : 'Ctrl + Enter runs.'}
          </span>
        </div>
        <div class="row">
          <label class="check">
            <input
              type="checkbox"
              id="live"
              checked={live}
              onChange={({ currentTarget: { checked } }) => session.prefer({ live: checked })}
            />
            Check as I type
          </label>
          {!job.own && (
            <label class="check">
              <input
                type="checkbox"
                id="others"
                checked={others}
                onChange={({ currentTarget: { checked } }) => session.prefer({ others: checked })}
              />
              Time all variants
            </label>
          )}
        </div>
      </div>
    </section>
  );
}

function Message({ one, onGo }: { one: LabMessage; onGo: () => void }) {
  return (
    <li class={one.kind === 'error' ? '' : 'mild'}>
      {one.line > 0 ? (
        <button type="button" onClick={onGo}>
          line {one.line}
        </button>
      ) : (
        <span>{one.kind}</span>
      )}
      <span>{one.text}</span>
    </li>
  );
}
