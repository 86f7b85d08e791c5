import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MESSAGES, type MessagePath } from './fake-messages.js';
import {
  FakeError,
  FakeStore,
  invalid,
  lastPoint,
  type FakeModel,
  type FakeRun,
  type Pair,
  type Point,
} from './fake-store.js';
import { answerArtifacts, listFolder } from './fake-artifacts.js';
import { parseLossily } from './proto-parse.js';

export interface FakeServerOptions {
  /** What `/version` says; below 3 there are no logged models. */
  readonly version?: string;
  /** Whether the artifact store takes multi-part uploads, as object stores do and local folders do not. */
  readonly multipart?: boolean;
  /** Longest param value; longer ones are refused, as servers before 2.10 do (500) instead of cutting at 6000. */
  readonly paramLimit?: number;
  /** Where new runs keep artifacts, e.g. `s3://bucket`; by default the proxy. */
  readonly artifactRoot?: string;
  /** Demanded `authorization` header. */
  readonly authorization?: string;
}

/**
 * A server that behaves as MLflow 3.6 on SQL with proxied artifacts was seen to, its silent loss of data included:
 * values of wrong types, chunked uploads, unknown statuses, histories without max_results, infinities.
 */
export class FakeMlflow {
  readonly store: FakeStore;
  /** Requests answered so far, by `METHOD path`. */
  readonly requests = new Map<string, number>();
  readonly #server: Server;
  #port = 0;

  private constructor(private readonly options: FakeServerOptions) {
    this.store = new FakeStore(options.paramLimit, options.artifactRoot);
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(options: FakeServerOptions = {}): Promise<FakeMlflow> {
    const fake = new FakeMlflow(options);
    await fake.listen();
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens, after {@link stop} again at the same port with the same data. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) =>
      this.#server.once('error', reject).listen(this.#port, '127.0.0.1', resolve),
    );
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    // Without a length the server sees no body.
    const body = request.headers['content-length'] === undefined ? Buffer.alloc(0) : Buffer.concat(chunks);
    const url = new URL(request.url ?? '/', this.url);
    const name = `${request.method} ${url.pathname}`;
    this.requests.set(name, (this.requests.get(name) ?? 0) + 1);
    const send = (status: number, content: unknown, headers: Record<string, string> = {}): void => {
      const bytes = typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content);
      response
        .writeHead(status, {
          'content-type': typeof content === 'string' ? 'text/html' : 'application/json',
          ...headers,
        })
        .end(bytes);
    };
    try {
      if (this.options.authorization !== undefined && request.headers.authorization !== this.options.authorization)
        return send(401, 'You are not authenticated. Please see the documentation on basic authentication.');
      if (url.pathname === '/version') return send(200, this.options.version ?? '3.6.0');
      if (url.pathname === '/health') return send(200, 'OK');
      if (url.pathname.startsWith('/api/2.0/mlflow-artifacts/') || url.pathname.startsWith('/parts/'))
        return answerArtifacts(
          this.store,
          { method: request.method ?? '', url, body, multipart: this.options.multipart ?? false },
          send,
        );
      if (!url.pathname.startsWith('/api/2.0/mlflow/')) return send(404, NOT_FOUND);
      const path = url.pathname.slice('/api/2.0/mlflow/'.length);
      if (path.startsWith('logged-models') && (this.options.version ?? '3').startsWith('2'))
        return send(404, NOT_FOUND);
      const json =
        request.method === 'GET' || request.method === 'DELETE'
          ? fromQuery(url)
          : (JSON.parse(body.toString()) as unknown);
      const answer = this.#api(request.method ?? '', path, json);
      return answer === undefined ? send(404, NOT_FOUND) : send(200, answer);
    } catch (error) {
      if (error instanceof FakeError) return send(error.status, { error_code: error.code, message: error.message });
      return send(500, '<!doctype html><title>500 Internal Server Error</title>');
    }
  }

  #api(method: string, path: string, json: unknown): unknown {
    const { store } = this;
    const model = /^logged-models\/(m-\w+)$/.exec(path);
    if (model) {
      const found = store.model(model[1]!);
      if (method === 'PATCH') found.info['status'] = (json as { status: string }).status;
      if (method === 'DELETE') {
        store.models.delete(model[1]!);
        return {};
      }
      return { model: found };
    }
    if (!(path in MESSAGES)) return undefined;
    const m = parseLossily(MESSAGES[path as MessagePath], json) as Record<string, never>;
    const { run_id, experiment_id } = m as unknown as { run_id: string; experiment_id: string };
    const tags = (m['tags'] ?? []) as Pair[];
    switch (path as MessagePath) {
      case 'experiments/create':
        return { experiment_id: store.createExperiment(m['name']!, m['artifact_location']!, tags) };
      case 'experiments/get':
        return { experiment: wireExperiment(store, experiment_id) };
      case 'experiments/get-by-name':
        return { experiment: wireExperiment(store, store.experimentByName(m['experiment_name']!).experiment_id) };
      case 'experiments/delete':
      case 'experiments/restore':
        store.experiment(experiment_id).lifecycle_stage = path.endsWith('delete') ? 'deleted' : 'active';
        return {};
      case 'experiments/set-experiment-tag':
        store.experiment(experiment_id).tags.set(m['key']!, m['value']!);
        return {};
      case 'experiments/search': {
        const found = store.searchExperiments(m['filter']!, m['view_type']!);
        return paged(
          'experiments',
          found.map((one) => wireExperiment(store, one.experiment_id)),
          m['max_results']!,
          m['page_token']!,
        );
      }
      case 'runs/create':
        return { run: wireRun(store.createRun(experiment_id, m['run_name']!, m['start_time']!, tags)) };
      case 'runs/get':
        return { run: wireRun(store.run(run_id)) };
      case 'runs/delete':
      case 'runs/restore':
        store.run(run_id).info['lifecycle_stage'] = path.endsWith('delete') ? 'deleted' : 'active';
        return {};
      case 'runs/delete-tag':
        if (!store.activeRun(run_id).tags.delete(m['key']!))
          throw new FakeError(404, 'RESOURCE_DOES_NOT_EXIST', `No tag with name: ${m['key']}`);
        return {};
      case 'runs/update':
        return { run_info: store.updateRun(run_id, m['status']!, m['end_time']!, m['run_name']!).info };
      case 'runs/log-batch':
        requireMetricFields(json);
        store.logBatch(run_id, m['metrics']!, m['params']!, tags);
        return {};
      case 'runs/log-inputs':
        store.logInputs(run_id, m['datasets']!);
        return {};
      case 'runs/outputs':
        store.logOutputs(run_id, m['models']!);
        return {};
      case 'runs/search': {
        const most = m['max_results'] || 1000;
        if (most > 50_000) throw invalid(`Invalid value ${most} for parameter 'max_results' supplied`);
        return paged(
          'runs',
          store.searchRuns(m['experiment_ids']!, m['filter']!, m['run_view_type']!).map(wireRun),
          most,
          m['page_token']!,
        );
      }
      case 'metrics/get-history': {
        const points = store.run(run_id).metrics.get(m['metric_key']!) ?? [];
        return paged('metrics', points.map(wirePoint), m['max_results']!, m['page_token']!);
      }
      case 'artifacts/list': {
        const root = String(store.run(run_id).info['artifact_uri']);
        return { root_uri: root, files: listFolder(store, root.replace('mlflow-artifacts:/', ''), m['path']!, true) };
      }
      case 'logged-models':
        return { model: store.createModel(m as unknown as Parameters<FakeStore['createModel']>[0]) };
      case 'logged-models/search': {
        const ids: readonly string[] = m['experiment_ids']!;
        const found: FakeModel[] = [...store.models.values()].filter((one) => ids.includes(one.info.experiment_id));
        return paged('models', found.reverse(), m['max_results'] || 50, m['page_token']!);
      }
    }
  }
}

const NOT_FOUND =
  '<!doctype html><html lang=en><title>404 Not Found</title><h1>Not Found</h1><p>The requested URL was not found on the server.</p>';

function fromQuery(url: URL): Record<string, string> {
  return Object.fromEntries(url.searchParams);
}

/** A page of n items; asked for none (n = 0) it holds none and yet promises more, as the real one does. */
function paged(field: string, items: readonly unknown[], size: number, token: string): unknown {
  const offset = token === '' ? 0 : (JSON.parse(Buffer.from(token, 'base64').toString()) as { offset: number }).offset;
  const page = items.slice(offset, offset + size);
  const next = offset + size;
  return {
    ...(page.length > 0 && { [field]: page }),
    ...(next < items.length && { next_page_token: Buffer.from(JSON.stringify({ offset: next })).toString('base64') }),
  };
}

function wirePairs(map: ReadonlyMap<string, string>): Pair[] {
  return [...map].map(([key, value]) => ({ key, value }));
}

function wirePoint(point: Point): unknown {
  return { ...point, value: Number.isNaN(point.value) ? 'NaN' : point.value };
}

function wireExperiment(store: FakeStore, id: string): unknown {
  const experiment = store.experiment(id);
  return { ...experiment, tags: wirePairs(experiment.tags) };
}

function wireRun(run: FakeRun): unknown {
  return {
    info: run.info,
    data: {
      metrics: [...run.metrics.values()].map((points) => wirePoint(lastPoint(points))),
      params: wirePairs(run.params),
      tags: wirePairs(run.tags),
    },
    inputs: run.datasets.length > 0 ? { dataset_inputs: run.datasets } : {},
    ...(run.models.length > 0 && { outputs: { model_outputs: run.models } }),
  };
}

function requireMetricFields(json: unknown): void {
  const metrics = (json as { metrics?: Record<string, unknown>[] }).metrics ?? [];
  metrics.forEach((metric, index) => {
    for (const field of ['key', 'value', 'timestamp'])
      if (metric[field] === undefined || metric[field] === null)
        throw invalid(
          `Missing value for required parameter 'metrics[${index}].${field}'. See the API docs for more information about request parameters.`,
        );
  });
}
