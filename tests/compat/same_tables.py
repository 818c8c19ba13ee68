"""The same documents, loaded by each into a dataset of its own: the same tables, columns, SQL types and values.
Where the two differ on purpose, the cases at the end say what each makes of it (docs/coming-from-dlt.md)."""
import json

import rules
from harness import Dataset, Failure, case, expect

NAMES = ("dlt", "tidegate")
RANDOM = ("_dlt_id", "_dlt_load_id", "_dlt_parent_id", "_dlt_root_id")


# -- comparing two datasets --

def rows_by_path(dataset, keys):
    """{table: {path: {column: value}}} of all data tables. A path is the root row's key (a column of the root) and the
    positions that lead from it to the nested row; random ids are replaced by it."""
    parents, columns, paths, result = dataset.parents(), dataset.columns(), {}, {}

    def depth(table):
        return 1 + depth(parents[table]) if table in parents else 0
    for table in sorted(dataset.data_tables(), key=depth):
        rows = result[table] = {}
        names = list(columns[table])
        quoted = ", ".join(f'"{name}"' for name in names)
        for values in dataset.query(f'SELECT {quoted} FROM "{table}"'):
            row = dict(zip(names, values))
            parent = row.get("_dlt_parent_id")
            path = (row[keys[table]],) if parent is None else paths[parents[table], parent] + (row["_dlt_list_idx"],)
            paths[table, row["_dlt_id"]] = path
            rows[path] = {name: comparable(value) for name, value in row.items() if name not in RANDOM
                          and value is not None}
    return result


def comparable(value):
    """Values of JSON columns by meaning, all others with their type."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return "json", json.dumps(json.loads(value), sort_keys=True)
        except ValueError:
            pass
    if value == 0.0:
        value = abs(value)  # dlt loses the sign of -0.0
    return type(value).__name__, repr(value)


def differences(theirs, ours, keys):
    """What a reader of the tables would notice, in words."""
    found = []
    columns = theirs.columns(), ours.columns()
    for table in sorted(set(columns[0]) | set(columns[1])):
        for name, there, missing in ((NAMES[0], 0, 1), (NAMES[1], 1, 0)):
            if table not in columns[missing]:
                found.append(f"only {name} has table {table}")
            else:
                for column in sorted(set(columns[there].get(table, ())) - set(columns[missing][table])):
                    found.append(f"only {name} has column {table}.{column}")
        for column in sorted(set(columns[0].get(table, ())) & set(columns[1].get(table, ()))):
            if columns[0][table][column] != columns[1][table][column]:
                found.append(f"{table}.{column} is {columns[0][table][column]} by dlt, "
                             f"{columns[1][table][column]} by tidegate")
    rows = rows_by_path(theirs, keys), rows_by_path(ours, keys)
    for table in sorted(set(rows[0]) & set(rows[1])):
        for path in sorted(set(rows[0][table]) ^ set(rows[1][table]), key=str):
            found.append(f"only {NAMES[path in rows[1][table]]} has row {path} of {table}")
        for path in sorted(set(rows[0][table]) & set(rows[1][table]), key=str):
            left, right = rows[0][table][path], rows[1][table][path]
            found += [f"{table}{list(path)}.{column} is {left.get(column)} by dlt, {right.get(column)} by tidegate"
                      for column in sorted(set(left) | set(right)) if left.get(column) != right.get(column)]
    return found


def compare(resources, files, keys, wanted=()):
    """Loads `files` ({name: [rows of load 1], ...} or a list of such, one per load) by each and compares."""
    with Dataset(resources) as theirs, Dataset(resources) as ours:
        for load in files if isinstance(files, list) else [files]:
            for dataset, who in ((theirs, "dlt"), (ours, "tidegate")):
                for name, rows in load.items():
                    dataset.write(name, rows)
                dataset.by(who)
        expect("differences", list(wanted), differences(theirs, ours, keys))


def compare_rows(rows, **hints):
    hints = {"path": "t.jsonl", **hints}
    compare({"t": hints}, {"t.jsonl": [{"id": n, **row} for n, row in enumerate(rows)]}, {"t": "id"})


# -- the documents --

@case
def scalars():
    """same tables: scalars of every type"""
    compare_rows([
        {"i": 1, "f": 1.5, "b": True, "s": "x", "n": None, "big": 9223372036854775807, "small": -9223372036854775808},
        {"i": 0, "f": -0.0, "b": False, "s": "", "big": 0, "small": 0, "n": None},
        {"f": 1e300, "s": "æøå 日本 🚀 'single' \"double\" \\ \u0001 \t \r\n end"},
        {"f": 5e-324, "s": "null"}, {"f": 0.1, "s": "true"}, {"f": 1e16, "s": " padded "}, {"f": 123456789.123456789},
        {"f": 2.0, "s": "{\"not\": parsed"}, {"i": None, "f": None, "b": None, "s": None},
    ])


@case
def times():
    """same tables: texts that look like times"""
    yes = ["2024-01-02T03:04:05Z", "2024-01-02T03:04:05", "2024-01-02 03:04:05", "2024-01-02T03:04:05.5Z",
           "2024-01-02T03:04:05.123456Z", "2024-01-02T03:04:05+02:00", "2024-01-02T03:04:05.25-0530",
           "2024-01-02T03:04",
           "20240102T030405Z", "1969-12-31T23:59:59.999999Z", "2024-02-29T23:59:59+14:00", "0001-01-01T00:00:00Z",
           "9999-12-31T23:59:59Z", "2024-01-02T24:00:00Z", "2024-01-02T03:04:05.1234567Z"]
    no = ["2024-01-02", "20240102", "2024", "2024-W01", "2024-01", "03:04:05", "P1D", "Tue, 02 Jan 2024 03:04:05 GMT",
          " 2024-01-02T03:04:05Z", "2024-01-02T03:04:05 UTC", "2024-01-02T25:00:00Z", "2023-02-29T00:00:00Z", "12345",
          "1e3", "1.5"]
    compare_rows([{f"c{n}": text for n, text in enumerate(yes + no)}])


COERCED = {
    "text": ("x", [1, -5, 1.0, 1e21, 1e-7, 0.1, True, False, "2024-01-02T03:04:05Z"]),
    "bigint": (1, ["2", "x", "1.0", 2.0, -7.0, True, "", "9223372036854775807", "-1"]),
    "double": (1.5, [2, "3", "1e3", "x", True, "", 9007199254740992, "-0.25", ".5"]),
    "bool": (True, ["yes", "NO", "t", "F", "1", "0", "y", "n", "maybe", 0, 1, 0.0, "TRUE", ""]),
    "timestamp": ("2024-01-02T03:04:05Z", ["2024-01-02", 5, 1.5, "not a date", "1700000000", 1700000000, True, "", -1,
                                           "2024-01-02T03:04:05.5+02:00", "2024-01-02 03:04"]),
}


@case
def coercion():
    """same tables: values that meet a column of another type"""
    rows = [{name: first for name, (first, _) in COERCED.items()}]
    for name, (_, values) in COERCED.items():
        rows += [{name: value} for value in values]
    compare_rows(rows)


@case
def coercion_in_later_loads():
    """same tables: values that meet a column of another type in a later load"""
    loads = [{"t.jsonl": [{"id": 0, **{name: first for name, (first, _) in COERCED.items()}}]}]
    width = max(len(values) for _, values in COERCED.values())
    rows = [{"id": n + 1, **{name: values[n] for name, (_, values) in COERCED.items() if n < len(values)}}
            for n in range(width)]
    loads += [{"t.jsonl": rows[:width // 2]}, {"t.jsonl": rows[width // 2:]}]
    compare({"t": {"path": "t.jsonl"}}, loads, {"t": "id"})


@case
def names():
    """same tables: names of columns"""
    keys = ["camelCase", "HTTPRequest", "BigQuery", "1st", "a b", "x_", "x2__", "select", "a__b", "c__d__e", "with.dot",
            "semi;colon",
            "quote\"d", "apostrophe's", "+1", "-2", "email@home", "m*n", "p|q", "#", "MyURL2Go", "iPhone15Pro",
            "Straße", "caféine", "__lead",
            "_one", "UPPER", "tab\tbed", "new\nline", "value", "list", "_dlt_mine", "ABC123Def", "$price", "100%",
            "trailing ", "table"]
    compare_rows([{key: number for number, key in enumerate(keys)}])


@case
def names_of_tables():
    """same tables: names of resources and nested tables"""
    rows = [{"id": 1, "someList": [1], "Ünïcode": [2], "a b": [{"c D": [3]}], "list": [[4]], "value": [5], "a__b": [6],
             "1": [7]}]
    compare({"MyTable": {"path": "t.jsonl"}, "odd name!": {"path": "t.jsonl"}, "order": {"path": "t.jsonl"}},
            {"t.jsonl": rows}, {"my_table": "id", "odd_namex": "id", "order": "id"})


@case
def nesting():
    """same tables: objects and lists, nested"""
    compare_rows([
        {"o": {"a": 1, "p": {"b": 2, "q": {"c": 3}}}, "l": [1, 2, 3],
         "d": [{"x": 1, "m": [{"y": 2}]}, {"x": 2, "m": []}]},
        {"o": {}, "l": [], "d": None, "o2": {"only": {}}},
        {"l": [4, None, 5], "ll": [[1, 2], [3], []], "lll": [[[1], [2, 3]], [[4]]], "mixed": [1, {"k": 2}, {"k": 3}]},
        {"o": {"l": [{"z": 1}], "p": {"l": [True, False]}}, "texts": ["a", "b"], "times": ["2024-01-01T00:00:00Z"]},
        {"d": [{"x": 1, "o": {"deep": [{"deeper": [{"deepest": 1}]}]}}, {}, {"x": None}]},
        {"ld": [[{"a": 1}, {"a": 2}], [{"b": 3}]], "dates": ["2024-01-01"], "floats": [1.5, 2.5],
         "with_nulls": [None, None]},
    ])


@case
def scalar_that_becomes_nested():
    """same tables: a scalar that becomes an object or a list, and the other way round"""
    compare_rows([{"a": 1, "b": 2, "c": {"k": 1}, "d": [1]}, {"a": {"k": 1}, "b": [1, 2], "c": 5, "d": 6},
                  {"a": 3, "b": 4}])


@case
def late_columns():
    """same tables: columns that come late, or as nothing but null"""
    compare_rows([{"a": 1, "never": None}, {"b": None}, {"b": "late", "l": [{"x": None}]}, {"l": [{"x": 1}, {"y": 2}]}])


@case
def depth_limits():
    """same tables: max_table_nesting 0, 1 and 2"""
    row = {"id": 1, "o": {"p": {"q": {"r": 1}}}, "l": [{"m": [1, [2]], "z": {"y": {"x": 1}}}], "ll": [[1]], "e": {},
           "n": []}
    compare({f"t{depth}": {"path": "t.jsonl", "max_table_nesting": depth} for depth in range(3)},
            {"t.jsonl": [row]}, {f"t{depth}": "id" for depth in range(3)})


@case
def hinted_columns():
    """same tables: column hints"""
    columns = {"price": {"data_type": "decimal", "precision": 10, "scale": 2}, "day": {"data_type": "date"},
               "at": {"data_type": "time"},
               "raw": {"data_type": "json"}, "when": {"data_type": "timestamp", "timezone": False},
               "n": {"data_type": "double"},
               "code": {"data_type": "text"}, "must": {"data_type": "bigint", "nullable": False},
               "plain": {"data_type": "decimal"},
               "bytes": {"data_type": "binary"}}
    compare_rows([
        {"price": "12.50", "day": "2024-01-02", "at": "10:11:12", "raw": {"k": [1, None]},
         "when": "2024-01-02T03:04:05+02:00", "n": 1,
         "code": 7, "must": 1, "plain": "0.1", "bytes": "aGVsbG8="},
        {"price": 3, "day": "2024-01-03", "at": "10:11:12.5", "raw": [1], "when": "2024-01-02", "n": "2.5",
         "code": True,
         "must": 2, "plain": 7, "bytes": "0x00ff"},
    ], columns=columns)


@case
def merged():
    """same tables: merge with keys and nested tables, in two loads"""
    resources = {"t": {"path": "t.jsonl", "write_disposition": "merge", "primary_key": "id",
                       "incremental": {"cursor": "at"}}}
    compare(resources, [
        {"t.jsonl": [{"id": n, "at": 1, "l": [{"x": n}, {"y": [n]}]} for n in range(4)]},
        {"t.jsonl": [{"id": n, "at": 2, "l": [{"x": -n}], "o": {"k": 1}} for n in range(2, 6)]},
    ], {"t": "id"})


@case
def replaced():
    """same tables: replace, in two loads"""
    compare({"t": {"path": "t.jsonl", "write_disposition": "replace"}}, [
        {"t.jsonl": [{"id": 1, "l": [1]}, {"id": 2, "a": "x"}]}, {"t.jsonl": [{"id": 3, "b": 1.5}]}], {"t": "id"})


# -- different on purpose --

# rule: (hints of the resource, rows of each load, query, what dlt answers, what tidegate answers); FAILS: the run does;
# ANY: dlt does not say
FAILS, ANY = "the run fails", "any"
MERGE = {"write_disposition": "merge"}
ON_PURPOSE = {
    "integers and fractions share one column, which widens": (
        {}, [[{"id": 1, "a": 1}, {"id": 2, "a": 1.5}]], "SELECT COLUMNS('^(id|a.*)$') FROM t ORDER BY id",
        [(1, 1, None), (2, None, 1.5)], [(1, 1.0), (2, 1.5)]),
    "a column at the destination widens, too": (
        {}, [[{"id": 1, "a": 1}], [{"id": 2, "a": 1.5}]], "SELECT COLUMNS('^(id|a.*)$') FROM t ORDER BY id",
        [(1, 1, None), (2, None, 1.5)], [(1, 1.0), (2, 1.5)]),
    "integers beyond 64 bits are kept": (
        {}, [[{"id": 1, "a": 123456789012345678901234567890}]],
        "SELECT a::VARCHAR, (SELECT numeric_precision FROM information_schema.columns WHERE table_name = 't' AND "
        "column_name = 'a') FROM t",
        FAILS, [("123456789012345678901234567890", 38)]),
    "an integer that a double cannot hold goes to a variant": (
        {}, [[{"id": 1, "a": 0.5}, {"id": 2, "a": 9007199254740993}]],
        "SELECT COLUMNS('^(id|a.*)$') FROM t ORDER BY id",
        [(1, 0.5), (2, 9007199254740992.0)], [(1, 0.5, None), (2, None, 9007199254740993)]),
    "a text that is no number as numbers are written goes to a variant": (
        {}, [[{"id": n, "a": a} for n, a in enumerate((1, " 3 ", "0x1F", "+4"))]],
        "SELECT COLUMNS('^(id|a.*)$') FROM t ORDER BY id",
        [(0, 1), (1, 3), (2, 31), (3, 4)], [(0, 1, None), (1, None, " 3 "), (2, None, "0x1F"), (3, None, "+4")]),
    "a number that is neither 0 nor 1 is no bool": (
        {}, [[{"id": n, "a": a} for n, a in enumerate((True, 7, 2.5, 0))]],
        "SELECT COLUMNS('^(id|a.*)$') FROM t ORDER BY id",
        [(0, True), (1, True), (2, True), (3, False)],
        [(0, True, None, None), (1, None, 7, None), (2, None, None, 2.5), (3, False, None, None)]),
    "a double becomes the decimal that it is written as": (
        {"columns": {"a": {"data_type": "decimal", "precision": 20, "scale": 2}}}, [[{"a": 1.005}]],
        "SELECT a::VARCHAR FROM t", rules.CENT, [("1.01",)]),
    "a date that meets a time of day becomes a timestamp, and keeps it": (
        {"columns": {"day": {"data_type": "date"}}}, [[{"day": "2024-01-02"}, {"day": "2024-01-02T23:30:00-02:00"}]],
        "SELECT day::VARCHAR FROM t ORDER BY day",
        [("2024-01-02",), ("2024-01-03",)], [("2024-01-02 00:00:00+00",), ("2024-01-03 01:30:00+00",)]),
    "two keys of one name do not overwrite each other": (
        {}, [[{"id": 1, "a b": 1, "a-b": 2}]], "SELECT COLUMNS('^a_b') FROM t", [(2,)], [(1, 2)]),
    "a merge without a key is a mistake": (
        MERGE, [[{"id": 1}], [{"id": 1}]], "SELECT id FROM t", [(1,), (1,)], FAILS),
    "unless the resource says append": (
        {**MERGE, "on_missing_key": "append"}, [[{"id": 1}], [{"id": 1}]], "SELECT id FROM t", [(1,), (1,)],
        [(1,), (1,)]),
    "the last row of a key wins": (
        {**MERGE, "primary_key": "id"}, [[{"id": 1, "v": n} for n in (3, 1, 2)]], "SELECT v FROM t", ANY, [(2,)]),
    "a NULL merge key matches NULL": (
        {**MERGE, "merge_key": "k", "columns": {"k": {"nullable": True, "data_type": "text"}}},
        [[{"k": None, "v": 1}, {"k": "x", "v": 1}], [{"k": None, "v": 2}]], "SELECT k, v FROM t ORDER BY 1, 2",
        [("x", 1), (None, 1), (None, 2)], [("x", 1), (None, 2)]),
    "{disposition: replace} is replace, cursor included": (
        {"write_disposition": {"disposition": "replace"}, "incremental": {"cursor": "id"}}, [[{"id": 2}], [{"id": 1}]],
        "SELECT id FROM t", rules.REPLACED_IN_THE_LONG_FORM, [(1,)]),
}


@case
def on_purpose():
    """different on purpose: each rule of the page "Coming from dlt" that a document can show"""
    for rule, (hints, loads, query, *answers) in ON_PURPOSE.items():
        for who, answer in zip(NAMES, answers):
            with Dataset({"t": {"path": "t.jsonl", **hints}}) as dataset:
                try:
                    for rows in loads:
                        dataset.write("t.jsonl", rows)
                        dataset.by(who, loads=range(2))
                    got = dataset.query(query)
                except Failure as failure:
                    if answer != FAILS:
                        raise Failure(f"{rule}, {who}: {failure}") from None
                    got = FAILS
                if answer != ANY:
                    expect(f"{rule}, {who}", answer, got)
