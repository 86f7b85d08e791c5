import { DARK, INK, MUTED, RULE, SURFACE } from '../charts/palette.js';

/** Charts carry light colours; in dark mode exactly those attributes are swapped. */
function swap(colour: string): string {
  const dark = DARK[colour]!;
  return `.chart [fill="${colour}"]{fill:${dark}}.chart [stroke="${colour}"]{stroke:${dark}}`;
}

export const STYLE_SHEET = `
:root{color-scheme:light dark;--ink:${INK};--muted:${MUTED};--rule:${RULE};--ground:${SURFACE};--raised:#f5f7f9;--accent:#0072b2}
@media(prefers-color-scheme:dark){:root{--ink:${DARK[INK]!};--muted:${DARK[MUTED]!};--rule:${DARK[RULE]!};--ground:${DARK[SURFACE]!};--raised:#20262d;--accent:#56b4e9}
${[INK, MUTED, RULE, SURFACE].map(swap).join('\n')}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,Roboto,Helvetica,Arial,sans-serif}
main{max-width:1140px;margin:0 auto;padding:24px 32px 64px}
h1{font-size:1.9rem;line-height:1.2;margin:.4em 0 .2em;overflow-wrap:anywhere}
h2{font-size:1.3rem;line-height:1.3;margin:2.4em 0 .6em;padding-top:.7em;border-top:1px solid var(--rule)}
h3{font-size:1.02rem;line-height:1.35;margin:0 0 .5em;overflow-wrap:anywhere}
p{margin:.5em 0 1em}
.lead{color:var(--muted);margin-top:0}
.facts{display:flex;flex-wrap:wrap;gap:4px 24px;padding:0;margin:0 0 1.4em;list-style:none;color:var(--muted);font-size:.92rem}
.facts b{color:var(--ink);font-weight:600}
.finding{background:var(--raised);border-left:4px solid var(--accent);border-radius:4px;padding:14px 18px;margin:0 0 1em}
.finding p{margin:0}
.finding p+p{margin-top:.8em}
.note{color:var(--muted);font-size:.88rem;margin:.4em 0}
.scroll{overflow-x:auto;margin:0 0 .6em;-webkit-overflow-scrolling:touch}
table{border-collapse:collapse;font-size:.86rem;font-variant-numeric:tabular-nums;min-width:100%}
th,td{padding:6px 0 6px 16px;text-align:left;white-space:nowrap;vertical-align:baseline}
th{font-weight:600;color:var(--muted);border-bottom:1px solid var(--ink);font-size:.82rem;vertical-align:bottom;white-space:normal}
td{border-bottom:1px solid var(--rule)}
th.r,td.r{text-align:right}
th:first-child,td:first-child{position:sticky;left:0;background:var(--ground);padding-left:0;padding-right:4px}
td.wrap{white-space:normal;min-width:16em;overflow-wrap:anywhere}
tr.base td{color:var(--muted);font-style:italic}
td.best{font-weight:700}
td.faint{color:var(--muted)}
figure{margin:0 0 2.6em}
*+figure{margin-top:1.8em}h2+figure,.finding+figure{margin-top:0}
figcaption{color:var(--muted);font-size:.88rem;margin-top:.5em;max-width:75ch}
.chart svg{display:block;width:100%;height:auto}
.narrow,wbr{display:none}
ul.plain{padding-left:1.1em;margin:.4em 0 1em}
ul.plain li{margin:.35em 0;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:minmax(9em,max-content) 1fr;gap:8px 20px;margin:0}
dt{font-weight:600}
dd{margin:0;overflow-wrap:anywhere}
pre{background:var(--raised);border-radius:4px;padding:12px 14px;overflow-x:auto;font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
code{font:.92em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
summary{cursor:pointer;font-weight:600;margin:.8em 0}
@media(max-width:760px){main{padding:12px 16px 48px}h1{font-size:1.5rem}.wide{display:none}.narrow{display:block}wbr{display:inline}dl{grid-template-columns:1fr;gap:2px}dd{margin-bottom:10px}
th:first-child,td:first-child{min-width:8.2em;max-width:40vw;white-space:normal;overflow-wrap:anywhere}.finding{padding:12px 14px}}
@media print{.scroll{overflow:visible}pre{white-space:pre-wrap;overflow-wrap:anywhere}details>*{display:block}figure,tr{break-inside:avoid}}
`.trim();
