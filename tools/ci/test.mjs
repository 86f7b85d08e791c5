/**
 * The workspace's test command: formatting, then build, lint (with the layer constraints), types and tests of every project through
 * Nx, which runs again only what an edit concerns; closes with what failed and one line `N passed, N failed, N skipped`, cached
 * results included.
 * What follows `npm test --` goes to `nx run-many`: `-p routers-linear`, `--skip-nx-cache`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Where tools/executors/vitest.js leaves the counts of each project; Nx restores them from its cache. */
const RESULTS = join('dist', 'test-results');

function run(label, command, args) {
  const started = Date.now();
  const { status } = spawnSync(command, args, {
    stdio: 'inherit',
    env: { NX_DAEMON: 'false', NX_TUI: 'false', ...process.env },
  });
  console.log(`${status === 0 ? 'ok' : 'FAILED'}: ${label} (${((Date.now() - started) / 1000).toFixed(0)} s)`);
  return status === 0;
}

rmSync(RESULTS, { recursive: true, force: true });
const format = run('format', 'npx', ['prettier', '--check', '--cache', '--log-level', 'warn', '.']);
// One target after the other: each takes all projects in one process, and the tests take all cores.
const targets = run('build, lint, types and tests', 'npx', [
  ...['nx', 'run-many', '-t', 'build', 'lint', 'types', 'test', '--parallel=1', '--nxBail=false'],
  ...['--output-style=static', ...process.argv.slice(2)],
]);
const counts = (existsSync(RESULTS) ? readdirSync(RESULTS) : []).map((file) =>
  JSON.parse(readFileSync(join(RESULTS, file), 'utf8')),
);
const sum = (name) => counts.reduce((total, each) => total + each[name], 0);
for (const line of counts.flatMap(({ failures, retried }) => [...failures, ...retried])) console.log(line);
// A target other than test that failed counts once.
const otherFailures = (format ? 0 : 1) + (!targets && sum('failed') === 0 ? 1 : 0);
console.log(`${sum('passed')} passed, ${sum('failed') + otherFailures} failed, ${sum('skipped')} skipped`);
process.exitCode = format && targets ? 0 : 1;
