import type { MlflowClient } from 'mlflow-js-client';

/** Tells MLflow to show training runs and models rather than traces and prompts. */
const KIND = { 'mlflow.experimentKind': 'custom_model_development' };

/** Ids of experiments by name, asked for once. */
export class ExperimentCache {
  readonly #ids = new Map<string, Promise<string>>();

  constructor(
    private readonly client: MlflowClient,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async id(name: string): Promise<string> {
    let id = this.#ids.get(name);
    if (id === undefined) {
      id = this.client.experiments
        .ensure({ name, tags: KIND }, { signal: this.signal })
        .then((experiment) => experiment.experimentId);
      this.#ids.set(name, id);
      id.catch(() => this.#ids.delete(name));
    }
    return id;
  }

  /** After the experiment turned out to be gone. */
  forget(name: string): void {
    this.#ids.delete(name);
  }
}
