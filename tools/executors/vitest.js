const { spawnSync } = require('node:child_process');
const { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { batchExecutor, binary, ownerOf } = require('./batch.js');

/** Where each project's counts go; npm test adds them up, those of cached runs too. */
const RESULTS = join('dist', 'test-results');

async function run(projects, root) {
  const folder = mkdtempSync(join(tmpdir(), 'gmoe-vitest-'));
  const report = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const filters = projects.map((project) => `${project.root}/`);
    const { status } = spawnSync(binary(root, 'vitest'), ['run', '--passWithNoTests', ...reporters, ...filters], {
      cwd: root,
      stdio: 'inherit',
      // Nx asks for colours; programs that tests start would take that for a terminal's.
      env: { ...process.env, FORCE_COLOR: '0' },
    });
    const files = status === null ? [] : JSON.parse(readFileSync(report, 'utf8')).testResults;
    const owners = files.map((file) => ({ ...file, owner: ownerOf(projects, root, file.name)?.name }));
    // Errors outside of tests belong to nobody, so to all.
    const allFail = status !== 0 && files.every((file) => file.status === 'passed');
    return new Map(projects.map(({ name }) => [name, result(name, root, owners, allFail)]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function result(name, root, files, allFail) {
  const own = files.filter((file) => file.owner === name);
  const tests = own.flatMap((file) => file.assertionResults);
  const count = (...statuses) => tests.filter((test) => statuses.includes(test.status)).length;
  const broken = own.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  const passed = count('passed');
  const failed = count('failed') + broken.length + (allFail ? 1 : 0);
  const skipped = count('pending', 'skipped', 'todo', 'disabled');
  const said = (mark, chosen) => chosen.map((test) => `${mark} ${test.fullName}: ${firstLines(test.failureMessages)}`);
  const failures = [
    ...said(
      'FAILED',
      tests.filter((test) => test.status === 'failed'),
    ),
    ...broken.map((file) => `FAILED ${file.name}: ${file.message}`),
    ...(allFail ? ['FAILED an error outside of the tests'] : []),
  ];
  // What failed once and passed at the second try keeps its first failure.
  const retried = said(
    'PASSED AT THE SECOND TRY',
    tests.filter((test) => test.status === 'passed' && test.failureMessages.length > 0),
  );
  mkdirSync(join(root, RESULTS), { recursive: true });
  const counts = { passed, failed, skipped, failures, retried };
  writeFileSync(join(root, RESULTS, `${name}.json`), `${JSON.stringify(counts)}\n`);
  return {
    success: failed === 0,
    terminalOutput: `${[...failures, ...retried, `${passed} passed, ${failed} failed, ${skipped} skipped`].join('\n')}\n`,
  };
}

/** The beginning of each message, on one line. */
const firstLines = (messages) => messages.map((message) => message.split('\n').slice(0, 3).join(' ')).join(' | ');

module.exports = batchExecutor(run);
