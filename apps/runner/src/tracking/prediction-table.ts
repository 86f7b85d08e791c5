import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { predictionSchema, readJsonLines, type Prediction } from '@gmoe/experiment';

/** Where the table goes among a run's artifacts. */
export const PREDICTION_TABLE = 'predictions.json';

/** What tells MLflow that an artifact is a table: it shows those of several runs side by side. */
export const LOGGED_ARTIFACTS = JSON.stringify([{ path: PREDICTION_TABLE, type: 'table' }]);

/**
 * Writes an attempt's predictions as MLflow's tables are (`mlflow.log_table`: pandas' "split"), a row a test example.
 *
 * @returns the file, beside the lines that it was made from; undefined if there are none
 */
export function writePredictionTable(folder: string): string | undefined {
  const source = join(folder, 'predictions.jsonl');
  if (!existsSync(source)) return undefined;
  const predictions = readJsonLines(source, predictionSchema);
  if (predictions.length === 0) return undefined;
  const file = join(folder, PREDICTION_TABLE);
  writeFileSync(file, JSON.stringify(predictionTable(predictions)));
  return file;
}

/** Columns that any prediction has, and its values. */
export function predictionTable(predictions: readonly Prediction[]): { columns: string[]; data: unknown[][] } {
  const optional = (['domain', 'gold', 'predicted', 'text'] as const).filter((name) =>
    predictions.some((prediction) => prediction[name] !== undefined),
  );
  return {
    columns: ['id', 'correct', ...optional, 'scores'],
    data: predictions.map((one) => [
      one.id,
      one.correct,
      ...optional.map((name) => one[name] ?? null),
      one.scores.map((score) => Number(score.toPrecision(5))).join(', '),
    ]),
  };
}
