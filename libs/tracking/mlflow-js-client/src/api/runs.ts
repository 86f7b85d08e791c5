import { z } from 'zod';
import { HttpError, MlflowError } from '../errors.js';
import { filterText, tag as tagFilter, type Filter } from '../filter.js';
import { check } from '../schemas/check.js';
import { LIMITS } from '../schemas/limits.js';
import {
  batch,
  createRun,
  logInputs,
  logOutputs,
  updateRun,
  wireRun,
  wireRunInfo,
  type Batch,
  type CreateRun,
  type DatasetInput,
  type Run,
  type RunInfo,
  type UpdateRun,
} from '../schemas/runs.js';
import { experimentId, key, runId, wireMetric, type MetricPoint } from '../schemas/values.js';
import type { CallOptions, Transport } from '../transport/transport.js';
import type { ViewType } from './experiments.js';
import { pages, type Page } from './pages.js';
import { batchBody, splitBatches, type BatchItems } from './run-batches.js';

const PATH = '/api/2.0/mlflow/runs';
const one = z.object({ run: wireRun });
const many = z.object({ runs: z.array(wireRun).default([]), next_page_token: z.string().optional() });
const history = z.object({ metrics: z.array(wireMetric).default([]), next_page_token: z.string().optional() });
const nothing = z.object({});

/** Races over rows beside the datasets' own (their tags, the run's inputs) that a call may lose before it gives up. */
const MOST_RACES = 3;

/** Tag that carries the caller's own id of a run. */
export const RUN_KEY_TAG = 'mlflow-js-client.runKey';

export interface SearchRuns extends CallOptions {
  readonly experimentIds: readonly string[];
  readonly filter?: Filter;
  /** E.g. `["metrics.`eval/accuracy` DESC"]`. */
  readonly orderBy?: readonly string[];
  readonly viewType?: ViewType;
  /** Answers per request, 1 to 50,000. */
  readonly pageSize?: number;
}

export class Runs {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Creates a run. Sent once: a retry might make two (see {@link createOnce}). */
  async create(input: CreateRun, call: CallOptions = {}): Promise<Run> {
    const { experimentId: experiment_id, name, startTime, tags } = check(createRun, input, 'runs.create');
    const body = {
      experiment_id,
      run_name: name,
      start_time: startTime,
      tags: Object.entries(tags).map(([k, value]) => ({ key: k, value })),
    };
    return (
      await this.#transport.json({ method: 'POST', path: `${PATH}/create`, body, answer: one, retry: false, ...call })
    ).run;
  }

  /**
   * The run that carries `runKey` (a UUID of the caller's), created if there is none. Safe to repeat, also after a crash
   * or an attempt whose answer was lost: the run is looked for before each attempt, and should a lost attempt turn out
   * to have succeeded late, the younger twin is deleted.
   */
  async createOnce(
    input: CreateRun & { readonly runKey: string },
    call: CallOptions = {},
  ): Promise<{ run: Run; created: boolean }> {
    const { runKey, ...rest } = input;
    check(
      z.string().regex(/^[\w.:-]{8,200}$/, 'must be 8 to 200 letters, digits, _ . : or -'),
      runKey,
      'runs.createOnce: runKey',
    );
    const withKey = { ...rest, tags: { ...rest.tags, [RUN_KEY_TAG]: runKey } };
    check(createRun, withKey, 'runs.createOnce');
    let uncertain = false;
    return this.#transport.retrying(call, async () => {
      const [found] = await this.findByKey(rest.experimentId, runKey, call);
      if (found) return { run: found, created: false };
      try {
        const run = await this.create(withKey, call);
        if (!uncertain) return { run, created: true };
        const [first, ...twins] = await this.findByKey(rest.experimentId, runKey, call);
        for (const twin of twins) await this.delete(twin.info.runId, call);
        return { run: first ?? run, created: true };
      } catch (error) {
        uncertain ||= error instanceof MlflowError && error.transient;
        throw error;
      }
    });
  }

  /** Active runs that carry `runKey`, oldest first; more than one only if something went wrong. */
  async findByKey(experiment: string, runKey: string, call: CallOptions = {}): Promise<Run[]> {
    const found: Run[] = [];
    const search = { experimentIds: [experiment], filter: tagFilter(RUN_KEY_TAG).eq(runKey), pageSize: 100, ...call };
    for await (const run of this.search(search)) found.push(run);
    return found.sort(
      (a, b) => (a.info.startTime ?? 0) - (b.info.startTime ?? 0) || (a.info.runId < b.info.runId ? -1 : 1),
    );
  }

  async get(id: string, call: CallOptions = {}): Promise<Run> {
    const query = { run_id: check(runId, id, 'runs.get') };
    return (await this.#transport.json({ method: 'GET', path: `${PATH}/get`, query, answer: one, ...call })).run;
  }

  async update(input: UpdateRun, call: CallOptions = {}): Promise<RunInfo> {
    const { runId: run_id, status, endTime, name } = check(updateRun, input, 'runs.update');
    const answer = await this.#transport.json({
      method: 'POST',
      path: `${PATH}/update`,
      body: { run_id, status, end_time: endTime, run_name: name },
      answer: z.object({ run_info: wireRunInfo }),
      ...call,
    });
    return answer.run_info;
  }

  /** Marks a run as deleted; {@link restore} brings it back. */
  async delete(id: string, call: CallOptions = {}): Promise<void> {
    const body = { run_id: check(runId, id, 'runs.delete') };
    await this.#transport.json({ method: 'POST', path: `${PATH}/delete`, body, answer: nothing, ...call });
  }

  async restore(id: string, call: CallOptions = {}): Promise<void> {
    const body = { run_id: check(runId, id, 'runs.restore') };
    await this.#transport.json({ method: 'POST', path: `${PATH}/restore`, body, answer: nothing, ...call });
  }

  /**
   * Logs up to 1000 metrics, 100 params and 100 tags at once. Safe to repeat with the same timestamps: the server keeps
   * one of exact duplicates. A param that is there with another value is an HttpError 400.
   */
  async logBatch(id: string, input: Batch, call: CallOptions = {}): Promise<void> {
    const body = batchBody(check(runId, id, 'runs.logBatch'), check(batch, input, 'runs.logBatch'));
    await this.#transport.json({ method: 'POST', path: `${PATH}/log-batch`, body, answer: nothing, ...call });
  }

  /** Logs any number of items in as many batches as the server's limits ask for, one after the other. */
  async logAll(id: string, items: BatchItems, call: CallOptions = {}): Promise<void> {
    for (const part of splitBatches(items)) await this.logBatch(id, part, call);
  }

  async logMetric(id: string, point: MetricPoint, call: CallOptions = {}): Promise<void> {
    await this.logBatch(id, { metrics: [point] }, call);
  }

  async logParams(id: string, params: Readonly<Record<string, string>>, call: CallOptions = {}): Promise<void> {
    await this.logAll(id, { params: Object.entries(params).map(([k, value]) => ({ key: k, value })) }, call);
  }

  async setTags(id: string, tags: Readonly<Record<string, string>>, call: CallOptions = {}): Promise<void> {
    await this.logAll(id, { tags: Object.entries(tags).map(([k, value]) => ({ key: k, value })) }, call);
  }

  async deleteTag(id: string, tagKey: string, call: CallOptions = {}): Promise<void> {
    const body = { run_id: check(runId, id, 'runs.deleteTag'), key: check(key, tagKey, 'runs.deleteTag') };
    await this.#transport.json({ method: 'POST', path: `${PATH}/delete-tag`, body, answer: nothing, ...call });
  }

  /**
   * Names the data a run used. The server keeps one of equal (name, digest, context). Of runs that name the same new data at
   * once, it refuses all but the first: those ask again.
   */
  async logInputs(id: string, datasets: readonly DatasetInput[], call: CallOptions = {}): Promise<void> {
    const checked = check(logInputs, { runId: id, datasets }, 'runs.logInputs');
    const body = {
      run_id: checked.runId,
      datasets: checked.datasets.map(({ sourceType, context, tags, ...dataset }) => ({
        tags: Object.entries({ ...tags, ...(context !== undefined && { 'mlflow.data.context': context }) }).map(
          ([k, value]) => ({ key: k, value }),
        ),
        dataset: { ...dataset, source_type: sourceType },
      })),
    };
    for (let races = 0; ; races++) {
      try {
        await this.#transport.json({ method: 'POST', path: `${PATH}/log-inputs`, body, answer: nothing, ...call });
        return;
      } catch (error) {
        if (!(error instanceof HttpError && error.lostRace) || races >= checked.datasets.length + MOST_RACES)
          throw error;
      }
    }
  }

  /** Links logged models to the run that made them. Models already linked are left out, for the server refuses them. */
  async logOutputs(
    id: string,
    models: readonly { readonly modelId: string; readonly step: number }[],
    call: CallOptions = {},
  ): Promise<void> {
    const checked = check(logOutputs, { runId: id, models }, 'runs.logOutputs');
    const linked = new Set((await this.get(id, call)).models.map((model) => model.modelId));
    const missing = checked.models.filter((model) => !linked.has(model.modelId));
    if (missing.length === 0) return;
    const body = {
      run_id: checked.runId,
      models: missing.map((model) => ({ model_id: model.modelId, step: model.step })),
    };
    await this.#transport.json({ method: 'POST', path: `${PATH}/outputs`, body, answer: nothing, ...call });
  }

  /** All points of one metric in the server's order. */
  metricHistory(
    id: string,
    metricKey: string,
    options: CallOptions & { readonly pageSize?: number } = {},
  ): AsyncGenerator<MetricPoint> {
    const query = {
      run_id: check(runId, id, 'runs.metricHistory'),
      metric_key: check(key, metricKey, 'runs.metricHistory'),
    };
    const max_results = check(
      z.int().min(1).max(LIMITS.historyPage),
      options.pageSize ?? LIMITS.historyPage,
      'runs.metricHistory: pageSize',
    );
    return pages(async (page_token): Promise<Page<MetricPoint>> => {
      const answer = await this.#transport.json({
        method: 'GET',
        path: '/api/2.0/mlflow/metrics/get-history',
        query: { ...query, max_results, page_token },
        answer: history,
        signal: options.signal,
      });
      return { items: answer.metrics, nextPageToken: answer.next_page_token };
    });
  }

  /** All matching runs, page by page as they are asked for. */
  search(search: SearchRuns): AsyncGenerator<Run> {
    const experiment_ids = check(z.array(experimentId).min(1), search.experimentIds, 'runs.search: experimentIds');
    const pageSize = check(z.int().min(1).max(LIMITS.searchPage), search.pageSize ?? 1000, 'runs.search: pageSize');
    return pages(async (pageToken): Promise<Page<Run>> => {
      const answer = await this.#transport.json({
        method: 'POST',
        path: `${PATH}/search`,
        body: {
          experiment_ids,
          filter: filterText(search.filter),
          order_by: search.orderBy,
          run_view_type: search.viewType,
          max_results: pageSize,
          page_token: pageToken,
        },
        answer: many,
        signal: search.signal,
      });
      return { items: answer.runs, nextPageToken: answer.next_page_token };
    });
  }
}
