/** What is made of the built page beside its files: one file that holds all of it, and what lets the served page work offline. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** Bytes that the one file may have. */
const MOST = 8_000_000;

const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** A script as the text of an element: what would end the element early means the same with a backslash. */
const scriptText = (code) => code.replace(/<(?=\/script|!--)/gi, '\\x3c');

/** Servers that a page may be let reach, as its policy names them: `https://hub.example`, `https://*.example`. */
const SOURCE = /^https?:\/\/(\*\.)?[a-z0-9.-]+(:\d+)?$/i;

/**
 * A page whose policy lets it reach more servers than its own: a model hub first, then those that the hub sends to. Without
 * them it stays as it is.
 * @param servers names with blanks between them
 */
export function withServers(html, servers) {
  const names = servers.split(/\s+/).filter((name) => name !== '');
  const wrong = names.find((name) => !SOURCE.test(name));
  if (wrong !== undefined) throw new Error(`"${wrong}" is no server; name one as https://hub.example`);
  if (names.length === 0) return html;
  if (names[0].includes('*')) throw new Error(`the first server is the model hub itself, without *`);
  const more = names.join(' ');
  return html.replace(/(http-equiv="Content-Security-Policy"\s+content=")([^"]*)"/, (_, before, policy) => {
    const own = /connect-src [^;]*/;
    const all = own.test(policy)
      ? policy.replace(own, (rule) => `${rule} ${more}`)
      : `${policy}; connect-src 'self' ${more}`;
    return `${before}${all}"`;
  });
}

/**
 * The page with styles, worker, shaders and model inside. Its policy lets only these scripts run, by their hashes, and no
 * address but those of its own blobs and data be read.
 */
export function singleFile(outputs) {
  const find = (what, test) => {
    const one = outputs.find(test);
    if (!one) throw new Error(`the page has no ${what}`);
    return String(one.code ?? one.source);
  };
  // Most of the file; app/client.ts unpacks it.
  const worker = gzipSync(
    find('worker', ({ fileName }) => /\/main-[^/]*\.js$/.test(fileName)),
    { level: 9 },
  );
  const script = scriptText(find('script', (one) => one.type === 'chunk' && one.isEntry));
  const style = find('styles', ({ fileName }) => fileName.endsWith('.css'));
  const icon = readFileSync('app/icon.svg');
  const policy = [
    "default-src 'none'",
    `script-src ${hash(script)} blob:`,
    'worker-src blob:',
    `style-src ${hash(style)}`,
    'connect-src blob: data:',
    'img-src blob: data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const html = readFileSync('app/index.html', 'utf8')
    .replace(/content="default-src[^"]*"/, () => `content="${policy}"`)
    .replace(/ *<link rel="manifest"[^>]*>\n/, '')
    .replace('./icon.svg', () => `data:image/svg+xml;base64,${icon.toString('base64')}`)
    .replace(/<link rel="stylesheet"[^>]*>/, () => `<style>${style}</style>`)
    .replace(/ *<script type="module"[^>]*><\/script>\n/, '')
    .replace(
      '</body>',
      () =>
        `<script type="text/plain" id="worker">${worker.toString('base64')}</script>\n<script type="module">${script}</script>\n</body>`,
    );
  if (html.length > MOST) throw new Error(`fusionclip.html has ${html.length} bytes, more than ${MOST}`);
  return html;
}

/** The script that keeps the page's files for the time without its server, and what makes the page installable. */
export function serviceWorker(outputs) {
  const names = ['./', ...outputs.map(({ fileName }) => `./${fileName}`).filter((name) => name !== './index.html')];
  const version = createHash('sha256');
  for (const one of outputs) version.update(one.fileName).update(one.code ?? one.source);
  const values = { VERSION: version.digest('hex').slice(0, 16), FILES: names };
  const script = Object.entries(values).reduce(
    (text, [name, value]) => {
      if (!text.includes(`'${name}'`)) throw new Error(`app/service_worker.js has no place for ${name}`);
      return text.replace(`'${name}'`, () => JSON.stringify(value));
    },
    readFileSync('app/service_worker.js', 'utf8'),
  );
  const manifest = {
    name: 'fusionclip',
    short_name: 'fusionclip',
    description: 'Few-shot anomaly detection in medical images, trained in the browser on WebGPU.',
    start_url: './',
    display: 'standalone',
    background_color: '#131218',
    theme_color: '#5f2c91',
    icons: [{ src: './icon.svg', sizes: 'any', type: 'image/svg+xml' }],
  };
  return [
    { fileName: 'service_worker.js', source: script },
    { fileName: 'manifest.webmanifest', source: `${JSON.stringify(manifest, null, 2)}\n` },
    { fileName: 'icon.svg', source: readFileSync('app/icon.svg') },
  ];
}
