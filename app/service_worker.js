/**
 * Keeps the page's files, so that it works when its server is gone. scripts/app_files.mjs fills in which they are; a new
 * build has another version, and takes its files anew.
 */
const CACHE = `fusionclip ${location.pathname} ${'VERSION'}`;
const FILES = 'FILES';

addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(FILES))
      .then(() => self.skipWaiting()),
  );
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
  if (request.method !== 'GET' || new URL(request.url).origin !== location.origin) return;
  const kept = () => caches.open(CACHE).then((cache) => cache.match(request, { ignoreSearch: true }));
  // The page itself is asked for first: it names the files of its own build.
  if (request.mode === 'navigate') {
    event.respondWith(
      fetch(request).catch(async () => (await kept()) ?? (await (await caches.open(CACHE)).match('./'))),
    );
  } else {
    event.respondWith(kept().then((answer) => answer ?? fetch(request)));
  }
});
