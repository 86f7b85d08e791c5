#!/bin/sh
# Makes .venv-mlflow with a pinned MLflow server for the tests; does nothing if it is there already.
# MLFLOW_VERSION and PYTHON may be set to try another version or interpreter.
set -eu
cd "$(dirname "$0")/../.."
version="${MLFLOW_VERSION:-3.17.2}"
venv=.venv-mlflow
if [ -x "$venv/bin/mlflow" ] && [ "$(cat "$venv/installed-version" 2>/dev/null)" = "$version" ]; then
  echo "mlflow $version is installed in $venv"
  exit 0
fi
rm -rf "$venv"
"${PYTHON:-python3}" -m venv "$venv"
# MLflow before 3.8 does not start with SQLAlchemy 2.1, which it does not exclude.
"$venv/bin/pip" install --quiet --disable-pip-version-check "mlflow==$version" "sqlalchemy<2.1"
echo "$version" > "$venv/installed-version"
echo "installed mlflow $version in $venv"
