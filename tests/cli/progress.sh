#!/usr/bin/env bash
# What a run tells while it works: in a terminal of any width, elsewhere, for programs, and in its log.
. "$(dirname "$0")/lib.bash"

# fits WIDTH: no line on the screen is wider than that, by the columns that its characters take
fits() {
    python3 - "$1" <<'PYTHON'
import re, sys, unicodedata
lines = re.split(r"[\r\n]+|\x1b\[[AJ]", open("screen").read())
def columns(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
assert lines and max(map(columns, lines)) < int(sys.argv[1]), lines
PYTHON
}

test_lines_fit_with_wide_characters() {
    spec "名前の長いリソースで住所も電話番号も郵便番号もあるもの: {path: a.jsonl}
  another_one_with_a_name_of_more_than_forty_characters: {path: a.jsonl}"
    seq 1 60000 | sed 's/.*/{"id": &, "v": "some text", "n": [1, 2]}/' >a.jsonl
    for width in 80 40 12; do
        run_on_terminal $width --full-refresh
        fits $width
        grep -q 名 screen
    done
}

test_many_resources_do_not_flood() {
    echo '{"id": 1}' >t.jsonl
    spec "$(seq 1 60 | sed 's/.*/  r&: {path: t.jsonl}/' | sed '1s/^ *//')"
    run_on_terminal 80
    python3 - <<'PYTHON'
screen = open("screen").read()
assert "/60 " in screen, screen
assert screen.count("\n") < 60 + 3 * screen.count("\x1b[J"), screen
last = screen.rsplit("\x1b[J", 1)[1]
assert last.strip() == "", last
PYTHON
}

test_nothing_for_a_terminal_where_there_is_none() {
    spec
    echo '{"id": 1}' >t.jsonl
    "$tidegate" run spec.yaml 2>err >out
    ! grep -q $'[\r\033]' err || fail "control characters: $(cat err)"
    grep -q '^t .* 1 row ' err
}

test_nothing_is_drawn_in_a_dumb_terminal() {
    spec
    echo '{"id": 1}' >t.jsonl
    kind_of_terminal=dumb run_on_terminal 80
    ! grep -q $'\033' screen || fail "control characters: $(cat screen)"
    grep -q '^t .* 1 row ' screen
    run_on_terminal 80 --full-refresh
    grep -q $'\033' screen
}

# Somebody else holds a row that the load has to change: minutes of it must not be mute.
test_a_write_that_waits_says_so() {
    [ $kind = postgres ] || return 0
    spec "t: {path: t.jsonl, write_disposition: merge, primary_key: id}"
    echo '{"id": 1, "v": 1}' >t.jsonl
    run 0
    echo '{"id": 1, "v": 2}' >t.jsonl
    mkfifo go
    pg "$(basename "$destination")" >/dev/null 2>&1 <<SQL &
BEGIN;
SELECT pg_advisory_xact_lock(hashtextextended('tidegate pipeline d test', 0));
\! touch held; read _ <go
SQL
    local holder=$!
    while [ ! -e held ]; do sleep 0.05; done
    "$tidegate" run spec.yaml --progress json 2>lines >/dev/null &
    local victim=$!
    for _ in $(seq 200); do
        [ "$(grep -c '"doing":"waiting for' lines)" -lt 3 ] || break
        sleep 0.1
    done
    echo >go
    wait $victim
    wait $holder
    grep -q "waiting for pid [0-9]*, application 'psql', .* which has the lock 'tidegate pipeline d test'" lines
    equal 2 "$(sql "select v from t")"
}

# Whoever has the table that a load waits for is named: one who has locked it, or one who reads what is to be altered.
test_who_has_a_table() {
    [ $kind = postgres ] || return 0
    local how holder victim
    spec
    for how in "LOCK TABLE d.t IN SHARE MODE" "SELECT count(*) FROM d.t"; do
        rm -f held go lines
        sql "drop schema if exists d cascade" >/dev/null
        echo '{"id": 1}' >t.jsonl
        rm -rf .tidegate
        run 0
        case $how in LOCK*) echo '{"id": 2}' >t.jsonl ;; *) echo '{"id": 2, "v": 2}' >t.jsonl ;; esac
        mkfifo go
        pg "$(basename "$destination")" >/dev/null 2>&1 <<SQL &
BEGIN;
$how;
\! touch held; read _ <go
SQL
        holder=$!
        while [ ! -e held ]; do sleep 0.05; done
        "$tidegate" run spec.yaml --progress json 2>lines >/dev/null &
        victim=$!
        for _ in $(seq 200); do
            [ "$(grep -c '"doing":"waiting for' lines)" -lt 2 ] || break
            sleep 0.1
        done
        echo >go
        wait $victim || fail "the run failed: $(tail -1 lines)"
        wait $holder
        grep -q 'waiting for pid [0-9]*, application .psql., in a transaction since [-0-9T:Z]*, which has table \\"d\\".\\"t\\" locked' lines ||
            fail "$how: the holder is not named: $(grep waiting lines | tail -1)"
        equal 2 "$(sql "select count(*) from t")"
    done
}

# told FIELD...: the lines of `lines`, each an object with time, phase and these keys
test_json_lines_tell_all_and_end_with_the_result() {
    spec
    echo '{"id": 1}' >t.jsonl
    "$tidegate" run spec.yaml --progress json --log-level debug --json 2>lines >out
    python3 - "$root/docs/programs.md" <<'PYTHON'
import json, re, sys
lines = [json.loads(line) for line in open("lines")]
for line in lines:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]), line
    assert line["pipeline"] == "test", line
read = [line for line in lines if line.get("resource") == "t"]
assert read[-1]["rows"] == 1 and read[-1]["ended"] and read[-1]["resources"] == 1, read
written = [line for line in lines if line.get("table") == "t"]
assert written and written[0]["rows_total"] == 1 and not written[0]["ended"], written
last = lines[-1]
assert last["phase"] == "done" and last["result"] == json.load(open("out")), last
assert last["load_id"] == last["result"]["load_id"], last
page = open(sys.argv[1]).read()
section = page[page.index("## --progress json"):page.index("## Logs")]
for key in {key for line in lines for key in line}:
    assert f"`{key}`" in section, key
PYTHON
}

test_json_lines_end_with_the_error() {
    spec
    echo '{"id": 1}{' >t.jsonl
    ! "$tidegate" run spec.yaml --progress json 2>lines >out || fail "malformed JSON was loaded"
    python3 - <<'PYTHON'
import json
lines = [json.loads(line) for line in open("lines")]
error = lines[-1]["error"]
assert error["resource"] == "t" and error["file"] == "t.jsonl" and error["line"] == 1, error
assert lines[-1]["warnings"] == [] and lines[-1]["phase"] == "extract", lines[-1]
PYTHON
    spec "t: {pth: t.jsonl}"
    ! "$tidegate" run spec.yaml --progress json 2>lines || fail "a wrong spec was run"
    python3 -c 'import json; assert json.loads(open("lines").read())["error"]["line"] == 6'
}

# Each line of a backfill is an object, too, whoever of its workers says it; its last words are the result.
test_backfills_tell_as_runs_do() {
    local jobs=1
    [ $kind = duckdb ] || jobs=2
    spec "t: {path: t.jsonl, incremental: {cursor: day}, write_disposition: merge, primary_key: id}"
    for day in 1 2 3 4; do echo "{\"id\": $day, \"day\": \"2024-01-0$day\"}"; done >t.jsonl
    "$tidegate" backfill spec.yaml --from 2024-01-01 --to 2024-01-05 --window 1d --jobs $jobs \
        --progress json --log-level info >out 2>lines
    python3 - <<'PYTHON'
import json
lines = [json.loads(line) for line in open("lines")]
loaded = [line for line in lines if "is loaded by load" in line.get("message", "")]
assert len(loaded) == 4, lines
assert {line["resource"] for line in lines if "resource" in line} == {"t"}, lines
assert lines[-1]["phase"] == "done" and lines[-1]["result"] is None, lines[-1]
PYTHON
    grep -q "All windows from" out
    equal "" "$("$tidegate" backfill spec.yaml --from 2024-01-01 --to 2024-01-05 --window 1d --again --quiet 2>&1)"
}

test_quiet() {
    spec
    echo '{"id": 1}' >t.jsonl
    equal "" "$("$tidegate" run spec.yaml --quiet 2>&1)"
    spec "t: {path: 'none-*.jsonl'}"
    said=$("$tidegate" run spec.yaml --quiet 2>&1)
    says "Warning: pattern 'none-*.jsonl'"
    echo '{' >t.jsonl
    spec
    said=$("$tidegate" run spec.yaml --quiet 2>&1) && fail "malformed JSON was loaded"
    says "malformed JSON"
    said=$("$tidegate" run spec.yaml --quiet --json 2>&1) && fail "both were taken"
    says "exclude each other"
}

test_a_log_file() {
    spec "t: {path: '[tn]*.jsonl'}"
    echo '{"id": 1}' >t.jsonl
    run 0 --log-file log --log-level debug
    grep -q "debug .* files: resource 't': file 't.jsonl' is read: 1 row" log
    grep -q "debug .* write: table 't': a statement of 1 row," log
    run 0 --log-file log
    grep -q "info .* load: load '[0-9.]*' has nothing to write" log
    ! grep -vE '^[0-9-]{10}T[0-9:.]{12}Z (error|warning|info|debug) +test\[[0-9]+\] [a-z]+: .' log || fail "another line"
    mv log log.1
    echo '{"id": 2' >n.jsonl
    run 1 --log-file log --log-level error
    grep -q 'error .* malformed JSON' log
    equal 1 "$(wc -l <log)" "lines of errors"
}

# A log that cannot be opened is told before anything is done; one that fails later does not end the run.
test_a_log_file_that_fails() {
    spec
    echo '{"id": 1}' >t.jsonl
    run 2 --log-file none/log
    says "the log file 'none/log' cannot be opened: No such file or directory"
    [ ! -e .tidegate ] || fail "something was done"
    run 0 --log-file /dev/full
    says "the log file '/dev/full' cannot be written: No space left on device"
    equal 1 "$(grep -c 'cannot be written' <<<"$said")" "how often it is said"
    "$tidegate" run spec.yaml --progress json --log-file /dev/full 2>lines >/dev/null
    python3 -c 'import json; assert sum("cannot be written" in json.loads(line).get("message", "") for line in open("lines")) == 1'
    run 2 --log-level loud
    says "choose error, warning, info or debug"
}

run_tests duckdb postgres
