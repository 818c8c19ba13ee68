#!/usr/bin/env bash
# Files that were loaded: known again under any name, read on where they grew, and said so when they are loaded again.
# Each test failed before files were known by their text; what guards it is named where it is not plain.
. "$(dirname "$0")/lib.bash"

rows() { "$tidegate" sql spec.yaml "select string_agg(id, ' ' order by id) from t" --csv | sed -n 2p | tr -d '"'; }

# loads WANTED [CODE]: a run, and the ids that are in the table then
loads() {
    run "${2:-0}"
    equal "$1" "$(rows)" "rows of t"
}

nothing_new() {
    run 0
    says "Nothing new"
}

test_a_file_that_grew_gives_its_new_rows() {
    spec "t: {path: 't.*'}"
    printf 'id,v\r\n1,"a\r\nb"\r\n2,b\r\n' >t.csv
    loads "1 2"
    nothing_new
    printf '3,"c,\r\nd"\r\n' >>t.csv
    loads "1 2 3"
    equal 1 "$(sql "select count(*) from t where id = 3 and v like 'c,%d'")"
    nothing_new
    printf '{"id": 4}\n' >t.jsonl
    loads "1 2 3 4"
    printf '{"id": 5}\n' >>t.jsonl
    loads "1 2 3 4 5"
    equal "1|1" "$(sql "select rows_read || '|' || rows_new from _tidegate_loads order by load_id desc limit 1")"
    nothing_new
}

test_a_compressed_file_that_grew() {
    command -v zstd >/dev/null || return 0
    spec "t: {path: 't.*'}"
    printf 'id,v\n1,a\n' | gzip >t.csv.gz
    printf '{"id": 2}\n' | zstd -q >t.jsonl.zst
    loads "1 2"
    printf '3,c\n' | gzip >>t.csv.gz
    printf '{"id": 4}\n' | zstd -q >>t.jsonl.zst
    loads "1 2 3 4"
    printf 'id,v\n1,a\n3,c\n5,e\n' | gzip -9 >t.csv.gz # packed anew, with more
    loads "1 2 3 4 5"
    nothing_new
}

# It may have been half written when it was read.
test_a_rejected_last_line_without_an_end_comes_again() {
    spec "t: {path: t.jsonl, on_bad_row: reject}"
    printf '{"id": 1}\nbad\n{"id"' >t.jsonl
    loads "1"
    equal 2 "$(sql "select count(*) from _tidegate_rejects")"
    nothing_new
    printf ': 2}\n{"id": 3}\n{"id": 4' >>t.jsonl
    loads "1 2 3"
    printf '}\n' >>t.jsonl
    loads "1 2 3 4"
    nothing_new
    equal 3 "$(sql "select count(*) from _tidegate_rejects")"
}

# As above; a row whose quote is open is not rejected, it waits.
test_a_rejected_last_line_of_csv_comes_again() {
    spec "t: {path: 't*.csv', on_bad_row: reject}"
    printf 'id,v\n1,a\n9\n2' >t.csv
    printf 'id,v\r\n11,\xc4\x8d\r\n12,"\xc4\x8d"\r\n13,c\r\n' | iconv -f utf-8 -t utf-16 >whole
    head -c 35 whole >t2.csv # half of a unit is there
    loads "1 11"
    equal 2 "$(sql "select count(*) from _tidegate_rejects")"
    printf ',b\n3,c\n4,"d' >>t.csv
    tail -c +36 whole >>t2.csv
    loads "1 2 3 11 12 13"
    printf '"\n' >>t.csv
    loads "1 2 3 4 11 12 13"
    nothing_new
    equal 2 "$(sql "select count(*) from _tidegate_rejects")"
    equal 2 "$(sql "select count(*) from t where v = chr(269)")"
}

test_a_rejected_last_row_of_several_lines_comes_again() {
    spec "t: {path: t.csv, on_bad_row: reject}"
    printf 'id,v,w\n1,a,b\n2,"a\nb"' >t.csv
    loads "1"
    equal 1 "$(sql "select count(*) from _tidegate_rejects")"
    nothing_new
    printf ',c\n' >>t.csv
    loads "1 2"
    nothing_new
}

# Rows of several lines that are cut at many bytes, in a file that has grown: none comes in pieces.
test_a_row_of_csv_that_is_still_written_waits() {
    local options at cuts
    for options in "" ", on_bad_row: reject" ", encoding: utf-16le"; do
        spec "t: {path: t.csv$options}"
        printf 'id,v\r\n1,"x\ny"\r\n' >head
        printf '2,"a\r\n""b"", \xc4\x8d"\r\n3,c\r\n' >rows
        cuts="3 4 5 6 8 9 11 13 14 15"
        if [[ $options == *16* ]]; then
            for file in head rows; do
                iconv -f utf-8 -t utf-16le $file >wide && mv wide $file
            done
            cuts="6 9 10 13 16 18 27 28"
        fi
        for at in $cuts; do
            rm -rf .tidegate test.duckdb
            cp head t.csv
            loads "1"
            head -c $at rows >>t.csv
            run 0
            says "'t.csv' ends within a row, which begins on line 4 with a quote that is open: it waits"
            equal 1 "$(sql "select count(*) from t")"
            tail -c +$((at + 1)) rows >>t.csv
            loads "1 2 3"
            equal 1 "$(sql "select count(*) from t where v = 'a' || chr(13) || chr(10) || '\"b\", ' || chr(269)")"
            equal 0 "$(sql "select count(*) from information_schema.tables where table_name = '_tidegate_rejects'")"
        done
    done
    nothing_new
}

# Nothing comes any more: the second run says so, each time; where bad rows are put aside they are, once.
test_a_quote_that_is_never_closed_is_told() {
    spec "t: {path: t.csv}"
    printf 'id,v\n1,a\n2,"b\n3,c\n' >t.csv
    run 1
    says "line 3" "is not closed before the end of the file"
    printf 'id,v\n1,a\n' >t.csv
    loads "1"
    printf '2,"b\n3,c\n' >>t.csv
    run 0
    says "ends within a row, which begins on line 3"
    run 1
    says "line 3" "byte 3" "is not closed before the end of the file; run again if more of it is to come"
    run 1
    printf '",4\n' >>t.csv
    run 1
    says "line 5" "3 fields"
    spec "t: {path: t.csv, on_bad_row: reject}"
    printf 'id,v\n1,a\n2,"b\n3,c\n' >t.csv
    loads "1"
    equal 0 "$(sql "select count(*) from information_schema.tables where table_name = '_tidegate_rejects'")"
    loads "1 3"
    equal 1 "$(sql "select count(*) from _tidegate_rejects")"
    nothing_new
    printf '4,d\n' >>t.csv
    loads "1 3 4"
    equal 1 "$(sql "select count(*) from _tidegate_rejects")"
}

# The first row of all; a log that is rotated while a row waits; a file that is compressed.
test_where_a_row_waits() {
    spec "t: {path: 't.*', on_bad_row: reject}"
    printf 'id,v\n1,"a\n' >t.csv
    run 0
    says "ends within a row, which begins on line 2"
    printf 'b"\n2,"c\n' >>t.csv
    loads "1"
    gzip t.csv
    run 0
    says "'t.csv.gz' ends within a row, which begins on line 4"
    printf 'd"\n' | gzip >>t.csv.gz
    loads "1 2"
    equal 0 "$(sql "select count(*) from information_schema.tables where table_name = '_tidegate_rejects'")"
    nothing_new
}

# The ledger has no row of such a file, but its rejected ones are loaded.
test_rejected_rows_of_a_file_that_grows_come_once() {
    spec "t: {path: 't.*', on_bad_row: reject}"
    printf 'id,v\n9\n2,"a' >t.csv
    printf 'bad\n' >t.jsonl
    run 0
    says "'t.csv' ends within a row, which begins on line 3"
    equal 2 "$(sql "select count(*) from _tidegate_rejects")"
    printf '\nb' >>t.csv
    run 0
    says "it waits"
    printf '\nc"\n' >>t.csv
    printf '{"id": 3}\n' >>t.jsonl
    loads "2 3"
    nothing_new
    equal 2 "$(sql "select count(*) from _tidegate_rejects")"
    equal 1 "$(sql "select count(*) from t where v = 'a' || chr(10) || 'b' || chr(10) || 'c'")"
}

# What is left out as a copy is not read on within a row.
test_a_row_that_waits_waits_in_a_copy_too() {
    spec "t: {path: 't*.csv', same_content: skip, on_bad_row: reject}"
    printf 'id,v\n1,x\n2,"a\n' >t1.csv
    cp t1.csv t2.csv
    loads "1"
    printf 'b"\n3,c\n' >>t2.csv
    loads "1 2 3"
    equal 1 "$(sql "select count(*) from t where v = 'a' || chr(10) || 'b'")"
    equal 1 "$(sql "select count(*) from _tidegate_rejects")"
    nothing_new
}

# Nobody waits for it in silence once files are not read on any more.
test_a_row_that_waits_is_told_whatever_becomes_of_files_that_grow() {
    local choice
    for choice in "all|line 3, byte 3" "fail|has grown since it was loaded"; do
        rm -rf .tidegate test.duckdb
        spec "t: {path: t.csv}"
        printf 'id,v\n1,a\n' >t.csv
        loads "1"
        printf '2,"b' >>t.csv
        run 0
        spec "t: {path: t.csv, on_grown: ${choice%|*}}"
        run 1
        says "${choice#*|}"
    done
}

test_why_reads_a_file_of_which_a_row_waits() {
    local said
    spec "t: {path: t.csv}"
    printf 'id,v\n1,a\n' >t.csv
    loads "1"
    printf '2,"b' >>t.csv
    said=$("$tidegate" why spec.yaml t id=1 --read)
    [[ $said == *"(file 't.csv', line 2)"* ]] || fail "it says: $said"
}

# A file that the cursor has no need of is looked at once more where a row of it waits.
test_a_row_that_waits_is_told_of_in_a_file_that_is_skipped() {
    spec "t: {path: 't*.csv', skip_unmodified: true, incremental: {cursor: at}}"
    printf 'id,at,v\n1,2024-01-01T00:00:00Z,a\n' >t1.csv
    touch -d 2024-01-01T00:00:00Z t1.csv
    loads "1"
    printf '2,2024-01-01T01:00:00Z,"b' >>t1.csv
    touch -d 2024-01-03T00:00:00Z t1.csv
    printf 'id,at,v\n3,2024-02-01T00:00:00Z,c\n' >t2.csv
    loads "1 3"
    run 1
    says "t1.csv" "line 3" "is not closed before the end of the file"
    printf '"\n' >>t1.csv
    touch -d 2024-01-03T00:00:01Z t1.csv
    loads "1 3" # the row is older than the cursor
    run 0
    says "1 file skipped unread"
}

test_bzip2_and_xz_that_grew() {
    command -v bzip2 >/dev/null && command -v xz >/dev/null || return 0
    spec "t: {path: 't.*'}"
    printf 'id,v\n1,a\n' | bzip2 >t.csv.bz2
    printf '{"id": 2}\n' | xz >t.jsonl.xz
    loads "1 2"
    printf '3,c\n' | bzip2 >>t.csv.bz2
    printf '{"id": 4}\n' | xz >>t.jsonl.xz
    loads "1 2 3 4"
    printf 'id,v\n1,a\n3,c\n5,e\n' | bzip2 -1 >t.csv.bz2 # packed anew, with more
    loads "1 2 3 4 5"
    xz -dc t.jsonl.xz >t.jsonl # the same text under another name
    rm t.jsonl.xz
    nothing_new
    head -c 20 t.csv.bz2 >u.csv.bz2
    mv u.csv.bz2 t.csv.bz2
    run 1
    says "t.csv.bz2" "is truncated: the bzip2 stream ends after 20 bytes"
}

test_a_csv_without_a_header_that_grew() {
    spec "t: {path: t.csv, header: false, columns: {column0: {data_type: bigint}}}"
    printf '\n1,a\n2,b\n' >t.csv
    run 0
    printf '3,c\n' >>t.csv
    run 0
    equal 3 "$(sql "select count(*) from t")"
    equal 3 "$(sql "select max(column0) from t")"
}

# A sequence of JSON texts that is cut anywhere: the last text comes again when it is whole, and no other one does.
test_json_texts_that_grew() {
    local text='\036{"id": 1,\n "v": [\n1]}\n\036{"id": 2}\n\036{\n"id": 3\n}\n' len
    spec "t: {path: t.json, on_bad_row: reject}"
    # shellcheck disable=SC2059
    printf "$text" >whole.txt
    for ((len = 1; len < $(wc -c <whole.txt); len += 5)); do
        head -c "$len" whole.txt >t.json
        run 0
    done
    cp whole.txt t.json
    loads "1 2 3"
    nothing_new
    printf '\036{"id": 4}' >>t.json
    loads "1 2 3 4"
    printf '\036{"id": 5}' >>t.json
    loads "1 2 3 4 5"
    nothing_new
}

# U+0D0A and U+010A are no line ends, in neither order of bytes: what ends with one may be half.
test_utf16_that_grew() {
    local order mark
    for order in LE BE; do
        mark=$(printf '\uFEFF')
        rm -rf ./*.duckdb .tidegate t.csv
        spec "t: {path: t.csv, columns: {id: text}}"
        printf '%sid,v\n1,\u0d0a' "$mark" | iconv -f UTF-8 -t "UTF-16$order" >t.csv
        loads "1"
        printf '\n2,\u010a\n' | iconv -f UTF-8 -t "UTF-16$order" >>t.csv # the line ends there
        loads "1 2"
        printf '3,\u0d0a' | iconv -f UTF-8 -t "UTF-16$order" >>t.csv
        loads "1 2 3"
        printf 'more\n' | iconv -f UTF-8 -t "UTF-16$order" >>t.csv
        run 1
        says "its last row had no line end"
    done
}

# Lines are counted as CSV has them, in what was loaded before, too.
test_the_line_of_what_was_added() {
    spec "t: {path: t.csv, on_bad_row: reject}"
    printf 'id,v\r1,a\r2,"b\r\nc\rd"\r' >t.csv
    run 0
    printf '3\r4,e\r' >>t.csv
    run 0
    equal 6 "$(sql "select line from _tidegate_rejects")"
    rm -rf ./*.duckdb .tidegate
    printf 'id,v\n1,\u0a0d\n' | iconv -f UTF-8 -t UTF-16 >t.csv
    run 0
    printf '2\n' | iconv -f UTF-8 -t UTF-16LE >>t.csv
    run 0
    equal 3 "$(sql "select line from _tidegate_rejects")"
}

test_a_long_file_that_grew() {
    spec "t: {path: 't.*'}"
    { echo id,v; seq 1 400000 | sed 's/$/,some text/'; } >t.csv
    seq 400001 700000 | sed 's/.*/{"id": &}/' >t.jsonl
    run 0
    echo 700001,x >>t.csv
    echo '{"id": 700002}' >>t.jsonl
    run 0
    equal "700002 700002 700002" "$(sql "select count(*) || ' ' || count(distinct id) || ' ' || max(id) from t")"
    nothing_new
}

test_errors_in_new_rows_name_their_line() {
    spec "t: {path: 't.*'}"
    printf 'id,v\n1,a\n2,b\n' >t.csv
    printf '{"id": 3}\n{"id": 4}\n' >t.jsonl
    run 0
    printf '{"id": 5}\n{"id": \n' >>t.jsonl
    run 1
    says "t.jsonl" "line 4"
    rm t.jsonl
    printf '3,c\n4,d,e\n' >>t.csv
    run 1
    says "t.csv" "line 5"
}

test_a_last_row_that_may_have_been_read_half() {
    spec "t: {path: t.csv}"
    printf 'id,v\n1,a\n2,b' >t.csv
    loads "1 2"
    printf 'c\n3,d\n' >>t.csv
    run 1
    says "t.csv" "may have been read half" "--full-refresh"
    equal "1 2" "$(rows)"
    run 0 --full-refresh --select t
    equal "1 2 3" "$(rows)"
    equal bc "$(sql "select v from t where id = 2")"
    printf '4,e' >>t.csv
    loads "1 2 3 4"
    printf '\n5,f\n' >>t.csv # the line ends right behind what was read
    loads "1 2 3 4 5"
}

test_on_grown() {
    spec "t: {path: t.csv, on_grown: fail}"
    printf 'id\n1\n' >t.csv
    loads "1"
    printf '2\n' >>t.csv
    run 1
    says "t.csv" "has grown" "on_grown: fail"
    equal "1" "$(rows)"
    spec "t: {path: t.csv, on_grown: all}"
    loads "1 1 2"
    says "Warning" "on_grown: all" "t.csv" "1 file, 2 rows"
    nothing_new
}

test_several_texts_for_null() {
    spec "t: {path: t.csv, 'null': ['', NA, \"it's\"]}"
    printf "id,v\n1,\n2,NA\n3,it's\n4,x\n" >t.csv
    loads "1 2 3 4"
    equal "4" "$(sql "select id from t where v is not null")"
}

test_on_loaded() {
    spec "t: {path: '*.csv', on_loaded: load}"
    printf 'id\n1\n' >a.csv
    loads "1"
    printf 'id\n2\n' >b.csv
    loads "1 1 2"
    spec "t: {path: '*.csv'}" # what was loaded is known all the same
    nothing_new
    spec "t: {path: '*.csv', on_loaded: load, write_disposition: merge, primary_key: id}"
    run 2
    says "on_loaded is for write_disposition: append"
}

test_a_rewritten_file_is_loaded_whole_and_said_so() {
    spec "t: {path: '*.csv'}"
    printf 'id\n1\n2\n' >a.csv
    printf 'id\n3\n' >b.csv
    loads "1 2 3"
    printf 'id\n1\n4\n' >a.csv # of the same size
    printf 'id\n5\n' >b.csv
    loads "1 1 2 3 4 5"
    says "Warning" "rewritten since it was loaded" "'a.csv' and 1 more" "2 files, 3 rows"
    nothing_new
}

test_a_change_in_the_middle_of_a_large_file() {
    spec
    seq 1 50000 | sed 's/.*/{"id": &, "v": "........"}/' >t.jsonl
    run 0
    sed -i '25000s/\.\.\.\.\.\.\.\./changed!/' t.jsonl
    touch -d 2001-01-01 t.jsonl
    run 0
    equal 1 "$(sql "select count(*) from t where v = 'changed!'")"
    says "rewritten" "1 file, 50000 rows"
}

test_renamed_moved_and_compressed_files_are_known() {
    spec "t: {path: '**/*.*'}"
    sed -i 's/type: files/type: files, root: data/' spec.yaml
    mkdir data
    printf 'id\n1\n' >data/a.csv
    printf '{"id": 2}\n' >data/b.jsonl
    loads "1 2"
    mkdir data/sub
    mv data/a.csv data/sub/x.csv
    gzip data/b.jsonl
    loads "1 2"
    says "Nothing new"
    nothing_new
    mkdir other
    mv data other/
    sed -i 's/root: data/root: other/' spec.yaml
    loads "1 2"
    mv other/data data
    sed -i 's/root: other/root: data/' spec.yaml
    loads "1 2"
    mv data/sub/x.csv data/a.csv
    gunzip data/b.jsonl.gz
    loads "1 2"
    nothing_new
    equal 2 "$(sql "select count(*) from _tidegate_files")" "files in the ledger"
}

# A text is known when it comes back, although its name has held another one meanwhile.
test_a_text_that_comes_back() {
    spec "t: {path: '*.csv'}"
    printf 'id\n1\n' >a.csv
    loads "1"
    cp a.csv kept
    printf 'id\n2\n' >a.csv
    loads "1 2"
    says "rewritten"
    nothing_new
    cp kept b.csv
    loads "1 2"
    says "Nothing new"
    nothing_new
    equal 2 "$(sql "select count(*) from _tidegate_files")" "entries"
    rm b.csv
    cp a.csv other
    cp kept a.csv
    loads "1 2"
    cp other a.csv
    loads "1 2"
    cp kept b.csv
    loads "1 2"
    nothing_new
    cp kept c.csv
    loads "1 1 2"
    says "same text"
}

test_logs_that_are_rotated() {
    spec "t: {path: 'log*', format: jsonl}"
    printf '{"id": 1}\n' >log.1
    printf '{"id": 2}\n' >log
    loads "1 2"
    printf '{"id": 3}\n' >>log
    mv log.1 log.2
    mv log log.1
    printf '{"id": 4}\n' >log
    loads "1 2 3 4"
    nothing_new
    equal 3 "$(sql "select count(*) from _tidegate_files")" "files in the ledger"
}

test_equal_files_of_two_customers() {
    spec "t: {path: '*.csv'}"
    printf 'id\n1\n' >a.csv
    loads "1"
    cp a.csv b.csv
    printf 'id\n2\n' >c.csv
    cp c.csv d.csv
    loads "1 1 2 2"
    says "Warning" "same text" "'b.csv' and 1 more" "2 files, 2 rows"
    nothing_new
    spec "t: {path: '*.csv', same_content: skip}"
    cp a.csv e.csv
    printf 'id\n3\n' >f.csv
    cp f.csv g.csv
    loads "1 1 2 2 3"
    nothing_new
    spec "t: {path: '*.csv', same_content: fail}"
    cp a.csv h.csv
    run 1
    says "h.csv" "same text as" "same_content: fail"
    rm h.csv
    printf 'id\n4\n' >i.csv
    cp i.csv j.csv
    run 1
    says "j.csv" "i.csv"
    rm j.csv
    loads "1 1 2 2 3 4"
}

# Equal files without a row in them are nothing to speak of.
test_files_without_rows() {
    spec "t: {path: '*.csv', same_content: fail}"
    for name in a b c; do printf 'id,v\n' >$name.csv; done
    : >d.csv
    : >e.csv
    printf 'id,v\n1,x\n' >f.csv
    loads "1"
    printf '2,y\n' >>a.csv
    loads "1 2"
    case $said in *Warning*) fail "$said" ;; esac
}

test_replace_and_merge_that_become_append() {
    spec "t: {path: '*.csv', write_disposition: replace}"
    printf 'id\n1\n' >a.csv
    loads "1"
    spec "t: {path: '*.csv', write_disposition: merge, primary_key: id}"
    printf 'id\n2\n' >b.csv
    loads "1 2"
    loads "1 2"
    spec "t: {path: '*.csv'}"
    nothing_new
    printf 'id\n3\n' >c.csv
    loads "1 2 3"
}

# What is remembered of the files of a merge does not make a load of a run without news.
test_a_merge_without_news_writes_nothing() {
    spec "t: {path: '*.csv', write_disposition: merge, primary_key: id, incremental: {cursor: id}}"
    printf 'id\n1\n' >a.csv
    loads "1"
    run 0
    equal 1 "$(sql "select count(*) from _dlt_loads")" "loads"
}

test_touched_files_are_read_once() {
    spec "t: {path: '*.csv'}"
    printf 'id\n1\n' >a.csv
    loads "1"
    touch -d 2001-01-01 a.csv
    nothing_new
    nothing_new
    equal 978307200000000 "$(sql "select modified_us from _tidegate_files")"
}

test_a_deleted_file_that_comes_again() {
    spec "t: {path: '*.csv'}"
    printf 'id\n1\n' >a.csv
    printf 'id\n2\n' >b.csv
    loads "1 2"
    mv a.csv kept
    run 0
    mv kept a.csv
    nothing_new
    rm a.csv
    printf 'id\n7\n' >a.csv
    loads "1 2 7"
}

test_a_cursor_and_files_together() {
    spec "t: {path: '*.csv', incremental: {cursor: id}}"
    printf 'id\n1\n5\n' >a.csv
    loads "1 5"
    printf '4\n6\n' >>a.csv # 4 is below the cursor
    loads "1 5 6"
    equal "2|1" "$(sql "select rows_read || '|' || rows_filtered from _tidegate_loads order by load_id desc limit 1")"
    printf 'id\n5\n6\n7\n' >a.csv
    loads "1 5 6 7"
}

# The ledger as version 0.1 left it has no hashes: what is as it was by the old rule gets them, once.
test_entries_of_version_0_1() {
    spec "t: {path: '*.csv'}"
    for i in 1 2 3; do printf 'id\n%s\n' $i >$i.csv; done
    loads "1 2 3"
    for column in content_hash head_hash content_bytes row_count; do
        "$tidegate" sql --write spec.yaml "alter table _tidegate_files drop column $column" >/dev/null
    done
    printf '33\n' >>3.csv
    loads "1 2 3 3 33" # by the old rule another size is another file
    says "Warning" "'3.csv' (1 file, 2 rows)"
    equal 3 "$(sql "select count(content_hash) from _tidegate_files")" "entries with a hash"
    mv 1.csv 4.csv
    printf '22\n' >>2.csv
    loads "1 2 3 3 22 33"
    nothing_new
}

test_full_refresh_forgets_files() {
    spec "t: {path: '*.csv'}"
    printf 'id\n1\n' >a.csv
    printf 'id\n2\n' >b.csv
    loads "1 2"
    rm a.csv
    run 0 --full-refresh
    equal "2" "$(rows)"
    printf 'id\n1\n' >a.csv
    loads "1 2"
}

test_options_that_mean_nothing() {
    printf 'id\n1\n' >t.csv
    spec "t: {path: t.csv, write_disposition: replace, on_grown: tail}"
    run 2
    says "spec.yaml:6:48" "on_grown is for write_disposition: append"
    spec "t: {path: t.csv, same_content: skip, incremental: {cursor: id, initial_value: 1, end_value: 2}}"
    run 2
    says "same_content and end_value do not go together"
    spec "t: {path: t.csv, on_grown: perhaps}"
    run 2
    says "perhaps" "tail"
}

test_a_file_name_that_is_not_utf8() {
    spec "t: {path: '*.*'}"
    printf '{"id": 1}\n' >$'caf\xe9.jsonl'
    printf 'id\n2\n' >$'caf\xe9.csv'
    printf 'id\n3\n' >'caf\xe9.csv' # the very text of the escape
    sed -i 's/\*\.\*/caf*/' spec.yaml
    loads "1 2 3"
    nothing_new
    equal 'caf\x5cxe9.csv caf\xe9.csv caf\xe9.jsonl' "$(sql "select string_agg(path, ' ' order by path) from _tidegate_files")"
    mv $'caf\xe9.jsonl' cafe.jsonl
    loads "1 2 3"
    printf '{"id": }\n' >$'caf\xe8.jsonl'
    run 1
    says 'caf\xe8.jsonl'
}

test_a_pipe_that_a_wildcard_matches() {
    spec "t: {path: '*.csv'}"
    printf 'id\n1\n' >a.csv
    mkfifo b.csv
    run 0
    says "Warning" "b.csv" "is a pipe"
    equal "1" "$(rows)"
    timeout 20 "$tidegate" check spec.yaml >said 2>&1
}

test_a_csv_from_a_pipe() {
    spec "t: {path: b.csv}"
    mkfifo b.csv
    for i in 1 2; do
        { echo id,v; seq 1 100000 | sed 's/$/,text/'; } >b.csv &
        run 0
        wait
        equal $((i * 100000)) "$(sql "select count(*) from t")"
    done
    equal 0 "$(sql "select count(*) from duckdb_tables() where table_name = '_tidegate_files'")"
}

test_a_pattern_that_never_matched() {
    spec "t: {path: ['*.csv', 'x/**/*.csv']}"
    printf 'id\n1\n' >a.csv
    run 0
    says "Warning" "pattern 'x/**/*.csv' matches no file" "never has"
    code=0
    "$tidegate" check spec.yaml >said 2>&1 || code=$?
    equal 1 $code
    grep -q "pattern 'x/\*\*/\*.csv' matches no file" said
    mkdir -p x/y
    printf 'id\n2\n' >x/y/a.csv
    "$tidegate" check spec.yaml
    loads "1 2"
    rm x/y/a.csv # taken away once it is loaded
    run 0
    case $said in *Warning*) fail "$said" ;; esac
}

# 20,000 files that are known are looked at by size and time alone.
test_many_files() {
    spec "t: {path: 'd/*.jsonl'}"
    mkdir d
    seq 1 20000 | awk '{f = "d/" $1 ".jsonl"; print "{\"id\": " $1 "}" >f; close(f)}'
    run 0
    chmod 000 d/777.jsonl # nobody opens it (but root may)
    SECONDS=0
    nothing_new
    [ $SECONDS -lt 10 ] || fail "a run without news took $SECONDS s"
    chmod 644 d/777.jsonl
    echo '{"id": 20001}' >d/20001.jsonl
    run 0
    equal "20001 20001" "$(sql "select count(*) || ' ' || count(distinct id) from t")"
}

# Both have a text, and only of the one is the key known.
test_why_tells_refused_rows_from_unread_ones() {
    spec "t: {path: t.jsonl, write_disposition: merge, primary_key: id, on_bad_row: reject,
        columns: {v: {data_type: bigint, nullable: false}}}"
    printf '{"id": 1, "v": 1}\n{"id": 2}\n{"id": 3\n' >t.jsonl
    run 0
    equal 2 "$(sql "select count(text) from _tidegate_rejects")"
    said=$("$tidegate" why spec.yaml t 2)
    says "did not take it from file" "is NOT NULL" "1 row"
    said=$("$tidegate" why spec.yaml t 4)
    case $said in *"did not take it"*) fail "$said" ;; esac
}

# Of a list of keys the other fields are of no use, and no news; of rows a contract says what it leaves out.
test_a_list_of_keys_is_quiet() {
    spec "t: {path: t.jsonl, keys_path: keys.jsonl, write_disposition: merge, primary_key: id, deletes: keys}"
    echo '{"id": 1, "v": 7}' >t.jsonl
    echo '{"id": 1, "other": 7, "l": [{"x": 1}]}' >keys.jsonl
    run 0
    run 0
    case $said in *"left out"*) fail "$said" ;; esac
    spec "t: {path: t.jsonl, keys_path: keys.jsonl, write_disposition: merge, primary_key: id, deletes: keys,
        schema_contract: {columns: discard_value}}"
    echo '{"id": 1, "v": 7, "w": 8}' >t.jsonl
    run 0
    says "values of 'w' were left out"
}

run_tests
