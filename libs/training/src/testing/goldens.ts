import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HostTensor } from '@gmoe/tensor';

const shared = process.env['GMOE_SHARED'] ?? resolve(import.meta.dirname, '../../../../../shared');
const folder = join(shared, 'goldens');

/** Whether the authors' goldens are on this machine. */
export const haveGoldens = existsSync(join(folder, 'README.md'));

/** A golden case's tensors, narrowed to float32 and int32. */
export function readGolden<Json>(name: string): { tensors: Record<string, HostTensor>; json: Json } {
  const file = readFileSync(join(folder, `${name}.safetensors`));
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, 8 + length)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const tensors: Record<string, HostTensor> = {};
  for (const [key, { dtype, shape, data_offsets }] of Object.entries(header)) {
    if (key === '__metadata__') continue;
    const [start, end] = data_offsets;
    // A copy, so that typed arrays are aligned.
    const bytes = Uint8Array.from(file.subarray(8 + length + start, 8 + length + end)).buffer;
    if (dtype === 'I64') tensors[key] = HostTensor.int(Array.from(new BigInt64Array(bytes), Number), shape);
    else if (dtype === 'F64') tensors[key] = HostTensor.float(new Float64Array(bytes), shape);
    else if (dtype === 'U8') tensors[key] = HostTensor.float(new Uint8Array(bytes), shape);
    else tensors[key] = new HostTensor(new Float32Array(bytes), shape);
  }
  return { tensors, json: JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Json };
}

/** Largest absolute difference over the largest absolute value. */
export function relativeToMax(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) throw new Error(`${got.length} values, expected ${want.length}`);
  let largest = 0;
  let difference = 0;
  for (let i = 0; i < want.length; i++) {
    largest = Math.max(largest, Math.abs(want[i]!));
    difference = Math.max(difference, Math.abs(got[i]! - want[i]!));
  }
  return largest === 0 ? difference : difference / largest;
}
