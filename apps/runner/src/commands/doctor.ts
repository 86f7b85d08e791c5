import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { messageOf, parseOptions } from '@gmoe/core';
import { bundledDataDir } from '@gmoe/datasets';
import { probeEngines } from '@gmoe/tensor';
import { bundledBaseDir } from '@gmoe/trial';
import { defaultJobs } from '@gmoe/experiment';
import type { Command } from 'commander';
import pc from 'picocolors';
import { z } from 'zod';
import { EXIT } from '../exit.js';
import { packageVersions } from '../tracking/package-versions.js';

const options = z.object({ format: z.enum(['text', 'json']) });

/** One thing that works here, or why it does not. */
const finding = z.object({ subject: z.string(), ok: z.boolean(), detail: z.string() });
type Finding = z.output<typeof finding>;

const diagnosis = z.object({
  platform: z.string(),
  cores: z.number(),
  memoryGiB: z.number(),
  versions: z.record(z.string(), z.string()),
  engines: z.array(finding),
  parts: z.array(finding),
});
type Diagnosis = z.output<typeof diagnosis>;

const DEFAULT_ENGINE = 'compiled cpu';

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('tell which engines and devices work here, and why others do not')
    .option('--format <name>', 'text | json', 'text')
    .action(async (given: object) => {
      const { format } = parseOptions(options, given, '--');
      const found = format === 'json' ? await diagnose() : diagnoseApart();
      process.stdout.write(format === 'json' ? `${JSON.stringify(found, null, 2)}\n` : describe(found));
      if (!found.engines.some(({ subject, ok }) => subject === DEFAULT_ENGINE && ok)) process.exitCode = EXIT.failed;
    });
}

async function diagnose(): Promise<Diagnosis> {
  const uri = process.env['MLFLOW_TRACKING_URI'];
  return {
    platform: `${process.platform} ${process.arch}`,
    cores: defaultJobs(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    versions: packageVersions(),
    engines: (await probeEngines()).map(({ engine, device, ok, detail }) => ({
      subject: `${engine} ${device}`,
      ok,
      detail,
    })),
    parts: [
      attempt('bundled base model', () => {
        const folder = bundledBaseDir();
        if (!existsSync(join(folder, 'model.safetensors'))) throw new Error(`${folder} has no model.safetensors`);
        return folder;
      }),
      attempt('bundled data', bundledDataDir),
      {
        subject: 'MLflow',
        ok: Boolean(uri),
        detail: uri || 'MLFLOW_TRACKING_URI is not set: runs are kept beside the sweep, gmoe sync uploads them later',
      },
    ],
  };
}

/** Asks in a process of its own: GPU libraries write to the terminal, and a broken driver may end the process. */
function diagnoseApart(): Diagnosis {
  const args = [...process.execArgv, process.argv[1]!, 'doctor', '--format', 'json'];
  const { stdout, stderr, signal } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const found = diagnosis.safeParse(parseJson(stdout));
  if (found.success) return found.data;
  throw new Error(`the check of the engines ended early (${signal ?? 'no answer'}): ${stderr.trim().slice(-500)}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function attempt(subject: string, find: () => string): Finding {
  try {
    return { subject, ok: true, detail: find() };
  } catch (error) {
    return { subject, ok: false, detail: messageOf(error) };
  }
}

function describe({ platform, cores, memoryGiB, versions, engines, parts }: Diagnosis): string {
  const line = ({ subject, ok, detail }: Finding) =>
    `${ok ? pc.green('yes') : pc.yellow('no ')}  ${subject.padEnd(20)}  ${detail}\n`;
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${platform}, ${cores} cores, ${memoryGiB} GiB\n${packages.join(', ')}\n\n`,
    ...engines.map(line),
    '\n',
    ...parts.map(line),
  ].join('');
}
