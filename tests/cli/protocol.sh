#!/usr/bin/env bash
# The commit protocol seen from outside: fresh containers, sealed and refused packages, cancel, conflict.
. "$(dirname "$0")/lib.bash"

test_a_fresh_working_directory_for_every_run() {
    spec "t: {path: t.jsonl, incremental: id}"
    for run in 1 2 3; do
        seq 1 $((run * 100)) | sed 's/.*/{"id": &}/' >t.jsonl
        run 0 --workdir "fresh-$run"
        equal $((run * 100)) "$(sql "select count(*) from t")"
    done
    run 0 --workdir fresh-4
    says "Nothing new"
    equal 3 "$(sql "select count(*) from _dlt_loads")" "loads"
}

test_a_run_with_nothing_new_writes_nothing() {
    spec "t: {path: t.jsonl, incremental: id}"
    echo '{"id": 1}' >t.jsonl
    run 0
    before=$(fingerprint)
    run 0
    equal "$before" "$(fingerprint)" "the destination"
    equal "" "$(ls .tidegate/test/sealed .tidegate/test/open 2>/dev/null | grep -v :)" "packages"
}

test_a_refused_load_is_set_aside_and_read_again() {
    spec "t: {path: '*.jsonl'}"
    echo '{"id": 1}' >1.jsonl
    run 0
    # Somebody adds a rule by hand that the next load breaks.
    sql "create unique index once on t (id)" >/dev/null
    echo '{"id": 1}' >2.jsonl
    run 1
    says "id"
    equal 1 "$(sql "select count(*) from t")"
    said=$("$tidegate" show spec.yaml packages)
    says "failed" "onstraint"
    run 1
    sql "drop index once" >/dev/null
    run 0
    equal 2 "$(sql "select count(*) from t")"
}

# Leaves a sealed load behind: the destination cannot be reached any more when the source has been read.
seal_behind_a_lock() {
    spec "t: {path: '1.jsonl'}"
    echo '{"id": 1}' >1.jsonl
    run 0
    spec "t: {path: ['*.jsonl', 2.jsonl]}"
    mkfifo 2.jsonl
    "$tidegate" run spec.yaml --progress none >/dev/null 2>said &
    local loader=$! code=0
    exec 3>2.jsonl # waits until it is read
    hold
    echo '{"id": 2}' >&3
    exec 3>&-
    wait "$loader" || code=$?
    release
    rm 2.jsonl
    spec "t: {path: '*.jsonl'}"
    equal "$([ $kind = duckdb ] && echo 3 || echo 1)" "$code" "exit code of a run whose destination is held"
}

test_a_sealed_load_is_written_by_the_next_run() {
    seal_behind_a_lock
    "$tidegate" show spec.yaml packages | grep -q sealed
    run 0
    says "1 load of an earlier run" "Nothing new"
    equal 2 "$(sql "select count(*) from t")"
    run 0
    equal 2 "$(sql "select count(*) from t")"
}

test_a_sealed_load_goes_nowhere_else() {
    seal_behind_a_lock
    cp spec.yaml spec.yaml.bak
    relay destination "destination: $(elsewhere)"
    run 0
    says "another destination" "${destination##*/}"
    equal 1 "$(sql "select count(*) from t")"
    said=$("$tidegate" show spec.yaml packages)
    says "sealed" "${destination##*/}"
    case $kind in
    duckdb) says "$PWD/test.duckdb" "Could not set lock" ;;
    postgres) says "is not currently accepting connections" ;;
    esac
    mv spec.yaml.bak spec.yaml
    run 0
    equal 2 "$(sql "select count(*) from t")"
}

# From the parent folder the same pipeline is the same pipeline.
test_a_sealed_load_is_known_from_another_folder() {
    mkdir below
    cd below
    seal_behind_a_lock
    cd ..
    said=$("$tidegate" run below/spec.yaml --progress none)
    says "1 load of an earlier run"
    cd below
    equal 2 "$(sql "select count(*) from t")"
}

test_a_damaged_package_is_set_aside() {
    seal_behind_a_lock
    for file in .tidegate/test/sealed/*/*.parquet; do truncate -s 10 "$file"; done
    echo '{"id": 2}' >2.jsonl
    run 0
    says "damaged" "10 bytes"
    equal 2 "$(sql "select count(*) from t")"
    said=$("$tidegate" show spec.yaml packages)
    says "damaged" "10 bytes"
}

# Not after hours of reading.
test_the_destination_is_looked_at_before_the_source() {
    spec "t: {path: t.jsonl}"
    echo '{' >t.jsonl
    "looked_at_$kind"
    run 1
    says "malformed JSON"
}

looked_at_postgres() {
    sed -i "s|^destination:.*|&_3|" spec.yaml
    run 1
    says "database \"${destination##*/}_3\" does not exist"
    spec "t: {path: t.jsonl}"
}

looked_at_duckdb() {
    sed -i 's|duckdb:///test.duckdb|duckdb:///none/test.duckdb|' spec.yaml
    run 1
    says "folder '$PWD/none' does not exist"
    mkdir none
    echo 'no database at all, whatever its name says' >none/test.duckdb
    run 1
    says "not a valid DuckDB database file"
    rm none/test.duckdb
}

test_a_sealed_load_that_the_state_has_passed_is_dropped() {
    echo '{"id": 3}' >3.jsonl
    seal_behind_a_lock
    # Another machine loads the same file meanwhile, with a working directory of its own.
    echo '{"id": 4}' >4.jsonl
    run 0 --workdir elsewhere
    run 0
    equal "1 3 4" "$(sql "select string_agg(id::text, ' ' order by id) from t")"
}

# interrupt SIGNAL: a run that has said how far it is gets it; $code is how it ends, in `said` its words
interrupt() {
    mkfifo words
    "$tidegate" run spec.yaml --progress plain >/dev/null 2>words &
    local victim=$!
    exec 3<words
    read -r -u 3 _
    kill "-$1" "$victim"
    cat <&3 >said
    exec 3<&-
    rm words
    code=0
    wait "$victim" || code=$?
}

test_sigterm_ends_a_run_with_130_and_nothing_written() {
    spec "t: {path: '*.jsonl'}"
    echo '{"id": 1}' >1.jsonl
    run 0
    seq 2 1000000 | sed 's/.*/{"id": &, "v": "text of row &"}/' >2.jsonl
    interrupt TERM
    equal 130 "$code" "exit code ($(cat said))"
    equal 1 "$(sql "select count(*) from t")"
    run 0
    equal 1000000 "$(sql "select count(*) from t")"
}

# The terminal goes away: as SIGTERM. Only when the program started with it ignored it stays so.
test_sighup_leaves_nothing_behind() {
    spec "t: {path: '*.jsonl'}"
    seq 1 1000000 | sed 's/.*/{"id": &, "v": "text of row &"}/' >1.jsonl
    interrupt HUP
    equal 130 "$code" "exit code ($(cat said))"
    equal "" "$(ls .tidegate/test/open)" "what is left"
    (trap '' HUP; interrupt HUP; exit "$code")
    equal 1000000 "$(sql "select count(*) from t")"
}

test_two_pipelines_in_one_dataset() {
    spec
    echo '{"id": 1}' >t.jsonl
    run 0
    sed 's/pipeline: test/pipeline: other/; s/  t:/  u:/' spec.yaml >other.yaml
    "$tidegate" run other.yaml --progress none
    equal 1 "$(sql "select count(*) from t")"
    equal 1 "$(sql "select count(*) from u")"
    equal 2 "$(sql "select count(distinct pipeline_name) from _dlt_pipeline_state")"
}

test_full_refresh_reads_everything_again() {
    spec "t: {path: t.jsonl, incremental: id}"
    printf '{"id": 1}\n{"id": 2}\n' >t.jsonl
    run 0
    echo '{"id": 2}' >t.jsonl
    run 0 --full-refresh
    equal 1 "$(sql "select count(*) from t")"
    run 0
    says "Nothing new"
}

test_select_loads_only_what_is_named() {
    spec "t: {path: t.jsonl}
  u: {path: t.jsonl}"
    echo '{"id": 1}' >t.jsonl
    run 0 --select u
    equal 0 "$(sql "select count(*) from information_schema.tables where table_name = 't'")"
    run 2 --select v
    says "v"
}

run_tests duckdb postgres
