const { names } = require('@nx/devkit');
const { join } = require('node:path');
const { addLibrary } = require('../add-library.js');

/** `npx nx g ./tools/generators:router my-router` */
module.exports = (tree, { name }) =>
  addLibrary(tree, {
    name,
    kind: 'router',
    folder: `libs/routers/${name}`,
    alias: `@gmoe/routers-${name}`,
    constant: `${names(name).propertyName}Router`,
    templates: join(__dirname, 'files'),
  });
