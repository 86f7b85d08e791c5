import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { setUpGmoe } from './testing/run-gmoe.js';

const COLOURS = 'red blue green black white pink brown grey'.split(' ');

describe('a text task', () => {
  const { gmoe, folder } = setUpGmoe();

  it('teaches an adapter where to stop; what cannot be scored or read is told before training', async () => {
    const rows = COLOURS.flatMap((a) => COLOURS.filter((b) => b !== a).map((b) => [a, b])).map(([a, b]) =>
      JSON.stringify({ prompt: `The colours are ${a!} and ${b!}. The first colour is`, answer: ` ${a!}.` }),
    );
    writeFileSync(join(folder(), 'rows.jsonl'), rows.join('\n'));
    const config = join(folder(), 'text.yaml');
    writeFileSync(
      config,
      [
        `task: { id: text, dataDir: ${JSON.stringify(folder())}, trainFile: rows.jsonl }`,
        'adapter: { lora: { rank: 8, alpha: 16 }, mixture: null }',
        'optimizer: { learningRate: 5.0e-3 }',
        'training: { steps: 50, batchSize: 8, sequenceLength: 32 }',
        'evaluation: { scoring: perplexity, sequenceLength: 32 }',
      ].join('\n'),
    );
    const out = join(folder(), 'out');
    for (const [set, message] of [
      ['task.trainFile=none.jsonl', 'none.jsonl: no such file'],
      ['evaluation.scoring=label-token', "and the task's examples are texts; use perplexity or generation"],
      ['evaluation.scoring=perplexit', "evaluation.scoring: unknown scoring; did you mean 'perplexity'?"],
    ] as const) {
      const refused = await gmoe(['train', config, '--out', out, '--set', set]);
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(message)]);
    }
    const trained = await gmoe(['train', config, '--out', out]);
    expect(trained.code).toBe(0);
    const adapter = join(/^folder: (.*)$/m.exec(trained.stdout)![1]!, 'adapter');
    const prompt = 'The colours are red and green. The first colour is';
    const { stdout } = await gmoe(['generate', '--adapter', adapter, '--prompt', prompt, '--max-tokens', '20']);
    expect(stdout.trim()).toBe(`${prompt} red.`);
  }, 120_000);
});
