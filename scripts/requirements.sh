#!/usr/bin/env bash
# Writes requirements/*.txt: every package that haymow needs, directly or not, at one version and by its hashes, for
# every Python from 3.11 on Linux and macOS. Versions that stand already are kept; `--upgrade` takes the newest.
set -euo pipefail
cd "$(dirname "$0")/.."

pin() { # pin NAME SOURCE [OPTION ...]
    local name=$1 source=$2
    shift 2
    echo "requirements/$name.txt from $source"
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
        --output-file "requirements/$name.txt" "$@" "$source"
}

pin build requirements/build.in "$@"
pin run pyproject.toml --constraints requirements/constraints.in "$@"
pin image pyproject.toml --extra postgresql --extra otel --constraints requirements/run.txt "$@"
pin local-model requirements/local-model.in --no-deps "$@"
pin dev requirements/dev.in --constraints requirements/run.txt "$@"
pin deepset-mcp requirements/deepset-mcp.in --no-deps "$@"
pin cockroachdb requirements/cockroachdb.in --no-deps "$@"
pin bench requirements/bench.in --constraints requirements/run.txt "$@"
pin litellm requirements/litellm.in "$@"
pin mlflow requirements/mlflow.in "$@"
pin node requirements/node.in "$@"

# npm's lock file has the hashes too. The hosts of registries stay out of it.
lock() { # lock FOLDER [OPTION]
    echo "$1/package-lock.json from $1/package.json"
    [ "${2:-}" != --upgrade ] || rm -f "$1/package-lock.json"
    npm --prefix "$1" install --package-lock-only --omit-lockfile-registry-resolved \
        --ignore-scripts --no-audit --no-fund --loglevel error
}

PATH="$PWD/.venv/bin:$PATH" # where the set-up put Node.js if the machine has none
lock web "$@"
lock tests/bench/portkey "$@"
