/**
 * `did you mean 'grid'? ` where one of the known names is close to what was written, else nothing.
 *
 * Close: at most two edits (insertion, deletion, substitution, swap of neighbours; Damerau 1964, restricted form) and
 * fewer than half of the letters.
 */
export function didYouMean(written: string, known: readonly string[]): string {
  const ranked = known
    .map((name) => ({ name, edits: editDistance(written.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, edits }) => edits <= 2 && edits * 2 < Math.max(written.length, name.length))
    .sort((a, b) => a.edits - b.edits);
  return ranked.length > 0 ? `did you mean '${ranked[0]!.name}'? ` : '';
}

function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let fewest = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, substituted);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        fewest = Math.min(fewest, rows[i - 2]![j - 2]! + 1);
      row.push(fewest);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
