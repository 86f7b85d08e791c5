export * from './statistics/index.js';
export type { Provenance, SweepResults, TrialRecord } from './results/sweep-results.js';
export { loadResults } from './results/load-results.js';
export * from './summary/index.js';
export * from './tables/index.js';
export { renderReport, REPORT_FORMATS, type ReportFormat } from './render-report.js';
export { renderHtml } from './html/render-html.js';
export { reportCharts } from './charts/report-charts.js';
export type { Chart } from './charts/chart.js';
