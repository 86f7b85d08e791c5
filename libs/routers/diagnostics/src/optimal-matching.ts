import type { Matrix } from './routing-statistics.js';

/**
 * The permutation that maximises `sum_i scores[i][match[i]]`: the Hungarian algorithm in Jonker's and Volgenant's form with
 * shortest augmenting paths, O(n^3).
 *
 * @param scores a square matrix of finite numbers
 * @returns the column of each row
 */
export function optimalMatching(scores: Matrix): number[] {
  const n = scores.length;
  if (scores.some((row) => row.length !== n)) throw new RangeError('optimalMatching needs a square matrix');
  // Rows and columns are numbered from 1; column 0 stands for the row that is being placed.
  const rowPotential = new Float64Array(n + 1);
  const columnPotential = new Float64Array(n + 1);
  const rowOf = new Int32Array(n + 1);
  const before = new Int32Array(n + 1);
  for (let row = 1; row <= n; row++) {
    rowOf[0] = row;
    let column = 0;
    const slack = new Float64Array(n + 1).fill(Infinity);
    const visited = new Uint8Array(n + 1);
    do {
      visited[column] = 1;
      const current = rowOf[column]!;
      let least = Infinity;
      let next = 0;
      for (let j = 1; j <= n; j++) {
        if (visited[j]) continue;
        const reduced = -scores[current - 1]![j - 1]! - rowPotential[current]! - columnPotential[j]!;
        if (reduced < slack[j]!) {
          slack[j] = reduced;
          before[j] = column;
        }
        if (slack[j]! < least) {
          least = slack[j]!;
          next = j;
        }
      }
      for (let j = 0; j <= n; j++) {
        if (visited[j]) {
          rowPotential[rowOf[j]!]! += least;
          columnPotential[j]! -= least;
        } else slack[j]! -= least;
      }
      column = next;
    } while (rowOf[column] !== 0);
    while (column !== 0) {
      const previous = before[column]!;
      rowOf[column] = rowOf[previous]!;
      column = previous;
    }
  }
  const match = new Array<number>(n).fill(0);
  for (let j = 1; j <= n; j++) match[rowOf[j]! - 1] = j - 1;
  return match;
}
