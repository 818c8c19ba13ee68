#!/usr/bin/env bash
# Every block of commands (```sh) of the user's pages runs as it is printed, page by page, in an empty folder. What some
# pages show of the output, in blocks of no language, must be said, but for line breaks and runs of spaces.
. "$(dirname "$0")/lib.bash"

# The blocks of a page as one script.
commands() {
    awk '/^ *```/ { inside = /```sh$/; match($0, /^ */); indent = RLENGTH; next }
        inside { print substr($0, indent + 1) }' "$1"
}

run_page() {
    PATH=$(dirname "$tidegate"):$PATH
    [ -n "$(commands "$1")" ] || fail "no command in $1"
    said=$(commands "$1" | bash -euo pipefail 2>&1) || fail "$1: $said"
}

# The output that a page shows, a paragraph a line.
shown() {
    awk '/^```/ { output = !fence && /^```$/; fence = !fence; print ""; next }
        output { printf "%s", $0 ? $0 " " : "\n" }' "$1" | squeezed | sed '/^$/d'
}

squeezed() { tr -s ' -' | sed 's/^ //; s/ $//'; }

says_what_it_shows() {
    local block
    said=$(printf '%s' "$said" | tr '\n' ' ' | squeezed)
    [ -n "$(shown "$1")" ] || fail "no output in $1"
    while read -r block; do
        says "$block"
    done < <(shown "$1")
}

test_schema() {
    run_page "$root/docs/schema.md"
    says_what_it_shows "$root/docs/schema.md"
}

test_contracts() {
    run_page "$root/docs/contracts.md"
    says_what_it_shows "$root/docs/contracts.md"
    equal 4 "$("$tidegate" sql pipeline.yaml "select count(*) from person" --csv | tail -1)"
    equal 7 "$("$tidegate" sql pipeline.yaml "select count(*) from _tidegate_rejects" --csv | tail -1)"
}

test_why() {
    run_page "$root/docs/why.md"
    says_what_it_shows "$root/docs/why.md"
    says "brought it so, and was committed at" "1 row in table 'person__tags' is nested in it" "took away, or replaced, the row" \
        '"fact":"replaced"'
}

test_adbc() {
    run_page "$root/docs/adbc.md"
    says_what_it_shows "$root/docs/adbc.md"
}

test_write_dispositions() {
    run_page "$root/docs/write-dispositions.md"
    says_what_it_shows "$root/docs/write-dispositions.md"
}

test_reset() {
    run_page "$root/docs/reset.md"
    says_what_it_shows "$root/docs/reset.md"
    equal 2 "$("$tidegate" sql pipeline.yaml "select count(*) from orders" --csv | tail -1)"
}

test_undo() {
    run_page "$root/docs/undo.md"
    says_what_it_shows "$root/docs/undo.md"
    equal 3 "$("$tidegate" sql pipeline.yaml "select count(*) from orders" --csv | tail -1)"
}

test_incremental() {
    run_page "$root/docs/incremental.md"
    says_what_it_shows "$root/docs/incremental.md"
    equal "4,4" "$("$tidegate" sql pipeline.yaml "select count(*), count(distinct id) from orders" --csv | tail -1)"
}

test_backfill() {
    run_page "$root/docs/backfill.md"
    says_what_it_shows "$root/docs/backfill.md"
    equal "31,31" "$("$tidegate" sql pipeline.yaml "select count(*), count(distinct id) from orders" --csv | tail -1)"
}

test_plan() {
    local key
    run_page "$root/docs/plan.md"
    says_what_it_shows "$root/docs/plan.md"
    equal 3 "$("$tidegate" sql pipeline.yaml "select count(*) from orders" --csv | tail -1)"
    for key in $(grep -o '"[a-z_]*":' plan.json | tr -d '":' | sort -u); do
        grep -q "\`$key\`" "$root/docs/programs.md" || fail "the page does not know the key '$key'"
    done
}

test_advise() {
    local key
    run_page "$root/docs/advise.md"
    says_what_it_shows "$root/docs/advise.md"
    grep -q '"verdict":"keep"' advice.json || fail "its own lines are not right: $(cat advice.json)"
    for key in $(grep -o '"[a-z_]*":' advice.json | tr -d '":' | sort -u); do
        grep -q "\`$key\`" "$root/docs/programs.md" || fail "the page does not know the key '$key'"
    done
}

test_deletes() {
    run_page "$root/docs/deletes.md"
    says_what_it_shows "$root/docs/deletes.md"
    says "50 of the 100 rows of table 'orders'"
}

test_files() {
    run_page "$root/docs/files.md"
    says_what_it_shows "$root/docs/files.md"
    equal 8 "$("$tidegate" sql pipeline.yaml "select count(*) from click" --csv | tail -1)"
}

# The blocks of Python want pyarrow, which the tests of the Python package bring.
test_file_formats() {
    local python=$root/build/deps/python/bin/python
    run_page "$root/docs/file-formats.md"
    says_what_it_shows "$root/docs/file-formats.md"
    "$python" -c 'import pyarrow' 2>/dev/null || return 0
    "$python" - <<'END'
import pyarrow as pa, pyarrow.feather, pyarrow.orc
table = pa.table({"id": [1, 2, 3], "at": [None, "x", "y"]})
pyarrow.feather.write_feather(table, "events.arrow")
pyarrow.orc.write_table(table, "events.orc")
END
    awk '/^```/ { inside = /```python$/; next } inside' "$root/docs/file-formats.md" | "$python" -
    sed -i '/^  person/a\  event: {path: [events.parquet, more.parquet, anew.parquet], same_content: load}' pipeline.yaml
    "$tidegate" run pipeline.yaml
    equal 9 "$("$tidegate" sql pipeline.yaml "select count(*) from event" --csv | tail -1)"
}

test_sql_source() {
    run_page "$root/docs/sql-source.md"
    says_what_it_shows "$root/docs/sql-source.md"
    equal 2 "$("$tidegate" sql pipeline.yaml "select count(*) from orders" --csv | tail -1)"
}

# The page's server is the one that libpq's variables name.
test_postgresql() {
    local name=docs_$$
    export PGHOST PGPORT PGUSER PGPASSWORD=$pg_password PGDATABASE=$name
    IFS='|' read -r PGUSER PGHOST PGPORT < <(sed -E 's#^[a-z]+://([^:@]*)[^@]*@([^:/]*):([0-9]+).*#\1|\2|\3#' <<<"$pg_server")
    pg_create "$name" >uri.yaml
    trap 'pg_drop "$PGDATABASE"' EXIT
    run_page "$root/docs/postgresql.md"
    says_what_it_shows "$root/docs/postgresql.md"
    equal 2 "$(pg "$name" -c "SELECT count(*) FROM bronze._dlt_loads")"
    equal "numeric(10,2)" "$(pg "$name" -c "SELECT format_type(atttypid, atttypmod) FROM pg_attribute
        WHERE attrelid = 'copy.payments'::regclass AND attname = 'amount'")"
}

test_operations() {
    unset TIDEGATE_ENV
    run_page "$root/docs/operations.md"
    says_what_it_shows "$root/docs/operations.md"
    equal 1 "$("$tidegate" sql pipeline.yaml "select count(*) from orders" --env dev --csv | tail -1)"
    local code
    for code in 0 1 2 3 4 5 130; do
        grep -q "^| $code |" "$root/docs/operations.md" || fail "the page does not know exit code $code"
        "$tidegate" help run | tr '\n' ' ' | grep -q "[ ;(]$code [a-z]" || fail "help run does not know exit code $code"
    done
}

test_programs() {
    local key
    run_page "$root/docs/programs.md"
    "$tidegate" show pipeline.yaml tables --csv >tables
    "$tidegate" show pipeline.yaml loads --csv >loads
    "$tidegate" show pipeline.yaml packages --csv >packages
    for view in tables loads packages; do
        equal "$(head -1 $view)" "$(sed -n "s/^| \`$view\` | //p" "$root/docs/programs.md" | tail -1 |
            sed 's/([^)]*)//g; s/[`| ]//g')" "columns of '$view'"
    done
    said=$(echo "$said" | grep '^{"load_id"')
    echo '{"id": "' >>data/person.jsonl
    said+=$("$tidegate" run pipeline.yaml --json 2>/dev/null) && fail "malformed JSON was loaded"
    for key in $(echo "$said" | grep -o '"[a-z_]*":' | tr -d '":'); do
        grep -q "\`$key\`" "$root/docs/programs.md" || fail "the page does not know the key '$key'"
    done
}

test_readme() {
    run_page "$root/README.md"
    equal 2 "$("$tidegate" sql pipeline.yaml "select count(*) from person" --csv | tail -1)"
    equal "Bela B." "$("$tidegate" sql pipeline.yaml "select name from person where id = 2" --csv | tail -1)"
    equal 2 "$("$tidegate" sql pipeline.yaml "select count(*) from _dlt_loads" --csv | tail -1)"
}

test_coming_from_dlt() {
    run_page "$root/docs/coming-from-dlt.md"
    equal 2 "$("$tidegate" sql pipeline.yaml "select count(*) from person" --csv | tail -1)"
}

run_tests
