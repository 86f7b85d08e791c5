import { Command } from 'commander';
import { addCancel } from './commands/cancel.js';
import { addTop } from './commands/top.js';
import { addCheck } from './commands/check.js';
import { addCompletion } from './commands/completion.js';
import { addConvert } from './commands/convert.js';
import { addData } from './commands/data.js';
import { addDoctor } from './commands/doctor.js';
import { addEval } from './commands/eval.js';
import { addGenerate } from './commands/generate.js';
import { addMlflow } from './commands/mlflow.js';
import { addMerge } from './commands/merge.js';
import { addPerplexity } from './commands/perplexity.js';
import { addPlan } from './commands/plan.js';
import { addPretrain } from './commands/pretrain.js';
import { addPublish } from './commands/publish.js';
import { addPull } from './commands/pull.js';
import { addReport } from './commands/report.js';
import { addSchema } from './commands/schema.js';
import { addSweep } from './commands/sweep.js';
import { addSync } from './commands/sync.js';
import { addTrain } from './commands/train.js';
import { addUi } from './commands/ui.js';
import { addVerify } from './commands/verify.js';
import { addWorker } from './commands/worker.js';
import { framework } from './code.js';
import { usePlugins } from './plugins.js';

/** Commands that name components. */
const USES_COMPONENTS = new Set([
  'sweep',
  'train',
  'eval',
  'generate',
  'perplexity',
  'merge',
  'plan',
  'data',
  'report',
  'schema',
]);

const repeated = (value: string, all: string[] = []): string[] => [...all, value];

/** The command line. */
export function createProgram(): Command {
  const program = new Command('gmoe')
    .description(
      'Fine-tune language models with routed mixtures of LoRA experts, and find out which routing ideas help.',
    )
    .version(framework.version, '--version', 'print the version')
    .option('--debug', 'print stack traces')
    .exitOverride()
    .showHelpAfterError('(gmoe --help lists commands and options)');
  const commands = [
    addSweep,
    addTrain,
    addEval,
    addGenerate,
    addPerplexity,
    addReport,
    addUi,
    addPlan,
    addWorker,
    addPublish,
    addCancel,
    addTop,
    addSync,
    addMlflow,
    addCheck,
    addData,
    addPull,
    addConvert,
    addMerge,
    addPretrain,
    addDoctor,
    addVerify,
    addSchema,
    addCompletion,
  ];
  for (const add of commands) {
    add(program);
    const command = program.commands.at(-1)!.exitOverride().option('--debug', 'print stack traces');
    if (USES_COMPONENTS.has(command.name())) {
      command.option(
        '--plugin <file>',
        'load a plug-in: a file or a package with components; may be repeated',
        repeated,
      );
      command.hook('preAction', async (_, action) => {
        await usePlugins(action.opts<{ plugin?: string[] }>().plugin ?? [], process.cwd());
      });
    }
  }
  return program;
}
