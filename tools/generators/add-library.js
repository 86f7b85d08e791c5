const { formatFiles, generateFiles, names } = require('@nx/devkit');

/**
 * Writes a library from template files and adds its line to the runner's list.
 *
 * @param {import('@nx/devkit').Tree} tree
 * @param {{ name: string, kind: string, folder: string, alias: string, constant: string, templates: string }} library
 */
async function addLibrary(tree, { name, kind, folder, alias, constant, templates }) {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new Error(`name: '${name}' is not in kebab case (letters, digits, single hyphens)`);
  }
  if (tree.exists(folder)) throw new Error(`name: there is a ${kind} '${name}' already in ${folder}`);

  generateFiles(tree, templates, folder, { ...names(name), constant, alias, folder, tmpl: '' });
  const file = 'apps/runner/src/built-in.ts';
  tree.write(file, `${tree.read(file, 'utf8')}export * as '${alias}' from '${alias}';\n`);
  await formatFiles(tree);
}

module.exports = { addLibrary };
