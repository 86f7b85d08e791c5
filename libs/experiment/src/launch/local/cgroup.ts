import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What the container or slice that this process is in may use. */
export interface CgroupLimits {
  /** Processors by quota, e.g. 1.5; undefined without a quota. */
  readonly processors?: number | undefined;
  readonly memoryBytes?: number | undefined;
}

/**
 * Limits of this process's control group and those above it (Linux, version 2, and version 1's usual places). Node's
 * `availableParallelism` knows the affinity, not the quota.
 *
 * @param root for tests: where `/` is
 */
export function cgroupLimits(root = '/'): CgroupLimits {
  const groups = read(join(root, 'proc/self/cgroup')) ?? '';
  const own = /^0::(.*)$/m.exec(groups)?.[1];
  const mount = join(root, 'sys/fs/cgroup');
  const found: CgroupLimits[] = [];
  // From inside a container the path may be that of the host: then the files are at the mount itself.
  for (let path = own ?? '/'; ; path = dirname(path)) {
    found.push(version2(join(mount, path)));
    if (path === '/' || path === '.') break;
  }
  found.push(version1(mount, groups));
  return {
    processors: least(found.map((one) => one.processors)),
    memoryBytes: least(found.map((one) => one.memoryBytes)),
  };
}

function version2(folder: string): CgroupLimits {
  const [quota, period] = (read(join(folder, 'cpu.max')) ?? '').trim().split(/\s+/).map(Number);
  return { processors: ratio(quota, period), memoryBytes: positive(read(join(folder, 'memory.max'))) };
}

function version1(mount: string, groups: string): CgroupLimits {
  const folder = (controller: string): string[] => {
    const path = new RegExp(String.raw`^\d+:(?:[^:]*,)?${controller}(?:,[^:]*)?:(.*)$`, 'm').exec(groups)?.[1];
    return [path ?? '', ''].map((below) => join(mount, controller, below));
  };
  const first = (controller: string, name: string): string | undefined =>
    folder(controller)
      .map((place) => read(join(place, name)))
      .find((text) => text !== undefined);
  const memory = positive(first('memory', 'memory.limit_in_bytes'));
  return {
    processors: ratio(Number(first('cpu', 'cpu.cfs_quota_us')), Number(first('cpu', 'cpu.cfs_period_us'))),
    // Version 1 says "none" by a number near the largest.
    memoryBytes: memory !== undefined && memory < 2 ** 60 ? memory : undefined,
  };
}

function ratio(quota: number | undefined, period: number | undefined): number | undefined {
  return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : undefined;
}

function positive(text: string | undefined): number | undefined {
  const value = Number(text?.trim());
  return value > 0 ? value : undefined;
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length > 0 ? known.reduce((a, b) => Math.min(a, b)) : undefined;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
