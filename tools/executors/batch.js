const { join, relative } = require('node:path');

/**
 * An executor that does the work of any number of projects in one process, and gives Nx a result for each, which it caches
 * for each. Starting a compiler or a test runner once a project would take several times as long.
 *
 * @param {(projects: readonly { name: string, root: string, also: string[] }[], root: string) =>
 *   Promise<ReadonlyMap<string, { success: boolean, terminalOutput: string }>>} run results by the project's name
 */
function batchExecutor(run) {
  /** Nx's batch: tasks by id. */
  async function batch(taskGraph, options, _overrides, context) {
    const tasks = Object.values(taskGraph.tasks);
    const projects = tasks.map((task) => projectOf(task.target.project, context, options[task.id]));
    const results = await run(projects, context.root);
    return Object.fromEntries(tasks.map((task) => [task.id, results.get(task.target.project)]));
  }
  /** The same for one project. */
  async function single(options, context) {
    const results = await run([projectOf(context.projectName, context, options)], context.root);
    const { success, terminalOutput } = results.get(context.projectName);
    process.stdout.write(terminalOutput);
    return { success };
  }
  return Object.assign(single, { default: single, batch });
}

function projectOf(name, { projectsConfigurations }, { also = [] }) {
  return { name, root: projectsConfigurations.projects[name].root, also };
}

/** The innermost of the projects that a file lies in, or that has it `also`. */
function ownerOf(projects, root, file) {
  const path = relative(root, file);
  return projects
    .filter((project) => path.startsWith(`${project.root}/`) || project.also.includes(path))
    .sort((a, b) => b.root.length - a.root.length)[0];
}

const binary = (root, name) => join(root, 'node_modules', '.bin', name);

module.exports = { batchExecutor, binary, ownerOf };
