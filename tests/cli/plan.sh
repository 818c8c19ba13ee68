#!/usr/bin/env bash
# tidegate plan: what it says is what a run then does, and it does none of it.
. "$(dirname "$0")/lib.bash"

# plan CODE [ARGUMENTS]: as run
plan() {
    local code=$1 got=0
    shift
    said=$("$tidegate" plan spec.yaml --progress none "$@" 2>&1) || got=$?
    secret_is_hidden
    [ "$got" = "$code" ] || fail "plan ended with $got, not $code: $said"
}

# of EXPRESSION: it must hold of the plan in $said, as `plan` of Python
of() { python3 -c "import json, sys; plan = json.load(sys.stdin); assert ($1), plan" <<<"$said" || fail "not so: $1"; }

shop() {
    spec 't: {path: t.jsonl, write_disposition: merge, primary_key: id, columns: {gone: {hard_delete: true}}}'
    cat >t.jsonl <<'ROWS'
{"id": 1, "v": "a", "l": [1, 2]}
{"id": 2, "v": "b", "gone": false}
ROWS
}

changed() {
    cat >t.jsonl <<'ROWS'
{"id": 1, "v": "it's", "n": 1.5, "l": [3]}
{"id": 2, "gone": true}
{"id": 3, "v": "new"}
ROWS
}

there() { if [ $kind = duckdb ]; then sha256sum test.duckdb; stat -c %Y.%s test.duckdb; else fingerprint; fi; }

test_nothing_is_touched_without_rows() {
    shop
    plan 0
    says 'CREATE TABLE "d"."_dlt_loads"' "Nothing was written."
    [ "$(echo *)" = "spec.yaml t.jsonl" ] || fail "there is more: $(echo *)"
    [ ! -e .tidegate ] || fail "the working directory was made"
    run 0
    rm -r .tidegate
    before=$(there)
    changed
    plan 0
    says 'DELETE FROM "d"."t"' "PACKAGE/t.1.parquet"
    equal "$before" "$(there)" "the destination"
    [ ! -e .tidegate ] || fail "the working directory was made"
    plan 0 --json
    of 'plan["rows"] is False and plan["tables"] == [] and plan["resources"][0]["primary_key"] == "id"'
    of '{s["phase"] for s in plan["statements"]} == {"stage", "rows", "ledger"}'
}

test_rows_are_what_a_run_then_does() {
    shop
    plan 0 --rows --json
    of '[t["inserted"] for t in plan["tables"]] == [2, 2]'
    [ ! -e test.duckdb ] || fail "the database was made"
    run 0
    changed
    before=$(there)
    plan 0 --rows --json
    announced=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["tables"])' <<<"$said")
    of '[(s["row"], s["key"], s.get("column"), s.get("before"), s.get("after")) for s in plan["samples"]] == [
        ("updated", "1", "v", "a", "it'"'"'s"), ("updated", "1", "n", None, "1.5"), ("inserted", "3", None, None, None),
        ("deleted", "2", None, None, None)]'
    of '[(c["column"], c["new_table"]) for c in plan["schema_changes"]] == [("n", False)]'
    equal "$before" "$(there)" "the destination"
    [ -z "$(ls .tidegate/test/open .tidegate/test/sealed 2>/dev/null | grep -v :)" ] || fail "a package is left"
    run 0 --json
    equal "$announced" "$(python3 -c 'import json, sys; print(json.load(sys.stdin)["tables"])' <<<"$said")"
}

test_cursor_and_files_stay() {
    spec 't: {path: "*.jsonl", incremental: {cursor: id, initial_value: 1}}'
    echo '{"id": 1}' >a.jsonl
    plan 0
    says "cursor id: rows from 1, the initial_value"
    run 0
    echo '{"id": 2}' >b.jsonl
    plan 0 --rows
    says "cursor id: rows from 1, where the last load has ended"
    plan 0 --rows --json
    of '[(t["new"], t["inserted"]) for t in plan["tables"]] == [(1, 1)]'
    run 0 --json
    of 'plan["tables"][0]["inserted"] == 1'
    plan 0 --rows --json
    of 'plan["tables"][0]["new"] == 0'
    says '"start_value":"2"'
}

test_every_disposition() {
    spec 'a: {path: t.jsonl}
  r: {path: t.jsonl, write_disposition: replace, primary_key: id}
  i: {path: t.jsonl, write_disposition: {disposition: merge, strategy: insert-only}, primary_key: id}
  u: {path: t.jsonl, write_disposition: {disposition: merge, strategy: upsert}, primary_key: [id, g]}
  g: {path: t.jsonl, write_disposition: merge, merge_key: g}'
    echo '{"id": 1, "g": "x", "l": [{"k": [1]}]}
{"id": 2, "g": "z"}
{"id": 3, "g": "y"}' >t.jsonl
    run 0
    echo '{"id": 1, "g": "x", "l": [{"k": [1, 2]}, {}]}
{"id": 2, "g": "z", "more": "2024-01-01T00:00:00Z"}
{"id": 9, "g": "x"}' >t.jsonl
    before=$(there)
    plan 0 --rows --json
    announced=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["tables"])' <<<"$said")
    of '[(s["row"], s["key"]) for s in plan["samples"] if s["table"] == "r"] == [
        ("updated", "2"), ("inserted", "9"), ("deleted", "3")]'
    equal "$before" "$(there)" "the destination"
    run 0 --json
    equal "$announced" "$(python3 -c 'import json, sys; print(json.load(sys.stdin)["tables"])' <<<"$said")"
    plan 0 --rows --full-refresh --json
    announced=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["tables"])' <<<"$said")
    run 0 --full-refresh --json
    equal "$announced" "$(python3 -c 'import json, sys; print(json.load(sys.stdin)["tables"])' <<<"$said")"
}

# The rows that go are known before any row is read, but for those between the values that come.
test_ranges() {
    spec "t: {path: t.jsonl, primary_key: n, write_disposition: {disposition: replace, strategy: replace-range},
      incremental: {cursor: n, initial_value: 2, end_value: 4}}
  u: {path: u.jsonl, write_disposition: {disposition: replace, strategy: replace-range, range: delivered, range_column_name: n}}"
    printf '{"n": %d, "v": 1, "l": [1]}\n' 2 3 | tee u.jsonl >t.jsonl
    run 0
    before=$(there)
    printf '{"n": %d, "v": 2}\n' 1 3 4 >t.jsonl
    printf '{"n": %d}\n' 3 4 >u.jsonl
    plan 0
    says "cursor n: rows from 2, the initial_value, to before 4" 'WHERE "n" >= 2 AND "n" < 4' \
        'WHERE "n" >= (SELECT "lo" FROM "_tidegate_stage_1")' 'DELETE FROM "d"."t__l"'
    plan 0 --rows --json
    of '[(t["table"], t["inserted"], t["deleted"]) for t in plan["tables"]] == [
        ("t", 1, 2), ("t__l", 0, 2), ("u", 2, 1), ("u__l", 0, 1)]'
    of '[(s["row"], s["key"], s.get("column"), s.get("before"), s.get("after")) for s in plan["samples"]] == [
        ("updated", "3", "v", "1", "2"), ("deleted", "2", None, None, None)]'
    announced=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["tables"])' <<<"$said")
    equal "$before" "$(there)" "the destination"
    run 0 --json
    equal "$announced" "$(python3 -c 'import json, sys; print(json.load(sys.stdin)["tables"])' <<<"$said")"
}

test_limits_end_with_5() {
    shop
    run 0
    echo 'limits: {rows_deleted: 0, columns_added: 0}' >>spec.yaml
    changed
    before=$(there)
    plan 5 --rows --json
    of '[(e["limit"], e["table"], e["column"], e["found"], e["allowed"]) for e in plan["limits_exceeded"]] == [
        ("columns_added", "t", "n", 1, 0), ("rows_deleted", "t", None, 1, 0), ("rows_deleted", "t__l", None, 1, 0)]'
    plan 5 --rows
    says "Over the limit: table 't' would lose 1 of its 2 rows;"
    plan 5 --rows --markdown
    says '> **Over the limit:**'
    equal "$before" "$(there)" "the destination"
    run 5
    sed -i '$d' spec.yaml
    plan 0 --rows
}

# Wherever it is killed, nothing is left that a run would load.
# Beyond the brake a plan shows all that would go.
test_brake_ends_with_5() {
    spec 't: {path: t.jsonl, write_disposition: merge, primary_key: id, deletes: snapshot}'
    seq 30 | sed 's/.*/{"id": &, "v": "a"}/' >t.jsonl
    run 0
    echo '{"id": 30, "v": "b", "w": 1}' >t.jsonl
    plan 5 --rows
    says "+ t.w" "Over the limit: 29 of the 30 rows" "deletes.limit allows 10, not 29" "  - 1" "a -> b"
    plan 5 --rows --json
    of '(plan["tables"][0]["deleted"], plan["tables"][0]["updated"]) == (29, 1)'
    of '[(e["limit"], e["found"], e["allowed"]) for e in plan["limits_exceeded"]] == [("deletes.limit", 29, 10)]'
    plan 5 --rows --markdown
    says '`deletes.limit` allows 10, not 29'
    run 5
    says "29 of the 30 rows" "--accept-limits"
    equal 30 "$(sql 'select count(*) from t')"
    run 0 --accept-limits
    equal 1 "$(sql 'select count(*) from t')"
}

# A version that ends beside a new one of its key is a change; without one it goes.
test_samples_of_versions() {
    spec 't: {path: t.jsonl, write_disposition: {disposition: merge, strategy: scd2}, primary_key: id}'
    printf '%s\n' '{"id": 1, "v": "a"}' '{"id": 2, "v": "b"}' '{"id": 3, "v": "c"}' >t.jsonl
    run 0
    printf '%s\n' '{"id": 1, "v": "a"}' '{"id": 2, "v": "x"}' '{"id": 4, "v": "d"}' >t.jsonl
    plan 0 --rows --json
    of '[(s["row"], s["key"], s.get("column"), s.get("before"), s.get("after")) for s in plan["samples"]
        if s.get("column") not in ("_dlt_valid_from",)] == [
        ("updated", "2", "v", "b", "x"), ("inserted", "4", None, None, None), ("deleted", "3", None, None, None)]'
    run 0
}

# The times of versions are no columns of a package, and are written once: with rows or without.
test_statements_of_versions() {
    spec 't: {path: t.jsonl, write_disposition: {disposition: merge, strategy: scd2}}'
    echo '{"id": 1, "v": "a"}' >t.jsonl
    run 0
    echo '{"id": 1, "v": "b"}' >t.jsonl
    for rows in "" --rows; do
        plan 0 --json $rows
        of '0 < max(s["sql"].count("_dlt_valid_from") for s in plan["statements"]
            if s["phase"] == "rows" and "\"v\"" in s["sql"]) <= 2' # into, and as
    done
}

# Without rows, too, all statements of a run are there.
test_statements_of_deletes_and_undo() {
    spec 't: {path: t.jsonl, write_disposition: merge, primary_key: id, deletes: {detect: keys, apply: soft}, keys_path: k.jsonl, incremental: id}'
    sed -i 's/^source:/undo: {loads: 2}\nsource:/' spec.yaml
    echo '{"id": 1, "v": "a"}' | tee k.jsonl >t.jsonl
    run 0
    before=$(there)
    plan 0
    says '_tidegate_absent_0' '_tidegate_keys_' '"_tidegate_deleted_at" = ' '_1_old' '_1_left'
    equal "$before" "$(there)" "the destination"
    run 0
}

# Rows that go with those that they are nested in are counted, though none come.
test_nested_rows_that_go() {
    shop
    run 0
    echo '{"id": 1, "v": "b"}' >t.jsonl
    plan 0 --rows --json
    of '[(t["table"], t["deleted"]) for t in plan["tables"]] == [("t", 0), ("t__l", 2)]'
    announced=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["tables"])' <<<"$said")
    run 0 --json
    equal "$announced" "$(python3 -c 'import json, sys; print(json.load(sys.stdin)["tables"])' <<<"$said")"
}

# A run that begins anew is planned as any other.
test_refresh() {
    local mode
    shop
    sed -i 's/^source:/limits: {rows_deleted: 0}\nsource:/' spec.yaml
    run 0
    echo '{"id": 1, "v": "a", "l": [9]}' >t.jsonl
    plan 2 --refresh all
    says "'all' is no way to refresh"
    for mode in drop_sources drop_resources drop_data; do
        before=$(there)
        plan 0 --refresh $mode
        says "all that is there goes"
        [ $mode = drop_data ] || says 'DROP TABLE "d"."t__l"'
        plan 5 --rows --refresh $mode --json
        announced=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["tables"])' <<<"$said")
        equal "$before" "$(there)" "the destination, after $mode"
        run 5 --refresh $mode
        says "plan SPEC --rows"
        run 0 --refresh $mode --accept-limits --json
        equal "$announced" "$(python3 -c 'import json, sys; print(json.load(sys.stdin)["tables"])' <<<"$said")" "$mode"
        printf '%s\n' '{"id": 1, "v": "a", "l": [1, 2]}' '{"id": 2, "v": "b"}' >t.jsonl
        run 0
        echo '{"id": 1, "v": "a", "l": [9]}' >t.jsonl
    done
}

test_killed() {
    shop
    run 0
    changed
    before=$(there)
    for point in after_lock before_trial after_stage after_begin after_trial; do
        TG_FAIL_AT=$point "$tidegate-faulty" plan spec.yaml --rows >/dev/null 2>&1 && fail "$point was not met"
        [ -z "$(ls .tidegate/test/sealed 2>/dev/null)" ] || fail "$point: a load is sealed"
        equal "$before" "$(there)" "the destination after $point"
    done
    run 0 --json
    of 'plan["settled"] == 0 and [t["updated"] for t in plan["tables"]][0] == 1'
    equal 1 "$(sql "select count(*) from t where v = 'it''s'")"
    equal 2 "$(sql 'select count(*) from _dlt_loads')"
}

test_a_load_that_waits_goes_first() {
    shop
    run 0
    changed
    TG_FAIL_AT=after_seal "$tidegate-faulty" run spec.yaml >/dev/null 2>&1 && fail "it was not killed"
    plan 0
    says "of an earlier run waits: a run writes it first."
    plan 0 --json
    of 'len(plan["pending"]) == 1'
    plan 3 --rows
    says "of an earlier run waits to be written" "plan without rows"
    [ -n "$(ls .tidegate/test/sealed)" ] || fail "the load that waits is gone"
    run 0
    plan 0 --rows
}

test_markdown_and_width() {
    spec 't: {path: t.jsonl, write_disposition: merge, primary_key: id}'
    echo '{"id": "@a|b", "v": 1, "x": "<i>"}' >t.jsonl
    run 0
    printf '%s\n' '{"id": "@a|b", "v": 2, "x": "```\n#1 a very long text that does not fit into a line of a terminal"}' >t.jsonl
    plan 0 --rows --markdown
    says '| updated | &#64;a&#124;b | v | 1 | 2 |' '<details>' '</details>'
    case $said in *'<i>'* | *'@a'*) fail "not escaped: $said" ;; esac
    for how in --sql --rows "--rows --sql"; do
        # shellcheck disable=SC2086 # words of an option
        plan 0 $how
        long=$(awk 'length($0) > 80 || / $/ && !/^ *t / && !/filtered/' <<<"$said")
        [ -z "$long" ] || fail "too wide with $how: $long"
    done
}

test_width_of_long_names() {
    local key=a_name_that_goes_on_and_on_until_the_line_is_full
    spec "a_resource_of_a_long_name_whose_table_is_another: {path: t.jsonl, write_disposition: merge,
        primary_key: [$key, other_$key], merge_key: x_$key, table_name: the_table_that_is_called_otherwise_and_is_long}"
    sed -i 's/^source:/limits: {columns_added: 0}\nsource:/' spec.yaml
    echo "{\"$key\": 1, \"other_$key\": \"a\", \"x_$key\": 1, \"c_$key\": 1}" >t.jsonl
    run 0
    echo "{\"$key\": 1, \"other_$key\": \"a\", \"x_$key\": 1, \"c_$key\": 1.5, \"d_$key\": \"2024-01-01T00:00:00Z\"}" >t.jsonl
    plan 5 --rows
    long=$(sed 's/…/~/g' <<<"$said" | awk 'length($0) > 80 && !/rows .* s$/')
    [ -z "$long" ] || fail "too wide: $long"
    says "~ the_table_that_is" "other_$key, in groups of" "Some rows of the_table_that" "  1, a"
}

# What comes from the data, and names of the spec, become nothing else: neither in markdown nor in a terminal.
test_what_data_say_is_said() {
    spec 't: {path: t.jsonl, write_disposition: merge, primary_key: "i|<d>", deletes: {detect: snapshot, limit: 0}}'
    seq 20 | sed 's/.*/{"i|<d>": "k&", "v": "a"}/' >t.jsonl
    echo '{"i|<d>": "a\u001b[31m\u009b1m", "v": "a"}' >>t.jsonl
    run 0
    echo '{"i|<d>": "k1", "v": "https://a.b www.c.d $x$ :+1: \u202eb"}' >t.jsonl
    plan 5 --rows --markdown
    says 'by i&#124;&#60;d&#62;' 'https&#58;//a.b www&#46;c.d <span>$</span>x<span>$</span> &#58;+1&#58; \xe2\x80\xaeb'
    plan 5 --rows
    case $said in *$'\e'* | *$'\xc2\x9b'*) fail "an escape came through" ;; esac
    says 'merge (delete-insert) by i|<d>' 'a\x1b[31m\x9b1m'
}

test_usage() {
    shop
    plan 2 --samples many
    says "'many' is no number of rows"
    plan 2 --json --markdown
    plan 0 --rows --samples 0 --json
    of 'plan["samples"] == []'
    plan 2 --select nobody --json
    says '"code":"TG_USAGE"'
}

run_tests duckdb postgres
