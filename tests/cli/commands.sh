#!/usr/bin/env bash
# The commands as a person types them.
. "$(dirname "$0")/lib.bash"

test_help_lists_every_command_and_explains_each() {
    tg help
    equal 0 "$ended"
    for name in check completion drop help init plan reset run show sql undo why; do
        says "$name"
        "$tidegate" help "$name" | grep -q "Usage: tidegate $name"
        "$tidegate" "$name" --help | grep -q "Usage: tidegate $name"
    done
    tg help nothing
    equal 2 "$ended"
}

test_help_fits_a_terminal() {
    for topic in "" advise check completion drop help init plan reset run show sql undo why; do
        # shellcheck disable=SC2086
        tg help $topic
        equal "" "$(echo "$said" | awk 'length > 79')" "lines of 'help $topic' beyond 79 columns"
    done
    said=$("$tidegate" help run | grep -A 2 '^Usage')
    says "Usage: tidegate run SPEC [--select NAMES]" "
                    [--schema-contract MODE]"
}

test_help_names_what_init_can_begin_with() {
    local kind
    tg init nothing
    for kind in $(echo "$said" | sed 's/.*there are: //; s/[,)]/ /g'); do
        "$tidegate" help init | grep -A 1 '^  SOURCE' | grep -qw "$kind" || fail "no source '$kind' in help"
    done
    tg init files nothing
    for kind in $(echo "$said" | sed 's/.*there are: //; s/[,)]/ /g'); do
        "$tidegate" help init | grep -A 1 '^  DESTINATION' | grep -qw "$kind" || fail "no destination '$kind' in help"
    done
}

test_the_manual_page_explains_each_argument() {
    said=$("$tidegate" help --man)
    says ".SS init" ".RI [ DESTINATION ]" "postgresql, or adbc" ".B PGHOST, PGPASSWORD"
    said=$("$tidegate" help --man | grep -A 1 "tables: rows and columns of each table")
    says ".br"
}

test_usage_errors_end_with_2() {
    for arguments in "" "walk" "run" "run a b" "run spec.yaml --fast" "run spec.yaml --memory lots" "show spec.yaml all" \
        "run spec.yaml --progress loud" "run spec.yaml --schema-contract frozen" \
        "run spec.yaml --schema-contract tables=freeze,tables=evolve" "run spec.yaml --schema-contract column=freeze" \
        "run spec.yaml --schema-contract columns=freeze,"; do
        # shellcheck disable=SC2086
        tg $arguments
        equal 2 "$ended" "exit code of 'tidegate $arguments'"
    done
    tg run missing.yaml
    equal 2 "$ended"
    says "missing.yaml"
}

# meant WANTED ARGUMENTS...: a usage error that proposes WANTED; nothing, where it is empty
meant() {
    local wanted=$1
    shift
    tg "$@"
    equal 2 "$ended" "exit code of 'tidegate $*'"
    if [ "$wanted" ]; then says "; did you mean '$wanted'?"; else case $said in *"did you mean"*) fail "$said" ;; esac fi
}

test_what_is_misspelt_gets_the_nearest_name() {
    spec "orders: {path: t.jsonl}
  customers: {path: t.jsonl}"
    echo '{"id": 1}' >t.jsonl
    meant run rnu spec.yaml
    meant "" frobnicate
    meant run help rum
    meant spec help spek
    meant --workdir run spec.yaml --wrokdir=x
    meant --json show spec.yaml loads -jsn
    meant "" run spec.yaml --qq # --to is like it by the dashes alone
    meant --cursors reset spec.yaml cursors
    says "'cursors' is one argument too many for 'tidegate reset SPEC'"
    meant "" reset spec.yaml orders
    says "'orders' is one argument too many for 'tidegate reset SPEC'; a resource is named as --select orders"
    meant "" show spec.yaml loads orders
    says "'orders' is one argument too many for 'tidegate show SPEC [WHAT]'"
    meant loads show spec.yaml lods
    says "'lods' is no view; choose tables, columns, loads, files, rejects, windows, state, schema, packages or resources; did"
    meant json run spec.yaml --progress jsn
    says "choose auto, plain, json or none; did"
    meant warning run spec.yaml --log-level warn
    meant drop_data run spec.yaml --refresh dropdata
    meant freeze run spec.yaml --schema-contract freze
    meant columns run spec.yaml --schema-contract tables=freeze,colums=freeze
    meant discard_row run spec.yaml --schema-contract columns=discardrow
    meant "" run spec.yaml --schema-contract columns=freeze,columns=freeze
    meant fish completion fihs
    meant orders run spec.yaml --select customers,ordrs
    meant "" run spec.yaml --select nothing
    says "has no resource 'nothing' to select; there are: orders, customers"
    meant "" spec.yaml
    says "say what to do with it: tidegate check spec.yaml, tidegate run spec.yaml"
    tg --json run spec.yaml
    says "'--json' is no command of tidegate; options stand behind one"
    run 0 --select orders
    meant orders why spec.yaml ordrs id=1
    meant customers why spec.yaml custmers id=1
    meant "" why spec.yaml nothing id=1
    says "; there are: orders"
    echo "environments: {dev: , prod: }" >>spec.yaml
    meant prod run spec.yaml --env prd
}

test_init_writes_a_spec_that_runs() {
    "$tidegate" init >spec.yaml
    "$tidegate" check spec.yaml >/dev/null 2>&1 || true
    # The comments say where the data goes.
    grep -q "data" spec.yaml
    for each in "" "files postgresql" "files adbc" "sql" "sql postgresql"; do
        "$tidegate" init $each | grep -E '.{81}' && fail "lines that a terminal breaks: init $each"
    done
    tg init nothing
    equal 2 "$ended"
    says "files"
    tg init --from t.jsonl postgresql
    equal 2 "$ended"
    says "tidegate init files DESTINATION --from t.jsonl"
}

test_check_finds_what_is_missing() {
    spec
    tg check spec.yaml
    equal 1 "$ended"
    says "t.jsonl"
    echo '{"id": 1}' >t.jsonl
    tg check spec.yaml
    equal 0 "$ended"
    [ ! -e test.duckdb ] || fail "check made the destination"
}

test_check_lists_what_would_be_read() {
    spec "t: {path: t.jsonl, write_disposition: merge, primary_key: [id, region], incremental: at}
  longer: {path: '*.jsonl'}"
    tg check spec.yaml --json
    equal 1 "$ended"
    "$tidegate" check spec.yaml --json 2>said | python3 -c "
import json, sys
error = json.load(sys.stdin)['error']
assert error['code'] == 'TG_SOURCE' and error['resource'] == 't', error"
    grep -q t.jsonl said
    echo '{"id": 1, "region": 1, "at": 1}' >t.jsonl
    tg check spec.yaml
    equal "spec.yaml: the spec is right, and every source opens
Destination duckdb:///test.duckdb (dataset 'd') is reachable

resource  write_disposition  primary_key  cursor  columns
--------  -----------------  -----------  ------  -------
t         merge              id, region   at
longer    append" "$(sed -E "s|duckdb://.*/test|duckdb:///test|; s/ +$//" <<<"$said")"
    "$tidegate" check spec.yaml --json | python3 -c "
import json, sys
found = json.load(sys.stdin)
assert found['destination'].endswith('/test.duckdb') and found['dataset'] == 'd', found
assert [row['resource'] for row in found['resources']] == ['t', 'longer'], found
assert found['resources'][1]['primary_key'] is None and found['resources'][0]['source'] == 'files', found"
    equal "t,files,merge,\"id, region\",,at," "$("$tidegate" show spec.yaml resources --csv | sed -n 2p)"
    echo "nothing: true" >>spec.yaml
    "$tidegate" check spec.yaml --json 2>/dev/null | grep -q '"code":"TG_SPEC"'
}

test_show_tables_as_text_and_json() {
    spec
    printf '{"id": 1, "l": [1, 2]}\n' >t.jsonl
    tg show spec.yaml tables
    equal 1 "$ended"
    says "does not exist yet"
    run 0
    "$tidegate" show spec.yaml tables --json | python3 -c "
import json, sys
tables = {row['table']: row['rows'] for row in json.load(sys.stdin)}
assert tables['t'] == 1 and tables['t__l'] == 2 and tables['_dlt_loads'] == 1, tables"
    "$tidegate" show spec.yaml loads --json | python3 -c "
import json, sys
loads = json.load(sys.stdin)
assert {row['table']: row['inserted'] for row in loads} == {'t': 1, 't__l': 2}, loads"
    "$tidegate" show spec.yaml schema --json | python3 -c "
import json, sys
schema = json.load(sys.stdin)
assert schema['name'] == 'test' and 't__l' in schema['tables'], schema"
    "$tidegate" show spec.yaml state --json | python3 -c "
import json, sys
assert json.load(sys.stdin)['pipeline_name'] == 'test'"
    tg show spec.yaml schema --yaml
    equal 0 "$ended"
    says "name: test" "t__l:"
    tg show spec.yaml tables --yaml
    equal 2 "$ended"
    says "only the schema can be shown as YAML"
    equal "[]" "$("$tidegate" show spec.yaml packages --json | tr -d '\n')"
}

test_a_contract_of_the_command_wins_over_the_spec() {
    spec "t: {path: '*.jsonl', schema_contract: evolve}"
    echo '{"id": 1}' >1.jsonl
    run 4 --schema-contract freeze
    says "resource 't'"
    run 0 --schema-contract columns=freeze # columns of a new table are not new ones
    echo '{"id": 2, "new": "x"}' >2.jsonl
    run 4 --schema-contract columns=freeze
    says "resource 't'" "new"
    equal 1 "$(sql "select count(*) from t")" "rows of t"
    run 0 --schema-contract tables=freeze,columns=discard_value
    equal 2 "$(sql "select count(*) from t")" "rows of t"
    tg sql spec.yaml "select new from t"
    equal 1 "$ended"
}

test_sql_prints_tables_csv_and_json() {
    spec
    printf '{"id": 1, "s": "a,\\"b\\""}\n{"id": 2}\n' >t.jsonl
    run 0
    equal "$(printf 'id,s\n1,"a,""b"""\n2,')" "$("$tidegate" sql spec.yaml "select id, s from t order by id" --csv)"
    "$tidegate" sql spec.yaml "select id, s from t order by id" --json | python3 -c "
import json, sys
assert json.load(sys.stdin) == [{'id': 1, 's': 'a,\"b\"'}, {'id': 2, 's': None}]"
    tg sql spec.yaml "select id, s from t order by id"
    says "(2 rows)"
    tg sql spec.yaml "select nothing from t"
    equal 1 "$ended"
    says "nothing"
}

# prints TYPE TABLE CSV JSON: how a value looks
prints() {
    equal "$2" "$("$tidegate" sql spec.yaml "select $1 as v" | sed 1,2d | head -1 | sed 's/^ *//')" "$1"
    equal "$3" "$("$tidegate" sql spec.yaml "select $1 as v" --csv | tail -1)" "$1 as CSV"
    equal "{\"v\":$4}" "$("$tidegate" sql spec.yaml "select $1 as v" --json | sed -n 2p)" "$1 as JSON"
}

test_sql_prints_every_type() {
    spec
    echo '{"id": 1}' >t.jsonl
    run 0
    prints "interval '14 months 2 days'" '1 year 2 months 2 days' '1 year 2 months 2 days' '"1 year 2 months 2 days"'
    prints "map {'a': 1}" '{"a":1}' '"{""a"":1}"' '{"a":1}'
    prints "{'a': [1, null], 'b': {'c': 'x'}}" '{"a":[1,null],"b":{"c":"x"}}' '"{""a"":[1,null],""b"":{""c"":""x""}}"' \
        '{"a":[1,null],"b":{"c":"x"}}'
    prints "[1, 2]::int[2]" '[1,2]' '"[1,2]"' '[1,2]'
    prints "union_value(num := 2)" 2 2 2
    prints "union_value(num := null::int)" NULL '""' null
    prints "'\\xAA'::blob" qg== qg== '"qg=="'
    prints "'101'::bit" 101 101 '"101"'
    prints "'a'::enum('a', 'b')" a a '"a"'
    prints "'infinity'::date" infinity infinity '"infinity"'
    prints "'-infinity'::timestamptz" -infinity -infinity '"-infinity"'
    prints "timetz '12:00:00+02'" 12:00:00+02 12:00:00+02 '"12:00:00+02"'
    prints "timestamp_ns '2020-01-01 00:00:00.123456789'" 2020-01-01T00:00:00.123456789 2020-01-01T00:00:00.123456789 \
        '"2020-01-01T00:00:00.123456789"'
    prints "170141183460469231731687303715884105727::hugeint" 170141183460469231731687303715884105727 \
        170141183460469231731687303715884105727 170141183460469231731687303715884105727
    prints "340282366920938463463374607431768211455::uhugeint" 340282366920938463463374607431768211455 \
        340282366920938463463374607431768211455 '"340282366920938463463374607431768211455"'
    prints "'0b8a3b6c-0000-4000-8000-000000000001'::uuid" 0b8a3b6c-0000-4000-8000-000000000001 \
        0b8a3b6c-0000-4000-8000-000000000001 '"0b8a3b6c-0000-4000-8000-000000000001"'
    prints "'nan'::double" nan nan null
    prints "'{\"a\":1}'::json" '{"a":1}' '"{""a"":1}"' '"{\"a\":1}"'
}

test_sql_takes_several_statements_and_standard_input() {
    spec
    echo '{"id": 1}' >t.jsonl
    run 0
    equal "$(printf 'a\n1\n\nid\n1\n\nb\n;')" "$("$tidegate" sql spec.yaml --csv "select 1 as a; select id from t;
        select ';' as b -- nothing; follows
        ;")"
    equal "$(printf 'id\n1')" "$(echo "select id from t" | "$tidegate" sql spec.yaml --csv)"
    equal "$(printf 'id\n1')" "$(echo "select id from t" | "$tidegate" sql spec.yaml - --csv)"
    "$tidegate" sql spec.yaml --csv "create temp table mine as select 7 as seven; select seven from mine" >out
    equal 7 "$(tail -1 out)" "what one statement makes is there for the next"
    tg sql spec.yaml "select 1 as first; select nothing from t; select 3 as third"
    equal 1 "$ended"
    says first nothing
    [[ $said != *third* ]] || fail "went on after an error"
    for text in "" " -- only a remark" ";;"; do
        echo "$text" >input
        said=$("$tidegate" sql spec.yaml <input 2>&1) && fail "ran '$text'"
        says "no statement"
    done
    said=$(printf 'select 1\0' | "$tidegate" sql spec.yaml 2>&1) && fail "ran a NUL"
    says "no text of SQL"
}

test_sql_and_show_read_only() {
    spec
    echo '{"id": 1, "l": [1]}' >t.jsonl
    run 0
    before=$(md5sum <test.duckdb)
    for statement in "update t set id = 2" "delete from t" "insert into t select * from t" "drop table t" \
        "create table d.u (a int)" "alter table t add column more int"; do
        tg sql spec.yaml "select 1; $statement"
        equal 1 "$ended" "$statement"
        says "sql reads only, and this statement changes something: let it by --write" "read-only mode"
    done
    equal "$before" "$(md5sum <test.duckdb)" "the file"
    tg sql spec.yaml --write "update t set id = 2; select id from t"
    equal 0 "$ended"
    equal "$(printf "id\n--\n 2\n(1 row)")" "$(tail -4 <<<"$said")"
    # Beside another that reads.
    mkfifo slow
    "$tidegate" sql spec.yaml --csv "select range from range(100000000)" >slow 2>/dev/null & reader=$!
    exec 9<slow
    read -r -u 9 first
    equal range "$first"
    for view in tables loads windows state schema packages; do
        tg show spec.yaml "$view"
        equal 0 "$ended" "show $view beside a reader"
    done
    tg sql spec.yaml "select id from t"
    equal 0 "$ended"
    tg run spec.yaml --progress none
    equal 3 "$ended" "a run beside a reader"
    exec 9<&-
    wait "$reader" || true
    run 0
    # Without permission to write.
    chmod a+rX,a-w . test.duckdb
    chmod a+x ..
    if [ -w . ]; then as=(setpriv --reuid 65534 --regid 65534 --clear-groups); else as=(); fi
    for view in tables loads state packages; do
        said=$("${as[@]}" "$tidegate" show spec.yaml "$view" 2>&1) || fail "show $view without permission to write: $said"
    done
    equal "$(printf 'n\n1')" "$("${as[@]}" "$tidegate" sql spec.yaml "select count(*) as n from t" --csv)"
    said=$("${as[@]}" "$tidegate" sql spec.yaml --write "select 1" 2>&1) && fail "opened to write"
    says "cannot be written"
    chmod u+w . test.duckdb
    # What is not there is not made.
    rm -r test.duckdb .tidegate
    tg show spec.yaml
    equal 1 "$ended"
    says "does not exist yet"
    tg sql spec.yaml "select 1"
    equal 1 "$ended"
    says "does not exist yet"
    tg show spec.yaml packages
    equal 0 "$ended"
    [ ! -e test.duckdb ] && [ ! -e .tidegate ] || fail "made something"
}

test_show_rejects_files_and_columns() {
    spec 't: {path: "*.jsonl", write_disposition: merge, primary_key: id}'
    echo '{"id": 1, "userName": "Ada"}' >1.jsonl
    run 0
    tg show spec.yaml rejects
    says "(0 rows)"
    echo '{"id": 2, "userName": "Bo", "new": true}' >2.jsonl
    run 0 --schema-contract columns=discard_row
    "$tidegate" show spec.yaml rejects --json | python3 -c "
import json, sys
[row] = json.load(sys.stdin)
assert row['table'] == 't' and row['column'] == 'new' and row['line'] == 1 and row['file'].endswith('2.jsonl'), row
assert row['reason'] and json.loads(row['document'])['id'] == 2 and row['load_id'] and row['resource'] == 't', row"
    tg show spec.yaml rejects
    says "2.jsonl" "new" "reason" '"userName": "Bo"' "(1 row)"
    equal "resource,path,rows|t,1.jsonl,1|t,2.jsonl,1|" \
        "$("$tidegate" show spec.yaml files --csv | cut -d, -f2-4 | tr '\n' '|')"
    echo '{"id": 3, "more": 1.5}' >3.jsonl
    run 0
    first=$(sql "select min(load_id) from _dlt_loads") last=$(sql "select max(load_id) from _dlt_loads")
    equal "id,,BIGINT,bigint,false,primary_key,$first|user_name,userName,VARCHAR,text,true,,$first|more,,DOUBLE,double,true,,$last|" \
        "$("$tidegate" show spec.yaml columns --csv | grep -E '^t,(id|user_name|more),' | cut -d, -f2-7,9 | tr '\n' '|')"
    sql "delete from _dlt_version" >/dev/null
    tg show spec.yaml columns
    says "run the pipeline first"
}

test_the_summary_counts_what_happened() {
    spec "t: {path: t.jsonl, write_disposition: merge, primary_key: id, incremental: {cursor: at}}"
    printf '{"id": 1, "at": 1}\n{"id": 2, "at": 1}\n' >t.jsonl
    run 0
    printf '{"id": 1, "at": 1}\n{"id": 2, "at": 2}\n{"id": 3, "at": 2}\n' >t.jsonl
    run 0
    line=$(echo "$said" | grep '^t ' | tr -s ' ')
    equal "t 3 2 1 1 0 1 0" "$line" "read new inserted updated deleted filtered rejected"
}

# A file's name and a row's value may have what a terminal takes for an order.
test_messages_give_a_terminal_no_orders() {
    harmless() { case $said in *$'\e'* | *$'\xc2\x9b'*) fail "a control character in: $said" ;; esac; }
    spec "t: {path: '*.jsonl', write_disposition: append}"
    echo '{"id": 1, "v": "a\u001b[31m\u009b1m"}' >t.jsonl
    run 0
    "$tidegate" sql --write spec.yaml "create unique index u on d.t(v)" >/dev/null
    cp t.jsonl $'u\e[31m\xc2\x9b1m.jsonl'
    run 1
    harmless
    says "Duplicate key" 'a\x1b[31m\x9b1m'
    tg show spec.yaml packages
    harmless
    says "Duplicate key" 'a\x1b[31m\x9b1m'
    "$tidegate" sql --write spec.yaml "drop index d.u" >/dev/null
    run 0
    cp t.jsonl $'w\e[31m\xc2\x9b1m.jsonl'
    run 0
    harmless
    says "Warning: " 'w\x1b[31m\x9b1m.jsonl'
}

test_warnings_stand_in_the_summary_and_in_json() {
    spec "t: {path: t.jsonl}
  u: {path: 'no\"ne-*.jsonl'}"
    echo '{"id": 1}' >t.jsonl
    run 0
    says "Warning: pattern 'no\"ne-*.jsonl' matches no file"
    echo '{"id": 2}' >>t.jsonl
    "$tidegate" run spec.yaml --progress none --json >out
    equal 1 "$(wc -l <out)" "lines"
    python3 - <<'PYTHON'
import json
result = json.load(open("out"))
assert result["warnings"][0].startswith("pattern 'no\"ne-*.jsonl' matches"), result
assert (len(result["warnings"]), result["warnings_cut"]) == (1, 0), result
assert result["tables"][0]["table"] == "t" and result["tables"][0]["inserted"] == 2, result
assert result["load_id"] and result["dataset"] == "d" and result["settled"] == 0, result
PYTHON
    printf '{"id": 3}\n{' >>t.jsonl
    sed -i 's/t: {path: t.jsonl}/z: {path: t.jsonl}/; s/u: /a: /' spec.yaml
    run 1
    says "malformed JSON"
}

test_the_summary_says_what_changed() {
    spec "t: {path: t.jsonl, on_bad_row: reject, columns: {k: {nullable: false}}}"
    echo '{"k": 1, "v": 1, "p": 1.5}' >t.jsonl
    run 0
    says "New tables: t (5 columns)."
    printf '%s\n' '{"k": 2, "v": 2.5, "p": "x", "w": true}' '{"k": null}' '{"k": null}' >>t.jsonl
    run 0
    says "Table t: column v is double now, it was bigint." "Table t: new column w (bool)." \
        "Table t: new column p__v_text (text), for values of p that have another type." \
        "Read on, in files that have grown: t.jsonl." "Rejected for t: 2 rows; the first: column 'k'" \
        "(file 't.jsonl', line 3)"
}

# The reason is a sentence: in a terminal it has a line of its own. What the file has, else the document, stands once.
test_rejects_in_a_terminal() {
    spec "t: {path: t.jsonl, on_bad_row: reject}"
    printf '{"id": 1}\n{"a": "b", "c": tru}\n' >t.jsonl
    run 0
    tg show spec.yaml rejects
    says "line  byte  reason" '{"a": "b", "c": tru}'
    case $said in *document*) fail "$said" ;; esac
    sql "update _tidegate_rejects set text = null, document = '{\"old\": 1}'" >/dev/null
    on_terminal 80 "$tidegate" show spec.yaml rejects
    said=$(cat screen)
    says "-- row 1" "line     2" "byte     17" "reason   malformed JSON: " 'text     {"old": 1}' "(1 row)"
    equal "" "$(grep -E '.{81}' screen)"
    sql "update _tidegate_rejects set reason = '$(printf 'word %.0s' {1..30})end'" >/dev/null
    on_terminal 80 "$tidegate" show spec.yaml rejects
    grep -A 2 '^reason' screen >lines # the whole of it, and never within a word
    equal "reason   $(printf 'word %.0s' {1..13})word
         $(printf 'word %.0s' {1..13})word
         word word end" "$(cat lines)"
    mkdir "$(printf 'long%.0s' {1..20})"
    relay destination "destination: duckdb:///$(printf 'long%.0s' {1..20})/w.duckdb"
    on_terminal 80 "$tidegate" run spec.yaml --progress none
    grep -B 1 -q '^duckdb:' screen || fail "$(cat screen)"
}

# A terminal gets some of many names, and how many there are more; elsewhere, and for programs, all are there.
test_long_summaries_are_cut_in_a_terminal() {
    spec "$(seq 1 20 | sed 's/.*/  t&: {path: t.jsonl}/' | sed '1s/^ *//')"
    echo '{"id": 1}' >t.jsonl
    on_terminal 80 "$tidegate" run spec.yaml --progress none
    grep -q 't8 (3 columns) and 12 more\.$' screen || fail "$(cat screen)"
    rm -r .tidegate test.duckdb
    run 0
    says "t19 (3 columns), t20 (3 columns)."
}

# The keys are a promise: each stands on the page.
test_every_key_of_json_is_on_the_page() {
    spec "t: {path: '*.jsonl', on_bad_row: reject, columns: {k: {nullable: false}}}"
    printf '%s\n' '{"k": 1, "v": 1}' '{"v": 2}' >t.jsonl
    "$tidegate" run spec.yaml --json --progress none >out
    python3 - "$root/docs/programs.md" <<'PYTHON'
import json, sys
page = open(sys.argv[1]).read()
section = page[page.index("## run --json"):page.index("## plan --json")]
def keys(value):
    if isinstance(value, dict):
        yield from value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys(each)
result = json.load(open("out"))
assert result["rejects"][0]["rows"] == 1 and result["files"][0]["news"] == "new", result
for key in set(keys(result)):
    assert f"`{key}`" in section, key
PYTHON
}

test_programs_hear_of_a_spec_that_is_wrong() {
    spec "t: {pth: t.jsonl}"
    said=$("$tidegate" run spec.yaml --json 2>/dev/null) && fail "a wrong spec was run"
    python3 - "$said" <<'PYTHON'
import json, sys
error = json.loads(sys.argv[1])["error"]
assert (error["code"], error["file"], error["line"]) == ("TG_SPEC", "spec.yaml", 6), error
assert "pth" in error["what"] and not error["retryable"], error
PYTHON
}

# A line that is wider than the terminal cannot be written over, and floods it.
test_live_lines_fit_the_terminal() {
    local width name=a_resource_with_a_name_of_more_than_forty_characters
    spec "$name: {path: '*.jsonl'}"
    seq 1 100000 | sed 's/.*/{"id": &, "v": "some text"}/' >a.jsonl
    for width in 80 30; do
        run_on_terminal $width --full-refresh
        sed 's/\x1b\[[AJ]//g' screen | tr '\r' '\n' >lines
        grep -q '^a_resource_wi' lines && grep -q '^writing' lines || fail "$(cat lines)"
        equal "" "$(grep -E ".{$width}" lines)" "lines as wide as a terminal of $width"
    done
}

test_progress_goes_to_standard_error() {
    spec
    echo '{"id": 1}' >t.jsonl
    "$tidegate" run spec.yaml --progress json 2>err >out
    grep -q '"phase":"extract","resource":"t","rows":1' err
    ! grep -q phase out
    echo '{"id": 2}' >>t.jsonl
    "$tidegate" run spec.yaml --progress plain 2>err >/dev/null
    grep -q '^t .* 1 row ' err
}

test_a_closed_pipe_is_no_success() {
    spec
    seq 1 200000 | sed 's/.*/{"id": &}/' >t.jsonl
    run 0
    ( set +e; "$tidegate" sql spec.yaml "select id from t" --csv; echo $? >code ) 2>/dev/null | head -1 >/dev/null
    [ "$(cat code)" != 0 ] || fail "a write to a closed pipe counted as success"
}

run_tests
