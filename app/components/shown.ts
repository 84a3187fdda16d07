import { useEffect, useRef } from 'preact/hooks';

/** Scrolls something new into sight: on a narrow page it appears below what the user is looking at. */
export function useShown<T extends HTMLElement = HTMLElement>() {
  const element = useRef<T>(null);
  useEffect(() => element.current!.scrollIntoView({ block: 'nearest', behavior: 'smooth' }), []);
  return element;
}
