import { randomUUID } from 'node:crypto';
import { matches, parseFilter, type Searchable } from './fake-filter.js';

export class FakeError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export interface Pair {
  key: string;
  value: string;
}
export interface Point {
  key: string;
  value: number;
  timestamp: number;
  step: number;
  model_id?: string;
  dataset_name?: string;
  dataset_digest?: string;
  run_id?: string;
}
export interface FakeRun {
  info: Record<string, string | number>;
  metrics: Map<string, Point[]>;
  /** Identities of all points: exact duplicates are dropped. */
  points: Set<string>;
  params: Map<string, string>;
  tags: Map<string, string>;
  datasets: { tags: Pair[]; dataset: Record<string, string> }[];
  models: { model_id: string; step: number }[];
}
export interface FakeExperiment {
  experiment_id: string;
  name: string;
  artifact_location: string;
  lifecycle_stage: string;
  creation_time: number;
  last_update_time: number;
  tags: Map<string, string>;
}
export interface FakeModel {
  info: Record<string, unknown> & { model_id: string; experiment_id: string; name: string; artifact_uri: string };
  data: { params: Pair[]; metrics: Point[] };
}

const STATUSES = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'];

/** What the SQL store of a server does, in memory. */
export class FakeStore {
  readonly experiments = new Map<string, FakeExperiment>();
  readonly runs = new Map<string, FakeRun>();
  readonly models = new Map<string, FakeModel>();
  readonly artifacts = new Map<string, Uint8Array>();

  constructor(
    private readonly paramLimit?: number,
    private readonly artifactRoot = 'mlflow-artifacts:',
  ) {
    this.createExperiment('Default', '', []);
  }

  createExperiment(name: string, location: string, tags: readonly Pair[]): string {
    if (name === '') throw invalid("Missing value for required parameter 'name'.");
    if ([...this.experiments.values()].some((one) => one.name === name))
      throw new FakeError(400, 'RESOURCE_ALREADY_EXISTS', `Experiment(name=${name}) already exists.`);
    const id = String(this.experiments.size);
    const now = Date.now();
    this.experiments.set(id, {
      experiment_id: id,
      name,
      artifact_location: location || `mlflow-artifacts:/${id}`,
      lifecycle_stage: 'active',
      creation_time: now,
      last_update_time: now,
      tags: new Map(tags.map((tag) => [tag.key, tag.value])),
    });
    return id;
  }

  experiment(id: string): FakeExperiment {
    const found = this.experiments.get(id);
    if (!found) throw new FakeError(404, 'RESOURCE_DOES_NOT_EXIST', `No Experiment with id=${id} exists`);
    return found;
  }

  experimentByName(name: string): FakeExperiment {
    const found = [...this.experiments.values()].find((one) => one.name === name);
    if (!found) throw new FakeError(404, 'RESOURCE_DOES_NOT_EXIST', `Could not find experiment with name '${name}'`);
    return found;
  }

  createRun(experimentId: string, name: string, startTime: number, tags: readonly Pair[]): FakeRun {
    this.experiment(experimentId);
    for (const tag of tags) checkKey('tags', tag.key);
    const id = randomUUID().replaceAll('-', '');
    const all = new Map(tags.map((tag) => [tag.key, tag.value.slice(0, 8000)]));
    const shown = name || all.get('mlflow.runName') || `dashing-hare-${this.runs.size}`;
    all.set('mlflow.runName', shown);
    const run: FakeRun = {
      info: {
        run_uuid: id,
        run_id: id,
        experiment_id: experimentId,
        run_name: shown,
        user_id: '',
        status: 'RUNNING',
        start_time: startTime,
        artifact_uri: `${this.artifactRoot}/${experimentId}/${id}/artifacts`,
        lifecycle_stage: 'active',
      },
      metrics: new Map(),
      points: new Set(),
      params: new Map(),
      tags: all,
      datasets: [],
      models: [],
    };
    this.runs.set(id, run);
    return run;
  }

  run(id: string): FakeRun {
    const found = this.runs.get(id);
    if (!found) throw new FakeError(404, 'RESOURCE_DOES_NOT_EXIST', `Run with id=${id} not found`);
    return found;
  }

  activeRun(id: string): FakeRun {
    const run = this.run(id);
    if (run.info['lifecycle_stage'] !== 'active')
      throw invalid(`The run ${id} must be in the 'active' state. Current state is deleted.`);
    return run;
  }

  updateRun(id: string, status: string, endTime: number, name: string): FakeRun {
    const run = this.activeRun(id);
    // An unknown status is ignored without a word.
    if (STATUSES.includes(status)) {
      run.info['status'] = status;
      if (endTime > 0) run.info['end_time'] = endTime;
    }
    if (name !== '') {
      run.info['run_name'] = name;
      run.tags.set('mlflow.runName', name);
    }
    return run;
  }

  logBatch(id: string, metrics: readonly Point[], params: readonly Pair[], tags: readonly Pair[]): void {
    for (const [kind, items, most] of [
      ['metrics', metrics, 1000],
      ['params', params, 100],
      ['tags', tags, 100],
    ] as const)
      if (items.length > most)
        throw invalid(
          `A batch logging request can contain at most ${most} ${kind}. Got ${items.length} ${kind}. Please split up ${kind} across multiple requests and try again.`,
        );
    if (metrics.length + params.length + tags.length > 1000)
      throw invalid('A batch logging request can contain at most 1000 metrics, params and tags in all.');
    const run = this.activeRun(id);
    metrics.forEach((metric, index) => checkKey(`metrics[${index}]`, metric.key));
    params.forEach((param, index) => checkKey(`params[${index}]`, param.key));
    tags.forEach((tag, index) => checkKey(`tags[${index}]`, tag.key));
    if (new Set(params.map((param) => param.key)).size < params.length)
      throw invalid('Duplicate parameter keys have been submitted.');
    const { paramLimit } = this;
    if (paramLimit !== undefined && params.some((param) => param.value.length > paramLimit))
      throw invalid(`Param value had a length which exceeded the length limit of ${paramLimit}`);
    const nan = metrics.find((metric) => Number.isNaN(metric.value) && run.points.has(identityOf(metric)));
    if (nan)
      throw new FakeError(
        400,
        'BAD_REQUEST',
        `(sqlite3.IntegrityError) UNIQUE constraint failed: metrics.key, metrics.timestamp [parameters: ('${nan.key}')]`,
      );
    const values = params.map(({ key, value }) => ({ key, value: [...value].slice(0, 6000).join('') }));
    const changed = values.filter((param) => run.params.has(param.key) && run.params.get(param.key) !== param.value);
    if (changed.length > 0)
      throw invalid(
        `Changing param values is not allowed. Params were already logged='${JSON.stringify(changed)}' for run ID='${id}'.`,
      );
    for (const { key, value } of values) run.params.set(key, value);
    for (const { key, value } of tags) run.tags.set(key, [...value].slice(0, 8000).join(''));
    for (const metric of metrics) {
      const value =
        Number.isFinite(metric.value) || Number.isNaN(metric.value)
          ? metric.value
          : Math.sign(metric.value) * Number.MAX_VALUE;
      const points = run.metrics.get(metric.key) ?? [];
      run.metrics.set(metric.key, points);
      const identity = identityOf({ ...metric, value });
      if (!run.points.has(identity)) points.push({ ...metric, value });
      run.points.add(identity);
      const own = metric.model_id ? this.model(metric.model_id).data.metrics : undefined;
      if (own && !own.some((point) => identityOf(point) === identity))
        own.push(withoutEmpty({ ...metric, value, run_id: id }));
    }
  }

  logInputs(id: string, datasets: FakeRun['datasets']): void {
    const run = this.activeRun(id);
    for (const input of datasets) {
      const { name = '', digest = '' } = input.dataset;
      if (name === '') throw invalid('Dataset name cannot be None or empty');
      if (digest.length > 36) throw invalid("'digest' exceeds the maximum length of 36 characters");
      if (!run.datasets.some((one) => one.dataset['name'] === name && one.dataset['digest'] === digest))
        run.datasets.push(input);
    }
  }

  logOutputs(id: string, models: FakeRun['models']): void {
    const run = this.activeRun(id);
    if (models.some((model) => run.models.some((one) => one.model_id === model.model_id)))
      throw new FakeError(
        400,
        'BAD_REQUEST',
        '(sqlite3.IntegrityError) UNIQUE constraint failed: inputs.source_type, inputs.source_id',
      );
    for (const model of models) run.models.push(model);
  }

  searchRuns(experimentIds: readonly string[], filter: string, view: string): FakeRun[] {
    const clauses = clausesOf(filter);
    return [...this.runs.values()]
      .filter(
        (run) => experimentIds.includes(String(run.info['experiment_id'])) && inView(view, run.info['lifecycle_stage']),
      )
      .filter((run) => matches(clauses, searchable(run)))
      .sort(
        (a, b) =>
          Number(b.info['start_time']) - Number(a.info['start_time']) ||
          (String(a.info['run_id']) < String(b.info['run_id']) ? -1 : 1),
      );
  }

  searchExperiments(filter: string, view: string): FakeExperiment[] {
    const clauses = clausesOf(filter);
    return [...this.experiments.values()]
      .filter((one) => inView(view, one.lifecycle_stage))
      .filter((one) =>
        matches(clauses, {
          metrics: {},
          params: {},
          tags: Object.fromEntries(one.tags),
          attributes: { name: one.name, creation_time: one.creation_time },
        }),
      )
      .reverse();
  }

  createModel(model: {
    experiment_id: string;
    name: string;
    model_type: string;
    source_run_id: string;
    params: Pair[];
    tags: Pair[];
  }): FakeModel {
    this.experiment(model.experiment_id);
    const id = `m-${randomUUID().replaceAll('-', '')}`;
    const { params, ...info } = model;
    const now = Date.now();
    const created = {
      info: {
        ...info,
        model_id: id,
        artifact_uri: `${this.artifactRoot}/${model.experiment_id}/models/${id}/artifacts`,
        status: 'LOGGED_MODEL_PENDING',
        creation_timestamp_ms: now,
        last_updated_timestamp_ms: now,
      },
      data: { params, metrics: [] },
    };
    this.models.set(id, created);
    return created;
  }

  model(id: string): FakeModel {
    const found = this.models.get(id);
    if (!found) throw new FakeError(404, 'RESOURCE_DOES_NOT_EXIST', `Logged model with ID '${id}' not found.`);
    return found;
  }
}

/** Servers leave out what is not set. */
function withoutEmpty(point: Point): Point {
  return Object.fromEntries(Object.entries(point).filter(([, value]) => value !== '')) as unknown as Point;
}

export function invalid(message: string): FakeError {
  return new FakeError(400, 'INVALID_PARAMETER_VALUE', message);
}

function clausesOf(filter: string): ReturnType<typeof parseFilter> {
  try {
    return parseFilter(filter);
  } catch (error) {
    throw invalid((error as Error).message);
  }
}

function inView(view: string, stage: string | number | undefined): boolean {
  return view === 'ALL' || stage === (view === 'DELETED_ONLY' ? 'deleted' : 'active');
}

function searchable(run: FakeRun): Searchable {
  return {
    metrics: Object.fromEntries([...run.metrics].map(([key, points]) => [key, lastPoint(points).value])),
    params: Object.fromEntries(run.params),
    tags: Object.fromEntries(run.tags),
    attributes: run.info,
  };
}

/** The point that a server shows: largest step, then latest, then largest value. */
export function lastPoint(points: readonly Point[]): Point {
  return points.reduce((best, point) => (isLater(point, best) ? point : best));
}

function identityOf({ key, step, timestamp, value }: Point): string {
  return JSON.stringify([key, step, timestamp, String(value)]);
}

function isLater(a: Point, b: Point): boolean {
  if (a.step !== b.step) return a.step > b.step;
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp;
  return a.value > b.value;
}

function checkKey(where: string, key: string): void {
  if (key === '') throw invalid(`Missing value for required parameter '${where}.key'.`);
  if (key.length > 250) throw invalid(`'${where}.key' exceeds the maximum length of 250 characters`);
  if (!/^[\p{L}\p{N}_/.\- :]*$/u.test(key))
    throw invalid(
      `Invalid value "${key}" for parameter '${where}.name' supplied: Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).`,
    );
  if (key.split('/').some((part) => part === '' || part === '.' || part === '..'))
    throw invalid(
      `Invalid value "${key}" for parameter '${where}.name' supplied: Names may be treated as files in certain cases, and must not resolve to other names when treated as such.`,
    );
}
