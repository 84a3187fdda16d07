/** The style sheet of a report: light and dark, wide and narrow, screen and paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f5f8; --card: #fff; --text: #1d1b24; --muted: #5f5a6b; --line: #dedae5;
  --accent: #5f2c91; --band: #5f2c9133; --normal: #2a6f97; --abnormal: #c0392b; --warn: #fdf1dc; --warn-text: #6b4700;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131218; --card: #1c1b22; --text: #eceaf2; --muted: #a9a4b7; --line: #383540;
    --accent: #bd9bf5; --band: #bd9bf533; --normal: #74b9e0; --abnormal: #ff8a7a; --warn: #3a2d12; --warn-text: #f4d9a2;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, "Segoe UI", Roboto, sans-serif;
  font-variant-numeric: tabular-nums; }
main { max-width: 1180px; margin: 0 auto; padding: 24px 16px 48px; }
h1, h2, h3, p, figure, ol, ul, dl, dd { margin: 0; padding: 0; }
h1 { font-size: 26px; line-height: 1.25; }
h2 { font-size: 18px; margin-bottom: 12px; }
h3 { font-size: 15px; margin: 16px 0 6px; }
header p { color: var(--muted); margin-bottom: 4px; overflow-wrap: anywhere; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 18px 20px; margin-top: 16px; }
.verdict p { margin-top: 8px; max-width: 75ch; }
.warning { background: var(--warn); color: var(--warn-text); border-radius: 8px; padding: 8px 12px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 10px; margin-top: 16px; }
.tiles div { border: 1px solid var(--line); border-radius: 8px; padding: 8px 12px; }
.tiles dt, .tiles small { color: var(--muted); font-size: 13px; }
.tiles dd { font-size: 22px; font-weight: 650; line-height: 1.3; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(320px, 100%), 1fr)); gap: 20px; }
figcaption { color: var(--muted); font-size: 13px; margin-top: 4px; }
.chart { width: 100%; height: auto; display: block; }
.chart text { fill: var(--muted); font-size: 12px; }
.chart .label { fill: var(--text); }
.grid { stroke: var(--line); } .axis { stroke: var(--muted); }
.curve, .faint, .chance, .second { fill: none; stroke-width: 2; stroke: var(--accent); stroke-linejoin: round; }
.faint { stroke: var(--muted); stroke-width: 1; opacity: .55; }
.second { stroke: var(--normal); }
.chance { stroke: var(--muted); stroke-width: 1; stroke-dasharray: 4 4; }
.band { fill: var(--band); }
.threshold { stroke: var(--text); stroke-width: 1.5; stroke-dasharray: 5 3; }
rect.normal { fill: var(--normal); } rect.abnormal { fill: var(--abnormal); }
.key { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin: 0 4px 0 10px; }
.key.normal { background: var(--normal); margin-left: 0; } .key.abnormal { background: var(--abnormal); }
.gallery { list-style: none; display: grid; grid-template-columns: repeat(auto-fill, minmax(min(340px, 100%), 1fr)); gap: 14px; }
.gallery li { border: 1px solid var(--line); border-left: 4px solid var(--line); border-radius: 8px; padding: 10px; min-width: 0; }
.gallery li.wrong { border-left-color: var(--abnormal); }
.views { display: grid; grid-template-columns: repeat(3, 1fr); gap: 6px; }
.views img, .support img { width: 100%; height: auto; display: block; border-radius: 4px; background: #000; }
.mapped { position: relative; }
.mapped svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.outline { fill: none; stroke: #5ff0e0; stroke-width: 1.5px; vector-effect: non-scaling-stroke; }
.none { aspect-ratio: 1; display: grid; place-items: center; border: 1px dashed var(--line); border-radius: 4px;
  color: var(--muted); font-size: 13px; text-align: center; }
.note { color: var(--muted); font-size: 13px; margin-bottom: 12px; }
.caption { margin-top: 8px; font-size: 13px; display: flex; flex-wrap: wrap; gap: 2px 8px; }
.caption .name { color: var(--muted); overflow-wrap: anywhere; flex-basis: 100%; }
.tag { font-weight: 650; } .tag.normal { color: var(--normal); } .tag.abnormal { color: var(--abnormal); }
.support { list-style: none; display: grid; grid-template-columns: repeat(auto-fill, minmax(110px, 1fr)); gap: 10px; }
.support li { font-size: 12px; color: var(--muted); overflow-wrap: anywhere; min-width: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: right; padding: 5px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; font-weight: 500; }
caption { text-align: left; color: var(--muted); font-size: 13px; padding: 16px 0 4px; }
thead th { color: var(--muted); font-weight: 500; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; font-size: 14px; }
.facts dt { color: var(--muted); } .facts dd { overflow-wrap: anywhere; }
details summary { cursor: pointer; color: var(--accent); margin-top: 12px; }
@media (max-width: 560px) { .facts { grid-template-columns: 1fr; } .facts dd { margin-bottom: 6px; } section { padding: 14px; } }
@media print { body { background: #fff; } section { break-inside: avoid; border-color: #ccc; } details { display: none; } }
`;
