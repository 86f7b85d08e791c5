const { formatFiles, generateFiles, names, readJson, updateJson } = require('@nx/devkit');

/**
 * Writes a library from template files, adds its import path and registers it with the runner.
 *
 * @param {import('@nx/devkit').Tree} tree
 * @param {{ name: string, kind: string, folder: string, alias: string, registry: string, constant: string, templates: string }} library
 */
async function addLibrary(tree, { name, kind, folder, alias, registry, constant, templates }) {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new Error(`name: '${name}' is not in kebab case (letters, digits, single hyphens)`);
  }
  const paths = readJson(tree, 'tsconfig.base.json').compilerOptions.paths;
  if (tree.exists(folder) || paths[alias]) throw new Error(`name: there is a ${kind} '${name}' already in ${folder}`);

  generateFiles(tree, templates, folder, { ...names(name), constant, alias, folder, tmpl: '' });
  updateJson(tree, 'tsconfig.base.json', (config) => {
    config.compilerOptions.paths[alias] = [`./${folder}/src/index.ts`];
    return config;
  });

  const file = 'apps/runner/src/registries.ts';
  const source = tree.read(file, 'utf8');
  const list = new RegExp(`(export const ${registry} = [^[]*\\[)([^\\]]*)(\\])`);
  if (!list.test(source)) throw new Error(`${file} has no list '${registry}'`);
  tree.write(
    file,
    `import { ${constant} } from '${alias}';\n` +
      source.replace(list, (_, open, entries, close) => `${open}${entries.replace(/,?\s*$/, '')}, ${constant}${close}`),
  );
  await formatFiles(tree);
}

module.exports = { addLibrary };
