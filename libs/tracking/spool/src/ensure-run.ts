import { dirname, resolve } from 'node:path';
import type { CallOptions, MlflowClient } from 'mlflow-js-client';
import type { ExperimentCache } from './experiment-cache.js';
import { wellFormed } from './mlflow-values.js';
import { JOURNAL_SUFFIX, type RunHeader } from './records.js';
import { loadState, sidecarFiles, type UploadState } from './upload-state.js';

/**
 * The journal's run on the server: found by its id, else created; shown under its parent as soon as that is there.
 *
 * @returns whether the state has changed
 */
export async function ensureRun(
  client: MlflowClient,
  experiments: ExperimentCache,
  journal: string,
  header: RunHeader,
  state: UploadState,
  call: CallOptions,
): Promise<boolean> {
  const { id, experiment, name, parent, t } = header;
  let changed = false;
  if (state.runId === undefined) {
    state.experimentId = await experiments.id(wellFormed(experiment));
    const parentId = parent === undefined ? undefined : await findParent(client, journal, parent, state, call);
    const { run } = await client.runs.createOnce(
      {
        runKey: id,
        experimentId: state.experimentId,
        name: wellFormed(name),
        startTime: t,
        tags: { 'mlflow.source.type': 'LOCAL', ...(parentId !== undefined && { 'mlflow.parentRunId': parentId }) },
      },
      call,
    );
    state.runId = run.info.runId;
    state.artifactUri = run.info.artifactUri;
    state.parentLinked = parent === undefined || run.tags['mlflow.parentRunId'] !== undefined;
    changed = true;
  }
  if (!state.parentLinked && parent !== undefined) {
    const parentId = await findParent(client, journal, parent, state, call);
    if (parentId === undefined) return changed;
    await client.runs.setTags(state.runId, { 'mlflow.parentRunId': parentId }, call);
    state.parentLinked = true;
    changed = true;
  }
  return changed;
}

/** Id in MLflow of a run whose journal lies beside this one; undefined if there is none or it is not uploaded yet. */
export function uploadedParent(client: MlflowClient, journal: string, parent: string): string | undefined {
  const beside = resolve(dirname(journal), `${parent}${JOURNAL_SUFFIX}`);
  return loadState(sidecarFiles(beside, client.trackingUri).state, client.trackingUri).runId;
}

/** From the upload of the parent's journal beside this one, else from the server. */
async function findParent(
  client: MlflowClient,
  journal: string,
  parent: string,
  state: UploadState,
  call: CallOptions,
): Promise<string | undefined> {
  const runId = uploadedParent(client, journal, parent);
  if (runId !== undefined) return runId;
  const [found] = await client.runs.findByKey(state.experimentId!, parent, call);
  return found?.info.runId;
}
