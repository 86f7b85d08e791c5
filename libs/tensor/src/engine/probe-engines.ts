import { probeProvider } from './compiled-engine.js';
import type { DeviceName, EngineName } from './engine.js';
import { probeTfjsBackend } from './tfjs-backends.js';

/** Whether one engine works on one device here. */
export interface EngineProbe {
  readonly engine: EngineName;
  readonly device: Exclude<DeviceName, 'auto'>;
  readonly ok: boolean;
  /** Version where it works; else why not and what to install. */
  readonly detail: string;
}

/** Tries every engine on every device, one after the other. */
export async function probeEngines(): Promise<EngineProbe[]> {
  const probes: EngineProbe[] = [];
  for (const device of ['cpu', 'webgpu', 'cuda'] as const) {
    probes.push({ engine: 'compiled', device, ...(await probeProvider(device)) });
  }
  for (const device of ['tensorflow', 'wasm', 'cpu'] as const) {
    const { ok, detail } = await probeTfjsBackend(device);
    probes.push({ engine: 'eager', device, ok, detail });
  }
  return probes;
}
