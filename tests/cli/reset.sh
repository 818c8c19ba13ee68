#!/usr/bin/env bash
# tidegate reset and tidegate drop, from outside: what is asked and said, exit codes, loads that wait in the working
# directory, two processes at once, kills.
. "$(dirname "$0")/lib.bash"

two_resources() {
    spec "t: {path: 't*.jsonl', incremental: {cursor: id}}"
    echo "  u: {path: u.jsonl, write_disposition: merge, primary_key: id}" >>spec.yaml
    printf '{"id": %d, "l": [%d]}\n' 1 1 2 2 >t.jsonl
    echo '{"id": 1}' >u.jsonl
    run 0
}

# forget COMMAND CODE [ARGUMENTS]
forget() {
    local command=$1 code=$2 got=0
    shift 2
    said=$("$tidegate" "$command" spec.yaml "$@" 2>&1 </dev/null) || got=$?
    secret_is_hidden
    [ "$got" = "$code" ] || fail "$command ended with $got, not $code: $said"
}

rows() { sql "select (select count(*) from t) || ' ' || (select count(*) from t__l) || ' ' || (select count(*) from u)"; }
remembered() { sql "select (select count(*) from _tidegate_boundary where cursor_path <> '') || ' ' || (select count(*) from _tidegate_files)"; }

test_asks_and_says() {
    local command
    two_resources
    for command in reset drop; do
        forget $command 2
        says "nobody to ask" "--yes"
        forget $command 0 --look
        says "last value" "To be $command"
        forget $command 0 --look --json
        says '"done":false' '"resource":"t","cursor":"id","last_value":"2","boundary_rows":1' '"files":1'
        equal "1 2" "$(remembered)" "what is remembered after a look"
        equal "2 2 1" "$(rows)"
    done
    forget drop 0 --look --json
    says '{"table":"t","resource":"t","rows":2},{"table":"t__l","resource":"t","rows":2}'
    forget drop 2 --cursors
    forget reset 2 --select nothing --yes --json
    says '"code":"TG_USAGE"' "it knows: t, u"
    forget reset 0 --yes --json --select t
    says '"done":true' '"tables":[]'
    equal "0 1" "$(remembered)"
    forget reset 0 --yes
    says "Done, by load"
    equal "0 0" "$(remembered)"
    forget reset 0 --yes
    says "nothing is to be reset"
    equal "2 2 1" "$(rows)"
    run 0
    equal "4 4 1" "$(rows)"
    forget drop 0 --yes
    run 0
    equal "2 2 1" "$(rows)"
}

test_a_person_is_asked() {
    two_resources
    command -v script >/dev/null || { echo "no script(1)"; return; }
    echo n | script -qec "'$tidegate' reset spec.yaml" /dev/null >said
    grep -q "Nothing was done" said
    equal "1 2" "$(remembered)"
    echo y | script -qec "'$tidegate' reset spec.yaml" /dev/null >said
    grep -q "Done, by load" said
    equal "0 0" "$(remembered)"
}

test_one_at_a_time() {
    two_resources
    sed -i "s/path: 't\*.jsonl'/path: ['t*.jsonl', pipe.jsonl]/" spec.yaml
    mkfifo pipe.jsonl
    "$tidegate" run spec.yaml --progress none >/dev/null 2>&1 3>&- &
    exec 3>pipe.jsonl
    forget reset 3 --yes
    says "is held by pid"
    exec 3>&-
    wait
    equal "1 2" "$(remembered)"
}

# waits LINE: a load with that row is sealed, and not written
waits() {
    sed -i "s/path: 't\*.jsonl'/path: ['t*.jsonl', pipe.jsonl]/" spec.yaml
    mkfifo pipe.jsonl
    "$tidegate" run spec.yaml --progress none >/dev/null 2>&1 &
    local loader=$!
    exec 3>pipe.jsonl
    hold
    echo "$1" >&3
    exec 3>&-
    wait "$loader" || true
    release
    rm pipe.jsonl
    sed -i "s/path: \['t\*.jsonl', pipe.jsonl\]/path: 't*.jsonl'/" spec.yaml
    "$tidegate" show spec.yaml packages | grep -q sealed || fail "no load waits"
}

test_loads_that_wait_go() {
    two_resources
    sed -i '/^  u:/d' spec.yaml
    waits '{"id": 9}'
    forget reset 0 --look --packages
    says "not written yet: 1 row"
    forget reset 0 --yes --packages --select t
    "$tidegate" show spec.yaml packages | grep -q sealed && fail "the load still waits"
    equal "1 2" "$(remembered)"
    equal "2 2 1" "$(rows)"
    waits '{"id": 9}'
    forget reset 0 --yes
    "$tidegate" show spec.yaml packages | grep -q sealed && fail "the load still waits"
    run 0
    equal "4 4 1" "$(rows)"
}

# It began from a state that is over.
test_a_load_that_waits_is_not_written_over_a_reset() {
    two_resources
    sed -i '/^  u:/d' spec.yaml
    waits '{"id": 9}'
    forget reset 0 --yes --cursors
    echo '{"id": 3}' >t3.jsonl
    run 0
    says "is given up"
    equal "3 2 1" "$(rows)"
    equal 3 "$(sql "select max(id) from t")"
}

test_undo_of_a_reset() {
    two_resources
    sed -i 's/^source:/undo: {loads: 3}\nsource:/' spec.yaml
    echo '{"id": 3}' >t3.jsonl
    run 0
    equal "1 3" "$(remembered)"
    forget reset 0 --yes
    equal "0 0" "$(remembered)"
    "$tidegate" undo spec.yaml --yes
    equal "1 3" "$(remembered)"
    run 0
    equal "3 2 1" "$(rows)"
    forget drop 0 --yes --select u
    equal 0 "$(sql "select count(*) from _tidegate_undo")" "what is kept for an undo after a drop"
    "$tidegate" undo spec.yaml --yes && fail "undid a drop"
    run 0
    equal "3 2 1" "$(rows)"
}

# Killed at any point it is done or not done; said again, it is done.
# anew FUNCTION: what it makes, where there was nothing; of DuckDB it is made once, and copied
anew() {
    rm -rf .tidegate test.duckdb*
    if [ $kind = postgres ]; then
        pg "${destination##*/}" -c "SET client_min_messages = error; DROP SCHEMA IF EXISTS d CASCADE"
    elif [ -e made ]; then
        cp -r made/. .
        return
    fi
    "$1"
    [ $kind = postgres ] || { mkdir made && cp -r .tidegate test.duckdb made; }
}

test_kills() {
    local faulty point code command before=$'1 2\n2 2 1' after
    faulty=$(dirname "$tidegate")/tidegate-faulty
    [ -x "$faulty" ] || return 0
    anew two_resources
    equal "$before" "$(remembered; rows)" "before a kill"
    for command in reset drop; do
        for point in after_lock after_begin before_commit after_commit after_reset; do
            anew two_resources
            code=0
            { TG_FAIL_AT=$point "$faulty" $command spec.yaml --yes --select t >said 2>&1 || code=$?; } 2>/dev/null
            equal 137 $code "exit code $point"
            after="$before"
            case $command/$point in
            */after_commit | */after_reset) after="0 1" ;;
            esac
            equal "${after%%$'\n'*}" "$(remembered)" "after a kill $point of $command"
            [ $command = drop ] && [ "$after" = "0 1" ] || equal "2 2 1" "$(rows)" "rows after a kill $point of $command"
            forget $command 0 --yes --select t
            equal "0 1" "$(remembered)" "once more, $point"
            run 0
            [ $command = drop ] && equal "2 2 1" "$(rows)" "rows in the end, $point" || equal "4 4 1" "$(rows)"
        done
    done
}

run_tests duckdb postgres
