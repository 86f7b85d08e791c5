#!/bin/sh
# Makes .venv-mlflow with a pinned MLflow server for the tests. MLFLOW_VERSION may be set to try another.
version="${MLFLOW_VERSION:-3.17.2}"
# MLflow before 3.8 does not start with SQLAlchemy 2.1, which it does not exclude.
exec "$(dirname "$0")/install-server.sh" mlflow "$version" "mlflow==$version" "sqlalchemy<2.1"
