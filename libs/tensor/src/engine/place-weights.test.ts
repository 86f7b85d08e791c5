import { describe, expect, it } from 'vitest';
import { HostTensor } from '../host-tensor.js';
import type { OnnxModel, OnnxNode } from '../trace/onnx-proto.js';
import { placeWeights } from './place-weights.js';

const node = (op: string, ...inputs: string[]): OnnxNode => ({
  op,
  domain: '',
  inputs,
  outputs: [`${op} of ${inputs.join()}`],
  attributes: {},
});

/** Reads `product` in 8 bits, `widened` as floats, `both` in both ways, and a float matrix. */
const model: OnnxModel = {
  nodes: [
    node('MatMulIntegerToFloat', 'x', 'product', 's'),
    node('MatMulIntegerToFloat', 'x', 'both', 's'),
    node('Cast', 'both'),
    node('DequantizeLinear', 'widened', 's'),
    node('Neg', 'float'),
  ],
  initializers: [],
  inputs: [
    ...['product', 'both', 'widened'].map((name) => ({ name, shape: [2, 3], dtype: 'int8' as const })),
    { name: 'float', shape: [2, 3], dtype: 'float32' },
    { name: 'x', shape: [1, 2], dtype: 'uint8' },
  ],
  outputs: [],
};

const inFile = (folder: string, dtype: 'int8' | 'float32' = 'int8') => {
  const file = { path: `${folder}/w.safetensors`, offset: 8, version: '1', read: () => new Int8Array(6) };
  return HostTensor.inFile(file, [2, 3], dtype);
};
const inMemory = () => new HostTensor(new Int8Array(6), [2, 3]);
const names = (values: readonly { readonly name: string }[]) => values.map(({ name }) => name);

describe('placeWeights', () => {
  it('in files: products have constants, all else defaults of inputs; what is read in both ways stands twice', () => {
    const weights = new Map(['product', 'both', 'widened'].map((name) => [name, inFile('/a')]));
    weights.set('float', inFile('/a', 'float32'));
    const { model: placed, folder, options, identity } = placeWeights(model, weights);
    expect(names(placed.inputs)).toEqual(['widened', 'float', 'x', 'both:widened']);
    expect(names(placed.initializers).sort()).toEqual(['both', 'both:widened', 'float', 'product', 'widened']);
    expect(placed.nodes[1]!.inputs[1]).toBe('both');
    expect(placed.nodes[2]!.inputs).toEqual(['both:widened']);
    const bytes = (name: string) => placed.initializers.find((each) => each.name === name)!.data;
    expect(bytes('product')).toEqual({ file: 'w.safetensors', offset: 8, bytes: 6 });
    expect(bytes('float')).toEqual({ file: 'w.safetensors', offset: 8, bytes: 24 });
    expect([folder, identity, options]).toEqual(['/a', '1', {}]);
  });

  it('in memory: products have constants, and nothing is mapped beside them', () => {
    const weights = new Map([
      ['product', inMemory()],
      ['both', inMemory()],
      ['widened', inMemory()],
      ['float', inFile('/a', 'float32')],
    ]);
    const { model: placed, folder, options } = placeWeights(model, weights);
    expect(names(placed.inputs)).toEqual(['widened', 'float', 'x']);
    expect(names(placed.initializers)).toEqual(['product', 'both']);
    expect(folder).toBeUndefined();
    expect(options.externalData).toHaveLength(2);
  });

  it('without products in 8 bits nothing is a constant', () => {
    const weights = new Map([
      ['widened', inMemory()],
      ['float', inFile('/a', 'float32')],
    ]);
    const { model: placed, folder, options } = placeWeights({ ...model, nodes: model.nodes.slice(3) }, weights);
    expect(names(placed.inputs)).toEqual(names(model.inputs));
    expect(names(placed.initializers)).toEqual(['float']);
    expect([folder, options]).toEqual(['/a', {}]);
  });
});
