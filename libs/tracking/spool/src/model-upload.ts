import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { attribute, HttpError, UnsupportedError, type CallOptions, type MlflowClient } from 'mlflow-js-client';
import { mlflowArtifactPath } from './mlflow-values.js';
import { modelFacts } from './model-facts.js';
import { ownFile } from './own-files.js';
import type { JournalRecord } from './records.js';

interface Place {
  readonly experimentId: string;
  readonly runId: string;
  readonly artifactUri: string;
}

/**
 * Stores a folder as a logged model of its run, with the run's params, and its evaluations tied to model and data; before MLflow 3 as artifacts below `models/NAME`. May be repeated: the
 * run's model of this name is used again.
 *
 * @returns the model's id, '' where the server has no logged models
 */
export async function uploadModel(
  client: MlflowClient,
  place: Place,
  record: Extract<JournalRecord, { type: 'model' }>,
  journal: string,
  paramLimit: number,
  call: CallOptions,
): Promise<string> {
  if (!existsSync(resolve(dirname(journal), record.directory)))
    throw new UnsupportedError(`model '${record.name}': its folder is gone`);
  const directory = ownFile(journal, record.directory);
  const name = modelName(record.name);
  const facts = modelFacts(journal, record.n, paramLimit);
  let model;
  try {
    const filter = attribute.name.eq(name);
    for await (const found of client.loggedModels.search({ experimentIds: [place.experimentId], filter, ...call }))
      if (found.sourceRunId === place.runId && found.name === name) model = found;
    model ??= await client.loggedModels.create(
      {
        experimentId: place.experimentId,
        name,
        sourceRunId: place.runId,
        params: facts.params,
        ...(record.modelType !== '' && { modelType: record.modelType }),
      },
      call,
    );
  } catch (error) {
    if (!(error instanceof HttpError) || !error.endpointMissing) throw error;
    await client.version(call);
    await client.artifacts.uploadDirectory(place, modelFolder(record.name), directory, call);
    return '';
  }
  await client.artifacts.uploadDirectory(model, '', directory, call);
  if (model.status !== 'LOGGED_MODEL_READY')
    await client.loggedModels.finalize(model.modelId, 'LOGGED_MODEL_READY', call);
  await client.runs.logOutputs(place.runId, [{ modelId: model.modelId, step: record.step }], call);
  const { modelId } = model;
  // The run has these points: the server keeps one of each, and shows them with the model too.
  await client.runs.logAll(place.runId, { metrics: facts.metrics.map((point) => ({ ...point, modelId })) }, call);
  return modelId;
}

/** The name as MLflow takes it. */
function modelName(name: string): string {
  return mlflowArtifactPath(name.replaceAll(/[/:.%"']/g, '_'));
}

/** Where the files go on servers that have no logged models. */
export function modelFolder(name: string): string {
  return `models/${modelName(name)}`;
}
