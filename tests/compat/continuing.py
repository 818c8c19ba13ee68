"""A dataset begun by one is continued by the other: rows, cursors, state, schema."""
import collections
import datetime
import json
import os

from harness import Dataset, Failure, case, dlt_call, expect

# -- the seed example: persons that change, clicks that only grow --

SEED = {
    "person": {"path": "person.jsonl", "write_disposition": "merge", "primary_key": "id",
               "incremental": {"cursor": "updated_at", "initial_value": "2024-01-01T00:00:00Z"}},
    "clickstream": {"path": "clicks.jsonl", "write_disposition": "append", "incremental": {"cursor": "id"}},
}


def stamp(day):
    return f"2024-03-{day:02}T12:00:00Z"


class Seed:
    """The source: each round changes two persons, adds one, and sends clicks whose first has the id of the last one
    before, so that an old and a new row stand at the cursor's last value."""

    def __init__(self, dataset):
        self.dataset, self.round, self.clicks = dataset, 0, []
        self.persons = {key: {"id": key, "name": f"person {key}", "updated_at": stamp(1)} for key in range(1, 6)}

    def grow(self):
        self.round += 1
        for key in (self.round, self.round + 1, 5 + self.round):
            self.persons[key] = {"id": key, "name": f"person {key}, round {self.round}",
                                 "updated_at": stamp(1 + self.round)}
        first = self.clicks[-1]["id"] if self.clicks else 1
        self.clicks += [{"id": first + n, "page": f"/p{n}", "round": self.round, "ratio": n / 3} for n in range(10)]
        self.dataset.write("person.jsonl", self.persons.values())
        self.dataset.write("clicks.jsonl", self.clicks)

    def check(self, who):
        persons = self.dataset.query("SELECT id, name, updated_at FROM person ORDER BY id")
        expect(f"persons after {who}", [(p["id"], p["name"], p["updated_at"]) for _, p in sorted(self.persons.items())],
               [(key, name, at.strftime("%Y-%m-%dT%H:%M:%SZ")) for key, name, at in persons])
        clicks = self.dataset.query("SELECT id, page, round, ratio FROM clickstream")
        double = collections.Counter(clicks) - collections.Counter(tuple(click.values()) for click in self.clicks)
        lost = collections.Counter(tuple(click.values()) for click in self.clicks) - collections.Counter(clicks)
        expect(f"clicks that {who} doubled", [], sorted(double))
        expect(f"clicks that {who} lost", [], sorted(lost))
        expect(f"cursor of person after {who}", max(p["updated_at"] for p in self.persons.values()),
               self.dataset.cursor("person", "updated_at")["last_value"])
        expect(f"cursor of clickstream after {who}", self.clicks[-1]["id"],
               self.dataset.cursor("clickstream", "id")["last_value"])


def other(who):
    return {"dlt": "tidegate", "tidegate": "dlt"}[who]


def seed_by_turns(turns, source=None, named=True, same_homes=False):
    with Dataset(SEED, "dummy_source_to_duckdb", "bronze", source, named) as dataset:
        seed = Seed(dataset)
        for who in turns:
            home = {"home": f"home_of_{who}"} if same_homes else {}
            seed.grow()
            dataset.by(who, **home)
            seed.check(who)
            # Nothing new. dlt writes its boundary hashes in any order, so it may see a new state; whoever follows the
            # other
            # one merges the persons at the cursor's last value over themselves (dlt knows them by key, tidegate by
            # content),
            # and tidegate remembers the files it has read. After itself, tidegate writes nothing.
            before = who
            for again in (who, other(who), "tidegate", "tidegate"):
                loads = 0 if before == again == "tidegate" else range(2)
                dataset.by(again, loads=loads, **({"home": f"home_of_{again}"} if same_homes else {}))
                before = again
            seed.check(f"{who} and four runs with nothing new")


@case
def seed_begun_by_dlt():
    """the seed example by turns, begun by dlt: nothing lost, nothing doubled, cursor included"""
    seed_by_turns(["dlt", "tidegate", "dlt", "tidegate"])


@case
def seed_begun_by_tidegate():
    """the seed example by turns, begun by tidegate: nothing lost, nothing doubled, cursor included"""
    seed_by_turns(["tidegate", "dlt", "tidegate", "dlt"])


@case
def seed_in_kept_homes():
    """the seed example by turns, each in its own kept working directory"""
    seed_by_turns(["dlt", "tidegate", "tidegate", "dlt", "dlt", "tidegate"], same_homes=True)


@case
def seed_of_a_named_source_begun_by_dlt():
    """a @dlt.source with a name of its own is continued under that name, begun by dlt"""
    seed_by_turns(["dlt", "tidegate", "dlt"], source="dummy_source")


@case
def seed_of_a_named_source_begun_by_tidegate():
    """a @dlt.source with a name of its own is continued under that name, begun by tidegate"""
    seed_by_turns(["tidegate", "dlt", "tidegate"], source="dummy_source")


@case
def seed_of_a_source_the_spec_does_not_name():
    """a @dlt.source with a name of its own is continued under that name, though the spec does not know it"""
    seed_by_turns(["dlt", "tidegate", "dlt"], source="dummy_source", named=False)


# -- rows at the cursor's last value --

BOUNDARY_ROWS = [
    {"at": 7, "n": 1, "b": "keys in another order", "a": 1},
    {"at": 7, "n": 2, "text": "æøå 日本 🚀 \u0001 \u2028 \"quoted\" \\ / \t\n"},
    {"at": 7, "n": 3, "numbers": [0.1, 1e-7, 1e16, 1e21, 1.5e300, 5e-324, -0.0, 2.0, 123456789.125]},
    {"at": 7, "n": 4, "integers": [0, -1, 9007199254740993, 9223372036854775807, -9223372036854775808]},
    {"at": 7, "n": 5, "deep": {"z": {"y": [{"b": None, "a": {}}, [], [[1], None]]}, "é": 1, "e": 2, "Z": 3}},
    {"at": 7, "n": 6, "nothing": None, "yes": True, "no": False, "": "empty key"},
    {"at": 7, "n": 7, "when": "2024-01-02T03:04:05.123456789+02:00", "day": "2024-01-02"},
]


def boundary_by(first, second):
    """Rows of all kinds at one cursor value: the second finds none of them new, then takes one more at the same value,
    and the first knows that one too."""
    with Dataset({"t": {"path": "t.jsonl", "write_disposition": "append", "incremental": {"cursor": "at"}}}) as dataset:
        numbers = [row["n"] for row in BOUNDARY_ROWS]
        dataset.write("t.jsonl", BOUNDARY_ROWS)
        dataset.by(first)
        for who in (second, first):
            # The same rows in another order of keys, as an API may send them.
            dataset.write("t.jsonl", [dict(reversed(row.items())) for row in BOUNDARY_ROWS])
            # dlt writes several hashes in any order, which makes a new state of the same rows; tidegate remembers the
            # file.
            dataset.by(who, loads=range(2))
            expect(f"rows after the same ones came again, by {who}", numbers,
                   [row[0] for row in dataset.query("SELECT n FROM t ORDER BY n")])
        for who in (second, first, second):
            numbers.append(len(numbers) + 1)
            dataset.write("t.jsonl", [{"at": 7, "n": numbers[-1]}], append=True)
            dataset.by(who)
            expect(f"rows after one more at the same value, by {who}", numbers,
                   [row[0] for row in dataset.query("SELECT n FROM t ORDER BY n")])


@case
def boundary_dlt_first():
    """rows at the cursor's last value are recognised by content: dlt, then tidegate"""
    boundary_by("dlt", "tidegate")


@case
def boundary_tidegate_first():
    """rows at the cursor's last value are recognised by content: tidegate, then dlt"""
    boundary_by("tidegate", "dlt")


def boundary_with_key(first, second):
    with Dataset({"t": {"path": "t.jsonl", "write_disposition": "append", "primary_key": ["k", "l"],
                        "incremental": {"cursor": "at"}}}) as dataset:
        dataset.write("t.jsonl", [{"at": 1, "k": 1, "l": "a"}, {"at": 2, "k": 1, "l": "ø"},
                                  {"at": 2, "k": 2, "l": "b"}])
        dataset.by(first)
        dataset.write("t.jsonl", [{"at": 2, "k": 1, "l": "ø", "more": 1}, {"at": 2, "k": 2, "l": "b"}])
        dataset.by(second, loads=range(2))
        expect("keys, as before", [(1, "a"), (1, "ø"), (2, "b")], dataset.query("SELECT k, l FROM t ORDER BY 1, 2"))
        dataset.write("t.jsonl", [{"at": 2, "k": 3, "l": "c"}], append=True)
        dataset.by(second)
        expect("keys", [(1, "a"), (1, "ø"), (2, "b"), (3, "c")], dataset.query("SELECT k, l FROM t ORDER BY 1, 2"))


def cursor_after(what, first, second):
    """A window, or a reset, between two who load by turns; then what there is comes again, and one row more."""
    resources = {"added": {"path": "t.jsonl", "write_disposition": "append", "incremental": {"cursor": "at", "initial_value": 1}},
                 "keyed": {"path": "t.jsonl", "write_disposition": "merge", "primary_key": "id",
                           "incremental": {"cursor": "at", "initial_value": 1}}}
    rows = [{"at": 0, "id": 0}, {"at": 1, "id": 1}, {"at": 5, "id": 2}, {"at": 5, "id": 3}]
    with Dataset(resources) as dataset:
        dataset.write("t.jsonl", rows)
        dataset.by(first)
        wanted = [1, 2, 3]
        if what == "window":
            dataset.by_tidegate("--from", "0", "--to", "1")
            wanted = [0, *wanted]
            for name in resources:
                expect(f"cursor of {name} after a window", 5, dataset.cursor(name, "at")["last_value"])
        else:
            dataset.command("reset", "--cursors", "--yes")
            state = dataset.inspect()
            expect("what dlt objects to after a reset", [], state["problems"])
            expect("cursors after a reset", False, '"last_value"' in json.dumps(state["state"]))
        for number, who in enumerate((second, first, second)):
            rows.append({"at": 5 + number // 2, "id": 4 + number})
            dataset.write("t.jsonl", rows)
            dataset.by(who)
            keys = sorted([*wanted, *range(4, 5 + number)])
            again = [1, 2, 3] if what == "reset" else []  # an append adds what a reset has read again
            expect(f"rows that were added, after {number + 1} loads, by {who}", sorted(keys + again),
                   [row[0] for row in dataset.query("SELECT id FROM added ORDER BY id")])
            expect(f"merged rows, after {number + 1} loads, by {who}", keys,
                   [row[0] for row in dataset.query("SELECT id FROM keyed ORDER BY id")])
            for name in resources:
                expect(f"cursor of {name} after {who}", 5 + number // 2, dataset.cursor(name, "at")["last_value"])


@case
def window_between():
    """a window between two loads moves no cursor, whoever goes on"""
    for turns in ("dlt", "tidegate"), ("tidegate", "dlt"):
        cursor_after("window", *turns)


@case
def reset_between():
    """after `tidegate reset --cursors` whoever comes begins at the initial value, and the other one goes on"""
    for turns in ("dlt", "tidegate"), ("tidegate", "dlt"):
        cursor_after("reset", *turns)


def typed_state(turns):
    """Values of each kind that a state marks: times with a zone and without, dates, decimals, several known rows."""
    columns = {"at": {"data_type": "timestamp"}}
    resources = {name: {"path": f"{name}.jsonl", "write_disposition": "append", "incremental": {"cursor": "at"}, **more}
                 for name, more in (("zoned", {"columns": columns}), ("naive", {}), ("day", {}), ("real", {}))}
    values = {"zoned": "2024-01-0{}T10:00:00+02:00", "naive": "2024-01-0{}T10:00:00.5", "day": "2024-01-0{}", "real": "{}.5"}
    with Dataset(resources) as dataset:
        for number, who in enumerate(turns):
            for name, form in values.items():
                value = form.format(1 + number // 2)
                at = float(value) if name == "real" else value
                dataset.write(f"{name}.jsonl", [{"id": 2 * number + i, "at": at} for i in range(2)], append=True)
            dataset.by(who)
            for name in resources:
                expect(f"rows of {name} after load {number + 1}, by {who}", list(range(2 * number + 2)),
                       [row[0] for row in dataset.query(f"SELECT id FROM {name} ORDER BY id")])


@case
def typed_state_begun_by_dlt():
    """cursor values of every type in the state are gone on from, begun by dlt"""
    typed_state(["dlt", "tidegate", "dlt", "dlt", "tidegate", "tidegate", "dlt"])


@case
def typed_state_begun_by_tidegate():
    """cursor values of every type in the state are gone on from, begun by tidegate"""
    typed_state(["tidegate", "dlt", "tidegate", "tidegate", "dlt", "dlt", "tidegate"])


def boundary_with_key_of_one(turns):
    """dlt hashes `id` and ["id"] differently; its sql_database says the latter, of a resource or of the cursor."""
    hints = {"path": "t.jsonl", "write_disposition": "append"}
    resources = {"one": {**hints, "primary_key": "id", "incremental": {"cursor": "at"}},
                 "listed": {**hints, "primary_key": ["id"], "incremental": {"cursor": "at"}},
                 "own": {**hints, "incremental": {"cursor": "at", "primary_key": ["id"]}}}
    with Dataset(resources) as dataset:
        for number, who in enumerate(turns):
            rows = [{"at": 1, "id": key, "v": number} for key in range(number // 2 + 1)]  # every other time there is one more
            dataset.write("t.jsonl", rows)
            dataset.by(who, loads=range(2))
            for name in resources:
                expect(f"keys of {name}, load {number + 1}, by {who}", [(row["id"],) for row in rows],
                       dataset.query(f"SELECT id FROM {name} ORDER BY id"))


@case
def boundary_with_key_of_one_dlt_first():
    """a key of one field, said alone or as a list, is known to the other: dlt, then tidegate"""
    boundary_with_key_of_one(["dlt", "tidegate", "tidegate", "dlt", "dlt", "tidegate"])


@case
def boundary_with_key_of_one_tidegate_first():
    """a key of one field, said alone or as a list, is known to the other: tidegate, then dlt"""
    boundary_with_key_of_one(["tidegate", "dlt", "dlt", "tidegate"])


@case
def boundary_with_key_dlt_first():
    """append with a primary key recognises boundary rows by key: dlt, then tidegate"""
    boundary_with_key("dlt", "tidegate")


@case
def boundary_with_key_tidegate_first():
    """append with a primary key recognises boundary rows by key: tidegate, then dlt"""
    boundary_with_key("tidegate", "dlt")


# -- merge with nested tables --

NESTED = {"orders": {"path": "orders.jsonl", "write_disposition": "merge", "primary_key": "id"}}


def order(key, *items):
    return {"id": key, "items": [{"sku": sku, "n": n, "tags": tags} for sku, n, tags in items]}


NESTED_LOADS = [
    [order(1, ("a", 1, ["x", "y"]), ("b", 2, [])), order(2, ("c", 3, ["z"])), order(3), order(4, ("d", 4, ["w"]))],
    [order(2, ("c", 9, []), ("e", 1, ["new"])), order(4), order(5, ("f", 1, ["p", "q", "r"]))],
    [order(1, ("a", 7, ["y"])), order(3, ("g", 1, ["s"])), order(5, ("f", 2, [])), order(6, ("h", 1, []))],
    [order(1), order(6, ("h", 2, ["t"]), ("i", 3, []))],
]


def nested_by(turns):
    with Dataset(NESTED) as dataset:
        wanted = {}
        for who, orders in zip(turns, NESTED_LOADS):
            wanted.update({row["id"]: row["items"] for row in orders})
            dataset.write("orders.jsonl", orders)
            dataset.by(who)
            items = sorted((key, n, item["sku"], item["n"]) for key, rows in wanted.items() for n,
                           item in enumerate(rows))
            tags = sorted((key, n, m, tag) for key, rows in wanted.items() for n, item in enumerate(rows)
                          for m, tag in enumerate(item["tags"]))
            expect(f"orders after {who}", sorted(wanted),
                   [row[0] for row in dataset.query("SELECT id FROM orders ORDER BY id")])
            expect(f"items after {who}", items, dataset.query(
                "SELECT o.id, i._dlt_list_idx, i.sku, i.n FROM orders o JOIN orders__items i "
                "ON i._dlt_parent_id = o._dlt_id AND i._dlt_root_id = o._dlt_id ORDER BY 1, 2, 3, 4"))
            expect(f"tags after {who}", tags, dataset.query(
                "SELECT o.id, i._dlt_list_idx, t._dlt_list_idx, t.value FROM orders o JOIN orders__items i "
                "ON i._dlt_parent_id = o._dlt_id JOIN orders__items__tags t "
                "ON t._dlt_parent_id = i._dlt_id AND t._dlt_root_id = o._dlt_id ORDER BY 1, 2, 3, 4"))
            expect(f"rows of nested tables after {who}", [(len(items), len(tags))], dataset.query(
                "SELECT (SELECT count(*) FROM orders__items), (SELECT count(*) FROM orders__items__tags)"))


@case
def nested_begun_by_dlt():
    """merge with nested tables, begun by dlt: changed parents bring their rows, none is orphaned"""
    nested_by(["dlt", "tidegate", "dlt", "tidegate"])


@case
def nested_begun_by_tidegate():
    """merge with nested tables, begun by tidegate: changed parents bring their rows, none is orphaned"""
    nested_by(["tidegate", "dlt", "tidegate", "dlt"])


# -- dispositions --

def merge_last_of_key(turns):
    """dlt says the first of a key wins and takes any; to be comparable, the key's rows of a load are equal."""
    with Dataset({"t": {"path": "t.jsonl", "write_disposition": "merge", "primary_key": ["a", "b"]}}) as dataset:
        wanted = {}
        for number, who in enumerate(turns):
            rows = [{"a": a, "b": f"b{a % 2}", "v": number} for a in (number, number + 1, number + 1, number + 2)]
            wanted.update({(row["a"], row["b"]): row["v"] for row in rows})
            dataset.write("t.jsonl", rows)
            dataset.by(who)
            expect(f"rows after {who}", sorted((*key, v) for key, v in wanted.items()),
                   dataset.query("SELECT a, b, v FROM t ORDER BY 1, 2, 3"))


@case
def merge_begun_by_dlt():
    """merge keeps one row per key of two columns, begun by dlt"""
    merge_last_of_key(["dlt", "tidegate", "dlt", "tidegate"])


@case
def merge_begun_by_tidegate():
    """merge keeps one row per key of two columns, begun by tidegate"""
    merge_last_of_key(["tidegate", "dlt", "tidegate", "dlt"])


def merge_by_merge_key(turns):
    """A day is replaced as a whole."""
    with Dataset({"t": {"path": "t.jsonl", "write_disposition": "merge", "merge_key": "day"}}) as dataset:
        wanted = {}
        for number, who in enumerate(turns):
            days = {f"day {number}": [1, 1, 2], f"day {number + 1}": [number]}
            wanted.update(days)
            dataset.write("t.jsonl", [{"day": day, "v": v} for day, values in days.items() for v in values])
            dataset.by(who)
            expect(f"rows after {who}", sorted((day, v) for day, values in wanted.items() for v in values),
                   dataset.query("SELECT day, v FROM t ORDER BY 1, 2"))


@case
def merge_key_begun_by_dlt():
    """a merge key replaces all rows that share it, begun by dlt"""
    merge_by_merge_key(["dlt", "tidegate", "dlt", "tidegate"])


@case
def merge_key_begun_by_tidegate():
    """a merge key replaces all rows that share it, begun by tidegate"""
    merge_by_merge_key(["tidegate", "dlt", "tidegate", "dlt"])


def hints_by(turns):
    """hard_delete removes, dedup_sort picks the winner."""
    columns = {"gone": {"hard_delete": True, "data_type": "bool"}, "seq": {"dedup_sort": "desc"}}
    with Dataset({"t": {"path": "t.jsonl", "write_disposition": "merge", "primary_key": "id",
                        "columns": columns}}) as dataset:
        loads = [
            [{"id": 1, "seq": 1, "l": [1]}, {"id": 1, "seq": 3, "l": [3]}, {"id": 1, "seq": 2, "l": [2]},
             {"id": 2, "seq": 1}],
            [{"id": 1, "seq": 4, "gone": True}, {"id": 3, "seq": 1, "l": [7, 8]}],
            [{"id": 3, "seq": 2, "l": [9]}, {"id": 2, "seq": 3, "gone": True}, {"id": 2, "seq": 4, "gone": False}],
        ]
        wanted = [([(1, 3), (2, 1)], [(1, 3)]), ([(2, 1), (3, 1)], [(3, 7), (3, 8)]), ([(2, 4), (3, 2)], [(3, 9)])]
        for who, rows, (roots, nested) in zip(turns, loads, wanted):
            dataset.write("t.jsonl", rows)
            dataset.by(who)
            expect(f"rows after {who}", roots, dataset.query("SELECT id, seq FROM t ORDER BY 1, 2"))
            expect(f"nested rows after {who}", nested, dataset.query(
                "SELECT t.id, l.value FROM t JOIN t__l l ON l._dlt_parent_id = t._dlt_id ORDER BY 1, 2"))


@case
def hints_begun_by_dlt():
    """hard_delete and dedup_sort mean the same to both, begun by dlt"""
    hints_by(["dlt", "tidegate", "dlt"])


@case
def hints_begun_by_tidegate():
    """hard_delete and dedup_sort mean the same to both, begun by tidegate"""
    hints_by(["tidegate", "dlt", "tidegate"])


@case
def schema_exported_by_tidegate():
    """a schema that tidegate exports as YAML is to dlt the one that is stored"""
    columns = {"id": {"description": "yes", "x-note": "it's: 'a' \"b\"\n# é\u2028 - 2024-01-01"}}
    with Dataset({"t": {"path": "t.jsonl", "columns": columns}}) as dataset:
        dataset.schema = {"export_schema_path": "out"}
        dataset.write("t.jsonl", [{"id": 1, "l": [{"yes": 1.5}]}])
        dataset.by("tidegate")
        path = os.path.join(dataset.folder, "out", "compat.schema.yaml")
        stored = dataset.inspect()["schemas"]["compat"]
        expect("the schema's hash in the file, of those that were stored", True,
               dlt_call("hash_of_schema_file", path=path) in [stored["version_hash"], *stored["previous_hashes"]])


def replace_by(turns):
    """Replace, with nested rows and without, then nothing at all, then append to what is there."""
    with Dataset({"t": {"path": "t.jsonl", "write_disposition": "replace"}}) as dataset:
        loads = [[{"id": 1, "l": [1, 2]}, {"id": 2, "l": [3]}], [{"id": 3}], [{"id": 4, "l": [4]}], []]
        for who, rows in zip(turns, loads):
            dataset.write("t.jsonl", rows)
            dataset.by(who)
            expect(f"rows after replace by {who}", [(row["id"],) for row in rows],
                   dataset.query("SELECT id FROM t ORDER BY id"))
            expect(f"nested rows after replace by {who}", [(value,) for row in rows for value in row.get("l", [])],
                   dataset.query("SELECT value FROM t__l ORDER BY value"))
        dataset.resources["t"]["write_disposition"] = "append"
        for number, who in enumerate(turns[:2]):
            dataset.write("t.jsonl", [{"id": 10 + number, "l": [5]}])
            dataset.by(who)
            expect(f"rows after append by {who}", [(10 + n,) for n in range(number + 1)],
                   dataset.query("SELECT id FROM t ORDER BY id"))
            expect(f"nested rows after append by {who}", [(number + 1,)], dataset.query("SELECT count(*) FROM t__l"))


@case
def replace_begun_by_dlt():
    """replace leaves what came last, nested tables too, and append goes on from there; begun by dlt"""
    replace_by(["dlt", "tidegate", "dlt", "tidegate"])


@case
def replace_begun_by_tidegate():
    """replace leaves what came last, nested tables too, and append goes on from there; begun by tidegate"""
    replace_by(["tidegate", "dlt", "tidegate", "dlt"])


# -- the schema grows on both sides --

def growing_by(turns):
    with Dataset({"t": {"path": "t*.jsonl", "write_disposition": "append",
                        "incremental": {"cursor": "id"}}}) as dataset:
        rows = [{"id": 1, "a": 1, "when": "2024-01-01T00:00:00Z"},
                {"id": 2, "a": "text", "b": {"c": True}},
                {"id": 3, "a": 4, "b": {"c": "maybe", "d": [1]}, "when": "someday"},
                {"id": 4, "a": "again", "e": [{"f": 1.5}], "when": "2024-01-02"}]
        for who, row in zip(turns, rows):
            dataset.write("t.jsonl", [row], append=True)
            dataset.by(who)
        expect("rows", [(1, 1, None, None, None), (2, None, "text", True, None), (3, 4, None, None, "maybe"),
                        (4, None, "again", None, None)],
               dataset.query("SELECT id, a, a__v_text, b__c, b__c__v_text FROM t ORDER BY id"))
        day = datetime.timezone.utc
        expect("timestamps", [datetime.datetime(2024, 1, 1, tzinfo=day), None, None,
                              datetime.datetime(2024, 1, 2, tzinfo=day)],
               [row[0] for row in dataset.query('SELECT "when" FROM t ORDER BY id')])
        expect("nested", [(1, 1.5)], dataset.query("SELECT (SELECT value FROM t__b__d), (SELECT f FROM t__e)"))


@case
def growing_begun_by_dlt():
    """columns, variants and nested tables that one adds are used by the other; begun by dlt"""
    growing_by(["dlt", "tidegate", "dlt", "tidegate"])


@case
def growing_begun_by_tidegate():
    """columns, variants and nested tables that one adds are used by the other; begun by tidegate"""
    growing_by(["tidegate", "dlt", "tidegate", "dlt"])


@case
def widened_then_dlt():
    """a column that tidegate widened to double is a double to dlt"""
    with Dataset({"t": {"path": "t.jsonl", "write_disposition": "append", "incremental": {"cursor": "id"}}}) as dataset:
        for who, value in (("dlt", 1), ("tidegate", 2.5), ("dlt", 3.5), ("tidegate", 4)):
            dataset.write("t.jsonl", [{"id": int(value), "a": value}], append=True)
            dataset.by(who)
        expect("values", [(1.0,), (2.5,), (3.5,), (4.0,)], dataset.query("SELECT a FROM t ORDER BY a"))
        expect("columns", ["_dlt_id", "_dlt_load_id", "a", "id"], sorted(dataset.columns()["t"]))


@case
def mistakes_change_nothing():
    """a tidegate run that fails leaves what dlt sees untouched"""
    with Dataset({"t": {"path": "t.jsonl", "write_disposition": "merge", "primary_key": "id"}}) as dataset:
        dataset.write("t.jsonl", [{"id": 1, "v": "a"}])
        dataset.by_dlt()
        before, seen = dataset.load_ids(), dataset.inspect()
        dataset.write("t.jsonl", [{"id": 1, "v": "b"}, {"id": None, "v": "c"}])
        if dataset.run_tidegate().returncode != 1:
            raise Failure("a NULL key was loaded")
        expect("loads", before, dataset.load_ids())
        expect("state and schema", seen, dataset.inspect())
        expect("rows", [(1, "a")], dataset.query("SELECT id, v FROM t"))
