import { z } from 'zod';
import { check } from '../schemas/check.js';
import {
  createLoggedModel,
  loggedModelStatus,
  wireLoggedModel,
  type CreateLoggedModel,
  type LoggedModel,
} from '../schemas/logged-models.js';
import { experimentId, modelId } from '../schemas/values.js';
import type { CallOptions, Transport } from '../transport/transport.js';
import { filterText, type Filter } from '../filter.js';
import { pages, type Page } from './pages.js';

const PATH = '/api/2.0/mlflow/logged-models';
const one = z.object({ model: wireLoggedModel });
const many = z.object({ models: z.array(wireLoggedModel).default([]), next_page_token: z.string().optional() });

export interface SearchLoggedModels extends CallOptions {
  readonly experimentIds: readonly string[];
  readonly filter?: Filter;
  readonly pageSize?: number;
}

/** Logged models (MLflow 3 and later): what a run made, with files of its own. */
export class LoggedModels {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Creates a model in state PENDING; upload its files to its `artifactUri`, then {@link finalize}. Sent once. */
  async create(input: CreateLoggedModel, call: CallOptions = {}): Promise<LoggedModel> {
    const {
      experimentId: experiment_id,
      name,
      modelType,
      sourceRunId,
      params,
      tags,
    } = check(createLoggedModel, input, 'loggedModels.create');
    const pairs = (record: Record<string, string>) => Object.entries(record).map(([key, value]) => ({ key, value }));
    const body = {
      experiment_id,
      name,
      model_type: modelType,
      source_run_id: sourceRunId,
      params: pairs(params),
      tags: pairs(tags),
    };
    return (await this.#transport.json({ method: 'POST', path: PATH, body, answer: one, retry: false, ...call })).model;
  }

  async get(id: string, call: CallOptions = {}): Promise<LoggedModel> {
    const path = `${PATH}/${check(modelId, id, 'loggedModels.get')}`;
    return (await this.#transport.json({ method: 'GET', path, answer: one, ...call })).model;
  }

  async finalize(
    id: string,
    status: z.infer<typeof loggedModelStatus> = 'LOGGED_MODEL_READY',
    call: CallOptions = {},
  ): Promise<LoggedModel> {
    const body = {
      model_id: check(modelId, id, 'loggedModels.finalize'),
      status: check(loggedModelStatus, status, 'loggedModels.finalize'),
    };
    return (await this.#transport.json({ method: 'PATCH', path: `${PATH}/${id}`, body, answer: one, ...call })).model;
  }

  async delete(id: string, call: CallOptions = {}): Promise<void> {
    const path = `${PATH}/${check(modelId, id, 'loggedModels.delete')}`;
    await this.#transport.json({ method: 'DELETE', path, answer: z.object({}), ...call });
  }

  search(search: SearchLoggedModels): AsyncGenerator<LoggedModel> {
    const experiment_ids = check(
      z.array(experimentId).min(1),
      search.experimentIds,
      'loggedModels.search: experimentIds',
    );
    const max_results = check(z.int().min(1).max(50), search.pageSize ?? 50, 'loggedModels.search: pageSize');
    return pages(async (page_token): Promise<Page<LoggedModel>> => {
      const body = { experiment_ids, filter: filterText(search.filter), max_results, page_token };
      const answer = await this.#transport.json({
        method: 'POST',
        path: `${PATH}/search`,
        body,
        answer: many,
        signal: search.signal,
      });
      return { items: answer.models, nextPageToken: answer.next_page_token };
    });
  }
}
