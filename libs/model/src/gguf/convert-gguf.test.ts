import { existsSync, readFileSync, statSync } from 'node:fs';
import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@gmoe/core';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { loadModel } from '../checkpoint/load-model.js';
import { readSafetensors } from '../checkpoint/safetensors-reader.js';
import { ggufBytes, tinyGguf, type MadeTensor } from '../testing/gguf-writer.js';
import { testFamilies } from '../testing/test-families.js';
import { convertGguf } from './convert-gguf.js';
import { ggufFolder, ggufModelType } from './gguf-copy.js';

let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gmoe-gguf-'));
  path = join(dir, 'model.gguf');
  return () => rm(dir, { recursive: true });
});
const out = () => join(dir, 'out');

describe('convertGguf', () => {
  it('writes a folder that loads, with tokenizer, chat template and every token that ends a text', async () => {
    const { metadata, tensors, tokens } = tinyGguf();
    // Rows 0..7 of two heads of four: (head, pair, half).
    const rows = Float32Array.from({ length: 64 }, (_, i) => Math.floor(i / 8));
    tensors['blk.0.attn_q.weight'] = { shape: [8, 8], data: new Uint8Array(rows.buffer) };
    await writeFile(path, ggufBytes({ ...metadata, 'split.count': 1 }, tensors));
    expect(ggufModelType(path)).toBe('llama');
    expect(await convertGguf(path, out())).toEqual({ architecture: 'llama' });
    const { config, tokenizer } = await loadModel(out(), testFamilies);
    expect(config).toMatchObject({
      family: 'llama',
      vocabSize: tokens.length,
      headSize: 4,
      kvHeads: 1,
      rope: { base: 10_000 },
    });
    expect(config).toMatchObject({ tiedEmbeddings: true, maxPositions: 64, normEpsilon: 1e-5 });
    // transformers goes by the template, not by the flags.
    expect(JSON.parse(readFileSync(join(out(), 'tokenizer.json'), 'utf8')).post_processor.single).toEqual([
      { SpecialToken: { id: '<s>', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
    ]);
    // llama-bpe puts BOS first where the file does not say.
    expect(tokenizer).toMatchObject({ startIds: [0], bosId: 0, eosId: 1, specialTokens: ['<s>', '</s>'] });
    expect(tokenizer.decode(await tokenizer.encode('some text²</s>'))).toBe('some text²</s>');
    const json = (name: string) => JSON.parse(readFileSync(join(out(), name), 'utf8'));
    expect(json('generation_config.json')).toEqual({ eos_token_id: [1, 2] });
    expect(json('tokenizer_config.json').chat_template).toBe('{{ messages }}');
    // (head, half, pair)
    const { tensors: weights } = await readSafetensors(join(out(), 'model.safetensors'));
    const first = Array.from(
      { length: 8 },
      (_, row) => weights['model.layers.0.self_attn.q_proj.weight']!.data[8 * row],
    );
    expect(first).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
  });

  it('puts EOS behind a text where the file says so', async () => {
    const { metadata, tensors } = tinyGguf();
    await writeFile(path, ggufBytes({ ...metadata, 'tokenizer.ggml.add_eos_token': true }, tensors));
    await convertGguf(path, out());
    const { tokenizer } = await loadModel(out(), testFamilies);
    const ids = Array.from(await tokenizer.encode('some', { addSpecial: true }));
    expect([ids[0], ids.at(-1)]).toEqual([0, 1]);
  });

  it('refuses by name what is not read', async () => {
    const { metadata, tensors } = tinyGguf();
    const half: MadeTensor = { shape: [8], data: new Uint8Array(32) };
    const cases: [Record<string, unknown>, Record<string, MadeTensor>, RegExp][] = [
      [{ 'general.architecture': 'mamba' }, {}, /general\.architecture: is not known; known: llama, .* \(got mamba\)/],
      [{ 'llama.expert_count': 8 }, {}, /llama\.expert_count: is not read, and it may change the maths \(got 8\)/],
      [{ 'llama.attention.clamp_kqv': 8 }, {}, /llama\.attention\.clamp_kqv: is not read/],
      [{ 'llama.rope.dimension_count': 2 }, {}, /llama\.rope\.dimension_count: must be the head's 4 \(got 2\)/],
      [{ 'llama.rope.scaling.type': 'su' }, {}, /llama\.rope\.scaling\.type: is not known/],
      [{ 'llama.rope.scaling.type': 'longrope' }, {}, /scaling\.type: needs rope_factors_long\.weight and/],
      [{ 'llama.rope.scaling.type': 'linear' }, { 'rope_freqs.weight': half }, /is not read beside rope_freqs\.weight/],
      [{ 'tokenizer.ggml.pre': 'bloom' }, {}, /tokenizer\.ggml\.pre: the pre-tokenizer is not known; .* \(got bloom\)/],
      [{ 'tokenizer.ggml.model': 'bert' }, {}, /tokenizer\.ggml\.model: is not known; known: gpt2, llama \(got bert\)/],
      [{ 'tokenizer.ggml.merges': ['s ome'] }, {}, /merges: 's ome' does not join two tokens/],
      [{ 'tokenizer.ggml.token_type': [1] }, {}, /token_type: has 1 entries for \d+ tokens/],
      [{ 'llama.block_count': 'x' }, {}, /llama\.block_count: must be a number \(got "x"\)/],
      [{ 'split.count': 2 }, {}, /is one part of several/],
      [{}, { 'blk.0.ffn_gate_exps.weight': half }, /'blk\.0\.ffn_gate_exps\.weight' has no place in a llama model/],
      [{}, { 'blk.0.attn_q.weight': { ...half, type: 19 } }, /is of type IQ1_S, which is not read; known: F32, F16/],
      [{}, { 'output_norm.weight': { ...half, type: 2 } }, /has the shape \[8\], no multiple of Q4_0's blocks/],
    ];
    for (const [fields, changed, message] of cases) {
      await writeFile(path, ggufBytes({ ...metadata, ...(fields as object) }, { ...tensors, ...changed }));
      await expect(convertGguf(path, out())).rejects.toThrow(message);
    }
    await writeFile(path, 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n');
    await expect(convertGguf(path, out())).rejects.toThrow(/is a Git LFS pointer, not the weights; run git lfs pull/);
    await expect(convertGguf(join(dir, 'none.gguf'), out())).rejects.toThrow(/cannot be opened/);
  });

  it('a damaged or hostile file ends in one line, soon', async () => {
    const { metadata, tensors } = tinyGguf();
    const bytes = ggufBytes(metadata, tensors);
    const damage = fc.oneof(
      fc.record({ cut: fc.nat(bytes.length - 1) }),
      fc.record({ at: fc.nat(bytes.length - 1), byte: fc.integer({ min: 0, max: 255 }) }),
      // Counts, lengths and types lie at the beginning of everything.
      fc.record({ at: fc.nat(400), byte: fc.constantFrom(0, 1, 9, 127, 255) }),
      fc.record({ at: fc.nat(bytes.length - 9), huge: fc.constant(true) }),
    );
    await fc.assert(
      fc.asyncProperty(damage, async (change) => {
        const damaged = Buffer.from('cut' in change ? bytes.subarray(0, change.cut) : bytes);
        if ('byte' in change) damaged[change.at] = change.byte;
        if ('huge' in change) damaged.fill(255, change.at, change.at + 8);
        await writeFile(path, damaged);
        await rm(out(), { recursive: true, force: true });
        const before = performance.now();
        const error: unknown = await convertGguf(path, out()).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        expect(performance.now() - before).toBeLessThan(10_000);
        if (error === undefined) return;
        expect(error).toBeInstanceOf(UserError);
        expect((error as Error).message).toMatch(/^\S*model\.gguf: [^\n]+$/);
      }),
      { numRuns: 120, seed: 13 },
    );
  }, 60_000);
});

describe('ggufFolder', () => {
  it('converts once, finds the copy under any name of the same contents, and keeps nothing of a failure', async () => {
    const { metadata, tensors } = tinyGguf();
    await writeFile(path, ggufBytes(metadata, tensors));
    const cache = join(dir, 'cache');
    const [first, again] = await Promise.all([ggufFolder(path, cache), ggufFolder(path, cache)]);
    expect(again).toBe(first);
    const made = statSync(join(first, 'model.safetensors')).ino;
    await copyFile(path, join(dir, 'other.gguf'));
    expect(await ggufFolder(join(dir, 'other.gguf'), cache)).toBe(first);
    expect(statSync(join(first, 'model.safetensors')).ino).toBe(made);
    await writeFile(path, ggufBytes({ ...metadata, 'llama.context_length': 65 }, tensors));
    expect(await ggufFolder(path, cache)).not.toBe(first);
    await writeFile(path, ggufBytes({ ...metadata, 'general.architecture': 'rwkv' }, tensors));
    await expect(ggufFolder(path, cache)).rejects.toThrow(/rwkv/);
    const left = (await readdir(join(cache, 'gguf'))).filter((name) => !/^[0-9a-f]{32}-\d+$|^digests$/.test(name));
    expect(left).toEqual([]);
    expect(existsSync(first)).toBe(true);
  });
});
