#!/usr/bin/env bash
# tidegate advise: what it says of a source, that its lines are a spec's, and that it touches nothing.
. "$(dirname "$0")/lib.bash"

# advise CODE [ARGUMENTS]: as run
advise() {
    local code=$1 got=0
    shift
    said=$("$tidegate" advise spec.yaml "$@" --progress none 2>&1) || got=$?
    secret_is_hidden
    [ "$got" = "$code" ] || fail "advise ended with $got, not $code: $said"
}

# of EXPRESSION [ARGUMENT]: it must hold of the JSON in $said; `t` is its first resource
of() {
    python3 -c "import json, sys; all = json.load(sys.stdin); t = all.get('resources', [None])[0]; assert ($1), all" "${@:2}" <<<"$said" ||
        fail "not so: $1"
}

# orders [COUNT]
orders() {
    python3 - "${1:-40}" >t.jsonl <<'PY'
import json, sys
for i in range(int(sys.argv[1])):
    print(json.dumps({"orderId": i, "made": "2024-01-%02dT00:00:00Z" % (i // 2 + 1), "state": "new",
                      "updatedAt": "2024-02-%02dT00:00:00Z" % (i * 7 % 28 + 1), "lines": [{"sku": i % 3}]}))
PY
}

there() { if [ $kind = duckdb ]; then sha256sum test.duckdb; stat -c %Y.%s test.duckdb; else fingerprint; fi; }

# The lines, beneath `resources`, in place of what is there; --json has them as they are.
take_lines() {
    advise 0 --json
    python3 - "$1" 3<<<"$said" 4<<<"$(sed -n 's/^destination: //p' spec.yaml)" >spec.yaml <<'PY'
import json, os, sys
lines = json.load(os.fdopen(3))["resources"][0]["lines"]
destination = os.fdopen(4).read().strip()
print("pipeline: test\ndestination: %s\ndataset: d\nsource: {type: files}\nresources:" % destination)
print(lines + "    " + sys.argv[1])
PY
}

test_lines_are_taken() {
    orders
    spec 't: {path: t.jsonl}'
    advise 0
    says "t: to be loaded another way" "40 rows read, twice" "'orderId' is unique in 40 rows" \
        "  t:
    write_disposition: merge
    primary_key: orderId
    incremental: {cursor: updatedAt}"
    take_lines "path: t.jsonl"
    run 0
    sed -i '3s/new/paid/; 3s/2024-02-../2024-03-01/' t.jsonl
    run 0
    equal 40 "$(sql 'select count(*) from t')"
    equal 1 "$(sql "select count(*) from t where state = 'paid'")"
    advise 0
    says "t: nothing to change"
    advise 0 --json
    of 't["verdict"] == "keep" and t["lines"] is None and t["loads"] == 2 and t["loads_rows_updated"] >= 1'
}

# named KEY CURSOR RESOURCE: forty rows with such fields, which say in JSON what they are called; the lines are put
# into a spec, and a row that has changed is the one that is read
named() {
    python3 - "$1" "$2" 40 >t.jsonl <<'PY'
import json, sys
key, cursor, count = json.loads(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])
for i in range(count):
    print(json.dumps({key: i, cursor: "2024-02-%02dT00:00:00Z" % (i % 28 + 1), "state": "new"}, ensure_ascii=i % 2 == 0))
PY
    spec "$3"
    take_lines "path: t.jsonl"
    grep -q "^    incremental: " spec.yaml || fail "no cursor for $1, $2: $(cat spec.yaml)"
    run 0
    sed -i '3s/new/paid/; 3s/2024-02-../2024-03-01/' t.jsonl
    run 0 --json
    of 'all["tables"][0]["updated"] == 1 and all["tables"][0]["inserted"] == 0'
    advise 0 --json
    of 't["verdict"] == "keep" and t["cursor"] == json.loads(sys.argv[1])' "$2"
}

test_names_that_need_quotes() {
    named '"the \"order\" id"' '"it'"'"'s, #1: {updated at"' "t0: {path: t.jsonl}"
    named '"order.id"' '"last updated"' "t1: {path: t.jsonl}"
    named '"a, b id"' '" updatedAt "' "t2: {path: t.jsonl}"
    named '"\u00dcn\u00ef: id"' '"\u65e5 \u2028updatedAt"' "t3: {path: t.jsonl}"
    named '"- id"' '"true updatedAt"' "t4: {path: t.jsonl}"
    named '"__id"' '"\\\\ \tupdated at"' '"o'"'"'r \"d: #s": {path: t.jsonl}'
}

# A cursor cannot follow a name that has a sign of paths in it, and advice says no such line.
test_names_that_no_cursor_follows() {
    python3 - >t.jsonl <<'PY'
import json
for i in range(40):
    print(json.dumps({"id": i, "a.updatedAt": "2024-02-%02dT00:00:00Z" % (i % 28 + 1), "o": {"b updatedAt": "2024-02-01T00:00:%02dZ" % i}}))
PY
    spec 't: {path: t.jsonl}'
    advise 0 --json
    of 't["lines"].endswith("incremental: {cursor: \"o.b updatedAt\"}\n")'
    of '[f["field"] for f in t["fields"]] == ["id", "a.updatedAt", "o.b updatedAt"]'
    take_lines "path: t.jsonl"
    run 0
}

test_nothing_is_touched() {
    orders
    spec 't: {path: t.jsonl}'
    advise 0
    [ ! -e test.duckdb ] || fail "the database was made"
    [ -z "$(find .tidegate -type f)" ] || fail "left behind: $(find .tidegate -type f)"
    run 0
    before=$(there) folder=$(find .tidegate -type f | sort)
    orders 41
    advise 0
    equal "$before" "$(there)" "the destination"
    equal "$folder" "$(find .tidegate -type f | sort)" "the working directory"
    run 0 --json
    of 'all["tables"][0]["inserted"] == 1'
}

# Rows of the second reading are others.
test_readings_differ() {
    orders
    spec 't: {path: t.jsonl, write_disposition: merge, primary_key: orderId, incremental: {cursor: made}}'
    (
        sleep 1
        sed '3s/new/paid/; 3s/2024-02-../2024-03-01/; 40d' t.jsonl >next
        mv next t.jsonl
    ) &
    advise 0 --wait 3 --json
    wait
    of '(t["rows_changed"], t["rows_vanished"], t["rows_same"], t["cursor"]) == (1, 1, 38, "updatedAt")'
    of 'any("did not move on in 1 of the 1 row that" in r["text"] for r in t["reasons"])'
    of '[f["changed_seen"] for f in t["fields"] if f["field"] == "updatedAt"] == [1]'
}

test_too_little() {
    spec 'empty: {path: empty.jsonl}
  one: {path: one.jsonl}
  equal: {path: equal.jsonl}
  lists: {path: lists.jsonl}'
    : >empty.jsonl
    echo '{"id": 1}' >one.jsonl
    for _ in $(seq 20); do echo '{"a": 1, "l": [1, [2]]}'; done >equal.jsonl
    for i in $(seq 20); do echo "{\"l\": [{\"k\": $i}, {\"m\": [$i]}]}"; done >lists.jsonl
    advise 0
    says "empty: cannot be told" "the source has no row" "1 row read" "one row: nothing can be told" \
        "all 20 rows are equal" "lists: nothing to change"
}

test_a_source_that_can_be_read_once() {
    orders
    spec 't: {path: /dev/stdin, format: jsonl}'
    said=$("$tidegate" advise spec.yaml --progress none <t.jsonl 2>&1)
    said=$(cat t.jsonl | "$tidegate" advise spec.yaml --progress none 2>&1)
    says "40 rows read, then 0" "can be read but once"
    said=$(cat t.jsonl | "$tidegate" advise spec.yaml --progress none --once 2>&1)
    says "40 rows read, once"
}

test_rows_and_resources() {
    orders
    spec 't: {path: t.jsonl}
  other: {path: nothing.jsonl}'
    advise 0 t --rows 10 --json
    of 'len(all["resources"]) == 1 and t["rows_read"] == 10 and t["cut"]'
    advise 2 nobody
    says "has no resource 'nobody'"
    advise 2 t --rows none
    says "'none' is no number of rows"
    advise 2 t --wait -1
    advise 1
    says "nothing.jsonl"
    advise 1 --json
    says '"code":"TG_SOURCE"'
}

test_two_at_once() {
    orders
    spec 't: {path: t.jsonl}'
    "$tidegate" advise spec.yaml --wait 5 --progress none >/dev/null 2>&1 &
    first=$!
    for _ in $(seq 100); do [ -e .tidegate/test/advise/lock ] && break || sleep 0.05; done
    sleep 0.2
    advise 3
    says "pipeline 'test'" "is held by pid"
    run 0 # which does not wait for it
    kill -INT "$first"
    wait "$first" || true
    [ ! -e .tidegate/test/advise ] || fail "the folder is left"
}

test_a_member_of_a_group_gets_its_table() {
    [ $kind = duckdb ] || return 0
    orders
    spec 't: {path: t.jsonl}'
    run 0
    mv test.duckdb shop.duckdb
    sed -i 's#^source:.*#source: {type: sql, connection: "duckdb:///shop.duckdb", schema: d}#; s#^  t:.*#  all_of_them: {tables: [t]}#' spec.yaml
    advise 0
    says "
  t:
    table: t
    write_disposition: merge
    primary_key: order_id
    incremental: {cursor: updated_at}"
}

test_width() {
    python3 - >t.jsonl <<'PY'
import json
for i in range(40):
    print(json.dumps({"a_very_long_name_of_a_field_that_does_not_fit_into_its_column_id": i, "\x1b[31mred": i,
                      "updated": "2024-01-01T00:%02d:00Z" % i}))
PY
    spec 't: {path: t.jsonl}'
    advise 0
    long=$(sed '/^resources:/,/^$/d' <<<"$said" | awk 'length($0) > 80 || / $/')
    [ -z "$long" ] || fail "too wide: $long"
    case $said in *$'\x1b'*) fail "an escape sequence is printed" ;; esac
}

run_tests duckdb postgres
