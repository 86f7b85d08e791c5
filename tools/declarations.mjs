/**
 * `npm run declarations`, `node tools/declarations.mjs [OUTDIR]`: the TypeScript declarations of the module `gmoe` beside it, a file for each source
 * that it shows something of. Packages of the workspace, which are part of the program, are named by their files.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

const ENTRY = 'apps/runner/src/gmoe.ts';
const folder = resolve(process.argv[2] ?? 'dist/apps/runner');
const types = join(folder, 'types');

const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile('tsconfig.base.json', (file) => readFileSync(file, 'utf8')).config,
  ts.sys,
  process.cwd(),
);
Object.assign(options, {
  noEmit: false,
  declaration: true,
  emitDeclarationOnly: true,
  allowImportingTsExtensions: false,
  rewriteRelativeImportExtensions: true,
  // Whether types fit is the target types' business.
  noCheck: true,
  outDir: types,
  rootDir: process.cwd(),
});

rmSync(types, { recursive: true, force: true });
const host = ts.createCompilerHost(options);
const program = ts.createProgram([ENTRY], options, host);
// From declaration to declaration: most of the sources show nothing of themselves.
const waiting = [resolve(ENTRY)];
const problems = [];
for (const path of waiting) {
  const { diagnostics } = program.emit(program.getSourceFile(path), (out, text) => {
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, withFiles(text, out));
  });
  problems.push(...diagnostics);
}
for (const { messageText } of problems) console.error(ts.flattenDiagnosticMessageText(messageText, '\n'));
writeFileSync(join(folder, 'gmoe.d.ts'), `export * from './types/${ENTRY.replace(/\.ts$/, '.js')}';\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** A declaration whose packages of the workspace are relative paths; what it imports is declared too. */
function withFiles(text, out) {
  const source = join(process.cwd(), relative(types, out)).replace(/\.d\.ts$/, '.ts');
  return text.replace(/(\bfrom |\bimport\()(["'])([^"']+)\2/g, (whole, before, quote, name) => {
    const { resolvedModule } = ts.resolveModuleName(name, source, options, host);
    const file = resolvedModule?.resolvedFileName ?? '';
    if (!file.startsWith(process.cwd()) || file.includes('node_modules') || file.endsWith('.d.ts')) return whole;
    if (!waiting.includes(file)) waiting.push(file);
    const to = relative(dirname(out), join(types, relative(process.cwd(), file))).replace(/\.ts$/, '.js');
    return `${before}${quote}${to.startsWith('.') ? to : `./${to}`}${quote}`;
  });
}
