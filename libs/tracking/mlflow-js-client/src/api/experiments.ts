import { z } from 'zod';
import { HttpError, InvalidRequestError } from '../errors.js';
import { filterText, type Filter } from '../filter.js';
import { check } from '../schemas/check.js';
import { createExperiment, wireExperiment, type CreateExperiment, type Experiment } from '../schemas/experiments.js';
import { LIMITS } from '../schemas/limits.js';
import { experimentId, key, text } from '../schemas/values.js';
import type { CallOptions, Transport } from '../transport/transport.js';
import { pages, type Page } from './pages.js';

const PATH = '/api/2.0/mlflow/experiments';
const one = z.object({ experiment: wireExperiment });
const many = z.object({ experiments: z.array(wireExperiment).default([]), next_page_token: z.string().optional() });
const nothing = z.object({});

export type ViewType = 'ACTIVE_ONLY' | 'DELETED_ONLY' | 'ALL';

export interface SearchExperiments extends CallOptions {
  readonly filter?: Filter;
  readonly orderBy?: readonly string[];
  readonly viewType?: ViewType;
  /** Answers per request, 1 to 50,000. */
  readonly pageSize?: number;
}

export class Experiments {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** @returns the new experiment's id. @throws HttpError `RESOURCE_ALREADY_EXISTS` if the name is taken */
  async create(input: CreateExperiment, call: CallOptions = {}): Promise<string> {
    const { name, artifactLocation, tags } = check(createExperiment, input, 'experiments.create');
    const answer = await this.#transport.json({
      method: 'POST',
      path: `${PATH}/create`,
      body: {
        name,
        artifact_location: artifactLocation,
        tags: Object.entries(tags).map(([k, value]) => ({ key: k, value })),
      },
      answer: z.object({ experiment_id: z.string() }),
      ...call,
    });
    return answer.experiment_id;
  }

  async get(id: string, call: CallOptions = {}): Promise<Experiment> {
    const query = { experiment_id: check(experimentId, id, 'experiments.get') };
    return (await this.#transport.json({ method: 'GET', path: `${PATH}/get`, query, answer: one, ...call })).experiment;
  }

  /** @returns undefined if there is none of this name */
  async getByName(name: string, call: CallOptions = {}): Promise<Experiment | undefined> {
    const query = { experiment_name: check(text.min(1), name, 'experiments.getByName') };
    try {
      return (await this.#transport.json({ method: 'GET', path: `${PATH}/get-by-name`, query, answer: one, ...call }))
        .experiment;
    } catch (error) {
      if (error instanceof HttpError && error.errorCode === 'RESOURCE_DOES_NOT_EXIST') return undefined;
      throw error;
    }
  }

  /**
   * The experiment of this name, created if need be; several processes may ask at once.
   *
   * @throws InvalidRequestError if it was deleted: the server keeps the name taken
   */
  async ensure(input: CreateExperiment, call: CallOptions = {}): Promise<Experiment> {
    const existing = await this.getByName(input.name, call);
    if (existing) return active(existing);
    try {
      return await this.get(await this.create(input, call), call);
    } catch (error) {
      if (!(error instanceof HttpError) || error.errorCode !== 'RESOURCE_ALREADY_EXISTS') throw error;
      const winner = await this.getByName(input.name, call);
      if (!winner) throw error;
      return active(winner);
    }
  }

  async setTag(id: string, tagKey: string, value: string, call: CallOptions = {}): Promise<void> {
    const body = check(
      z.strictObject({ experiment_id: experimentId, key, value: text.max(LIMITS.experimentTagValue) }),
      { experiment_id: id, key: tagKey, value },
      'experiments.setTag',
    );
    await this.#transport.json({ method: 'POST', path: `${PATH}/set-experiment-tag`, body, answer: nothing, ...call });
  }

  async delete(id: string, call: CallOptions = {}): Promise<void> {
    const body = { experiment_id: check(experimentId, id, 'experiments.delete') };
    await this.#transport.json({ method: 'POST', path: `${PATH}/delete`, body, answer: nothing, ...call });
  }

  async restore(id: string, call: CallOptions = {}): Promise<void> {
    const body = { experiment_id: check(experimentId, id, 'experiments.restore') };
    await this.#transport.json({ method: 'POST', path: `${PATH}/restore`, body, answer: nothing, ...call });
  }

  /** All matching experiments, page by page as they are asked for. */
  search(search: SearchExperiments = {}): AsyncGenerator<Experiment> {
    const pageSize = check(
      z.int().min(1).max(LIMITS.searchPage),
      search.pageSize ?? 1000,
      'experiments.search: pageSize',
    );
    return pages(async (pageToken): Promise<Page<Experiment>> => {
      const answer = await this.#transport.json({
        method: 'POST',
        path: `${PATH}/search`,
        body: {
          filter: filterText(search.filter),
          order_by: search.orderBy,
          view_type: search.viewType,
          max_results: pageSize,
          page_token: pageToken,
        },
        answer: many,
        signal: search.signal,
      });
      return { items: answer.experiments, nextPageToken: answer.next_page_token };
    });
  }
}

function active(experiment: Experiment): Experiment {
  if (experiment.lifecycleStage === 'deleted')
    throw new InvalidRequestError(
      `experiment '${experiment.name}' (${experiment.experimentId}) was deleted on the server, which keeps its name taken; restore it (mlflow experiments restore --experiment-id ${experiment.experimentId}) or take another name`,
    );
  return experiment;
}
