import { tableRecords, type Table } from './table.js';

/** RFC 4180, full precision, one row per table row; empty where there is no value. */
export function renderCsv(table: Table): string {
  const records = tableRecords(table);
  const keys = Object.keys(records[0] ?? {});
  const lines = records.map((record) => keys.map((key) => csvField(record[key] ?? null)).join(','));
  return [keys.map((key) => csvField(key)).join(','), ...lines].join('\r\n') + '\r\n';
}

function csvField(value: string | number | boolean | null): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  // A leading = + - @ would be run as a formula by spreadsheets.
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
