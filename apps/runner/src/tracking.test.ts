import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SweepStore } from '@gmoe/experiment';
import { MlflowClient, type Run } from 'mlflow-js-client';
import { FakeMlflow } from 'mlflow-js-client/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setUpGmoe } from './testing/run-gmoe.js';

const { gmoe, folder, program } = setUpGmoe();

let fake: FakeMlflow;
let client: MlflowClient;
beforeAll(async () => {
  fake = await FakeMlflow.start();
  client = new MlflowClient({ trackingUri: fake.url });
});
afterAll(() => fake.stop());

async function runsOf(experiment: string): Promise<Run[]> {
  const { experimentId } = (await client.experiments.getByName(experiment))!;
  const runs: Run[] = [];
  for await (const run of client.runs.search({ experimentIds: [experimentId] })) runs.push(run);
  return runs;
}

async function artifactsOf(run: Run): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of client.artifacts.listFiles(run.info.runId)) paths.push(path);
  return paths.sort();
}

const SMALL = [
  ...['steps=2', 'evalEvery=1', 'routingEvery=1', 'batchSize=4'].map((set) => `--set=trial.training.${set}`),
  '--set=trial.schedule.warmupSteps=1',
];
const FEW = ['trainLimit=20', 'devLimit=6', 'testLimit=6'].map((set) => `--set=trial.task.${set}`);

describe('gmoe sweep with MLFLOW_TRACKING_URI', () => {
  it('leaves a parent, a run a trial, a summary an arm; sync finds all of it there', async () => {
    const out = join(folder(), 'two arms');
    const sets = ['--set=grid.coordination={"none":[]}', '--set=seeds=[7]', '--set=name=tracked'];
    const args = ['sweep', 'experiments/quickstart.yaml', '--out', out, ...SMALL, ...FEW, ...sets];
    const env = { MLFLOW_TRACKING_URI: `${fake.url}/` };
    const swept = await gmoe(args, env);
    expect(swept.stderr).toBe('');
    expect(swept.code).toBe(0);
    expect(swept.stdout).toMatch(
      new RegExp(`^mlflow: ${fake.url}/#/experiments/\\d+/runs\\?viewStateShareKey=arms$`, 'm'),
    );

    const runs = await runsOf('tracked');
    const [parents, trials, arms] = ['sweep', 'trial', 'arm'].map((kind) =>
      runs.filter(({ tags }) => tags['kind'] === kind),
    ) as [Run[], Run[], Run[]];
    expect([runs.length, parents.length, trials.length, arms.length]).toEqual([5, 1, 2, 2]);
    const [parent] = parents as [Run];
    for (const { info, tags } of runs) {
      expect(info.status).toBe('FINISHED');
      expect(tags['mlflow.parentRunId']).toBe(tags['kind'] === 'trial' ? parent.info.runId : undefined);
    }
    const files = await artifactsOf(parent);
    expect(files).toEqual(expect.arrayContaining(['arms.csv', 'provenance.json', 'report.html', 'sweep.yaml']));
    expect(files.filter((path) => /^charts\/arms-.*\.svg$/.test(path))).toHaveLength(1);

    const store = SweepStore.open(out);
    const graph = trials.find(({ params }) => params['router.id'] === 'graph')!;
    const planned = store.manifest().trials.find(({ arm }) => arm === graph.tags['arm'])!;
    const result = store.result(planned.hash)!;
    expect(graph.tags).toMatchObject({
      seed: '7',
      hash: planned.hash,
      group: planned.group,
      'mlflow.runName': `${planned.arm}, seed 7`,
      'mlflow.source.git.commit': expect.stringMatching(/^[0-9a-f]{40}$/),
      'mlflow.source.git.dirty': expect.stringMatching(/^(true|false)$/),
      'package.tensorflow/tfjs': '4.22.0',
      'package.onnxruntime-node': expect.any(String),
      'package.tokenizers': expect.any(String),
      'machine.host': expect.any(String),
      'mlflow.note.content': expect.stringMatching(
        /```sh\nnpx gmoe train '.*\/two arms\/trials\/.*\/config\.json' --out/,
      ),
    });
    // Every leaf of the resolved config.
    expect(graph.params).toMatchObject({ seed: '7', 'router.width': '64', coordination: '[]', 'training.steps': '2' });
    expect(Object.keys(graph.params).length).toBeGreaterThan(60);
    const parts = ['train/loss', 'train/lm_loss', 'train/learning_rate', 'train/tokens_per_second'];
    const layers = [0, 1, 2, 3].map((layer) => `routing/layer_${layer}/entropy`);
    for (const key of [...parts, ...layers, 'eval/accuracy']) {
      const steps: number[] = [];
      for await (const { step } of client.runs.metricHistory(graph.info.runId, key)) steps.push(step);
      expect([key, ...steps]).toEqual([key, 1, 2]);
    }
    const value = (key: string): number | undefined => graph.metrics[key]?.value;
    expect(value('final/eval/accuracy')).toBe(result.metrics['eval/accuracy']);
    expect(value('best/eval/accuracy')).toBe(result.metrics['best/accuracy']);
    expect(value('best/train/lm_loss')).toBeGreaterThan(0);
    for (const name of ['cpu_utilization_percentage', 'system_memory_usage_megabytes', 'disk_usage_percentage'])
      expect(value(`system/${name}`)).toBeGreaterThanOrEqual(0);
    expect(graph.datasets.map(({ name, tags }) => [name, tags['mlflow.data.context'], tags['digest']?.length])).toEqual(
      ['train', 'dev', 'test'].map((split) => ['openstax-topics', split, 64]),
    );
    const artifacts = await artifactsOf(graph);
    // Two steps of load, each as a picture and as the small one that MLflow's grid of images asks for.
    const images = artifacts.filter((path) => path.startsWith('images/'));
    const name = /^images\/routing~load\+step\+([12])\+timestamp\+\d+\+[\da-f-]{36}(\.png|\+compressed\.webp)$/;
    expect(images.map((path) => name.exec(path)?.slice(1).join('')).sort()).toEqual(
      ['1', '2'].flatMap((step) => [`${step}+compressed.webp`, `${step}.png`]),
    );
    expect(graph.tags).toMatchObject({ 'mlflow.loggedImages': 'True' });
    expect(artifacts.filter((path) => !images.includes(path))).toEqual([
      'config.json',
      'log.txt',
      'predictions.json',
      'predictions.jsonl',
      'routing.json',
      ...['co-selection', 'collaboration', 'domains', 'load-time'].map((picture) => `routing/${picture}.svg`),
    ]);
    const model = await client.loggedModels.get(graph.models[0]!.modelId);
    expect(model).toMatchObject({ name: 'adapter', sourceRunId: graph.info.runId, status: 'LOGGED_MODEL_READY' });
    expect(model.params).toEqual(graph.params);
    const test = graph.datasets.find(({ tags }) => tags['mlflow.data.context'] === 'test')!;
    expect(model.metrics).toContainEqual(
      expect.objectContaining({ key: 'final/eval/accuracy', datasetName: test.name, datasetDigest: test.digest }),
    );
    expect((await client.artifacts.listOwner(model)).map(({ path }) => path).sort()).toEqual(
      readdirSync(join(store.publishedFolder(planned.hash)!, 'adapter')).sort(),
    );
    const arm = arms.find(({ params }) => params['router.id'] === 'graph')!;
    expect(arm.metrics['mean/eval/accuracy']!.value).toBe(result.metrics['eval/accuracy']);

    const synced = await gmoe(['sync', out], env);
    expect(synced).toMatchObject({ code: 0, stderr: '' });
    expect(synced.stdout).toMatch(/^5 of 5 runs on .*\ncompared with the journals: .*2 models: all there\n$/);
    expect(readdirSync(join(out, 'mlflow')).filter((name) => /dead|lock/.test(name))).toEqual([]);
    expect((await runsOf('tracked')).length).toBe(5);
  }, 120_000);

  it('gmoe train is one run; without a server it is kept, and synced later', async () => {
    const out = join(folder(), 'offline');
    const args = ['train', 'experiments/tiny-trial.yaml', '--out', out, '--set=trial.training.steps=1', ...FEW];
    const trained = await gmoe(args, {
      MLFLOW_TRACKING_URI: 'sqlite:///mlflow.db',
      MLFLOW_EXPERIMENT_NAME: 'named by hand',
    });
    expect(trained.code).toBe(0);
    expect(trained.stderr).toBe(
      `mlflow: MLFLOW_TRACKING_URI: must be the http:// or https:// address of an MLflow server (got 'sqlite:///mlflow.db'); to write there, start a server on it: mlflow server --backend-store-uri sqlite:///mlflow.db; nothing is uploaded, everything is kept: npx gmoe sync ${out}\n`,
    );
    const synced = await gmoe(['sync', folder(), '--no-verify'], { MLFLOW_TRACKING_URI: fake.url });
    expect(synced.code).toBe(0);
    const runs = await runsOf('named by hand');
    expect(runs.map(({ info, tags }) => [info.name, info.status, tags['mlflow.parentRunId']])).toEqual([
      ['train-tiny-trial, seed 0', 'FINISHED', undefined],
    ]);
    expect(runs[0]!.tags['mlflow.note.content']).toContain(
      'npx gmoe train experiments/tiny-trial.yaml --set trial.training.steps=1',
    );
  }, 120_000);
});

describe('gmoe sync: wrong input', () => {
  const nothing = { MLFLOW_TRACKING_URI: 'http://127.0.0.1:9', MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' };
  it.each<[string, string, Record<string, string>, RegExp]>([
    ['no such folder', 'no-such', nothing, /^gmoe: sync: there is no folder .*no-such\n$/],
    ['a folder without runs', 'docs', nothing, /^gmoe: sync: docs holds no runs .*\n$/],
    ['no address', '.', {}, /^gmoe: MLFLOW_TRACKING_URI: is not set; .*gmoe mlflow up.*\n$/],
  ])('%s: one line, exit code 2', async (_, directory, env, message) => {
    const { code, stdout, stderr } = await gmoe(['sync', directory], env);
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([2, '']);
  });

  it('says that a server cannot be reached, and keeps the runs', async () => {
    const spool = join(folder(), 'unsent');
    mkdirSync(spool);
    const line = {
      n: 0,
      t: 1,
      type: 'run',
      version: 1,
      id: 'unsent-run',
      experiment: 'e',
      name: 'unsent run',
      process: { host: 'elsewhere', pid: 1, started: '' },
    };
    writeFileSync(join(spool, 'unsent-run.spool.jsonl'), `${JSON.stringify(line)}\n`);
    const { code, stdout, stderr } = await gmoe(['sync', spool], nothing);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^mlflow: .*cannot reach http:\/\/127\.0\.0\.1:9: .*; nothing is lost\ngmoe: not everything .*\n$/,
    );
    expect(stdout).toMatch(/^0 of 1 run on .*\npending: unsent run: .*\n$/);
  });
});

describe('gmoe mlflow up', () => {
  it('starts a server, feeds it, and stops it on Ctrl-C', async () => {
    const bin = join(folder(), 'bin');
    mkdirSync(bin);
    const server = `#!${process.execPath}
      const args = process.argv.slice(2);
      const port = Number(args[args.indexOf('--port') + 1]);
      require('node:http').createServer((request, response) => response.end('3.17.2')).listen(port, '127.0.0.1');`;
    writeFileSync(join(bin, 'mlflow'), server);
    chmodSync(join(bin, 'mlflow'), 0o755);
    const [runs, store] = [join(folder(), 'no runs yet'), join(folder(), 'server')];
    const child = spawn(process.execPath, [program(), 'mlflow', 'up', runs, '--store', store], {
      env: { ...process.env, PATH: bin, GMOE_MLFLOW: '' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let said = '';
    for await (const chunk of child.stdout) {
      said += String(chunk);
      if (String(chunk).includes('Ctrl-C stops both')) child.kill('SIGINT');
    }
    const url = /^export MLFLOW_TRACKING_URI=(http:\/\/127\.0\.0\.1:\d+)$/m.exec(said)![1]!;
    expect(said).toContain(`0 of 0 runs on ${url}\n`);
    expect(child.exitCode ?? (await new Promise((done) => child.once('exit', done)))).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
    expect(existsSync(runs)).toBe(true);
    expect(readFileSync(join(store, 'mlflow.log'), 'utf8')).toBe('');
  });

  it('prints the commands that get one where there is none', async () => {
    const { code, stderr } = await gmoe(['mlflow', 'up', folder(), '--store', join(folder(), 'none')], {
      PATH: join(folder(), 'empty'),
      GMOE_MLFLOW: '',
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^gmoe: mlflow up: neither .*pip install mlflow.*mlflow server --backend-store-uri .*\n$/);
    expect((await gmoe(['mlflow', 'up', '--port', 'x'])).stderr).toMatch(/^gmoe: --port: .*\n$/);
  });
});
