import { execFile } from 'node:child_process';

const QUERY = ['utilization.gpu', 'memory.used', 'memory.total', 'power.draw', 'power.limit'];
const MEBIBYTE_IN_MEGABYTES = 1.048576;

/** Whether there is a program to ask; known after the first time. */
let available = true;

/** Use of each NVIDIA GPU under MLflow's names, as `nvidia-smi` tells it; empty where there is none. */
export async function readGpuMetrics(): Promise<Record<string, number>> {
  if (!available) return {};
  const args = [`--query-gpu=${QUERY.join(',')}`, '--format=csv,noheader,nounits'];
  return new Promise((resolve) => {
    execFile('nvidia-smi', args, { timeout: 5000 }, (error, stdout) => {
      if (error?.code === 'ENOENT') available = false;
      resolve(error ? {} : parseGpuMetrics(stdout));
    });
  });
}

/** @param csv a line a GPU: utilization %, memory used MiB, memory MiB, power W, power limit W; `[N/A]` where unknown */
export function parseGpuMetrics(csv: string): Record<string, number> {
  const metrics: Record<string, number> = {};
  csv
    .trim()
    .split('\n')
    .forEach((line, index) => {
      const [utilization, used, memory, power, limit] = line.split(',').map((field) => Number(field)) as number[];
      const add = (name: string, value: number): void => {
        if (Number.isFinite(value)) metrics[`system/gpu_${index}_${name}`] = Math.round(value * 10) / 10;
      };
      add('utilization_percentage', utilization!);
      add('memory_usage_megabytes', used! * MEBIBYTE_IN_MEGABYTES);
      add('memory_usage_percentage', (100 * used!) / memory!);
      add('power_usage_watts', power!);
      add('power_usage_percentage', (100 * power!) / limit!);
    });
  return metrics;
}
