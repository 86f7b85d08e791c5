import { HttpError, UnsupportedError, type CallOptions, type MlflowClient } from 'mlflow-js-client';
import { isRefusal } from './batch-upload.js';
import type { DeadLetter } from './dead-letters.js';
import { mlflowArtifactPath } from './mlflow-values.js';
import { uploadModel } from './model-upload.js';
import { ownFile } from './own-files.js';
import type { JournalRecord } from './records.js';
import type { UploadState } from './upload-state.js';

export type FileRecord = Extract<JournalRecord, { type: 'artifact' | 'dataset' | 'model' }>;

/**
 * Uploads what needs a request of its own.
 *
 * @returns dead letters if the server never can store it, or it is gone here
 * @throws MlflowError if the server fails
 */
export async function uploadFile(
  client: MlflowClient,
  journal: string,
  record: FileRecord,
  state: UploadState,
  call: CallOptions,
): Promise<DeadLetter[]> {
  try {
    if (record.type === 'artifact') {
      const file = ownFile(journal, record.file);
      const owner = { artifactUri: state.artifactUri! };
      await client.artifacts.upload(owner, mlflowArtifactPath(record.path), { file }, call);
    } else if (record.type === 'dataset') {
      await client.runs.logInputs(state.runId!, [datasetInput(record.dataset)], call);
    } else {
      const { experimentId, runId, artifactUri } = state;
      const place = { experimentId: experimentId!, runId: runId!, artifactUri: artifactUri! };
      state.models[record.name] = await uploadModel(client, place, record, journal, state.paramLimit, call);
    }
    return [];
  } catch (error) {
    const missing = error instanceof HttpError && error.endpointMissing && (await isMlflow(client, call));
    if (!isRefusal(error) && !(error instanceof UnsupportedError) && !missing) throw error;
    return [{ id: fileRecordId(record), reason: (error as Error).message, item: record }];
  }
}

/** Id of the record's dead letter. */
export function fileRecordId(record: FileRecord): string {
  const key = record.type === 'artifact' ? record.path : record.type === 'dataset' ? record.dataset.name : record.name;
  return `${record.n}:${record.type}:${key}`;
}

function datasetInput(dataset: Extract<FileRecord, { type: 'dataset' }>['dataset']) {
  const { name, digest, source, sourceType, schema, profile, context } = dataset;
  return {
    name: name.slice(0, 500),
    digest: digest.slice(0, 36),
    source: source.slice(0, 65_535),
    sourceType,
    context,
    ...(schema !== undefined && { schema }),
    ...(profile !== undefined && { profile }),
    tags: { digest: digest.slice(0, 500) },
  };
}

/** A missing endpoint means an older server, or none at all; only the first is a reason to go on. */
function isMlflow(client: MlflowClient, call: CallOptions): Promise<boolean> {
  return client.version(call).then(
    () => true,
    () => false,
  );
}
