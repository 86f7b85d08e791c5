import { Artifacts } from './api/artifacts.js';
import { Experiments } from './api/experiments.js';
import { LoggedModels } from './api/logged-models.js';
import { Runs } from './api/runs.js';
import { UnexpectedAnswerError } from './errors.js';
import { check } from './schemas/check.js';
import { clientOptions, type ClientOptions } from './transport/options.js';
import { Transport, type CallOptions } from './transport/transport.js';

/** Client of one MLflow tracking server over its REST API 2.0. */
export class MlflowClient {
  readonly experiments: Experiments;
  readonly runs: Runs;
  readonly artifacts: Artifacts;
  readonly loggedModels: LoggedModels;
  /** The server's address without credentials. */
  readonly trackingUri: string;
  readonly #transport: Transport;

  /**
   * @param customFetch replaces the built-in fetch, e.g. to go through a proxy
   * @throws InvalidRequestError naming the wrong option
   */
  constructor(options: ClientOptions, customFetch?: typeof fetch) {
    this.#transport = new Transport(check(clientOptions, options, 'MlflowClient'), customFetch);
    this.trackingUri = this.#transport.baseUrl;
    this.experiments = new Experiments(this.#transport);
    this.runs = new Runs(this.#transport);
    this.artifacts = new Artifacts(this.#transport);
    this.loggedModels = new LoggedModels(this.#transport);
  }

  /** The server's version, e.g. `3.6.0`. @throws UnexpectedAnswerError if what answers is no MLflow server */
  async version(call: CallOptions = {}): Promise<string> {
    const text = await this.#transport.raw({ method: 'GET', path: '/version', ...call }, (response) => response.text());
    if (!/^\d+\.\d+[\w.+-]*$/.test(text.trim()))
      throw new UnexpectedAnswerError(`${this.trackingUri}/version: no MLflow server answers there`);
    return text.trim();
  }
}
