# Helpers of the command's tests; source it, define functions test_WHAT, end with `run_tests`.
# Each test runs in a folder of its own, in a subshell with -e; the first command that fails fails the test. Those
# of a script that ends with `run_tests duckdb postgres` run twice, the second time with a database of their own.
set -u
tidegate=$(realpath "${TIDEGATE:-build/tidegate}")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/tests/postgres.bash"
kind=duckdb destination=duckdb:///test.duckdb # what $destination is

# spec [RESOURCES]: a spec over files, dataset d
spec() {
    cat >spec.yaml <<EOF
pipeline: test
destination: $destination
dataset: d
source: {type: files}
resources:
  ${1:-t: {path: t.jsonl\}}
EOF
}

# relay KEY LINE: the spec's line of that key becomes LINE, without a program that would show it among its arguments
relay() {
    local line lines=()
    while IFS= read -r line; do
        case $line in "$1:"*) line=$2 ;; esac
        lines+=("$line")
    done <spec.yaml
    printf '%s\n' "${lines[@]}" >spec.yaml
}

# run CODE [ARGUMENTS]: `tidegate run spec.yaml` must end with CODE; its words are in $said
run() {
    local code=$1 got=0
    shift
    said=$("$tidegate" run spec.yaml --progress none "$@" 2>&1) || got=$?
    secret_is_hidden
    [ "$got" = "$code" ] || fail "run ended with $got, not $code: $said"
}

# tg ARGUMENTS: its words are in $said, its exit code in $ended
tg() { ended=0 said=$("$tidegate" "$@" 2>&1) || ended=$?; }

# on_terminal WIDTH COMMAND...: runs it in a terminal of so many columns ($kind_of_terminal, or a usual one), and it must
# succeed; all that was written there is in the file `screen`, without carriage returns before line ends
on_terminal() {
    TERM=${kind_of_terminal:-xterm} python3 - "$@" <<'PYTHON' || fail "$2 failed on a terminal: $(cat screen)"
import fcntl, os, pty, struct, sys, termios
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
said = b""
try:
    while more := os.read(terminal, 4096):
        said += more
except OSError:
    pass
with open("screen", "wb") as file:
    file.write(said.replace(b"\r\n", b"\n"))
sys.exit(os.waitpid(child, 0)[1] != 0)
PYTHON
}

# run_on_terminal WIDTH [ARGUMENTS]: a run of spec.yaml, of which the terminal gets standard error alone
run_on_terminal() {
    local width=$1
    shift
    on_terminal "$width" bash -c 'exec "$@" >/dev/null' . "$tidegate" run spec.yaml "$@"
}

# says TEXT...: every one of them must be in $said
says() {
    local text
    for text; do
        case $said in *"$text"*) ;; *) fail "did not say '$text' but: $said" ;; esac
    done
}

secret_is_hidden() {
    case ${pg_password:+x}$said in x*"$pg_password"*) fail "the password is in: ${said//$pg_password/***}" ;; esac
}

# sql STATEMENT: first cell of the result
sql() { "$tidegate" sql --write spec.yaml "$1" --csv | sed -n 2p; }

# hold: the destination cannot be reached from here on, until `release`: another process has the file, or nobody
# may connect to the database
hold() {
    if [ $kind = postgres ]; then
        pg postgres -c "ALTER DATABASE ${destination##*/} ALLOW_CONNECTIONS false"
        return
    fi
    mkfifo held
    "$tidegate" sql spec.yaml "select count(*) from read_csv('held', auto_detect = false,
        header = false, columns = {'a': 'VARCHAR'})" >/dev/null 3>&- &
    holder=$!
    exec 9>held # waits until the query reads, so that the database is open
}

release() {
    if [ $kind = postgres ]; then
        pg postgres -c "ALTER DATABASE ${destination##*/} ALLOW_CONNECTIONS true"
        return
    fi
    exec 9>&-
    wait "$holder"
    rm held
}

# fingerprint: changes whenever the destination is written to
fingerprint() {
    if [ $kind = duckdb ]; then sha256sum test.duckdb; return; fi
    pg "${destination##*/}" -c "SELECT md5(string_agg(query_to_xml(format('SELECT xmin, ctid, t.* FROM %I.%I t
        ORDER BY ctid', schemaname, tablename), true, false, '')::text, '' ORDER BY schemaname, tablename))
        FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
}

# elsewhere: another destination of this kind
elsewhere() {
    if [ $kind = duckdb ]; then echo duckdb:///other.duckdb; else pg_create "${destination##*/}_2"; fi
}

# equal WANTED GOT [WHAT]
equal() { [ "$1" = "$2" ] || fail "${3:-result} is '$2', not '$1'"; }

fail() {
    echo "$*" >&2
    exit 1
}

# run_tests [DESTINATION...]: all of them over each, by default over DuckDB
run_tests() {
    local name failed=0
    for kind in "${@:-duckdb}"; do
        for name in $(declare -F | sed -n 's/^declare -f test_//p'); do
            run_test "$name" "$(basename "$0" .sh): ${name//_/ }$([ $kind = duckdb ] || echo ", $kind")" || failed=1
        done
    done
    exit $failed
}

# run_test NAME TITLE
run_test() {
    local folder reason database=cli_$$_$1 code=0
    folder=$(mktemp -d)
    database=${database:0:60}
    if [ $kind = postgres ]; then destination=$(pg_create "$database") || code=1; fi
    if [ $code != 0 ]; then
        echo "not ok $2: no database"
    elif reason=$( (cd "$folder" && set -e && "test_$1" && secret_is_nowhere) 2>&1 >/dev/null); then
        echo "ok $2"
    else
        echo "not ok $2: ${reason//$'\n'/ | }"
        code=1
    fi
    [ $kind != postgres ] || { pg_drop "$database"; pg_drop "${database}_2"; }
    rm -rf "$folder"
    return $code
}

secret_is_nowhere() {
    local places
    places=$(kept_secret .) || return 0
    fail "the password is kept in $places"
}
