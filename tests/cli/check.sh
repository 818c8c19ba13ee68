#!/usr/bin/env bash
# `tidegate check` says what `tidegate run` refuses before it has read a row: the same code, the same sentence, and
# nothing is made by it.
. "$(dirname "$0")/lib.bash"

# refused CODE WORDS: check and run both, in the same words
refused() {
    local before code=0 checked
    before=$(find . | sort)
    "$tidegate" check spec.yaml >out 2>err || code=$?
    checked=$(cat err)
    rm out err
    [ "$code" = "$1" ] || fail "check ended with $code, not $1: $checked"
    equal "$before" "$(find . | sort)" "files after the check"
    run "$1"
    says "$2"
    equal "$said" "$checked" "words of check"
}

rows() { echo '{"id": 1, "at": 5}' >t.jsonl; }

test_what_is_right_is_so() {
    rows
    spec "t: {path: t.jsonl, incremental: {cursor: id}}"
    "$tidegate" check spec.yaml >said || fail "$(cat said)"
    [ ! -e .tidegate ] || fail "check has made the working directory"
    run 0
    "$tidegate" check spec.yaml >said || fail "$(cat said)"
}

test_another_cursor() {
    rows
    spec "t: {path: t.jsonl, incremental: {cursor: id}}"
    run 0
    spec "t: {path: t.jsonl, incremental: {cursor: at}}"
    refused 2 "its cursor is 'at' now, and it has been read by 'id'"
    local code=0
    said=$("$tidegate" show spec.yaml resources 2>&1) || code=$?
    says "at"
    equal 0 "$code" "code of show, which is to show what is refused"
}

test_a_table_of_another_pipeline() {
    rows
    spec
    run 0
    sed -i 's/^pipeline: test/pipeline: other/' spec.yaml
    refused 2 "they are from resource 't' of pipeline 'test'"
}

test_a_table_of_somebody_else() {
    rows
    spec "u: {path: t.jsonl}"
    run 0
    "$tidegate" sql spec.yaml --write "create table t (id bigint)" >/dev/null
    spec
    refused 1 "table 't' is at the destination without a column '_dlt_id'"
    "$tidegate" sql spec.yaml --write "insert into t values (1)" >/dev/null
    refused 2 "they are from somebody that the ledger does not name"
}

test_files() {
    spec "t: {path: nope.jsonl}"
    refused 1 "file 'nope.jsonl' does not exist"
    spec "t: {path: 's3://bucket/t.jsonl'}"
    refused 2 "is a place elsewhere"
    echo x >t.xyz
    spec "t: {path: t.xyz}"
    refused 2 "the format of file 't.xyz' cannot be told from its name"
}

# What a spec names has to be in the files: check says what the run says that meets them.
test_fields_of_files() {
    printf 'id,name\n1,a\n' >t.csv
    rows
    echo '[{"id": 1}]' >t.json
    destination=duckdb:///made.duckdb spec
    "$tidegate" sql --write spec.yaml "copy (select 1 as id) to '$PWD/t.parquet'" >/dev/null
    local file
    for file in t.csv t.jsonl t.json t.parquet; do
        spec "t: {path: $file, write_disposition: merge, primary_key: nope}"
        refused 1 "column 'nope' of table 't' is part of the primary key, but the row has no value for it"
        spec "t: {path: $file, write_disposition: merge, merge_key: nope}"
        refused 1 "column 'nope' of table 't' is part of the merge key, but the row has no value for it"
        spec "t: {path: $file, incremental: {cursor: nope}}"
        refused 1 "the cursor field 'nope' is missing in this row"
        spec "t: {path: $file, columns: {nope: {data_type: text, nullable: false}}}"
        refused 1 "column 'nope' of table 't' is NOT NULL"
        spec "t: {path: $file, schema_contract: {tables: freeze}}"
        refused 4 "table 't' is new and the contract says 'tables: freeze'"
    done
    printf '{"id": 1}\n{"id": oops}\n' >t.jsonl
    spec
    refused 1 "file 't.jsonl', line 2"
}

# Each file that a run would read, and no more: what was loaded is not looked at again.
test_fields_of_each_file() {
    printf 'id,name\n1,a\n' >1.csv
    spec "t: {path: '*.csv', primary_key: id}"
    run 0
    sed -i 's/^id/other/' 1.csv
    cp 1.csv 2.csv
    sed -i 's/^other/id/' 1.csv
    refused 1 "file '2.csv', line 2: column 'id' of table 't' is part of the primary key"
    rm 2.csv
    spec "t: {path: '*.csv', primary_key: id, columns: {nope: {nullable: false}}}"
    "$tidegate" check spec.yaml >said || fail "$(cat said)"
    run 0
}

# What a run does without is a warning.
test_what_a_run_takes_and_check_doubts() {
    printf 'id,name\n1,a\n' >t.csv
    spec "t: {path: t.csv, write_disposition: merge, primary_key: nope, on_bad_row: reject}"
    tg check spec.yaml
    equal 0 "$ended"
    says "Warning: resource 't': a run would reject 1 of the first 1 row; the first" \
        "file 't.csv', line 2: column 'nope'"
    spec "t: {path: t.csv, write_disposition: merge, primary_key: id, columns: {at: {dedup_sort: desc}}}"
    tg check spec.yaml --json
    equal 0 "$ended"
    says '"warnings":["resource '"'t': columns names 'at', and none of the first 1 row has a value for it"
    [ ! -e .tidegate ] || fail "check has made the working directory"
    run 0
}

# A pipe would be read empty.
test_a_pipe_is_not_read() {
    mkfifo p.jsonl
    spec "t: {path: p.jsonl, write_disposition: merge, primary_key: nope}"
    timeout 20 "$tidegate" check spec.yaml >said 2>&1 || fail "$(cat said)"
}

test_a_view_in_the_place_of_a_table() {
    rows
    spec "u: {path: t.jsonl}"
    run 0
    "$tidegate" sql spec.yaml --write "create view t as select 1 as id" >/dev/null
    spec
    refused 1 "resource 't': something else than a table has that name: \"t\", a view maybe"
}

database() { echo "${destination##*/}"; }
as_nobody() { sed -E "s|//[^@]*@|//nobody_$$:$pg_password@|" <<<"$destination"; }

# lacks STATEMENT: check ends with it, so does the run, which has read by then; a user who may runs the statement
lacks() {
    local given
    tg check spec.yaml
    equal 1 "$ended" "code of check"
    says "a load could not be written: user 'nobody_$$' lacks rights that it takes" "may run: $1"
    given=${said##*may run: }
    run 1
    says "what user 'nobody_$$' lacks for this load: $1"
    pg "$(database)" -c "$given"
    tg check spec.yaml
    equal 0 "$ended" "code of check, once it is granted: $said"
}

# Each right by itself: nothing of it is missing once what check says has been run.
test_rights_at_the_destination() {
    [ $kind = postgres ] || return 0
    own=$destination
    pg postgres <<<"CREATE ROLE nobody_$$ LOGIN PASSWORD '$pg_password'"
    trap 'destination=$own; pg "$(database)" -c "REASSIGN OWNED BY nobody_$$ TO CURRENT_USER" -c "DROP OWNED BY nobody_$$" -c "DROP ROLE nobody_$$"' EXIT
    rows
    destination=$(as_nobody) spec
    lacks "GRANT CREATE ON DATABASE"
    pg "$(database)" -c "REVOKE CREATE ON DATABASE \"$(database)\" FROM nobody_$$" -c "CREATE SCHEMA d" \
        -c "GRANT USAGE ON SCHEMA d TO nobody_$$"
    lacks "GRANT CREATE ON SCHEMA d TO"
    pg "$(database)" -c "REVOKE CREATE ON SCHEMA d FROM nobody_$$"
    spec
    run 0
    pg "$(database)" -c "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA d TO nobody_$$" \
        -c "REVOKE INSERT ON d.t FROM nobody_$$"
    echo '{"id": 2, "at": 6}' >t.jsonl
    destination=$(as_nobody) spec
    lacks "GRANT INSERT ON d.t TO"
    run 0
    pg "$(database)" -c "REVOKE DELETE ON d.t FROM nobody_$$"
    echo '{"id": 3, "at": 7}' >t.jsonl
    tg check spec.yaml
    equal 0 "$ended" "code of check of an append: $said"
    destination=$(as_nobody) spec "t: {path: t.jsonl, write_disposition: replace}"
    lacks "GRANT DELETE ON d.t TO"
    run 0
    pg "$(database)" -c "REVOKE DELETE ON d._dlt_pipeline_state FROM nobody_$$"
    echo '{"id": 4, "at": 8, "more": true}' >t.jsonl
    destination=$(as_nobody) spec
    lacks "ALTER TABLE d.t OWNER TO"
    run 0
    destination=$(as_nobody) spec "new: {path: t.jsonl}"
    lacks "GRANT CREATE ON SCHEMA d TO"
    run 0
}

# What the source does not let this user read is said by both.
test_rights_at_the_source() {
    [ $kind = postgres ] || return 0
    own=$destination
    pg postgres <<<"CREATE ROLE nobody_$$ LOGIN PASSWORD '$pg_password'"
    trap 'destination=$own; pg "$(database)" -c "DROP OWNED BY nobody_$$" -c "DROP ROLE nobody_$$"' EXIT
    pg "$(database)" -c "CREATE SCHEMA s" -c "CREATE TABLE s.x (id int)" -c "CREATE TABLE s.y (id int)" \
        -c "INSERT INTO s.x VALUES (1)" -c "GRANT USAGE ON SCHEMA s TO nobody_$$" -c "GRANT SELECT ON s.y TO nobody_$$"
    source_of() {
        printf 'pipeline: test\ndestination: duckdb:///t.duckdb\nsource: {type: sql, connection: "%s", schema: s}\nresources: {x: %s}\n' \
            "$1" "$2" >spec.yaml
    }
    source_of "$(as_nobody)" "{table: x}"
    refused 1 "has no table or view 'x' that this user may see; if it is there, grant SELECT on it"
    source_of "$(as_nobody)" "{query: SELECT * FROM s.x}"
    refused 1 "permission denied for table x"
    source_of "$own" "{table: x, write_disposition: merge, primary_key: ids}"
    tg check spec.yaml
    equal 2 "$ended"
    says "resource 'x': primary_key names 'ids', and the source has no such column; did you mean 'id'?"
    run 1
    says "column 'ids' of table 'x' is part of the primary key"
    source_of "$own" "{table: x, write_disposition: merge, merge_key: nope}"
    tg check spec.yaml
    equal 2 "$ended"
    says "resource 'x': merge_key names 'nope', and the source has no such column"
    run 1
}

# Root may do all of it.
test_places_that_cannot_be_written() {
    local as=() me=$PWD
    [ $kind = duckdb ] || return 0
    rows
    mkdir jobs
    chmod 755 .
    [ ! -w / ] || { as=(setpriv --reuid 65534 --regid 65534 --clear-groups); chmod a+x ..; chown 65534 jobs; }
    same() { # WORDS: check and run both
        local checked code=0
        spec
        checked=$("${as[@]}" "$tidegate" check spec.yaml --workdir "$me/jobs" 2>&1) && fail "check went through"
        said=$("${as[@]}" "$tidegate" run spec.yaml --quiet --workdir "$me/jobs" 2>&1) && fail "the run went through"
        says "$1"
        equal "$said" "$checked" "words of check"
    }
    mkdir closed
    chmod 555 closed
    destination=duckdb:///closed/test.duckdb
    same "/closed' cannot be written; change its permissions"
    mkdir open
    [ ! -w / ] || chown 65534 open
    destination=duckdb:///open/test.duckdb
    spec
    "${as[@]}" "$tidegate" run spec.yaml --quiet --workdir "$me/jobs"
    chmod 444 open/test.duckdb
    same "/open/test.duckdb' cannot be written; change its permissions"
    chmod 644 open/test.duckdb
    mv t.jsonl u.jsonl
    rows
    echo >>t.jsonl
    chmod 000 t.jsonl
    same "file 't.jsonl'"
    chmod 644 t.jsonl
    chmod 000 jobs/test/lock
    same "/jobs/test/lock' cannot be opened"
    chmod 644 jobs/test/lock
    rm -r jobs
    mkdir jobs
    chmod 555 jobs
    same "/jobs/test' cannot be made: Permission denied"
}

test_sources() {
    spec
    sed -i 's|^source:.*|source: {type: sql, connection: "duckdb:///source.duckdb"}|; s|{path: t.jsonl}|{}|' spec.yaml
    refused 1 "source.duckdb' does not exist"
}

test_places() {
    rows
    spec
    echo >.tidegate
    refused 1 "pipeline 'test': the working directory cannot be used (--workdir or \$TIDEGATE_HOME names another): folder '"
    says "/.tidegate' cannot be made: File exists"
    rm .tidegate
    [ $kind = duckdb ] || return 0
    destination=duckdb:///no/such/test.duckdb spec
    refused 1 "/no/such' does not exist; create it"
    echo "no database" >text.duckdb
    destination=duckdb:///text.duckdb spec
    refused 1 "not a valid DuckDB database file"
}

# A database is connected to by the source (beside it, who looks for open transactions) and by the destination.
test_sources_are_opened_once() {
    [ "$kind" = postgres ] || return 0
    local before after
    pg "$(database)" -c "CREATE SCHEMA src; CREATE TABLE src.a AS SELECT 1 AS id; CREATE TABLE src.b AS SELECT 1 AS id"
    spec "a: {table: a, incremental: id}
  b: {table: b}"
    relay source "source: {type: sql, connection: '$destination', schema: src}"
    sessions() { # once those have ended that there were
        while [ "$(pg postgres -c "SELECT count(*) FROM pg_stat_activity WHERE datname = '$(database)'")" != 0 ]; do :; done
        pg postgres -c "SELECT sessions FROM pg_stat_database WHERE datname = '$(database)'"
    }
    before=$(sessions)
    tg check spec.yaml
    equal 0 "$ended" "$said"
    after=$(sessions)
    equal 3 $((after - before)) sessions
}

run_tests duckdb postgres
