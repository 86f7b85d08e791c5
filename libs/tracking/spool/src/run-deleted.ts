/** Someone deleted the run on the server; its journal is left alone. */
export class RunDeletedError extends Error {
  constructor() {
    super('the run was deleted in MLflow and is left alone; restore it there to go on');
  }
}
