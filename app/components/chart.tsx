import '../language.ts';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';

/** What a chart is drawn with; colours are names of custom properties of the style sheet. */
export interface ChartProps {
  readonly label: string;
  readonly height: number;
  readonly data: uPlot.AlignedData;
  /** Everything but size; made once. */
  readonly options: () => Omit<uPlot.Options, 'width' | 'height'>;
  readonly square?: boolean;
}

/** A chart that fills its parent's width and follows its data and the colour scheme. */
export function Chart({ label, height, data, options, square = false }: ChartProps) {
  const parent = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  useEffect(() => {
    const element = parent.current!;
    const size = () => {
      const width = Math.max(160, element.clientWidth);
      return { width, height: square ? Math.min(width, height) : height };
    };
    const made = new uPlot({ ...options(), ...size() }, data, element);
    chart.current = made;
    const watcher = new ResizeObserver(() => made.setSize(size()));
    watcher.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const redraw = () => made.redraw(false, true);
    scheme.addEventListener('change', redraw);
    return () => {
      watcher.disconnect();
      scheme.removeEventListener('change', redraw);
      made.destroy();
    };
  }, []);
  useEffect(() => chart.current?.setData(data), [data]);
  return <div ref={parent} class="chart" role="img" aria-label={label} />;
}

/** A colour of the style sheet as it is now. */
export function colour(name: string): () => string {
  return () => {
    // A custom property holds the text `light-dark(…)`; only a real property resolves it.
    probe.style.color = `var(--${name})`;
    if (!probe.isConnected) document.body.append(probe);
    return getComputedStyle(probe).color;
  };
}

const probe = document.createElement('span');
probe.hidden = true;

/** An axis in the colours of the page. */
export function axis(label: string, more: uPlot.Axis = {}): uPlot.Axis {
  const font = '12px system-ui, sans-serif';
  return {
    label,
    labelFont: font,
    font,
    labelSize: 18,
    labelGap: 2,
    stroke: colour('muted'),
    grid: { stroke: colour('line'), width: 1 },
    ticks: { stroke: colour('line'), width: 1, size: 4 },
    ...more,
  };
}
