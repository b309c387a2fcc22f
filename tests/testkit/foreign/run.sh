#!/usr/bin/env bash
# The official Python client and ours on one embedded cluster: each must read what the other wrote.
#
# Usage: run.sh PYTHON, an interpreter that has the package `couchbase` 4.6. Skipped, aloud, without one; a failure where
# CI is set.
set -euo pipefail
python=${1:-}
if [ -z "$python" ] || ! "$python" -c 'import couchbase' 2>/dev/null; then
    echo "skipped: no Python with the package couchbase 4.6"
    if [ -n "${CI:-}" ]; then
        echo "CI is set, and nothing may be skipped there" >&2
        exit 1
    fi
    exit 0
fi
export PYTHONDONTWRITEBYTECODE=1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../../.."
# As the tests build them: nothing here is about speed.
cargo build --quiet -p couchbase-testkit -p conformance --bin cluster --bin foreign
built=${CARGO_TARGET_DIR:-target}/debug

# The cluster runs until its standard input closes: when this script ends, however it ends.
coproc cluster { exec "$built/cluster" --nodes 4 --replicas 1; }
# The shell forgets the coprocess when it ends; its number is needed until after that.
cluster_process=$cluster_PID
read -r about <&"${cluster[0]}"

"$python" "$here/python_client.py" "$about"
"$python" "$here/python_views.py" "$about"
"$built/foreign" "$about"
"$python" "$here/python_reads_ours.py" "$about"

exec {cluster[1]}>&-
wait "$cluster_process"
echo "both clients agree"
