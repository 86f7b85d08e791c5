/**
 * The workspace's test command: formatting, lint (with the layer constraints), types, then every test; closes with one
 * line `N passed, N failed, N skipped`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'gmoe-test-'));
const results = join(folder, 'results.json');

function run(label, command, args) {
  const started = Date.now();
  const { status } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, NX_DAEMON: 'false' } });
  console.log(`${status === 0 ? 'ok' : 'FAILED'}: ${label} (${((Date.now() - started) / 1000).toFixed(0)} s)`);
  return status === 0;
}

try {
  // The boundary rule reads Nx's project graph, which this command writes.
  const checks = [
    run('project graph', 'npx', ['nx', 'show', 'projects', '--json']),
    run('format', 'npx', ['prettier', '--check', '--log-level', 'warn', '.']),
    run('lint', 'npx', ['eslint', '--max-warnings', '0', '.']),
    run('types', 'npx', ['tsc', '-p', 'tsconfig.json']),
    run('types of the pages', 'npx', ['tsc', '-p', 'tsconfig.page.json']),
    run('build', 'npm', ['run', '--silent', 'build']),
  ];
  const tests = run('tests', 'npx', [
    'vitest',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${results}`,
    ...process.argv.slice(2),
  ]);
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(results, 'utf8'));
  const failedChecks = checks.filter((ok) => !ok).length;
  console.log(`${numPassedTests} passed, ${numFailedTests + failedChecks} failed, ${numPendingTests} skipped`);
  process.exitCode = tests && failedChecks === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
