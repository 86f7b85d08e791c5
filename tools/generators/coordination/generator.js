const { names } = require('@nx/devkit');
const { join } = require('node:path');
const { addLibrary } = require('../add-library.js');

/** `npx nx g ./tools/generators:coordination my-strategy` */
module.exports = (tree, { name }) =>
  addLibrary(tree, {
    name,
    kind: 'coordination strategy',
    folder: `libs/coordination/${name}`,
    alias: `@gmoe/coordination-${name}`,
    constant: `${names(name).propertyName}Coordination`,
    templates: join(__dirname, 'files'),
  });
