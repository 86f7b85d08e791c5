import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UserError } from '@gmoe/core';
import { readSafetensors } from '@gmoe/model';
import type { HostTensor } from '@gmoe/tensor';

/** One golden: tensors and numbers that other code computed. */
export class GoldenCase {
  private readonly used = new Set<string>();

  constructor(
    readonly name: string,
    readonly json: unknown,
    private readonly tensors: Readonly<Record<string, HostTensor>>,
  ) {}

  has(tensor: string): boolean {
    return tensor in this.tensors;
  }

  /** @throws UserError if there is none, or if its shape is not the one given (null: any size) */
  get(name: string, shape?: readonly (number | null)[]): HostTensor {
    const tensor = this.tensors[name];
    if (!tensor) throw new UserError(`${this.name}.safetensors: has no tensor '${name}'`);
    const fits =
      shape?.length === tensor.shape.length && shape.every((size, i) => size === null || size === tensor.shape[i]);
    if (shape && !fits) {
      throw new UserError(
        `${this.name}.safetensors: tensor '${name}' has shape [${tensor.shape.join(', ')}], the json says [${shape.join(', ')}]`,
      );
    }
    this.used.add(name);
    return tensor;
  }

  /** Names of tensors that nothing has asked for. */
  unread(): string[] {
    return Object.keys(this.tensors).filter((name) => !this.used.has(name));
  }
}

/** @throws UserError naming the file, if one of the two is missing or malformed */
export async function readGoldenCase(folder: string, name: string): Promise<GoldenCase> {
  const file = join(folder, `${name}.json`);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new UserError(`${name}.json: cannot be read: ${messageOf(error)}`, { cause: error });
  }
  const { tensors } = await readSafetensors(join(folder, `${name}.safetensors`));
  return new GoldenCase(name, json, tensors);
}
