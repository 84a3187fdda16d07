import { useEffect, useRef } from 'preact/hooks';

/** Scrolls something new to the top unless all of it is in sight: on a narrow page it appears below everything else. */
export function useShown<T extends HTMLElement = HTMLElement>(wanted = true) {
  const element = useRef<T>(null);
  useEffect(() => {
    const { bottom } = element.current!.getBoundingClientRect();
    if (wanted && bottom > innerHeight) element.current!.scrollIntoView();
  }, []);
  return element;
}
