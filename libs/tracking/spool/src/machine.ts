import { arch, cpus, hostname, platform, release, totalmem } from 'node:os';

/** Facts about this machine for tags. Memory in GiB. */
export function describeMachine(): Record<string, string> {
  const processors = cpus();
  return {
    host: hostname(),
    os: `${platform()} ${release()} ${arch()}`,
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: String(processors.length),
    memory_gib: (totalmem() / 2 ** 30).toFixed(1),
    node: process.versions.node,
  };
}
