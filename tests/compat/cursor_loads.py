"""Cursors with every parameter that dlt has, on the sources of tests/cursors.py: tables that dlt fills, tables that tidegate
fills, and tables that both fill by turns end with the same rows, the same last value, and as many known rows at it.

`DIFFERENT` says what is left out, for the two differ on purpose (docs/coming-from-dlt.md) or dlt has not got it."""
import collections
import glob
import json
import os
import random
import sys

from harness import Dataset, Failure, case

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import cursors  # noqa: E402

BATCH, STEPS, ROUNDS = 20, 5, 1
# With a lag in numbers, of seconds and of days.
TYPES = [*(cursors.TYPES[name] for name in ("bigint", "double", "text")),
         cursors.TYPES["naive"]._replace(lag=lambda n: 3600 * n), cursors.TYPES["date"]._replace(lag=lambda n: n),
         cursors.TYPES["stamp"]._replace(value=lambda tick, _=0: cursors.zoned(tick), lag=lambda n: 3600 * n)]


# What a table must not have, and what it has in its place.
DIFFERENT = {
    "texts that are times are compared as such, by dlt as texts: all are in one zone": lambda table: {},
    "cursor_type and typed sources, which dlt has not got": lambda table: {},  # TYPES
    "files that are skipped unread, which dlt has not got": lambda table: {"skips": None},
    "a cursor of several fields, which dlt has not got": lambda table: {"composite": False},
    "a merge knows rows at the last value by all that is in them, dlt by their key":
        lambda table: {"own_key": ["id"]} if table.merges and table.own_key is None else {},
    "row_order: desc ends dlt at the first row that it knows": lambda table: {"order": None} if table.order == "desc" else {},
    "last_value: min goes the other way, and dlt ends at the first row beyond the end all the same":
        lambda table: {"order": None} if table.sign == -1 else {},
}


class Table(cursors.Table):
    adds_lag = False  # dlt adds the rows of a lag again

    def choose(self, pick):
        super().choose(pick)
        self.source, self.type = "jsonl", pick.choice(TYPES)
        self.path = pick.choice(list(cursors.NESTED))
        for change in DIFFERENT.values():
            vars(self).update(change(self))

    def spec(self):
        return {name: value for name, value in super().spec().items() if name != "source"}

    def fail(self, what):
        raise Failure("\n  ".join([f"seed {self.seed}", json.dumps(self.spec(), ensure_ascii=False), *self.history, what]))


def put(dataset, table, files):
    for path in glob.glob(os.path.join(dataset.folder, table.pattern())):
        os.unlink(path)
    for name, text in files.items():
        dataset.write(name, text.splitlines())


def step(tables, datasets, number, turns):
    for table in tables:
        table.random = random.Random(f"{table.seed} {table.number}")
        table.mutate()
        if table.missing == "raise":
            table.repair()
        rows = table.dump()
        table.run(rows)
        files = table.files(rows)
        for dataset in datasets:
            put(dataset, table, files)
        table.note("a run", rows)
    for dataset, who in zip(datasets, ("dlt", "tidegate", turns[number % 2])):
        dataset.by(who, loads=range(2))


def rows_of(dataset, tables):
    there = set(dataset.data_tables()) if dataset.exists() else set()
    return {table.name: collections.Counter(dataset.query(f"SELECT id, v FROM {table.name}"))
            if table.name in there else collections.Counter() for table in tables}


def cursor_of(state, table):
    """Its last value, and how many rows are known at it. dlt stores the initial value before there is a row."""
    for source in state.get("sources", {}).values():
        for cursor in source["resources"].get(table.name, {}).get("incremental", {}).values():
            return cursor["last_value"], len(cursor["unique_hashes"])
    return table.initial and table.shown(table.initial), 0


def compare(tables, datasets, turns):
    rows = [rows_of(dataset, tables) for dataset in datasets]
    states = [dataset.inspect()["state"] for dataset in datasets]
    for table in tables:
        for what, got, state in zip(("tidegate", " and ".join(turns)), rows[1:], states[1:]):
            wanted = rows[0][table.name]
            if got[table.name] != wanted:
                table.fail(f"only dlt has {sorted((wanted - got[table.name]).elements())}, only {what} "
                           f"{sorted((got[table.name] - wanted).elements())}")
            count = 1 if " and " in what else 2  # where both write, hashes are there in both of dlt's forms
            theirs, other = cursor_of(states[0], table)[:count], cursor_of(state, table)[:count]
            if theirs != other:
                table.fail(f"the state of dlt has {theirs}, that of {what} {other}")
        if rows[0][table.name] != collections.Counter((key, v) for key, v, _ in table.there):
            table.fail("the model is wrong")


def loads_of(seed):
    def loaded_at_random():
        tables = [Table(one) for one in range(BATCH * seed, BATCH * (seed + 1))]
        turns = ("dlt", "tidegate") if seed % 2 else ("tidegate", "dlt")
        specs = {table.name: table.spec() for table in tables}
        with Dataset(specs) as theirs, Dataset(specs) as ours, Dataset(specs) as both:
            for number in range(STEPS):
                step(tables, (theirs, ours, both), number, turns)
                compare(tables, (theirs, ours, both), turns)
        return f"{len(tables)} sequences of {STEPS} loads by each and by turns"
    loaded_at_random.__doc__ = f"cursors on random loads, seed {seed}"
    return loaded_at_random


for one in range(1, 1 + ROUNDS):
    case(loads_of(one))
