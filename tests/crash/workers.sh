#!/usr/bin/env bash
# Many workers on one backfill into PostgreSQL, killed with SIGKILL again and again, with leases that are shorter than
# the work: every row is there, and once. The control, without the fence, must have rows twice.
#
#     WORKERS=8 WINDOWS=400 KILLS=30 tests/crash/workers.sh      (the command is $TIDEGATE; these are those of `make crash`)
set -eu
tests=$(realpath "$(dirname "$0")/..")
. "$tests/postgres.bash"
export TIDEGATE
TIDEGATE=$(realpath "${TIDEGATE:-build/tidegate}")
[ -x "$(dirname "$TIDEGATE")/tidegate-faulty" ] || { echo "ok # SKIP this build has no tests"; exit 0; }
cd "$(mktemp -d)"
database=workers_$$
trap 'pg_drop $database; rm -rf "$PWD"' EXIT
uri=$(pg_create $database)

# A source that takes up to twice a lease of a second for a window.
prepare() { # DATASET
    cat >spec.yaml <<SPEC
pipeline: $1
destination: $uri
dataset: $1
source: {type: sql, connection: "$uri"}
resources:
  t:
    query: "SELECT g AS id, 'v' || g AS v FROM generate_series(0, 99999) AS g, pg_sleep(2 * random() * random())"
    incremental: {cursor: id, initial_value: 0}
SPEC
}

prepare fenced
said=$("$tests/workers.py" "${WORKERS:-8}" "${WINDOWS:-40}" "${KILLS:-8}" 2>&1) || said="failed: $said"
read -r rows different wanted tries killed <<<"$said"
if [ "$rows $different" = "$wanted $wanted" ]; then
    echo "ok ${WORKERS:-8} workers, $killed kills, up to $tries tries of a window: $rows rows, each once"
else
    echo "not ok workers with a fence: ${said//$'\n'/ | }"
fi
prepare unfenced
said=$("$tests/workers.py" "${WORKERS:-8}" "${WINDOWS:-40}" 0 no_fence 2>&1) || said="failed: $said"
read -r rows different wanted tries killed <<<"$said"
if [ "$different" = "$wanted" ] && [ "$rows" -gt "$wanted" ]; then
    echo "ok without the fence, $((rows - wanted)) of $wanted rows are there twice"
else
    echo "not ok workers without a fence: ${said//$'\n'/ | }"
fi
