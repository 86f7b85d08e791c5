import type { MessageSpec } from './proto-parse.js';

const pair: MessageSpec = { key: 'string', value: 'string' };
const pairs = { repeated: { message: pair } } as const;
const page = { max_results: 'int64', page_token: 'string' } as const;

/** The parts of MLflow's protobuf messages that the fake server knows, by path below /api/2.0/mlflow. */
export const MESSAGES = {
  'experiments/create': { name: 'string', artifact_location: 'string', tags: pairs },
  'experiments/get': { experiment_id: 'string' },
  'experiments/get-by-name': { experiment_name: 'string' },
  'experiments/delete': { experiment_id: 'string' },
  'experiments/restore': { experiment_id: 'string' },
  'experiments/set-experiment-tag': { experiment_id: 'string', key: 'string', value: 'string' },
  'experiments/search': { filter: 'string', view_type: 'string', order_by: { repeated: 'string' }, ...page },
  'runs/create': { experiment_id: 'string', run_name: 'string', start_time: 'int64', tags: pairs },
  'runs/get': { run_id: 'string' },
  'runs/delete': { run_id: 'string' },
  'runs/restore': { run_id: 'string' },
  'runs/delete-tag': { run_id: 'string', key: 'string' },
  'runs/update': { run_id: 'string', status: 'string', end_time: 'int64', run_name: 'string' },
  'runs/log-batch': {
    run_id: 'string',
    metrics: {
      repeated: {
        message: {
          key: 'string',
          value: 'double',
          timestamp: 'int64',
          step: 'int64',
          model_id: 'string',
          dataset_name: 'string',
          dataset_digest: 'string',
        },
      },
    },
    params: pairs,
    tags: pairs,
  },
  'runs/log-inputs': {
    run_id: 'string',
    datasets: {
      repeated: {
        message: {
          tags: pairs,
          dataset: {
            message: {
              name: 'string',
              digest: 'string',
              source_type: 'string',
              source: 'string',
              schema: 'string',
              profile: 'string',
            },
          },
        },
      },
    },
  },
  'runs/outputs': { run_id: 'string', models: { repeated: { message: { model_id: 'string', step: 'int64' } } } },
  'runs/search': {
    experiment_ids: { repeated: 'string' },
    filter: 'string',
    run_view_type: 'string',
    order_by: { repeated: 'string' },
    ...page,
  },
  'metrics/get-history': { run_id: 'string', metric_key: 'string', ...page },
  'artifacts/list': { run_id: 'string', path: 'string', page_token: 'string' },
  'logged-models': {
    experiment_id: 'string',
    name: 'string',
    model_type: 'string',
    source_run_id: 'string',
    params: pairs,
    tags: pairs,
  },
  'logged-models/search': { experiment_ids: { repeated: 'string' }, filter: 'string', ...page },
} as const satisfies Record<string, MessageSpec>;

export type MessagePath = keyof typeof MESSAGES;
