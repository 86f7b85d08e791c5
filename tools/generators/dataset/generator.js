const { names } = require('@nx/devkit');
const { join } = require('node:path');
const { addLibrary } = require('../add-library.js');

/** `npx nx g ./tools/generators:dataset my-task` */
module.exports = (tree, { name }) =>
  addLibrary(tree, {
    name,
    kind: 'task',
    folder: `libs/tasks/${name}`,
    alias: `@gmoe/tasks-${name}`,
    constant: `${names(name).propertyName}Task`,
    templates: join(__dirname, 'files'),
  });
