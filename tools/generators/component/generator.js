const { formatFiles, generateFiles, names } = require('@nx/devkit');
const { join } = require('node:path');
const { KINDS } = require('./kinds.js');

/**
 * `npx nx g ./tools/generators:component my-router --kind router`: a library, or a file of its kind's library, with its contract
 * test, and the line that names it.
 *
 * @param {import('@nx/devkit').Tree} tree
 * @param {{ name: string, kind: string }} options
 */
async function component(tree, { name, kind }) {
  const of = KINDS[kind];
  if (!of) throw new Error(`kind: '${kind}' is none of ${Object.keys(KINDS).join(', ')}`);
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new Error(`name: '${name}' is not in kebab case (letters, digits, single hyphens)`);
  }
  const folder = of.folder(name);
  if (tree.exists(of.alias ? folder : `${folder}/${name}.ts`)) {
    throw new Error(`name: there is a ${kind} '${name}' already in ${folder}`);
  }
  const constant = `${names(name).propertyName}${names(kind).className}`;
  generateFiles(tree, join(__dirname, 'files', kind), folder, { ...names(name), constant, tmpl: '' });
  if (of.alias) {
    tree.write(`${folder}/project.json`, projectJson(of, name));
    tree.write(`${folder}/README.md`, readme(kind, of, name));
  }
  tree.write(of.list, `${tree.read(of.list, 'utf8').trimEnd()}\n${of.line(name, constant)}\n`);
  await formatFiles(tree);
}

function projectJson({ project, folder, layer }, name) {
  const targets = { build: {}, lint: {}, types: {}, test: {} };
  return JSON.stringify({
    name: project(name),
    $schema: `${'../'.repeat(folder(name).split('/').length)}node_modules/nx/schemas/project-schema.json`,
    sourceRoot: `${folder(name)}/src`,
    projectType: 'library',
    tags: [`layer:${layer}`],
    targets,
  });
}

/** How a config names one of a kind. */
const USES = {
  adapter: (name) => `adapter: { id: ${name} }`,
  coordination: (name) => `coordination: [{ id: ${name} }]`,
  launcher: (name) => `launcher: { id: ${name} }`,
  router: (name) => `router: { id: ${name} }`,
  selector: (name) => `adapter: { mixture: { selector: { id: ${name} } } }`,
  task: (name) => `task: { id: ${name}, dataDir: my-data }`,
};

function readme(kind, { file }, name) {
  return `# ${name}

A ${kind}. What it computes, from which paper, and where it differs: see [src/${name}-${file}.ts](src/${name}-${file}.ts).

\`\`\`yaml
${USES[kind](name)}
\`\`\`

\`npx nx test ${KINDS[kind].project(name)}\` runs the contract that every ${kind} keeps (docs/extending.md); put your own numbers, from an
independent source, beside it.
`;
}

const alias =
  (kind) =>
  (tree, { name }) =>
    component(tree, { name, kind });

module.exports = Object.assign(component, {
  router: alias('router'),
  coordination: alias('coordination'),
  dataset: alias('task'),
});
