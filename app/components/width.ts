import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** The width of a block in pixels, as it is now, and what ties it to the block. */
export function useWidth() {
  const block = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(360);
  useLayoutEffect(() => {
    const measure = () => setWidth(Math.max(160, block.current!.clientWidth));
    measure();
    const watcher = new ResizeObserver(measure);
    watcher.observe(block.current!);
    return () => watcher.disconnect();
  }, []);
  return { block, width };
}
