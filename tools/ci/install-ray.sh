#!/bin/sh
# Makes .venv-ray with a pinned Ray for the tests; does nothing if it is there already.
# RAY_VERSION and PYTHON may be set to try another version or interpreter.
set -eu
cd "$(dirname "$0")/../.."
version="${RAY_VERSION:-2.60.0}"
venv=.venv-ray
if [ -x "$venv/bin/ray" ] && [ "$(cat "$venv/installed-version" 2>/dev/null)" = "$version" ]; then
  echo "ray $version is installed in $venv"
  exit 0
fi
rm -rf "$venv"
"${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check "ray[default]==$version"
echo "$version" > "$venv/installed-version"
echo "installed ray $version in $venv"
