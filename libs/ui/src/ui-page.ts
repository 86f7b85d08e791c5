import { createHash } from 'node:crypto';
import { PAGE_STYLE, STYLE_SHEET } from '@gmoe/report';

const UI_STYLE = `
.sweeps{list-style:none;padding:0;margin:.4em 0}
.sweeps button{display:block;width:100%;text-align:left;margin:2px 0;overflow-wrap:anywhere}
.sweeps [aria-current=true]{border-color:var(--accent)}
.state{display:inline-block;border-radius:10px;padding:0 8px;font-size:.8rem;border:1px solid var(--rule)}
.state.finished{color:var(--good)}.state.failed,.state.damaged{color:#b3261e}.state.claimed{color:var(--accent)}
@media(prefers-color-scheme:dark){.state.failed,.state.damaged{color:#ff8a80}}
.bar{height:6px;background:var(--rule);border-radius:3px;overflow:hidden;min-width:90px}
.bar span{display:block;height:100%;background:var(--accent)}
.trials td:first-child,.trials th:first-child{min-width:4.6em;width:4.6em;white-space:nowrap;position:static}
.trials td:nth-child(2){white-space:normal;overflow-wrap:anywhere;min-width:11em}
.key{list-style:none;padding:0;margin:.2em 0 1em;font-size:.9rem;display:flex;flex-wrap:wrap;gap:.2em 1.2em}
.key li{overflow-wrap:anywhere}
#told:empty{display:none}
.log{max-height:280px;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere}
td button{margin:0 3px 0 0}
.error{color:#b3261e}
`.trim();

/** The page and the policy that lets it talk to this server only. */
export function uiPage(program: string): { readonly page: string; readonly policy: string } {
  const script = program.replaceAll('</script', '<\\/script');
  const hash = createHash('sha256').update(script).digest('base64');
  return {
    policy: `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; connect-src 'self'; img-src data:; frame-ancestors 'none'`,
    page: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>gmoe: sweeps</title>
<style>
${STYLE_SHEET}
${PAGE_STYLE}
${UI_STYLE}
</style>
</head>
<body>
<div class="page">
<nav class="side" aria-label="Sweeps" id="side"></nav>
<main id="main"><h1>Sweeps</h1><p class="note" id="told" role="status"></p><div id="sweep"></div></main>
</div>
<script>${script}</script>
</body>
</html>
`,
  };
}
