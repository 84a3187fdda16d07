/** The style sheet of a report: light and dark, wide and narrow, screen and paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f5f4f7; --card: #fff; --raised: #f4f2f7; --text: #1d1b24; --muted: #625d6e; --line: #dcd8e3;
  --accent: #5f2c91; --band: #5f2c9130; --normal: #1f6b99; --abnormal: #b3262f; --good: #23704a;
  --warn: #fdf3df; --warn-text: #5f4100; --warn-edge: #d9a441; --first: #1f6b99; --second: #a65300; --third: #23704a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131218; --card: #1c1b22; --raised: #26252e; --text: #eceaf2; --muted: #aaa5b8; --line: #393643;
    --accent: #bd9bf5; --band: #bd9bf538; --normal: #74b9e0; --abnormal: #ff8f85; --good: #74cf9f;
    --warn: #332813; --warn-text: #f4dcae; --warn-edge: #a67c2d; --first: #74b9e0; --second: #f0a45b; --third: #74cf9f;
  }
}
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --card: #fff; --raised: #f4f2f7; --text: #000; --muted: #444; --line: #bbb;
    --accent: #5f2c91; --band: #5f2c9130; --normal: #1f6b99; --abnormal: #b3262f; --good: #23704a;
    --warn: #fdf3df; --warn-text: #5f4100; --warn-edge: #d9a441; --first: #1f6b99; --second: #a65300; --third: #23704a;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, "Segoe UI", Roboto, sans-serif;
  font-variant-numeric: tabular-nums; }
main { max-width: 1200px; margin: 0 auto; padding: 32px 16px 48px; }
h1, h2, h3, p, figure, ul, dl, dd { margin: 0; padding: 0; }
ul { list-style: none; }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -.01em; text-wrap: balance; }
h2 { font-size: 19px; margin-bottom: 14px; }
h3 { font-size: 15px; margin: 22px 0 8px; }
header { padding: 0 4px; } header p, footer p { color: var(--muted); overflow-wrap: anywhere; margin-top: 6px; }
header .kind { font-size: 13px; letter-spacing: .06em; text-transform: uppercase; color: var(--accent); margin: 0 0 4px; }
main > section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 20px 24px; margin-top: 18px; }
footer { padding: 16px 4px 0; font-size: 13px; }
.note, figcaption, .name, small { color: var(--muted); font-size: 13px; }

.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(136px, 1fr)); gap: 10px; }
.tiles div { background: var(--raised); border-radius: 8px; padding: 10px 14px; }
.tiles dt { font-size: 13px; color: var(--muted); }
.tiles dd { font-size: 25px; font-weight: 650; line-height: 1.25; }
.tiles dd.note { font-size: 13px; font-weight: 400; min-height: 1.25em; }
.verdict { display: grid; grid-template-columns: minmax(0, 1.35fr) minmax(0, 1fr); gap: 20px 40px; margin-top: 20px; align-items: start; }
.verdict p + p { margin-top: 9px; } .verdict .chart { max-width: 400px; }
.warnings { background: var(--warn); color: var(--warn-text); border-left: 4px solid var(--warn-edge); border-radius: 6px;
  padding: 10px 16px; margin-top: 16px; print-color-adjust: exact; }
.warnings h3 { margin: 0 0 2px; } .warnings ul { list-style: disc; padding-left: 18px; }

.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(300px, 100%), 1fr)); gap: 24px 32px; }
.charts figure { max-width: 460px; min-width: 0; }
.charts h3 { margin-top: 0; }
.chart { width: 100%; height: auto; display: block; }
.chart text { fill: var(--muted); font-size: 11.5px; }
.chart .label { fill: var(--text); }
.grid { stroke: var(--line); } .axis { stroke: var(--muted); }
path.curve, path.part, .chance { fill: none; stroke-width: 2; stroke: var(--accent); stroke-linejoin: round; }
path.part { stroke-width: 1.5; } path.broken { stroke-dasharray: 4 2.5; }
path.first { stroke: var(--first); } path.second { stroke: var(--second); } path.third { stroke: var(--third); }
g.curve circle { fill: var(--accent); } g.second circle { fill: var(--second); }
.chance { stroke: var(--muted); stroke-width: 1.2; stroke-dasharray: 4 4; }
.band { fill: var(--band); }
.point { fill: var(--card); stroke: var(--accent); stroke-width: 2.5; }
.threshold { stroke: var(--text); stroke-width: 1.4; stroke-dasharray: 5 3; }
rect.normal, .chart .direct.normal { fill: var(--normal); } rect.abnormal, .chart .direct.abnormal { fill: var(--abnormal); }
.chart .direct { font-weight: 650; }
.own circle { fill: var(--accent); } .trivial circle { fill: none; stroke: var(--muted); stroke-width: 2; }
.chart .name, .chart .value { font-size: 12.5px; } .chart .name, .chart .direct { paint-order: stroke; stroke: var(--card); stroke-width: 4px; } .chart .own .name, .chart .own .value { fill: var(--text); font-weight: 650; }
.whisker { stroke: var(--accent); stroke-width: 5; opacity: .4; }
figcaption { margin-top: 6px; }
.keys { display: flex; flex-wrap: wrap; gap: 2px 14px; } .keys li { white-space: nowrap; }
.key { width: 22px; height: 8px; margin-right: 5px; vertical-align: middle; }

.legend { display: flex; flex-wrap: wrap; gap: 6px 24px; align-items: center; font-size: 13px; margin-bottom: 6px; }
.legend li { display: flex; gap: 8px; align-items: center; }
.legend svg { width: 200px; height: 14px; border-radius: 3px; background: #000; } .legend .swatch { width: 30px; background: #3a3646; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(300px, 100%), 1fr)); gap: 14px; }
.gallery.masks { grid-template-columns: repeat(auto-fill, minmax(min(440px, 100%), 1fr)); }
.gallery li { border: 1px solid var(--line); border-radius: 8px; padding: 10px; min-width: 0; break-inside: avoid; }
.views { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); gap: 5px; }
.views svg { width: 100%; height: auto; display: block; border-radius: 3px; background: #000; fill: none; print-color-adjust: exact; }
.views svg text { fill: #d5d1de; font-size: 48px; paint-order: stroke; stroke: #000; stroke-width: 14px; }
/* Stains have the hues of the heat colours. */
.views .under { filter: grayscale(1); }
.views .truth { fill: #5ff0e0; }
.lesion, .predicted { stroke-width: 1.6px; vector-effect: non-scaling-stroke; stroke-linejoin: round; fill-rule: evenodd; }
.lesion { stroke: #5ff0e0; } .predicted { stroke: #fff; fill: none; }
.views .predicted { filter: drop-shadow(0 0 2px #000); }
.caption { margin-top: 8px; font-size: 13px; display: flex; flex-wrap: wrap; gap: 1px 10px; }
.name { overflow-wrap: anywhere; } .caption .name { flex-basis: 100%; }
.tag { font-weight: 650; } .tag.normal { color: var(--normal); } .tag.abnormal { color: var(--abnormal); }
b.right { color: var(--good); } b.wrong { color: var(--abnormal); }
.support { display: grid; grid-template-columns: repeat(auto-fill, minmax(136px, 1fr)); gap: 12px; }
.support li { font-size: 13px; min-width: 0; break-inside: avoid; } .support .name { display: block; font-size: 12px; line-height: 1.35; }
.support img { width: 100%; height: auto; display: block; border-radius: 3px; background: #000; }
.gone { aspect-ratio: 1; display: grid; place-items: center; border: 1px dashed var(--line); color: var(--muted); }

.row.own { font-weight: 650; } .row.control { color: var(--muted); } td small { display: block; }
.strip + .strip { margin-top: 18px; } .strip figcaption { margin: 0 0 6px; }
.strip .views { grid-auto-flow: row; grid-template-columns: repeat(auto-fill, minmax(110px, 1fr)); gap: 8px; font-size: 12px; }
.strip .views li { min-width: 0; overflow-wrap: anywhere; line-height: 1.3; }
.spread { stroke: currentColor; stroke-width: 1.2; } g.curve { color: var(--accent); } g.first { color: var(--first); }
g.second { color: var(--second); } g.third { color: var(--third); } g.chance { color: var(--muted); stroke-dasharray: none; }
g.first circle, g.third circle, g.chance circle { fill: currentColor; stroke: none; } path.published { stroke-width: 1; opacity: .7; }
.prose { list-style: disc; padding-left: 18px; } .prose li + li { margin-top: 6px; }

.scroll { overflow-x: auto; margin-top: 16px; } .scroll + .charts { margin-top: 24px; } .paths { white-space: normal; overflow-wrap: anywhere; }
.lines li { overflow-wrap: anywhere; font-size: 13px; padding: 2px 0; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: right; padding: 5px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child { text-align: left; padding-left: 0; font-weight: 500; }
tbody tr:first-child th { font-weight: 500; } thead th { color: var(--muted); font-weight: 500; }
caption { text-align: left; color: var(--muted); font-size: 13px; padding-bottom: 4px; }
.facts { font-size: 14px; } .facts div { display: grid; grid-template-columns: 180px minmax(0, 1fr); gap: 2px 16px; padding: 2px 0; }
.facts dt { color: var(--muted); } .facts dd { overflow-wrap: anywhere; }
.facts.code { columns: 300px; column-gap: 40px; font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: 13px; }
.facts.code div { grid-template-columns: auto minmax(0, 1fr); border-bottom: 1px solid var(--line); break-inside: avoid; }
.facts.code dd { text-align: right; }
details { margin-top: 10px; } summary { cursor: pointer; color: var(--accent); font-size: 13px; }
summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .93em; }

@media (max-width: 820px) { .verdict { grid-template-columns: minmax(0, 1fr); } .verdict figure { max-width: 460px; } }
@media (max-width: 560px) {
  main { padding: 20px 10px 32px; } h1 { font-size: 24px; } main > section { padding: 16px 14px; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  th, td { padding: 5px 4px; font-size: 13px; } th, td { white-space: normal; }
  .facts:not(.code) div { grid-template-columns: minmax(0, 1fr); padding: 4px 0; }
}
@media print {
  body { font-size: 10.5pt; } main { max-width: none; padding: 0; } main > section { border: 0; padding: 0; margin-top: 22px; }
  h2, h3 { break-after: avoid; } figure, tr, .tiles div { break-inside: avoid; } details:not([open]) { display: none; }
  .charts { grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 16px; } .tiles { grid-template-columns: repeat(6, 1fr); } .gallery, .gallery.masks { grid-template-columns: 1fr 1fr; }
}
`;
