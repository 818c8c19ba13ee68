"""What only PostgreSQL has: its types with their digits, zones, names of 63 bytes, dlt's unique constraints, the ways
in which dlt loads there, and tables that both read."""
import copy

from harness import Dataset, Failure, case, expect
from same_tables import compare

APPEND, MERGE = {"write_disposition": "append"}, {"write_disposition": "merge", "primary_key": "id"}
TURNS = ["dlt", "tidegate", "dlt", "tidegate"]

# -- types --

TYPES = {
    "byte": {"data_type": "bigint", "precision": 8}, "short": {"data_type": "bigint", "precision": 16},
    "middle": {"data_type": "bigint", "precision": 32}, "long": {"data_type": "bigint", "precision": 64},
    "integer": {"data_type": "bigint"}, "words": {"data_type": "text", "precision": 10}, "text": {"data_type": "text"},
    "cents": {"data_type": "decimal", "precision": 10, "scale": 2}, "digits": {"data_type": "decimal"},
    "whole": {"data_type": "decimal", "precision": 38, "scale": 0}, "wei": {"data_type": "wei"},
    "real": {"data_type": "double"}, "yes": {"data_type": "bool"}, "doc": {"data_type": "json"},
    "raw": {"data_type": "binary"}, "day": {"data_type": "date"}, "clock": {"data_type": "time"},
    "clock3": {"data_type": "time", "precision": 3}, "at": {"data_type": "timestamp"},
    "at0": {"data_type": "timestamp", "precision": 0}, "at3": {"data_type": "timestamp", "precision": 3},
    "at6": {"data_type": "timestamp", "precision": 6}, "naive": {"data_type": "timestamp", "timezone": False},
    "naive3": {"data_type": "timestamp", "timezone": False, "precision": 3},
    "zoned3": {"data_type": "timestamp", "timezone": True, "precision": 3},
}
VALUES = [
    {"byte": 127, "short": 32767, "middle": 2147483647, "long": 9223372036854775807, "integer": 1, "words": "0123456789",
     "text": "æ🚀'\\ \n", "cents": "99999999.99", "digits": "12345678901234567890123456789.123456789", "whole": "9" * 38,
     "wei": "123456789012345678901234567890", "real": 1e300, "yes": True, "doc": {"k": [1, None, "ø"]},
     "raw": "AP8=", "day": "9999-12-31", "clock": "23:59:59.999999", "clock3": "10:11:12.123",
     "at": "2024-01-02T03:04:05.123456+02:00", "at0": "2024-01-02T03:04:05Z", "at3": "2024-01-02T03:04:05.123Z",
     "at6": "9999-12-31T23:59:59.999999Z", "naive": "2024-01-02T03:04:05.123456", "naive3": "2024-01-02T03:04:05.123",
     "zoned3": "2024-01-02T03:04:05.123-0530"},
    {"byte": -128, "short": -32768, "middle": -2147483648, "long": -9223372036854775808, "integer": 0, "words": "",
     "text": "", "cents": "-0.01", "digits": "-0.000000001", "whole": 0, "wei": 0, "real": -0.5, "yes": False, "doc": [],
     "raw": "", "day": "0001-01-01", "clock": "00:00:00", "clock3": "00:00:00", "at": "0001-01-01T00:00:00Z",
     "at0": "1969-12-31T23:59:59Z", "at3": "1969-12-31T23:59:59.999Z", "at6": "2024-06-30T12:00:00-12:00",
     "naive": "2024-01-02T03:04:05+02:00", "naive3": "1969-12-31T23:59:59.999", "zoned3": "2024-01-02 03:04"},
    {},
]


@case
def types_in_tables_of_their_own():
    """types of PostgreSQL: the same columns and values, each in a dataset of its own"""
    compare({"t": {"path": "t.jsonl", "columns": TYPES}},
            {"t.jsonl": [{"id": n, **row} for n, row in enumerate(VALUES)]}, {"t": "id"})


@case
def types_by_turns():
    """types of PostgreSQL: what one writes into the other's columns is what he would have written himself"""
    for turns in (TURNS, TURNS[::-1]):
        with Dataset({"t": {"path": "t.jsonl", **APPEND, "columns": TYPES}}) as dataset:
            seen = []
            for number, who in enumerate(turns):
                dataset.write("t.jsonl", [{"id": n, "turn": number, **row} for n, row in enumerate(VALUES)])
                dataset.by(who)
                seen.append(dataset.query(f"SELECT id, {', '.join(TYPES)} FROM t WHERE turn = {number} ORDER BY id"))
                expect(f"rows of turn {number + 1}, by {who}, beside those of the first", seen[0], seen[-1])


@case
def zones():
    """a database in another time zone: a time has the same meaning, whoever wrote it"""
    times = ["2024-01-02T03:04:05Z", "2024-07-02T03:04:05", "2024-03-10T02:30:00", "2024-07-02T03:04:05.5+02:00",
             "2024-11-03T01:30:00-0530"]
    columns = {"naive": {"data_type": "timestamp", "timezone": False}}
    with Dataset({"t": {"path": "t.jsonl", "columns": columns, **APPEND, "incremental": {"cursor": "at"}}}) as dataset:
        dataset.place.ask(dataset.place.uri, f"ALTER DATABASE {dataset.place.name} SET TimeZone = 'America/New_York'")
        for number, who in enumerate(TURNS):
            at = f"2024-01-0{number + 1}T00:00:00+01:00"
            dataset.write("t.jsonl", [{"n": n, "turn": number, "at": at, "found": time, "naive": time}
                                      for n, time in enumerate(times)])
            dataset.by(who)
            first, now = (dataset.query(f"SELECT n, found, naive FROM t WHERE turn = {turn} ORDER BY n")
                          for turn in (0, number))
            expect(f"times of turn {number + 1}, by {who}, beside those of the first", first, now)
            expect(f"cursor after {who}", at, dataset.cursor("t", "at")["last_value"])
        expect("loads out of order", [], dataset.query(
            "SELECT load_id FROM _dlt_loads WHERE abs(extract(epoch FROM inserted_at) - load_id::numeric) > 300"))


# -- names --

LONG = {"c" * 62: 1, "d" * 63: 2, "e" * 64: 3, "f" * 200: 4, "camelCaseKey" * 6: 5, "o" * 40: {"p" * 40: 6, "q" * 22: 7},
        "l" * 40: [{"m" * 40: [8, 9], "n" * 70: 10}], "k" * 60: [[11]], "a b" * 30: 12, "ø" * 70: 13, "select": 14,
        "v" * 60: 15}


def long_names():
    return [{"id": 1, **copy.deepcopy(LONG)}, {"id": 2, "v" * 60: "a variant", "d" * 63: "text"}]


@case
def long_names_in_tables_of_their_own():
    """names that are longer than 63 characters: the same tables and columns"""
    resources = {"r" * 63: {"path": "t.jsonl"}, "s" * 64: {"path": "t.jsonl"}, "LongResource" * 6: {"path": "t.jsonl", **MERGE}}
    with Dataset({}) as dataset:  # what dlt calls them
        dataset.resources = resources
        dataset.write("t.jsonl", long_names())
        dataset.by_dlt()
        parents = dataset.parents()
        keys = {table: "id" for table in dataset.data_tables() if table not in parents}
    compare(resources, {"t.jsonl": long_names()}, keys)


@case
def long_names_by_turns():
    """names that are longer than 63 characters: one goes on in the other's tables"""
    for turns in (TURNS, TURNS[::-1]):
        with Dataset({"long_resource" * 6: {"path": "t.jsonl", **MERGE}}) as dataset:
            columns = None
            for number, who in enumerate(turns):
                dataset.write("t.jsonl", long_names())
                dataset.by(who)
                columns = columns or dataset.columns()
                expect(f"columns after {who}", columns, dataset.columns())
                root, = set(dataset.data_tables()) - set(dataset.parents())
                expect(f"rows after {who}", [(2,)], dataset.query(f"SELECT count(*) FROM {root}"))


# -- what stands in the way of a load, or is left by one --

def constraints(dataset, names="%"):
    return dataset.query("SELECT relname, contype::text, pg_get_constraintdef(c.oid) FROM pg_constraint c "
                         "JOIN pg_class t ON conrelid = t.oid WHERE contype <> 'n' AND "
                         f"t.relnamespace = current_schema()::regnamespace AND relname LIKE '{names}' ORDER BY 1, 2, 3")


INDEXED = {"orders": {"path": "t.jsonl", **MERGE}, "log": {"path": "t.jsonl", **APPEND},
           "all": {"path": "t.jsonl", "write_disposition": "replace"}}
UNIQUE = "UNIQUE (_dlt_id)"


@case
def unique_constraints_stay():
    """dlt's unique constraints stay, and hold, whatever tidegate does to the tables"""
    with Dataset(INDEXED) as dataset:
        dataset.write("t.jsonl", [{"id": n, "a": n, "l": [n]} for n in range(3)])
        dataset.by_dlt()
        before = constraints(dataset)
        wanted = [(table, "u", UNIQUE) for table in sorted(dataset.data_tables())]
        expect("dlt's constraints", wanted, [row for row in before if not row[0].startswith("_dlt")])
        for who in TURNS[1:]:
            dataset.write("t.jsonl", [{"id": n, "a": 1.5, "l": [n, 1], "more": "x"} for n in range(1, 4)])
            dataset.by(who)
            expect(f"constraints after {who}", before, constraints(dataset))
        try:
            dataset.place.ask(dataset.place.uri, "INSERT INTO d.orders SELECT * FROM d.orders")
        except Exception as error:
            if "duplicate key" not in str(error):
                raise
        else:
            raise Failure("the unique constraint of orders does not hold")


@case
def unique_constraints_asked_for():
    """create_indexes: the tables that tidegate makes have dlt's constraints, and dlt goes on in them"""
    wanted = None
    for turns in (["dlt"], ["tidegate", "dlt", "tidegate"]):
        with Dataset(INDEXED) as dataset:
            dataset.destination = {"create_indexes": True}
            for who in turns:
                dataset.write("t.jsonl", [{"id": n, "l": [n]} for n in range(3)])
                dataset.by(who)
                wanted = wanted or [row for row in constraints(dataset) if not row[0].startswith("_dlt_")]
                expect(f"constraints after {who}, of those who began", wanted,
                       [row for row in constraints(dataset) if not row[0].startswith(("_dlt_", "_tidegate_"))])


@case
def without_indexes():
    """a dataset that dlt made with create_indexes: false goes on without them"""
    with Dataset(INDEXED) as dataset:
        for who in TURNS:
            dataset.write("t.jsonl", [{"id": n, "l": [n]} for n in range(3)])
            dataset.by(who, **({"settings": {"create_indexes": False}} if who == "dlt" else {}))
            expect(f"constraints after {who}", [], [row for row in constraints(dataset) if row[0] in dataset.data_tables()])


@case
def replaced_by_each_strategy():
    """replace by each of dlt's strategies, in turn with tidegate's: the rows of the last one, constraints as dlt left them"""
    for strategy in ("truncate-and-insert", "insert-from-staging", "staging-optimized"):
        with Dataset({"all": {"path": "t.jsonl", "write_disposition": "replace"},
                      "orders": {"path": "t.jsonl", **MERGE}}) as dataset:
            before = None
            for number, who in enumerate(TURNS + ["dlt"]):
                rows = [{"id": 10 * number + n, "l": [number, n], f"c{number}": 1} for n in range(3)]
                dataset.write("t.jsonl", rows)
                dataset.by(who, **({"settings": {"replace_strategy": strategy}} if who == "dlt" else {}))
                expect(f"rows after {who}, {strategy}", [(row["id"],) for row in rows],
                       dataset.query('SELECT id FROM "all" ORDER BY id'))
                expect(f"nested rows after {who}, {strategy}", sorted((number, n, k) for n in range(3) for k in range(2)),
                       dataset.query('SELECT DISTINCT (id / 10)::int, (id % 10)::int, _l._dlt_list_idx::int FROM "all" '
                                     'JOIN all__l _l ON _dlt_parent_id = "all"._dlt_id ORDER BY 1, 2, 3'))
                before = before or constraints(dataset)
                expect(f"constraints after {who}, {strategy}", before, constraints(dataset))


@case
def loaded_as_csv():
    """dlt loads by COPY from CSV: tidegate goes on, and dlt again"""
    with Dataset({"t": {"path": "t.jsonl", **MERGE}}) as dataset:
        for number, who in enumerate(TURNS):
            dataset.write("t.jsonl", [{"id": number, "text": "", "none": None, "quoted": "a,\"b\"\n", "l": [number]},
                                      {"id": 100, "text": str(number), "none": 1}])
            dataset.by(who, **({"file_format": "csv"} if who == "dlt" else {}))
        rows = dataset.query("SELECT id, text, none, quoted FROM t ORDER BY id")
        texts = [None if who == "dlt" else "" for who in TURNS]  # an empty one is NULL in dlt's CSV
        expect("rows", [(n, text, None, "a,\"b\"\n") for n, text in enumerate(texts)] + [(100, "3", 1, None)], rows)


@case
def documents_in_json_columns():
    """a column of json, as dlt makes it of Parquet, is written to by both"""
    with Dataset({"t": {"path": "t.jsonl", **MERGE, "columns": {"doc": {"data_type": "json"}}}}) as dataset:
        for number, who in enumerate(TURNS):
            dataset.write("t.jsonl", [{"id": n, "doc": {"turn": number}} for n in (number, 100)])
            dataset.by(who)
            if number == 0:
                dataset.place.ask(dataset.place.uri, "ALTER TABLE d.t ALTER COLUMN doc TYPE json USING doc::json")
        expect("documents", [(0, "0"), (1, "1"), (2, "2"), (3, "3"), (100, "3")],
               dataset.query("SELECT id, doc ->> 'turn' FROM t ORDER BY id"))
        expect("type", "json", dataset.columns()["t"]["doc"][0])


# -- tables that both read --

@case
def tables_by_turns():
    """a table of the server, read by each in turn: its typed cursors are continued, its values are the same"""
    cursors = {"at": "timestamptz", "local": "timestamp", "day": "date", "n": "bigint", "price": "numeric(12,2)"}
    values = {"at": "'2024-01-0{}T03:04:05.123456+02'", "local": "'2024-01-0{} 03:04:05.5'", "day": "'2024-01-0{}'",
              "n": "{}", "price": "{}.25"}
    for cursor in cursors:
        with Dataset({cursor: {"table": "live.t", **APPEND, "incremental": {"cursor": cursor}}}) as dataset:
            place = dataset.place
            dataset.from_sql = {"type": "sql", "connection": place.uri, "schema": "live"}
            columns = ", ".join(f"{name} {kind}" for name, kind in cursors.items())
            place.ask(place.uri, "CREATE SCHEMA live", f"CREATE TABLE live.t (k text, {columns})")
            for number, who in enumerate(TURNS):
                for same in "ab":  # the second one comes later, with the same value
                    row = ", ".join(value.format(number + 1) for value in values.values())
                    place.ask(place.uri, f"INSERT INTO live.t VALUES ('{number}{same}', {row})")
                    dataset.resources[cursor]["table"] = "live.t" if who == "dlt" else "t"
                    dataset.by(who)
                dataset.by(who, loads=range(2))
                expect(f"rows by {cursor} after {who}", [],
                       dataset.query(f'(SELECT k, {", ".join(cursors)} FROM "{cursor}" EXCEPT ALL TABLE live.t) UNION ALL '
                                     f'(TABLE live.t EXCEPT ALL SELECT k, {", ".join(cursors)} FROM "{cursor}")'))
