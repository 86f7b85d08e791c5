import { MlflowClient } from 'mlflow-js-client';
import { FakeMlflow } from 'mlflow-js-client/testing';
import { expect, it, onTestFinished } from 'vitest';
import { ARMS_VIEW_TAGS, armsViewUrl } from './arms-view.js';
import { ExperimentCache } from './experiment-cache.js';

it('an experiment has the view that its address names, one that was there before too; no filter hides trials', async () => {
  const fake = await FakeMlflow.start();
  onTestFinished(() => fake.stop());
  const client = new MlflowClient({ trackingUri: fake.url });
  const before = await client.experiments.create({ name: 'before', tags: { owner: 'me' } });
  const key = 'mlflow.sharedViewState.arms';
  for (const name of ['before', 'new']) {
    const id = await new ExperimentCache(client, undefined).id(name);
    const { tags } = await client.experiments.get(id);
    expect(armsViewUrl(fake.url, id)).toBe(`${fake.url}/#/experiments/${id}/runs?viewStateShareKey=arms`);
    expect(tags[key]).toBe(ARMS_VIEW_TAGS[key]);
    expect(JSON.parse(tags[key]!)).toMatchObject({
      searchFilter: '',
      orderByKey: 'metrics.`mean/eval/accuracy`',
      orderByAsc: false,
    });
  }
  expect((await client.experiments.get(before)).tags['owner']).toBe('me');
});
