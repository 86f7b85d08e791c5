import { UserError } from '@gmoe/core';

export type RepoKind = 'model' | 'dataset';

/** A repository of the hub. */
export interface Repo {
  readonly kind: RepoKind;
  /** `ORG/NAME`, or `NAME` for the oldest ones. */
  readonly name: string;
}

const NAME = /^[A-Za-z0-9][\w.-]*(?:\/[A-Za-z0-9][\w.-]*)?$/;

/**
 * The repositories that an id can mean, likelier first: `ORG/NAME` a model, else a dataset; `models/ORG/NAME` and
 * `datasets/ORG/NAME` only that.
 * @throws UserError if it is no id
 */
export function reposOf(id: string): readonly Repo[] {
  const [, prefix, name] = /^(?:(models|datasets)\/)?(.*)$/s.exec(id)!;
  if (!NAME.test(name!) || /--|\.\./.test(name!)) {
    throw new UserError(`'${id}' is no id of the hub; allowed: ORG/NAME, datasets/ORG/NAME`);
  }
  const model: Repo = { kind: 'model', name: name! };
  const dataset: Repo = { kind: 'dataset', name: name! };
  if (prefix === 'models') return [model];
  return prefix === 'datasets' ? [dataset] : [model, dataset];
}

const REVISION = /^[\w][\w.+/-]*$/;

/** @throws UserError if it is no branch, tag or commit */
export function checkRevision(revision: string): void {
  if (!REVISION.test(revision) || revision.includes('..')) {
    throw new UserError(`--revision: '${revision}' is no branch, tag or commit`);
  }
}

/** What the hub puts before a repository's name in addresses of files. */
export function repoPath({ kind, name }: Repo): string {
  return kind === 'model' ? name : `datasets/${name}`;
}
