"""Every merge strategy and way to replace with their options, on random loads: tables that dlt fills, tables that tidegate
fills, and tables that both fill by turns end with the same rows, nested rows, loads of rows, ids where they are not random,
and times of validity.

Loads leave out what dlt does not decide, or decides otherwise (docs/coming-from-dlt.md): several rows of a key that nothing
orders, NULL in a key, snapshots without a row, equal rows of one snapshot. What is left of differences is in `known`."""
import json
import random

import places
import rules
from harness import Dataset, Failure, case, expect

LOADS, KEYS, ROUNDS = 4, 7, 2  # a round is a seed for each kind of table
ORDERED = {"seq": {"dedup_sort": "desc", "data_type": "bigint"}}
COLUMNS = {"id": {"data_type": "bigint"}, "v": {"data_type": "text"}, "n": {"data_type": "bigint"},
           "w": {"data_type": "double"}}
P, M, BOTH, TWO = ({"primary_key": "id"}, {"merge_key": "n"}, {"primary_key": "id", "merge_key": "n"},
                   {"primary_key": ["id", "order"]})


def merge(strategy, **options):
    return {"write_disposition": {"disposition": "merge", "strategy": strategy, **options}}


def replace(strategy):
    return {"write_disposition": {"disposition": "replace", "strategy": strategy}}


ALL_GO = {"deletes": {"limit": "100%"}}
GONE = {"gone": {"hard_delete": True, "data_type": "bool"}}
GONE_TEXT = {"gone": {"hard_delete": True, "data_type": "text"}}
# name: (hints; what the documents are to have: "sorted": several rows of a key, in an order; "repeated": the same, in none;
# "snapshot": never none; "versioned": a version that moves with every change; "flat": no lists). A name with 1.31 is only
# for that dlt, one with postgres only for that place.
KINDS = {
    "added": ({"write_disposition": "append"}, ""),
    "keyed": ({**merge("delete-insert"), **P}, ""),
    "keyed_by_two": ({**merge("delete-insert"), **TWO}, ""),
    "keyed_flat": ({**merge("delete-insert"), **P}, "flat"),
    "grouped": ({**merge("delete-insert"), **M}, "several"),
    "grouped_by_two": ({**merge("delete-insert"), "merge_key": ["n", "order"]}, "several"),
    "grouped_flat": ({**merge("delete-insert"), **M}, "several flat"),
    "keyed_and_grouped": ({**merge("delete-insert"), **BOTH}, ""),
    "keyed_and_grouped_flat": ({**merge("delete-insert"), **BOTH}, "flat"),
    "repeated": ({**merge("delete-insert", deduplicated=True), **P}, "repeated"),
    "latest": ({**merge("delete-insert"), **P, "columns": ORDERED}, "sorted"),
    "latest_and_grouped": ({**merge("delete-insert"), **BOTH, "columns": ORDERED}, "sorted"),
    "earliest": ({**merge("delete-insert"), **TWO, "columns": {"seq": {"dedup_sort": "asc", "data_type": "bigint"}}},
                 "sorted"),
    "marked": ({**merge("delete-insert"), **P, "columns": {**ORDERED, **GONE}}, "sorted"),
    "marked_by_text": ({**merge("delete-insert"), **TWO, "columns": {**ORDERED, **GONE_TEXT}}, "sorted flat"),
    "marked_groups": ({**merge("delete-insert"), **M, "columns": GONE}, "several"),
    "filtered 1.31": ({**merge("delete-insert", source_filter="v <> 'b' OR n = 1"), **P}, ""),
    "filtered_flat 1.31": ({**merge("delete-insert", source_filter="v <> 'b' OR n = 1"), **TWO}, "flat"),
    "scoped 1.31": ({**merge("delete-insert", destination_scope="n = 1"), **P}, ""),
    "scoped_flat 1.31": ({**merge("delete-insert", destination_scope="n IN (SELECT n FROM {staging_table})"), **P}, "flat"),
    "upserted": ({**merge("upsert"), **P}, ""),
    "upserted_by_two": ({**merge("upsert"), **TWO, "columns": GONE}, ""),
    "upserted_marked": ({**merge("upsert"), **P, "columns": GONE_TEXT}, ""),
    "upserted_filtered 1.31": ({**merge("upsert", source_filter="v <> 'b' OR n = 1"), **P}, ""),
    "skipped 1.31": ({**merge("upsert", skip_unchanged_rows=True), **P, "columns": GONE}, ""),
    "skipped_by_two 1.31": ({**merge("upsert", skip_unchanged_rows=True), **TWO}, ""),
    "skipped_by_version 1.31": ({**merge("upsert", skip_unchanged_rows=True, row_version_column_name="seq"), **P},
                                "versioned"),
    "grown": ({**merge("insert-only"), **P}, ""),
    "grown_by_two": ({**merge("insert-only"), **TWO, "columns": GONE}, ""),
    "mirrored 1.31": ({**merge("cdc"), **P, **ALL_GO, "columns": GONE}, "snapshot"),
    "mirrored_by_two 1.31": ({**merge("cdc"), **TWO, **ALL_GO}, "snapshot"),
    "mirrored_parts 1.31": ({**merge("cdc"), **BOTH, **ALL_GO}, ""),
    "mirrored_skipping 1.31": ({**merge("cdc", skip_unchanged_rows=True), **P, **ALL_GO}, "snapshot"),
    "mirrored_scoped 1.31": ({**merge("cdc", destination_scope="n = 1"), **P, **ALL_GO}, "snapshot"),
    "mirrored_by_version 1.31": ({**merge("cdc", skip_unchanged_rows=True, row_version_column_name="seq"), **TWO, **ALL_GO},
                                 "snapshot versioned"),
    "replaced": ({"write_disposition": "replace"}, "several"),
    "truncated 1.31": (replace("truncate-and-insert"), "several"),
    "staged 1.31": (replace("insert-from-staging"), "several"),
    "swapped 1.31 postgres": (replace("staging-optimized"), "several"),
    "history": (merge("scd2"), "snapshot"),
    "history_until": (merge("scd2", active_record_timestamp="9999-12-31", validity_column_names=["since", "until"]),
                      "snapshot"),
    "history_of_keys": ({**merge("scd2"), "merge_key": "id"}, ""),
    "history_of_parts": ({**merge("scd2"), "merge_key": "n"}, "several"),
    "history_of_two": ({**merge("scd2"), "merge_key": ["n", "order"]}, "several"),
    "history_of_some 1.31": ({**merge("scd2", source_filter="id <> 3"), **P}, "snapshot"),
    "history_of_some_parts 1.31": ({**merge("scd2", source_filter="n <> 3 OR v = 'a'"), "merge_key": "n"}, "several"),
    "history_in_scope 1.31": (merge("scd2", destination_scope="n = 1"), "snapshot"),
    "history_by_version": ({**merge("scd2", row_version_column_name="version"), **P}, "snapshot versioned flat"),
}


class Table:
    """The documents of a resource; `seed` makes them."""

    def __init__(self, name, seed):
        self.hints, self.wishes = KINDS[name]
        self.name, self.seed = name.split()[0], seed
        self.random = random.Random(f"{name} {seed}")
        self.key = self.hints.get("primary_key", [])
        self.key = [self.key] if isinstance(self.key, str) else self.key
        self.sent, self.before, self.count, self.seq = [], {}, 0, 0
        self.older = {}  # key: number of the load that dlt lets a row with changed lists keep

    def hint(self):
        return {**self.hints, "path": f"{self.name}.jsonl", "columns": {**COLUMNS, **self.hints.get("columns", {})}}

    @property
    def strategy(self):
        return self.hints["write_disposition"]["strategy"] if "strategy" in self.hints["write_disposition"] else "append"

    def document(self):
        pick = self.random
        if self.sent and pick.random() < 0.4:
            row = dict(pick.choice(self.sent))
            if "flat" not in self.wishes and pick.random() < 0.3:
                row["l"] = self.elements()
        else:
            row = {"id": pick.randrange(KEYS), "order": pick.choice(["p", "q"]), "v": pick.choice(["a", "b", "it's", None]),
                   "n": pick.choice([1, 2, 3]), "w": pick.choice([1.5, 2, None]), "l": self.elements()}
            if self.count and pick.random() < 0.3:
                row["late"] = pick.choice([1, None])
            if pick.random() < 0.2:
                del row[pick.choice(["v", "w"])]
        if "gone" in self.hints.get("columns", {}):
            row.pop("gone", None)
            if pick.random() < 0.2:
                row["l"] = [] if self.strategy == "insert-only" else row["l"]  # dlt stores them, without a parent
                row["gone"] = "yes" if self.hints["columns"]["gone"]["data_type"] == "text" else pick.choice([True, False])
        return row

    def elements(self):
        pick = self.random
        if "flat" in self.wishes:
            return []
        return [{"x": pick.randrange(2), "k": [pick.randrange(2) for _ in range(pick.randrange(3))]}
                for _ in range(pick.randrange(4))]

    def load(self):
        """The rows of the next one. The first brings every column and table."""
        rows = [self.document() for _ in range(self.random.randrange(2 * KEYS))]
        if not self.count:
            rows.append({"id": 100, "order": "p", "v": "first", "n": 1, "w": 0.5,
                         "l": [] if "flat" in self.wishes else [{"x": 1, "k": [1]}]})
        elif "snapshot" in self.wishes and not rows:
            rows.append(self.document())
        self.sent += rows
        if self.strategy == "scd2":
            rows = list({json.dumps(row, sort_keys=True): row for row in rows}.values())
        if self.key and not {"sorted", "repeated"} & set(self.wishes.split()) or "by_version" in self.name:
            rows = list({self.key_of(row): row for row in rows}.values())
        if self.strategy == "upsert" and "skip_unchanged_rows" in self.hints["write_disposition"]:
            rows = [{name: value for name, value in row.items() if name != "gone" or self.key_of(row) in self.before}
                    for row in rows]  # dlt stores such a mark, and leaves it on the row that comes as it was
        if "sorted" in self.wishes:
            rows = [dict(row, seq=self.next()) for row in rows]
            self.random.shuffle(rows)
        if "versioned" in self.wishes:
            rows = [self.versioned(row) for row in rows]
        self.follow(rows)
        self.count += 1
        return rows

    def next(self):
        self.seq += 1
        return self.seq

    def versioned(self, row):
        """A row whose version is the old one is as it was, but for a column that nobody looks at, then."""
        name = "seq" if "seq" in str(self.hints["write_disposition"]) else "version"
        old = self.before.get(self.key_of(row))
        same = old and self.random.random() < 0.4
        row = dict(old[0], w=self.random.choice([1.5, 2])) if same else row
        return row if same else dict(row, **{name: self.next()})

    def key_of(self, row):
        return tuple(row[column] for column in self.key)

    def follow(self, rows):
        """dlt leaves a row alone of which only the lists have changed; tidegate writes it, with its load."""
        for row in rows:
            key, old = self.key_of(row), self.before.get(self.key_of(row))
            plain = row["seq"] if "versioned" in self.wishes and "seq" in row else {
                name: value for name, value in row.items() if name not in ("l", "gone") and value is not None}
            if row.get("gone"):
                self.before.pop(key, None)
            elif old and old[1] == plain:
                self.older.setdefault(key, old[2])
                self.before[key] = (row, plain, old[2])
            else:
                self.older.pop(key, None)
                self.before[key] = (row, plain, self.count)
        if "snapshot" in self.wishes:
            self.before = {key: old for key, old in self.before.items() if key in map(self.key_of, rows)}


def text(value):
    return None if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def trees(dataset, table):
    """The rows of a table, each with the lists that are nested in it; sorted."""
    loads = [load_id for _, load_id in dataset.loads]
    columns = dataset.columns()
    if table.name not in columns:
        return []
    below = {}
    for level, own in (("__l__k", "value"), ("__l", "x")):
        if table.name + level not in columns:
            continue
        for parent, index, row_id, value in sorted(dataset.query(
                f'SELECT _dlt_parent_id, _dlt_list_idx, _dlt_id, {own} FROM "{table.name}{level}"')):
            below.setdefault(parent, []).append((index, row_id if stable(table) else "", value, below.pop(row_id, [])))
    names = sorted(name for name in columns[table.name] if name not in ("_dlt_id", "_dlt_load_id"))
    rows = []
    quoted = ", ".join(f'"{name}"' for name in names)
    for load_id, row_id, *values in dataset.query(f'SELECT _dlt_load_id, _dlt_id, {quoted} FROM "{table.name}"'):
        row = dict(zip(names, map(text, values)))
        for name in names:
            if hasattr(values[names.index(name)], "timestamp"):
                row[name] = moment(values[names.index(name)], loads)
        row["load"] = loads.index(load_id)
        if stable(table):
            row["id of row"] = row_id
        rows.append((row, below.get(row_id, [])))
    orphans = sorted(below.keys() - {row[0] for row in dataset.query(f'SELECT _dlt_id FROM "{table.name}"')})
    expect(f"{table.name}: nested rows of nobody", [], orphans)
    return sorted(rows, key=str)


def moment(value, loads):
    """The number of the load that is a time of validity."""
    if value.year == 9999:
        return "until"
    at = f"{value.timestamp():.6f}"
    return next((number for number, load in enumerate(loads) if f"{float(load):.6f}" == at), str(value))


def stable(table):
    """Whether ids are hashes of the key, or of the row."""
    return table.strategy in ("upsert", "insert-only", "cdc", "scd2") and table.name != "history_by_version"


def known(table, rows):
    """dlt's rows as they are wanted."""
    if table.strategy == "upsert" and "gone" in table.hints.get("columns", {}):
        # Rows that are deleted and were not there are stored by dlt's upsert; by cdc not.
        boolean = table.hints["columns"]["gone"]["data_type"] == "bool"
        rows = [(row, lists) for row, lists in rows if row["gone"] != "True" and (boolean or row["gone"] is None)]
    return rows


def without_loads(table, rows):
    """Without the loads of rows that skip_unchanged_rows tells otherwise, for their lists have changed, and without their
    marks: dlt compares neither."""
    if "skip_unchanged_rows" not in table.hints["write_disposition"]:
        return rows
    changed = {tuple(map(str, key)) for key in table.older}
    masked = {"load": None, "gone": None} if "gone" in table.hints.get("columns", {}) else {"load": None}
    return sorted(((dict(row, **masked) if tuple(row[name] for name in table.key) in changed else row, lists)
                   for row, lists in rows), key=str)


def tables_of(seed):
    left_out = [word for word, there in (("1.31", rules.LATER), ("postgres", places.kind is places.Postgres)) if not there]
    return [Table(name, seed) for name in KINDS if not set(name.split()) & set(left_out)]


def by_all(seed, tables, turns, refresh=None):
    """Loads the same rows by dlt, by tidegate and by turns, and compares after each load. The third one begins anew, if
    `refresh` is said."""
    resources = {table.name: table.hint() for table in tables}
    found = {}  # of each table the first difference
    with Dataset(resources) as theirs, Dataset(resources) as ours, Dataset(resources) as both:
        for number in range(LOADS):
            files = {f"{table.name}.jsonl": table.load() for table in tables}
            for dataset, who in ((theirs, "dlt"), (ours, "tidegate"), (both, turns[number % 2])):
                for name, rows in files.items():
                    dataset.write(name, rows)
                dataset.refresh_by(who, refresh) if refresh and number == 2 else dataset.by(who)
            for table in (table for table in tables if table.name not in found):
                wanted = known(table, trees(theirs, table))
                for what, dataset in (("tidegate", ours), (" and ".join(turns), both)):
                    got = trees(dataset, table)
                    left, right = without_loads(table, wanted), without_loads(table, known(table, got) if dataset is both
                                                                              else got)
                    if left != right:
                        found.setdefault(table.name, f"{table.name}, load {number + 1}, by {what}: "
                                         + difference(left, right))
    if found:
        raise Failure(f"seed {seed}: " + "; ".join(found.values()))


def difference(wanted, got):
    only = [[row for row in one if row not in other][:2] for one, other in ((wanted, got), (got, wanted))]
    return f"only dlt has {only[0]}, only the other {only[1]}, of {len(wanted)} and {len(got)} rows"


def loads_of(seed):
    """A case."""
    def loaded_at_random():
        tables = tables_of(seed)
        by_all(seed, tables, ("dlt", "tidegate") if seed % 2 else ("tidegate", "dlt"))
        return f"{len(tables)} tables, {LOADS} loads by each and by turns"
    loaded_at_random.__doc__ = f"every strategy on random loads, seed {seed}"
    return loaded_at_random


for one in range(1, 1 + ROUNDS):
    case(loads_of(one))


@case
def refreshed():
    """every way to begin anew on random loads: tables that are gone, emptied or filled again"""
    for seed, mode in enumerate(("drop_sources", "drop_resources", "drop_data")):
        names = [name for name in KINDS if name.split()[0] in ("added", "keyed", "latest", "upserted", "grown", "history")]
        by_all(seed, [Table(name, seed) for name in names], ("tidegate", "dlt"), mode)
