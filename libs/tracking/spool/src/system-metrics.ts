import { cpus, freemem, totalmem } from 'node:os';
import { readFileSync } from 'node:fs';
import type { RunRecorder } from './run-recorder.js';

export interface SystemMetrics {
  stop(): void;
}

/**
 * Records processor and memory use of the machine under the names that MLflow's UI shows as system metrics:
 * `system/cpu_utilization_percentage` (over the interval, all cores), `system/system_memory_usage_megabytes` and
 * `_percentage`. A sample costs well under a millisecond; the timer keeps no process alive. The step counts samples.
 *
 * @param intervalMs time between samples, milliseconds; MLflow's own is 10,000
 */
export function startSystemMetrics(run: RunRecorder, intervalMs = 10_000): SystemMetrics {
  let before = cpuTimes();
  let step = run.lastStep('system/cpu_utilization_percentage') + 1;
  const sample = (): void => {
    const now = cpuTimes();
    const total = now.total - before.total;
    const busy = total > 0 ? (100 * (now.busy - before.busy)) / total : 0;
    before = now;
    const all = totalmem();
    const used = all - availableMemory();
    run.metrics(step++, {
      'system/cpu_utilization_percentage': Math.round(busy * 10) / 10,
      'system/system_memory_usage_megabytes': Math.round(used / 1e6),
      'system/system_memory_usage_percentage': Math.round((1000 * used) / all) / 10,
    });
  };
  const timer = setInterval(sample, intervalMs).unref();
  return { stop: () => clearInterval(timer) };
}

function cpuTimes(): { total: number; busy: number } {
  let total = 0;
  let idle = 0;
  for (const { times } of cpus()) {
    total += times.user + times.nice + times.sys + times.irq + times.idle;
    idle += times.idle;
  }
  return { total, busy: total - idle };
}

/** What programs could still get; free memory alone would count the file cache as used. */
function availableMemory(): number {
  try {
    const match = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'));
    if (match) return Number(match[1]) * 1024;
  } catch {
    // no Linux
  }
  return freemem();
}
