/**
 * Chromium under the POSIX locale calls its language `en-US@posix`, a name that Intl refuses; uPlot hands it to Intl
 * when it is loaded, and the page would stay empty. This module must be imported before it.
 */
try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en-US' });
}
