import { readFileSync, statfsSync } from 'node:fs';
import { cpus, freemem, totalmem } from 'node:os';
import { readGpuMetrics } from './gpu-metrics.js';
import type { RunRecorder } from './run-recorder.js';

export interface SystemMetrics {
  /** Takes a last sample, so that a short run has one too. */
  stop(): void;
}

/**
 * Records the machine's use under the names and units that MLflow's UI shows as system metrics:
 * `system/cpu_utilization_percentage` (all cores, over the interval), `system_memory_usage_megabytes` and `_percentage`,
 * `disk_usage_megabytes`, `_percentage` and `disk_available_megabytes` (of the working folder's disk),
 * `network_receive_megabytes` and `_transmit_megabytes` (since the start; Linux), and of each NVIDIA GPU
 * `gpu_0_utilization_percentage`, memory and power. A sample costs well under a millisecond; the timer keeps no process
 * alive. The step counts samples.
 *
 * @param intervalMs time between samples, milliseconds; MLflow's own is 10,000
 */
export function startSystemMetrics(run: RunRecorder, intervalMs = 10_000): SystemMetrics {
  let before = cpuTimes();
  let step = run.lastStep('system/cpu_utilization_percentage') + 1;
  let stopped = false;
  const network = networkBytes();
  const sample = (): void => {
    const at = step++;
    const now = cpuTimes();
    const total = now.total - before.total;
    const busy = total > 0 ? (100 * (now.busy - before.busy)) / total : 0;
    before = now;
    const all = totalmem();
    const used = all - availableMemory();
    run.metrics(at, {
      'system/cpu_utilization_percentage': round(busy),
      'system/system_memory_usage_megabytes': Math.round(used / 1e6),
      'system/system_memory_usage_percentage': round((100 * used) / all),
      ...diskUse(),
      ...networkUse(network),
    });
    if (stopped) return;
    void readGpuMetrics().then((metrics) => {
      if (!stopped) run.metrics(at, metrics);
    });
  };
  const timer = setInterval(sample, intervalMs).unref();
  return {
    stop: () => {
      if (stopped) return;
      clearInterval(timer);
      stopped = true;
      sample();
    },
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
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

function diskUse(): Record<string, number> {
  try {
    const { bsize, blocks, bfree, bavail } = statfsSync('.');
    const used = blocks - bfree;
    return {
      'system/disk_usage_megabytes': Math.round((used * bsize) / 1e6),
      'system/disk_usage_percentage': round((100 * used) / (used + bavail)),
      'system/disk_available_megabytes': Math.round((bavail * bsize) / 1e6),
    };
  } catch {
    return {};
  }
}

/** Bytes in and out over all interfaces but the loopback; undefined where the system does not say. */
function networkBytes(): { readonly received: number; readonly sent: number } | undefined {
  try {
    let [received, sent] = [0, 0];
    for (const line of readFileSync('/proc/net/dev', 'utf8').split('\n').slice(2)) {
      const [name, counts] = line.split(':');
      if (counts === undefined || name!.trim() === 'lo') continue;
      const fields = counts.trim().split(/\s+/).map(Number);
      received += fields[0]!;
      sent += fields[8]!;
    }
    return { received, sent };
  } catch {
    return undefined;
  }
}

function networkUse(start: ReturnType<typeof networkBytes>): Record<string, number> {
  const now = networkBytes();
  if (!start || !now) return {};
  return {
    'system/network_receive_megabytes': (now.received - start.received) / 1e6,
    'system/network_transmit_megabytes': (now.sent - start.sent) / 1e6,
  };
}
