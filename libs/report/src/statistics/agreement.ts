/**
 * Mean share of examples to which two seeds of an arm give the same answer, over all pairs of seeds.
 * @param answers one row per seed, the chosen option per example
 * @returns undefined below two seeds or without examples
 */
export function pairwiseAgreement(answers: readonly (readonly number[])[]): number | undefined {
  let same = 0;
  let count = 0;
  for (let a = 0; a < answers.length; a++) {
    for (let b = a + 1; b < answers.length; b++) {
      answers[a]!.forEach((answer, i) => {
        same += answer === answers[b]![i] ? 1 : 0;
        count += 1;
      });
    }
  }
  return count === 0 ? undefined : same / count;
}
