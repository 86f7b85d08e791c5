/** Name of the view of an experiment's runs in which the means of the arms are in sight; part of its address. */
export const ARMS_VIEW = 'arms';

const metric = (name: string): string => `metrics.\`${name}\``;

/** What the table shows of each run beside its name, where a run has it. */
const COLUMNS = [
  ...['mean/eval/accuracy', 'std/eval/accuracy', 'mean/eval/exact_match', 'mean/eval/perplexity', 'mean/eval/loss'],
  'seeds',
].map(metric);

/** Pixels, by the table's own name of a column: arms' names are longer than what MLflow has room for. */
const WIDTHS = {
  'attributes.`Run Name`': 310,
  runDateAndNestInfo: 140,
  duration: 80,
  ...Object.fromEntries(COLUMNS.map((column) => [column, 145])),
  [metric('seeds')]: 70,
};

/**
 * The view as MLflow keeps those that its users share: in a tag of the experiment. The table has the arms' means as columns and
 * begins with the best arm; nothing is filtered, so that runs can be grouped by arm and trials be opened from it.
 */
export const ARMS_VIEW_TAGS: Readonly<Record<string, string>> = {
  [`mlflow.sharedViewState.${ARMS_VIEW}`]: JSON.stringify({
    searchFilter: '',
    orderByKey: metric('mean/eval/accuracy'),
    orderByAsc: false,
    startTime: 'ALL',
    lifecycleFilter: 'Active',
    datasetsFilter: [],
    modelVersionFilter: 'All Runs',
    selectedColumns: COLUMNS,
    columnOrder: Object.keys(WIDTHS),
    columnWidths: WIDTHS,
  }),
};

/** Address of an experiment's runs in MLflow's pages, with the means of the arms in sight. */
export function armsViewUrl(trackingUri: string, experimentId: string): string {
  return `${trackingUri}/#/experiments/${experimentId}/runs?viewStateShareKey=${ARMS_VIEW}`;
}
