import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../testing/fake-sweep.js';
import { cgroupLimits } from './cgroup.js';

function machine(files: Readonly<Record<string, string>>): string {
  const root = temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

describe('limits of a control group', () => {
  it('are the least of its own and of those above, version 2', () => {
    const root = machine({
      'proc/self/cgroup': '0::/slice/job\n',
      'sys/fs/cgroup/slice/job/cpu.max': '400000 100000\n',
      'sys/fs/cgroup/slice/cpu.max': '150000 100000\n',
      'sys/fs/cgroup/slice/job/memory.max': '4294967296\n',
      'sys/fs/cgroup/slice/memory.max': 'max\n',
    });
    expect(cgroupLimits(root)).toEqual({ processors: 1.5, memoryBytes: 2 ** 32 });
  });

  it('are read from the mount inside a container, and from version 1', () => {
    const inside = machine({ 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': '200000 100000\n' });
    expect(cgroupLimits(inside).processors).toBe(2);
    const first = machine({
      'proc/self/cgroup': '5:cpu,cpuacct:/docker/abc\n3:memory:/docker/abc\n',
      'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '100000\n',
      'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      'sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes': '1073741824\n',
    });
    expect(cgroupLimits(first)).toEqual({ processors: 1, memoryBytes: 2 ** 30 });
    expect(cgroupLimits(machine({}))).toEqual({ processors: undefined, memoryBytes: undefined });
  });
});
