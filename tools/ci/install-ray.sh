#!/bin/sh
# Makes .venv-ray with a pinned Ray for the tests. RAY_VERSION may be set to try another.
version="${RAY_VERSION:-2.60.0}"
exec "$(dirname "$0")/install-server.sh" ray "$version" "ray[default]==$version"
