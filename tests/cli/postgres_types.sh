#!/usr/bin/env bash
# docs/postgresql-types.md by the command: each line's example goes from a table of PostgreSQL to DuckDB, from there to
# a table that is made in PostgreSQL, and to one that has columns of the types it came from. At each station SQL compares.
. "$(dirname "$0")/lib.bash"

database() { echo "${destination##*/}"; }

# The statements of all stations, a file each, out of the page: a column `c12` of one row is that of line 12.
write_statements() {
    python3 - "$root/docs/postgresql-types.md" <<'END'
import re, sys

DUCKDB = {"bool": "BOOLEAN", "bigint": "BIGINT", "double": "DOUBLE", "text": "VARCHAR", "binary": "BLOB", "json": "JSON",
          "date": "DATE", "time": "TIME", "timestamp": "TIMESTAMP WITH TIME ZONE", "timestamp, naive": "TIMESTAMP"}
SECONDS = {"timestamp(0)": "TIMESTAMP_S"}  # whose digits are kept, too
POSTGRES = {"bool": "boolean", "bigint": "bigint", "double": "double precision", "text": "character varying",
            "binary": "bytea", "json": "jsonb", "date": "date", "time": "time without time zone",
            "timestamp": "timestamp with time zone", "timestamp, naive": "timestamp without time zone"}


def text(value):
    return "'" + value.replace("'", "''") + "'"


def compact(json):
    return re.sub(r"([:,])\s+", r"\1", json)


def lines(last):
    inside = False
    for number, line in enumerate(open(sys.argv[1], encoding="utf-8"), 1):
        cells = [cell.strip(" ") for cell in re.findall(r"((?:`[^`]*`|[^|`])*)\|", line)[1:]]
        cells = [cell[1:-1] if cell[:1] == "`" else cell for cell in cells]
        if not cells:
            inside = False
        elif inside and not cells[0].startswith("---"):
            yield number, *cells
        else:
            inside = inside or cells[-1] == last


def write(name, *parts):
    with open(name, "w", encoding="utf-8") as file:
        file.write("\n".join(parts) + "\n")


def compare(name, table, checks):
    """What is not as it should be: the number of the line, what is there, what should be."""
    selects = [f"SELECT {number} AS line, CAST({got} AS VARCHAR) AS got, {wanted} AS wanted FROM {table}"
               for number, got, wanted in checks]
    write(name, "SELECT * FROM (", " UNION ALL\n".join(selects), ") AS x WHERE got IS DISTINCT FROM wanted")


def type_name(names, decimal, column):
    return names.get(column) or column.replace("decimal", decimal).replace(", ", ",")


landed = list(lines("back"))
# A number has no cast to an xid, by which a load looks first whether a column made by hand holds all values.
same = [line for line in landed if line[5] == "same" and line[1] != "xid"]
columns = ", ".join(f"c{number} {kind}" for number, kind, *_ in landed)
values = ", ".join(text(example) for _, _, example, *_ in landed)
TYPES = ("CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE DOMAIN price AS numeric(8,2);"
         "CREATE TYPE pair AS (a integer, b text);")
write("source.sql", TYPES, "CREATE SCHEMA src;", f"CREATE TABLE src.s ({columns}); INSERT INTO src.s VALUES ({values});",
      "CREATE SCHEMA hand; CREATE TABLE hand.s (_dlt_id varchar NOT NULL, _dlt_load_id varchar NOT NULL);",
      *[f"ALTER TABLE hand.s ADD c{number} {kind};" for number, kind, *_ in same])
write("same", ", ".join(f"c{number}" for number, *_ in same))
compare("duckdb.sql", "s",
        [(n, f"c{n}", text(compact(duck) if column == "json" else duck))
         for n, _, _, column, duck, _ in landed] +
        [(n, f"typeof(c{n})", text(SECONDS.get(kind) or type_name(DUCKDB, "DECIMAL", column)))
         for n, kind, _, column, _, _ in landed])
both = "made.s AS made, src.s AS source"
compare("made.sql", both,
        [(n, f"made.c{n}", f"{text(duck)}::jsonb::varchar") if column == "json" else
         (n, f"made.c{n}::numeric::money", f"source.c{n}::varchar") if kind == "money" else
         (n, f"made.c{n}::varchar::{kind}", f"source.c{n}::varchar") for n, kind, _, column, duck, _ in landed] +
        [(n, f"(SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'made.s'::regclass "
             f"AND attname = 'c{n}')", text(type_name(POSTGRES, "numeric", column)))
         for n, kind, _, column, *_ in landed if kind not in SECONDS])
compare("hand.sql", "hand.s AS hand, src.s AS source",
        [(n, f"hand.c{n}", text(compact(example)) if kind == "json" else f"source.c{n}::varchar")
         for n, kind, example, *_ in same])
write("count", str(len(landed)))
write("refused", *[f"c{n} {kind}" for n, kind, *_, back in landed if back == "refused"])
refusals = list(lines("the error says"))
write("refusals.sql", "CREATE SCHEMA refused;", *[f"CREATE TABLE refused.r{n} (it {kind}); INSERT INTO refused.r{n} VALUES "
      f"({text(example)});" for n, kind, example, _ in refusals])
write("refusals", *[f"{n} {says}" for n, _, _, says in refusals])
END
}

# moves FROM SCHEMA TABLE TO DATASET [OPTIONS]: by a run
moves() {
    cat >spec.yaml <<END
pipeline: to_$5
destination: $4
dataset: $5
source: {type: sql, connection: "$1", schema: $2}
resources:
  s: {table: $3${6:-}}
END
}

test_every_line_through_duckdb_and_back() {
    write_statements
    [ "$(cat count)" -gt 60 ] || fail "the page has $(cat count) lines"
    pg "$(database)" <source.sql
    moves "$destination" src s duckdb:///there.duckdb d
    run 0
    equal "" "$("$tidegate" sql spec.yaml "$(cat duckdb.sql)" --csv | tail -n +2)" "what differs in DuckDB"
    moves duckdb:///there.duckdb d s "$destination" made ", excluded_columns: [_dlt_id, _dlt_load_id]"
    run 0
    equal "" "$(pg "$(database)" -c "SET timezone = 'UTC'" -f made.sql)" "what differs in PostgreSQL"
    moves duckdb:///there.duckdb d s "$destination" hand ", included_columns: [$(cat same)]"
    run 0
    equal "" "$(pg "$(database)" -f hand.sql)" "what differs in a table of the same types"
}

# The server says what a query's columns are: the same as of a table, but for the digits of a timestamp.
test_every_line_by_a_query() {
    write_statements
    pg "$(database)" <source.sql
    moves "$destination" src s duckdb:///there.duckdb d
    sed -i "s/table: s/query: SELECT * FROM src.s/" spec.yaml
    sed -i "s/'TIMESTAMP_S'/'TIMESTAMP'/" duckdb.sql
    run 0
    equal "" "$("$tidegate" sql spec.yaml "$(cat duckdb.sql)" --csv | tail -n +2)" "what differs in DuckDB"
}

# Into a column of its own type, which the server does not read out of JSON.
test_what_does_not_come_back() {
    local column type
    write_statements
    pg "$(database)" <source.sql
    moves "$destination" src s duckdb:///there.duckdb d
    run 0
    while read -r column type; do
        pg "$(database)" -c "DROP TABLE hand.s; CREATE TABLE hand.s (_dlt_id varchar, _dlt_load_id varchar, $column $type)"
        moves duckdb:///there.duckdb d s "$destination" hand ", included_columns: [$column]"
        run 1
        says "table 's'" "$column"
        equal 0 "$(pg "$(database)" -c "SELECT count(*) FROM hand.s")"
    done <refused
}

test_what_is_refused() {
    local line text
    write_statements
    pg "$(database)" <refusals.sql
    while read -r line text; do
        moves "$destination" refused "r$line" duckdb:///refused.duckdb d
        run 1
        says "resource 's', table 'r$line'" "column 'it'" "row 1" "$text"
    done <refusals
}

run_tests postgres
