# Helpers of the command's tests; source it, define functions test_WHAT, end with `run_tests`.
# Each test runs in a folder of its own, in a subshell with -e; the first command that fails fails the test.
set -u
tidegate=$(realpath "${TIDEGATE:-build/tidegate}")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# spec [RESOURCES]: a spec over files, dataset d
spec() {
    cat >spec.yaml <<EOF
pipeline: test
destination: duckdb:///test.duckdb
dataset: d
source: {type: files}
resources:
  ${1:-t: {path: t.jsonl\}}
EOF
}

# run CODE [ARGUMENTS]: `tidegate run spec.yaml` must end with CODE; its words are in $said
run() {
    local code=$1 got=0
    shift
    said=$("$tidegate" run spec.yaml --progress none "$@" 2>&1) || got=$?
    [ "$got" = "$code" ] || fail "run ended with $got, not $code: $said"
}

# says TEXT...: every one of them must be in $said
says() {
    local text
    for text; do
        case $said in *"$text"*) ;; *) fail "did not say '$text' but: $said" ;; esac
    done
}

# sql QUERY: first cell of the result
sql() { "$tidegate" sql spec.yaml "$1" --csv | sed -n 2p; }

# hold: another process has the destination from here on, until `release`
hold() {
    mkfifo held
    "$tidegate" sql spec.yaml "select count(*) from read_csv('held', auto_detect = false,
        header = false, columns = {'a': 'VARCHAR'})" >/dev/null 3>&- &
    holder=$!
    exec 9>held # waits until the query reads, so that the database is open
}

release() {
    exec 9>&-
    wait "$holder"
    rm held
}

# equal WANTED GOT [WHAT]
equal() { [ "$1" = "$2" ] || fail "${3:-result} is '$2', not '$1'"; }

fail() {
    echo "$*" >&2
    exit 1
}

run_tests() {
    local name folder reason failed=0
    for name in $(declare -F | sed -n 's/^declare -f test_//p'); do
        folder=$(mktemp -d)
        if reason=$( (cd "$folder" && set -e && "test_$name") 2>&1 >/dev/null); then
            echo "ok $(basename "$0" .sh): ${name//_/ }"
        else
            echo "not ok $(basename "$0" .sh): ${name//_/ }: ${reason//$'\n'/ | }"
            failed=1
        fi
        rm -rf "$folder"
    done
    exit $failed
}
