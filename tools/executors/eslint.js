const { batchExecutor, ownerOf } = require('./batch.js');

async function run(projects, root) {
  // Loaded here: Nx reads this file whenever it plans.
  const { ESLint } = require('eslint');
  const eslint = new ESLint({ cwd: root, errorOnUnmatchedPattern: false, warnIgnored: false });
  const results = await eslint.lintFiles(projects.flatMap((project) => [project.root, ...project.also]));
  const formatter = await eslint.loadFormatter('stylish');
  const mine = new Map(projects.map(({ name }) => [name, []]));
  for (const result of results) mine.get(ownerOf(projects, root, result.filePath)?.name)?.push(result);
  const outcomes = new Map();
  for (const [name, own] of mine) {
    const terminalOutput = await formatter.format(own);
    process.stdout.write(terminalOutput);
    const success = own.every(({ errorCount, warningCount }) => errorCount + warningCount === 0);
    outcomes.set(name, { success, terminalOutput });
  }
  return outcomes;
}

module.exports = batchExecutor(run);
