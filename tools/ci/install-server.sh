#!/bin/sh
# install-server.sh NAME VERSION REQUIREMENT...: makes .venv-NAME for the tests; does nothing if it is there already.
# PYTHON may be set to try another interpreter.
set -eu
cd "$(dirname "$0")/../.."
name="$1" version="$2"
shift 2
venv=".venv-$name"
if [ -x "$venv/bin/$name" ] && [ "$(cat "$venv/installed-version" 2>/dev/null)" = "$version" ]; then
  echo "$name $version is installed in $venv"
  exit 0
fi
rm -rf "$venv"
"${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check "$@"
echo "$version" > "$venv/installed-version"
echo "installed $name $version in $venv"
