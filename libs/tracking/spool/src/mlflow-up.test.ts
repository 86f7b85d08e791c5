import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@gmoe/core';
import { MlflowClient } from 'mlflow-js-client';
import { afterAll, expect, it } from 'vitest';
import { mlflowUp } from './index.js';

const root = mkdtempSync(join(tmpdir(), 'mlflow-up-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A folder with a program of this name, which the real one's arguments are given to. */
function program(name: string, script: string): string {
  const folder = mkdtempSync(join(root, 'path-'));
  const file = join(folder, name);
  writeFileSync(file, `#!${process.execPath}\n${script}`);
  chmodSync(file, 0o755);
  return folder;
}

const SERVER = `
const http = require('node:http');
const args = process.argv.slice(2);
const port = Number(args[args.indexOf('--port') + 1]);
http.createServer((request, response) => response.end(request.url === '/version' ? '3.17.2' : 'OK ' + args.join(' '))).listen(port, '127.0.0.1');
`;

it.each([
  ['mlflow', /mlflow server --backend-store-uri sqlite:\/\/\/.*mlflow\.db/],
  ['uvx', /uvx --with sqlalchemy<2\.1 mlflow@3\.17\.2 server/],
  ['pipx', /pipx run --spec mlflow==3\.17\.2 mlflow server/],
])('starts by %s, answers, and stops', async (name, command) => {
  const server = await mlflowUp({ directory: join(root, name) }, { PATH: program(name, SERVER) });
  expect(server.command).toMatch(command);
  expect(server.command).toContain('--host 127.0.0.1');
  expect(await new MlflowClient({ trackingUri: server.url }).version()).toBe('3.17.2');
  await server.stop();
  await server.exited;
  await expect(fetch(server.url)).rejects.toThrow();
});

it('says how to get a server where there is none', async () => {
  const none = mlflowUp({ directory: join(root, 'none') }, { PATH: join(root, 'empty') });
  await expect(none).rejects.toThrow(UserError);
  await expect(none).rejects.toThrow(
    /pip install mlflow.*mlflow server --backend-store-uri sqlite:\/\/\/mlflow.db --port 5000/,
  );
});

it('refuses a port that is taken', async () => {
  const taken = createServer();
  await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
  const { port } = taken.address() as AddressInfo;
  await expect(mlflowUp({ directory: join(root, 'taken'), port }, { PATH: program('mlflow', SERVER) })).rejects.toThrow(
    `port ${port} cannot be used`,
  );
  taken.close();
});

it('tells the last words of one that does not start', async () => {
  mkdirSync(join(root, 'broken'));
  const broken = program('mlflow', "console.error('no such revision'); process.exit(1)");
  await expect(mlflowUp({ directory: join(root, 'broken') }, { PATH: broken })).rejects.toThrow(
    /ended; its last words: no such revision/,
  );
  const silent = program('mlflow', 'setInterval(() => {}, 1000)');
  await expect(mlflowUp({ directory: join(root, 'broken'), startUpMs: 300 }, { PATH: silent })).rejects.toThrow(
    /did not answer within 300 ms/,
  );
});
