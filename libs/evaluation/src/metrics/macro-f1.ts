/**
 * Unweighted mean of the classes' F1 = 2 TP / (2 TP + FP + FN), over the classes that occur as gold or predicted
 * (scikit-learn's f1_score(average='macro')).
 */
export function macroF1(gold: readonly number[], predicted: readonly number[]): number {
  const classes = new Set([...gold, ...predicted]);
  let sum = 0;
  for (const label of classes) {
    let hits = 0;
    let named = 0;
    gold.forEach((g, i) => {
      const p = predicted[i]!;
      if (g === label && p === label) hits++;
      named += Number(g === label) + Number(p === label);
    });
    sum += (2 * hits) / named;
  }
  return classes.size === 0 ? 0 : sum / classes.size;
}
