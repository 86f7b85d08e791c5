const { spawnSync } = require('node:child_process');
const { join, resolve } = require('node:path');
const { batchExecutor, binary, ownerOf } = require('./batch.js');

/** Node's programs, and what runs in a browser. */
const CONFIGS = ['tsconfig.json', 'tsconfig.page.json'];

async function run(projects, root) {
  const lines = CONFIGS.flatMap((config) => check(config, root));
  const found = new Map(projects.map(({ name }) => [name, []]));
  for (const line of lines) {
    const file = /^(\S.*?)\(\d+,\d+\): error/.exec(line)?.[1];
    const owner = file && ownerOf(projects, root, resolve(root, file));
    if (owner) found.get(owner.name).push(line);
    // What lies in no project concerns all; what lies in a project that was not asked for is its own task's.
    else if (!file || !/^(apps|libs|tools)\//.test(file)) for (const each of found.values()) each.push(line);
  }
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
  return new Map(
    [...found].map(([name, own]) => [
      name,
      { success: own.length === 0, terminalOutput: own.map((line) => `${line}\n`).join('') },
    ]),
  );
}

/** Lines of errors; what was checked before and has not changed since is not checked again. */
function check(config, root) {
  const info = join(root, 'node_modules', '.cache', 'gmoe', `${config}.tsbuildinfo`);
  const args = ['-p', config, '--pretty', 'false', '--incremental', '--tsBuildInfoFile', info];
  const { stdout, stderr, status } = spawnSync(binary(root, 'tsc'), args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1e9,
  });
  const lines = `${stdout}${stderr}`.split('\n').filter((line) => line.trim() !== '');
  if (status !== 0 && lines.length === 0) return [`tsc -p ${config} ended with ${status}`];
  return lines;
}

module.exports = batchExecutor(run);
