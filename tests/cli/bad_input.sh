#!/usr/bin/env bash
# What bad input and bad places get: a clear error with a place, the right exit code, nothing lost, nothing half-written.
. "$(dirname "$0")/lib.bash"

# A good first load, so that "nothing half-written" has something to be compared with.
loaded_once() {
    spec "t: {path: '*.jsonl'}"
    echo '{"id": 1, "v": "a"}' >1.jsonl
    run 0
}

unchanged() {
    equal 1 "$(sql "select count(*) from t")" "rows of t"
    equal 1 "$(sql "select count(*) from _dlt_loads")" "loads"
}

test_indexes_are_for_databases_that_have_them() {
    spec
    relay destination "destination: {url: 'duckdb:///test.duckdb', create_indexes: true}"
    run 2
    says "spec.yaml:2:1" "'create_indexes' has no meaning at duckdb"
    relay destination "destination: {url: 'duckdb:///test.duckdb', create_indexes: false}"
    echo '{"id": 1}' >t.jsonl
    run 0
    spec "t: {table: t}"
    relay source "source: {type: sql, connection: {url: 'duckdb:///test.duckdb', create_indexes: true}}"
    run 2
    says "spec.yaml:4" "create_indexes"
}

test_malformed_json_names_file_line_and_byte() {
    loaded_once
    printf '{"id": 2}\n{"id": 3}\n{"id": 4,, "v": 1}\n' >2.jsonl
    run 1
    says "2.jsonl" "line 3" "byte 10" "resource 't'"
    unchanged
    printf '{"id": 2}\n{"id": 3}\n{"id": 4, "v": "b"}\n' >2.jsonl
    run 0
    equal 4 "$(sql "select count(*) from t")"
}

test_programs_get_the_place_in_parts() {
    loaded_once
    printf '{"id": 2}\n{"id": 4,, "v": 1}\n' >2.jsonl
    "$tidegate" run spec.yaml --json >out.json 2>err.txt && fail "it was loaded"
    python3 -c "
import json
said = json.load(open('out.json'))
error = said['error']
assert error['code'] == 'TG_DATA' and error['resource'] == 't', error
assert error['file'] == '2.jsonl' and error['line'] == 2 and 'row' not in error, error
assert not error['retryable'] and 'malformed JSON' in error['what'], error
assert said['warnings'] == [], said"
    grep -q "malformed JSON" err.txt
    unchanged
}

# An empty one once was found at every place, for ever.
test_delimiters_that_separate_nothing() {
    printf 'id\tb\n1\t2\n' >t.csv
    for delimiter in "''" ab '"\""' '"\n"' x; do
        spec "t: {path: t.csv, delimiter: $delimiter}"
        run 2
        says "delimiter" "resource 't'" "or tab"
    done
    spec "t: {path: t.csv, delimiter: tab}"
    run 0
    equal 2 "$(sql "select b from t")"
}

test_two_values_on_a_line() {
    loaded_once
    printf '{"id": 2} {"id": 3}\n' >2.jsonl
    run 1
    says "2.jsonl" "line 1"
    unchanged
}

test_a_value_across_two_lines() {
    loaded_once
    printf '{"id": [2\n3]}\n' >2.jsonl
    run 1
    says "2.jsonl" "line 1"
    unchanged
}

# What is elsewhere, or of another format, is told before anything is read, by check, too.
refused() {
    run 2
    says "$@"
    said=$("$tidegate" check spec.yaml 2>&1) && fail "check found nothing"
    says "$@"
}

test_places_elsewhere() {
    spec "t: {path: 's3://bucket/*.csv'}"
    refused "path 's3://bucket/*.csv' is a place elsewhere" "aws s3 sync"
    spec "t: {path: [here.csv, 'https://example.com/a.csv']}"
    refused "path 'https://example.com/a.csv' is a place elsewhere" "curl"
    spec "t: {path: '*.csv'}"
    sed -i 's#type: files#&, root: "gs://bucket/folder"#' spec.yaml
    refused "root 'gs://bucket/folder' is a place elsewhere" "gcloud storage"
    sed -i 's#gs://bucket/folder#file:///data#' spec.yaml
    refused "write the path alone: '/data'"
    mkdir s3: # a folder may be called so
    printf 'id\n1\n' >s3:/a.csv
    spec "t: {path: './s3:/a.csv'}"
    run 0
}

test_other_formats() {
    spec "t: {path: a.xlsx}"
    : >a.xlsx
    refused "file 'a.xlsx' is an Excel workbook by its name" "read_xlsx" "docs/file-formats.md"
    spec "t: {path: a.tar.gz}"
    : >a.tar.gz
    refused "file 'a.tar.gz' is a tar archive by its name"
    spec "t: {path: a.csv}"
    printf 'Obj\001rows' >a.csv
    run 1
    says "a.csv" "its first bytes are those of an Avro file" "read_avro"
}

test_truncated_gzip() {
    loaded_once
    seq 1 20000 | sed 's/.*/{"id": &, "v": "some text &"}/' | gzip >2.jsonl.gz
    truncate -s 30000 2.jsonl.gz
    mv 2.jsonl.gz 2.jsonl
    run 1
    says "2.jsonl" "truncated" "gzip"
    unchanged
}

test_truncated_zstd() {
    loaded_once
    command -v zstd >/dev/null || return 0
    seq 1 20000 | sed 's/.*/{"id": &, "v": "some text &"}/' | zstd -q >2.jsonl
    truncate -s 20000 2.jsonl
    run 1
    says "2.jsonl" "truncated"
    unchanged
}

# Beyond the head of the file, and where a row ends: only the end of the stream can tell.
csv_rows() { seq 1 "$1" | sed '1s/^/id\n/'; }

test_cut_csv_gz_loads_nothing_of_it() {
    spec "t: {path: 'a.csv.gz'}"
    csv_rows 200000 | gzip >whole.gz
    head -c 300000 whole.gz >a.csv.gz
    run 1
    says "a.csv.gz" "is truncated: the gzip stream ends after 300000 bytes"
    equal "" "$(sql "select count(*) from information_schema.tables where table_name = 't' having count(*) > 0")"
    mv whole.gz a.csv.gz
    run 0
    equal 200000 "$(sql "select count(*) from t")"
}

test_damaged_csv_gz_loads_nothing_of_it() {
    spec "t: {path: '*.csv.gz'}"
    csv_rows 10 | gzip >a.csv.gz
    run 0
    csv_rows 200000 | gzip >b.csv.gz
    printf '\1\2\3\4' | dd of=b.csv.gz bs=1 seek=$(($(stat -c %s b.csv.gz) - 8)) conv=notrunc status=none
    run 1
    says "b.csv.gz" "is damaged" "incorrect data check"
    equal 10 "$(sql "select count(*) from t")"
    : >b.csv.gz
    run 1
    says "b.csv.gz" "is truncated"
    csv_rows 200000 | gzip >b.csv.gz
    run 0
    equal 200010 "$(sql "select count(*) from t")"
}

test_cut_csv_zst_loads_nothing_of_it() {
    command -v zstd >/dev/null || return 0
    spec "t: {path: 'a.csv.zst'}"
    csv_rows 200000 | zstd -q --no-check >whole.zst
    head -c $(($(stat -c %s whole.zst) / 2)) whole.zst >a.csv.zst
    run 1
    says "a.csv.zst" "is truncated: the zstd stream"
    mv whole.zst a.csv.zst
    run 0
    equal 200000 "$(sql "select count(*) from t")"
}

# Each made a header and no rows once, and the file counted as loaded.
test_files_that_are_something_else_than_their_name_says() {
    spec "{t: {path: 't.jsonl'}, c: {path: 'c.*'}}"
    echo '{"id": 1}' >t.jsonl
    echo id >c.csv
    echo 1 >>c.csv
    run 0
    sql "copy (select 1 as id) to 'p.parquet' (format parquet)" >/dev/null
    mv p.parquet c.csv
    run 1
    says "c.csv" "those of a Parquet file, not of UTF-8 text"
    gzip <c.csv >c.csv.gz
    rm c.csv
    run 1
    says "c.csv.gz" "those of a Parquet file"
    printf 'id\n2\n' | gzip | gzip >c.csv.gz
    run 1
    says "c.csv.gz" "those of a gzip file" "unpack it once"
    mv c.csv.gz c.jsonl
    run 1
    says "c.jsonl" "those of a gzip file"
    printf '\377\376i\0d\0\n\0' >c.jsonl
    run 1
    says "c.jsonl" "those of UTF-16 text" "iconv"
    rm c.jsonl
    printf 'na\357ve,b\n1,2\n' >c.csv
    run 1
    says "c.csv" "column 1" "'na?ve'" "is not UTF-8"
    mv c.csv c.parquet
    run 1
    says "c.parquet" "those of text, not of Parquet"
    rm c.parquet
    printf 'id\n2\n' >c.csv
    run 0
    equal 1,2 "$(sql "select string_agg(id, ',' order by id) from c" | tr -d '"')"
}

# It can be opened and read once only.
test_csv_from_a_pipe() {
    spec "t: {path: 'a.csv'}"
    mkfifo a.csv
    csv_rows 100000 >a.csv &
    run 0
    wait
    equal 100000 "$(sql "select count(*) from t")"
}

test_empty_file() {
    loaded_once
    : >2.jsonl
    run 0
    equal 1 "$(sql "select count(*) from t")"
}

test_a_file_that_vanishes_during_the_run() {
    loaded_once
    # A pipe holds the run in its first file until the second is gone.
    spec "t: {path: [2.jsonl, '*.jsonl']}"
    mkfifo 2.jsonl
    echo '{"id": 3}' >3.jsonl
    { rm 3.jsonl; echo '{"id": 2}'; } >2.jsonl &
    run 1
    wait
    says "3.jsonl"
    rm 2.jsonl
    unchanged
}

test_mixed_types_become_variants() {
    spec
    printf '{"a": 1}\n{"a": "x"}\n{"a": true}\n{"a": [1]}\n{"a": {"b": 1}}\n' >t.jsonl
    run 0
    equal 1 "$(sql "select count(a) from t")"
    equal x "$(sql "select max(a__v_text) from t")"
    equal true "$(sql "select max(a__v_bool) from t")"
    equal 1 "$(sql "select max(a__b) from t")"
    equal 1 "$(sql "select max(value) from t__a")"
}

test_a_thousand_columns() {
    spec
    python3 -c "
import json
for i in range(3000): print(json.dumps({f'c{(i + k) % 1000}': i for k in range(1000)}))" >t.jsonl
    run 0
    equal 1002 "$(sql "select count(*) from information_schema.columns where table_schema = 'd' and table_name = 't'")"
    equal 3000 "$(sql "select count(c999) from t")"
}

test_nesting_of_a_hundred_levels() {
    spec
    python3 -c "print('{\"a\": ' * 100 + '1' + '}' * 100); print('{\"l\": ' + '[' * 100 + '1' + ']' * 100 + '}')" >t.jsonl
    run 0
    equal 1 "$(sql "select count($(python3 -c "print('__'.join(['a'] * 100))")) from t")"
}

test_nesting_beyond_reason_is_an_error() {
    loaded_once
    python3 -c "print('{\"a\": ' * 100000 + '1' + '}' * 100000)" >2.jsonl
    run 1
    says "2.jsonl" "nested"
    unchanged
}

test_strings_of_ten_megabytes() {
    spec
    python3 -c "
for i in range(4): print('{\"id\": %d, \"s\": \"%s\"}' % (i, 'x' * 10_000_000))" >t.jsonl
    run 0
    equal 40000000 "$(sql "select sum(length(s)) from t")"
}

# The engine parsed the document, for four times its text.
test_rejected_rows_of_thirty_megabytes() {
    spec "t: {path: 't.*', schema_contract: {data_type: discard_row}, line_bytes_max: 64MiB, columns: {id: {data_type: bigint}}}"
    python3 -c "
print('{\"id\": \"x\", \"s\": \"%s\"}' % ('j' * 30_000_000))" >t.jsonl
    python3 -c "print('id,s\n1,a\nx,' + 'c' * 30_000_000)" >t.csv
    run 0
    equal 1 "$(sql "select count(*) from t")"
    equal "t.csv 30000017 t.jsonl 30000017" \
        "$(sql "select string_agg(file || ' ' || length(document::varchar), ' ' order by file) from _tidegate_rejects")"
}

test_duplicate_keys_in_an_object() {
    spec
    printf '{"id": 1, "a": 1, "s": "x", "a": 2, "s": "yz"}\n{"id": 2, "a": 3}\n' >t.jsonl
    run 0
    equal 2 "$(sql "select count(*) from t")"
    equal 2 "$(sql "select a from t where id = 1")" "the last value of a key given twice"
    equal yz "$(sql "select s from t where id = 1")" "the last text of a key given twice"
}

test_duplicate_keys_of_a_merge() {
    spec "t: {path: t.jsonl, write_disposition: merge, primary_key: id}"
    printf '{"id": 1, "a": 1}\n{"id": 1, "a": 2}\n' >t.jsonl
    run 0
    equal 1 "$(sql "select count(*) from t")"
    equal 2 "$(sql "select a from t")"
}

test_invalid_utf8() {
    loaded_once
    printf '{"id": 2}\n{"id": 3, "v": "\xff\xfe"}\n' >2.jsonl
    run 1
    says "2.jsonl" "line 2" "UTF-8"
    unchanged
}

test_a_folder_where_a_file_should_be() {
    spec
    mkdir t.jsonl
    run 1
    says "t.jsonl" "folder"
}

test_a_missing_file() {
    spec
    run 1
    says "t.jsonl" "resource 't'"
}

test_a_read_only_destination() {
    loaded_once
    echo '{"id": 2, "v": "b"}' >2.jsonl
    mkdir -p work
    chmod 444 test.duckdb
    chmod 755 . ..
    chown 65534 work
    said=$(setpriv --reuid=65534 --regid=65534 --clear-groups "$tidegate" run spec.yaml --progress none \
        --workdir "$PWD/work" 2>&1) && fail "the run went through"
    says "test.duckdb"
    chmod 644 test.duckdb
    unchanged
    run 0
    equal 2 "$(sql "select count(*) from t")"
}

test_a_full_disk_under_the_working_directory() {
    loaded_once
    mkdir small
    mount -t tmpfs -o size=2M tmpfs small || return 0
    trap 'umount small' EXIT
    seq 1 300000 | sed 's/.*/{"id": &, "v": "some text & that is not like another"}/' >2.jsonl
    run 1 --workdir small
    says "space"
    unchanged
    run 0
    equal 300001 "$(sql "select count(*) from t")"
}

test_a_full_disk_under_the_destination() {
    spec
    mkdir small
    mount -t tmpfs -o size=2M tmpfs small || return 0
    trap 'umount small' EXIT
    sed -i 's|duckdb:///test|duckdb:///small/test|' spec.yaml
    echo '{"id": 0, "v": "a"}' >t.jsonl
    run 0
    seq 1 300000 | sed 's/.*/{"id": &, "v": "some text & that is not like another"}/' >t.jsonl
    run 1
    says "space"
    equal 1 "$(sql "select count(*) from t")"
    mount -o remount,size=200M small
    run 0
    equal 300001 "$(sql "select count(*) from t")"
}

# Rows that wait for the end because very many are known at their value.
test_a_full_disk_under_rows_that_are_held() {
    spec "t: {path: '*.jsonl', incremental: {cursor: ts}}"
    seq 1 11000 | sed 's/.*/{"id": &, "ts": 1}/' >1.jsonl
    run 0
    mkdir small
    mount -t tmpfs -o size=2M tmpfs small || return 0
    trap 'umount small' EXIT
    seq 200000 -1 1 | sed 's/.*/{"id": &, "ts": 1}/' >2.jsonl
    run 1 --workdir small --memory 64MiB
    says "space"
    equal 11000 "$(sql "select count(*) from t")"
    equal "" "$(find small -name '*.ties')" "what is left of them"
    run 0
    equal "200000 200000" "$(sql "select count(*) || ' ' || count(distinct id) from t")"
}

test_a_destination_that_another_process_holds() {
    loaded_once
    echo '{"id": 2, "v": "b"}' >2.jsonl
    hold
    run 3
    release
    says "test.duckdb"
    run 0
    equal 2 "$(sql "select count(*) from t")"
}

test_a_pipeline_that_another_run_holds() {
    loaded_once
    spec "t: {path: ['*.jsonl', 2.jsonl]}"
    mkfifo 2.jsonl
    "$tidegate" run spec.yaml --progress none >/dev/null &
    holder=$!
    exec 3>2.jsonl # waits until it is read
    run 3
    says "pid"
    echo '{"id": 2, "v": "b"}' >&3
    exec 3>&-
    wait "$holder"
    rm 2.jsonl
    equal 2 "$(sql "select count(*) from t")"
}

test_a_destination_that_is_no_database() {
    spec
    echo '{"id": 1}' >t.jsonl
    seq 1 100000 >test.duckdb
    run 1
    says "test.duckdb"
    equal "1" "$(head -1 test.duckdb)" "the file that is no database"
}

test_a_frozen_schema_meets_a_new_column() {
    spec "t: {path: '*.jsonl', schema_contract: {columns: freeze}}"
    echo '{"id": 1, "v": "a"}' >1.jsonl
    run 0
    echo '{"id": 2, "surprise": "b"}' >2.jsonl
    run 4
    says "tidegate: " "resource 't'" "surprise" "schema_contract"
    unchanged
}

test_keys_of_the_schema_that_are_wrong() {
    spec "t: {path: t.jsonl, row_ids: key}"
    run 2
    says "spec.yaml:6:22" "row_ids: key needs a primary_key"
    spec "t: {path: t.jsonl, schema_contract: freze}"
    run 2
    says "did you mean 'freeze'?"
    spec
    printf 'schema: {preferred_types: {"re:a[": text}}\n' >>spec.yaml
    run 2
    says "spec.yaml:7:28" "the regular expression 'a['"
}

test_a_row_without_the_cursor() {
    spec "t: {path: t.jsonl, incremental: id}"
    printf '{"id": 1}\n{"x": 2}\n' >t.jsonl
    run 1
    says "line 2" "id"
}

run_tests
