/** What the working page has beyond the still one. */
export const PAGE_STYLE = `
.page{display:grid;grid-template-columns:minmax(210px,280px) minmax(0,1fr);max-width:2100px;margin:0 auto}
.page main{max-width:none;margin:0;padding:24px 40px 80px;min-width:0}
.page section>p,.page figcaption,.page .finding{max-width:95ch}
.side{position:sticky;top:0;align-self:start;height:100vh;overflow-y:auto;padding:20px 8px 20px 24px;font-size:.86rem;border-right:1px solid var(--rule)}
.side ol{list-style:none;padding:0;margin:.2em 0 1em}
.side li{margin:.18em 0;overflow-wrap:anywhere}
.side a{color:var(--ink);text-decoration:none}
.side a:hover,.side a:focus-visible{text-decoration:underline}
.side summary{margin:.2em 0 .4em}
section{scroll-margin-top:12px;content-visibility:auto;contain-intrinsic-size:auto 900px}
section h2{overflow-wrap:anywhere}
section:first-of-type h2{margin-top:1em;border-top:0;padding-top:0}
.controls{display:flex;flex-wrap:wrap;gap:8px 18px;align-items:center;margin:.4em 0 1em;font-size:.86rem}
.controls label{display:inline-flex;gap:6px;align-items:center;color:var(--muted);max-width:100%}
select,button,input{font:inherit;font-size:.86rem;color:var(--ink);background:var(--raised);border:1px solid var(--rule);border-radius:4px;padding:3px 8px;max-width:100%}
select{min-width:0;text-overflow:ellipsis}
input[type=checkbox]{accent-color:var(--accent);margin:0;flex:none}
input[type=range]{padding:0;accent-color:var(--accent);width:140px}
input[type=search]{min-width:0;width:100%}
button{cursor:pointer}
button:hover{border-color:var(--muted)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.arm-list{margin:.5em 0;padding:0;list-style:none}
.arm-list label{display:grid;grid-template-columns:auto 10px minmax(0,1fr);gap:7px;align-items:baseline;padding:2px 0;overflow-wrap:anywhere;cursor:pointer}
.arm-list li{content-visibility:auto;contain-intrinsic-size:auto 4.4em}
.swatch{width:10px;height:10px;border-radius:2px;display:inline-block}
.count{color:var(--muted);margin:.3em 0}
.chart{min-height:40px;max-width:100%}
.chart svg{overflow:hidden}
.page .chart svg{width:auto;height:auto}
.live .chart{overflow:hidden}
.tip{background:var(--raised)!important;color:var(--ink)!important;border:1px solid var(--muted)!important;border-radius:4px;padding:6px 9px!important;font-size:12px!important;line-height:1.45!important;max-width:min(420px,86vw);white-space:normal!important;overflow-wrap:anywhere;box-shadow:0 2px 8px rgba(0,0,0,.25)!important}
.tip:empty{display:none!important}
.tip b{font-weight:600}
.tip .row{display:grid;grid-template-columns:10px minmax(0,1fr) auto;gap:6px;align-items:baseline}
th[aria-sort]{cursor:pointer}
th button{all:unset;cursor:pointer;font-weight:600}
th button:focus-visible{outline:2px solid var(--accent)}
th button::after{content:'\\00a0⇅';color:var(--muted);opacity:.45;font-weight:400}
th[aria-sort=ascending] button::after{content:'\\00a0↑';opacity:1}
th[aria-sort=descending] button::after{content:'\\00a0↓';opacity:1}
tr[hidden]{display:none}
@media screen and (scripting:enabled){table.long>tbody>tr:nth-child(n+31){display:none}}
td:first-child{white-space:normal;overflow-wrap:anywhere;min-width:11em;max-width:26em}
td.wrap:first-child{min-width:24em}
.page wbr{display:inline}
thead th{position:sticky;top:0;background:var(--ground);z-index:2}
thead th:first-child{z-index:3}
.scroll{max-height:78vh;overflow:auto;background:linear-gradient(90deg,transparent,var(--ground) 70%) right/44px 100% no-repeat local,linear-gradient(270deg,var(--shade),transparent) right/14px 100% no-repeat scroll}
:root{--shade:#0003}
@media(prefers-color-scheme:dark){:root{--shade:#0009}}
.questions{list-style:none;padding:0;margin:0}
.questions>li{border:1px solid var(--rule);border-radius:6px;padding:10px 14px;margin:0 0 10px;break-inside:avoid}
.questions .prompt{white-space:pre-wrap;overflow-wrap:anywhere;max-height:11em;overflow-y:auto;margin:.2em 0 .6em}
.questions table{min-width:0;width:100%}
.questions td,.questions th{white-space:normal;overflow-wrap:anywhere}
.questions td:first-child{position:static;max-width:none;min-width:0}
.questions .gold td:first-child::before{content:'✓ ';color:var(--good);font-weight:700}
.meter{display:inline-block;height:8px;background:var(--accent);border-radius:2px;vertical-align:middle;margin-right:6px}
.chosen{font-weight:700}
:root{--good:#00724f}
@media(prefers-color-scheme:dark){:root{--good:#3fcf9d}}
@media(max-width:760px){td.wrap:first-child{min-width:8.2em}}
@media(max-width:1000px){.page{display:block}.page main{padding:12px 16px 60px}.side{position:static;height:auto;padding:12px 16px 0;border-right:0;border-bottom:1px solid var(--rule)}.arm-list{max-height:40vh;overflow-y:auto}}
@page{size:A4 portrait;margin:12mm}
@media print{
.page{display:block}.page main{padding:0}.side,.controls,.table-filter,.no-print{display:none!important}
section{content-visibility:visible!important}
html,body{font-size:12.5px;line-height:1.45}
h1{font-size:1.7rem}h2{font-size:1.25rem;margin-top:1.4em;padding-top:.5em}
h2,h3,summary{break-after:avoid}h2+*,h3+*{break-before:avoid}
h1,h2,h3{break-inside:avoid}section>h2{break-after:avoid}figure{break-inside:avoid;margin-bottom:1.5em}
p,li,dd{break-inside:avoid}
.scroll{max-height:none;overflow:visible;background:none}
.scroll+.note{break-before:avoid}
table:not(:has(tbody>tr:nth-child(15))){break-inside:avoid}
.repeats{display:none}
table{font-size:6.4pt;width:100%}th{font-size:6.2pt;position:static!important;overflow-wrap:anywhere}
th,td{padding:2px 0 2px 5px;white-space:normal;overflow-wrap:normal}
td:first-child,th:first-child,td.wrap:first-child{position:static!important;min-width:16em;max-width:none;overflow-wrap:break-word}
.questions td:first-child{min-width:0}.note:has(+.note),.note:has(+.questions){break-after:avoid}
thead{display:table-header-group;break-inside:avoid}tr{break-inside:avoid}
/* A button in it would keep the heading from being repeated on every sheet. */
th button{display:contents}th button::after{content:''}
.questions .prompt{max-height:none}
a{color:inherit;text-decoration:none}
}
`.trim();
