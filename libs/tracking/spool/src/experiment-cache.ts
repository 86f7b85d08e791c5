import type { Experiment, MlflowClient } from 'mlflow-js-client';
import { ARMS_VIEW_TAGS } from './arms-view.js';

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
      id = this.#ensure(name);
      this.#ids.set(name, id);
      id.catch(() => this.#ids.delete(name));
    }
    return id;
  }

  /** After the experiment turned out to be gone. */
  forget(name: string): void {
    this.#ids.delete(name);
  }

  async #ensure(name: string): Promise<string> {
    const call = { signal: this.signal };
    const experiment = await this.client.experiments.ensure({ name, tags: { ...KIND, ...ARMS_VIEW_TAGS } }, call);
    await this.#giveView(experiment);
    return experiment.experimentId;
  }

  /** An experiment that another program made, or an earlier version, has no view yet, or not this one. */
  async #giveView({ experimentId, tags }: Experiment): Promise<void> {
    for (const [key, value] of Object.entries(ARMS_VIEW_TAGS)) {
      if (tags[key] !== value) await this.client.experiments.setTag(experimentId, key, value, { signal: this.signal });
    }
  }
}
