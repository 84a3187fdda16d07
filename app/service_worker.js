/**
 * Keeps the page's files, so that it works when its server is gone. scripts/app_files.mjs fills in which they are. Each build has a
 * cache of its own: that of a new one takes the old one's place when no tab shows the page any more, for an open one may still load
 * parts of its build. The kernel lab is kept once it was opened.
 */
const CACHE = `fusionclip ${location.pathname} ${'VERSION'}`;
const LAB = `fusionclip lab ${location.pathname}`;
const FILES = 'FILES';

addEventListener('install', (event) => {
  // Not from the browser's own cache, which may hold files of the build before.
  const fresh = FILES.map((name) => new Request(name, { cache: 'reload' }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh)));
});

addEventListener('activate', (event) => {
  const old = (name) => name.startsWith(`fusionclip ${location.pathname} `) && name !== CACHE;
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin) return;
  const kept = async (name, what = request) => (await caches.open(name)).match(what, { ignoreSearch: true });
  const isLab = /\/(lab\.html|chunks\/lab\/[^/]*)$/.test(pathname);
  // A page itself is asked for first: it names the files of its own build.
  if (request.mode === 'navigate') event.respondWith(isLab ? openLab() : openPage());
  else event.respondWith(isLab ? partOfLab() : kept(CACHE).then((answer) => answer ?? fetch(request)));

  async function openPage() {
    try {
      return await fetch(request);
    } catch {
      return (await kept(CACHE)) ?? kept(CACHE, './');
    }
  }

  async function openLab() {
    try {
      const answer = await fetch(request);
      if (answer.ok) {
        await caches.delete(LAB);
        await (await caches.open(LAB)).put(request, answer.clone());
      }
      return answer;
    } catch {
      const text = 'The kernel lab was never opened in this browser while its server was there; go back to the page.';
      return (await kept(LAB)) ?? new Response(text, { status: 503, headers: { 'content-type': 'text/plain' } });
    }
  }

  async function partOfLab() {
    const known = await kept(LAB);
    if (known) return known;
    const answer = await fetch(request);
    if (answer.ok) await (await caches.open(LAB)).put(request, answer.clone());
    return answer;
  }
});
