#!/usr/bin/env python3
"""Every merge strategy against a model of it: random documents, loads one after the other, tables and counts compared.

    tests/strategies.py SEED COUNT     COUNT tables from seed SEED on, a resource each, all in the pipeline of spec.yaml,
                                       to which they are added (the command is $TIDEGATE)

A table's seed makes its strategy, its keys and options, and its documents: with lists in lists, several of a key,
deletions, keys that come back, rows that come again as they were, in the order of their keys or not, lists of keys; some without
lists. The model keeps documents in a dict, of scd2 and of a change log the versions in a list. Prints the seed of the first table that differs; the same arguments show it again.
"""
import collections
import datetime
import json
import os
import random
import subprocess
import sys

TIDEGATE = os.environ.get("TIDEGATE", "build/tidegate")
LOADS, KEYS = 4, 24
ORDER = '"order"'  # needs its quotes
SKIPS, BY_VERSION = {"skip_unchanged_rows": True}, {"skip_unchanged_rows": True, "row_version_column_name": "seq"}
FILTER, SCOPE = {"source_filter": "n <> 1 OR v = 'a'"}, {"destination_scope": "n = 1"}
# (strategy, its options, what `deletes` may be)
STRATEGIES = [("delete-insert", {}, []), ("delete-insert", SKIPS, []), ("upsert", {}, []), ("upsert", SKIPS, []),
              ("insert-only", {}, []), ("scd2", {}, []), ("insert-only", {"scope": "previous_load"}, []),
              ("delete-insert", {}, ["snapshot", "keys"]), ("delete-insert", SKIPS, ["snapshot", "keys"]),
              ("upsert", {}, ["snapshot", "keys"]), ("upsert", SKIPS, ["snapshot", "keys"]), ("cdc", {}, ["snapshot"]),
              ("cdc", SKIPS, ["snapshot"]), ("cdc", BY_VERSION, ["snapshot"]), ("upsert", BY_VERSION, []), ("delete-insert", BY_VERSION, ["snapshot", "keys"]),
              ("scd2", FILTER, []), ("scd2", {}, ["snapshot", "keys"]), ("scd2", FILTER, ["snapshot", "keys"]),
              ("scd2", SCOPE, ["snapshot", "keys"])]


class Table:
    """What one seed makes of a resource, and what the model holds of it."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.name = f"t{seed}"
        self.strategy, self.options, detects = STRATEGIES[seed % len(STRATEGIES)]
        self.skips, self.by_version = "skip_unchanged_rows" in self.options, "row_version_column_name" in self.options
        self.log = "scope" in self.options
        self.flat = self.random.random() < 0.4  # without lists
        self.key = ["id", "order"] if self.random.random() < 0.3 else ["id"]
        self.sort = self.random.choice([None, None, "asc", "desc"])
        self.mark = self.random.choice([None, "bool", "text"])
        self.rows = {}  # key: (document, number of the load that wrote it, and of the one that flagged it)
        self.sent, self.listed, self.merge_key = [], set(), []
        self.detects = self.random.choice(detects) if detects else None
        self.flags = bool(detects) and self.random.random() < 0.5
        if self.strategy == "cdc" or self.strategy == "delete-insert" and not (self.skips or detects):
            self.merge_key = self.random.choice([[], ["n"]])
        self.versions = []  # [document, number of the load it is from, and to]; of a change log: and its own number
        self.extra = "_tidegate_version" if self.log else "_tidegate_deleted_at" if self.flags else None
        if self.strategy == "scd2":
            self.history()

    def history(self):
        """What a table of scd2 goes by: snapshots, partitions or keys; hashes of rows or a column of theirs."""
        self.sort = self.mark = None
        self.flags = False
        self.extra = "_dlt_valid_to"
        self.own = self.random.random() < 0.3
        self.merge_key = [] if self.detects else self.random.choice([[], [], ["n"], self.key, self.key + ["n"]])
        needs = self.own or self.detects or self.options and not self.merge_key
        self.given_key = self.key if needs or self.random.random() < 0.5 else []
        self.by = self.key if self.detects else self.merge_key  # what comes of it is all there is of it
        self.until = self.random.choice([None, "9999-12-31"])

    def history_spec(self):
        disposition = {"disposition": "merge", "strategy": "scd2", **self.options}
        if self.own:
            disposition["row_version_column_name"] = "seq"
        if self.until:
            disposition["active_record_timestamp"] = self.until
        if not self.by:
            disposition["allow_empty"] = True
        spec = {"path": f"{self.name}.jsonl", "write_disposition": disposition,
                "columns": {"id": {"data_type": "bigint"}, "v": {"data_type": "text"},
                            "n": {"data_type": "bigint", "nullable": True}, "seq": {"data_type": "bigint"}}}
        if self.detects:
            spec["deletes"] = {"detect": self.detects, "apply": "scd2", "limit": "100%", "allow_empty": True}
        if self.detects == "keys":
            spec["keys_path"] = f"{self.name}-keys.jsonl"
        return dict(spec, **{name: key for name, key in (("merge_key", self.merge_key), ("primary_key", self.given_key))
                             if key})

    def spec(self):
        if self.strategy == "scd2":
            return self.history_spec()
        columns = {"id": {"data_type": "bigint"}, "v": {"data_type": "text"},
                   "n": {"data_type": "bigint", "nullable": True}, "seq": {"data_type": "bigint"}}
        if self.sort:
            columns["seq"]["dedup_sort"] = self.sort
        if self.mark:
            columns["gone"] = {"data_type": self.mark, "hard_delete": True}
        spec = {"path": f"{self.name}.jsonl", "primary_key": self.key, "columns": columns,
                "write_disposition": {"disposition": "merge", "strategy": self.strategy, **self.options}}
        if self.merge_key:
            spec["merge_key"] = self.merge_key
        if self.detects:
            spec["deletes"] = {"apply": "soft" if self.flags else "hard", "limit": "100%", "allow_empty": True}
            if self.strategy != "cdc":
                spec["deletes"]["detect"] = self.detects
        return dict(spec, keys_path=f"{self.name}-keys.jsonl") if self.detects == "keys" else spec

    # ---- documents ----

    def document(self):
        pick = self.random
        if self.sent and pick.random() < 0.4:
            return dict(pick.choice(self.sent))  # as it was
        if self.sent and pick.random() < 0.3:
            return dict(pick.choice(self.sent), l=self.elements())  # but for its lists
        row = {"id": pick.randrange(KEYS), "v": pick.choice(["a", "b", "it's", None]), "n": pick.choice([1, 2, None]),
               "seq": pick.choice([1, 2, 3, None]), "l": self.elements()}
        if self.strategy == "scd2" and self.own or self.by_version:
            row["seq"] = pick.randrange(3)
        if self.merge_key and self.strategy != "scd2":
            row["n"] = pick.choice([None, *range(2 * KEYS)])  # so many that a group may come with a row that loses alone
        if len(self.key) > 1:
            row["order"] = pick.choice(["p", "q"])
        if self.mark and pick.random() < 0.2:
            row["gone"] = pick.choice([True, False]) if self.mark == "bool" else "yes"
        return row

    def elements(self):
        if self.flat:
            return []
        pick = self.random
        return [{"x": pick.randrange(2), "k": [pick.randrange(2) for _ in range(pick.randrange(3))]}
                for _ in range(pick.randrange(4))]

    def first(self):
        """Has a value for every column and table."""
        row = {"id": 100, "v": "first", "n": 1, "seq": 1, "l": [] if self.flat else [{"x": 1, "k": [1]}]}
        return dict(row, **{"order": "p"}) if len(self.key) > 1 else row

    def load(self, number):
        rows = [self.document() for _ in range(self.random.randrange(2 * KEYS))]
        if self.random.random() < 0.3:  # a dump in the order of its keys
            rows = sorted({row["id"]: row for row in rows}.values(), key=lambda row: row["id"])
        rows += [] if number else [self.first()]
        self.sent += rows
        self.write(f"{self.name}.jsonl", rows)
        if self.detects == "keys":
            known = sorted({*self.rows, *map(self.key_of, rows), *(self.key_of(v[0]) for v in self.valid())})
            self.listed = {key for key in known if self.random.random() < 0.8}
            self.write(f"{self.name}-keys.jsonl", [dict(zip(self.key, key)) for key in self.listed])
        return rows

    @staticmethod
    def write(path, rows):
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)

    # ---- the model ----

    def key_of(self, row):
        return tuple(row[column] for column in self.key)

    def deletes(self, row):
        value = row.get("gone")
        return bool(self.mark) and (value is True if self.mark == "bool" else value is not None)

    def winners(self, rows):
        best = {}
        for row in rows:
            key, other = self.key_of(row), best.get(self.key_of(row))
            if other is None or self.rank(row) <= self.rank(other):
                best[key] = row
        return best

    def rank(self, row):
        value = row["seq"]
        if not self.sort:
            return 0
        return (value is None, 0 if value is None else value if self.sort == "asc" else -value)

    def identity(self, row):
        """Of equal ones one is valid at a time."""
        return (row["seq"], *self.key_of(row), *self.part(row)) if self.own else json.dumps(row, sort_keys=True)

    def part(self, row):
        """Of rows that are all there is of it."""
        return tuple(row[column] for column in self.by)

    def valid(self):
        return [version for version in self.versions if version[2] is None]

    def passes(self, row):
        return "source_filter" not in self.options or row["v"] == "a" or row["n"] == 2

    def taken(self, rows):
        """Those that take part: of a key that tells what is there, the last one."""
        passing = [row for row in rows if self.passes(row)]
        tells = self.given_key and sorted(self.by) == sorted(self.given_key)
        return list({self.key_of(row): row for row in passing}.values()) if tells else passing

    def apply_history(self, rows, number):
        def by_key(documents):
            key = self.given_key or self.by
            return collections.Counter(tuple(row[column] for column in key) for row in documents) if key else {}

        taken, there = self.taken(rows), {self.key_of(row) for row in rows}
        came = {self.identity(row): row for row in taken}
        parts, keys = {self.part(row) for row in taken}, {self.key_of(row) for row in taken}
        valid = [v for v in self.valid() if not self.by or self.part(v[0]) in parts]
        left_out = there - keys if self.given_key else set()
        gone = [v for v in valid if self.identity(v[0]) not in came and self.key_of(v[0]) not in left_out]
        known = {self.identity(v[0]) for v in valid}
        fresh = [row for identity, row in came.items() if identity not in known]
        if self.detects:
            gone += [v for v in self.valid() if self.key_of(v[0]) not in there | self.listed
                     and ("destination_scope" not in self.options or v[0]["n"] == 1)]
        for version in gone:
            version[2] = number
        self.versions += [[row, number, None] for row in fresh]
        new, old = by_key(fresh), by_key(v[0] for v in gone)
        pairs = sum(min(count, old[key]) for key, count in new.items())
        return [len(fresh) - pairs, pairs, len(gone) - pairs, len(taken) - len(fresh)]

    def apply_log(self, rows, number):
        """Every row that is not as the one before it of its key is a version."""
        rows = [row for row in sorted(rows, key=self.rank, reverse=True) if not self.deletes(row)]
        newest, fresh = {self.key_of(version[0]): version for version in self.versions}, 0
        for row in rows:
            old = newest.get(self.key_of(row))
            if old is None or content(old[0]) != content(row):
                newest[self.key_of(row)] = [row, number, old[2] + 1 if old else 1]
                self.versions.append(newest[self.key_of(row)])
                fresh += 1
            else:
                newest[self.key_of(row)] = [row, *old[1:]]
        return [fresh, 0, 0, len(rows) - fresh]

    def apply(self, rows, number):
        """Changes the model; returns inserted, updated, deleted, unchanged of the root table."""
        if self.strategy == "scd2":
            return self.apply_history(rows, number)
        if self.log:
            return self.apply_log(rows, number)
        counts = [0, 0, 0, 0]
        if self.detects:
            self.lose_absent(rows, number, counts)
        elif self.merge_key:
            self.lose_groups(rows, counts)
        for key, row in self.winners(rows).items():
            old = self.rows.get(key)
            if self.strategy == "insert-only":
                self.insert_only(key, row, old, number, counts)
            elif self.deletes(row):
                counts[2] += self.rows.pop(key, None) is not None
            elif old and old[2] is None and self.is_same(old[0], row):
                counts[3] += 1
            else:
                counts[1 if old else 0] += 1
                self.rows[key] = (row, number, None)
        return counts

    def is_same(self, old, row):
        return self.skips and (old["seq"] == row["seq"] if self.by_version else content(old) == content(row))

    def lose_absent(self, rows, number, counts):
        """What did not come, and is not listed; a row that is flagged and listed again loses its flag."""
        there = {self.key_of(row) for row in rows}
        parts = {row["n"] for row in rows} - {None} if self.merge_key else None  # also of rows that lose
        for key, (row, load, flagged) in list(self.rows.items()):
            if key in there or parts is not None and row["n"] not in parts:
                continue
            if key in self.listed:
                counts[1] += flagged is not None
                self.rows[key] = (row, load, None)
            elif self.flags:
                counts[2] += flagged is None
                self.rows[key] = (row, load, number if flagged is None else flagged)
            else:
                counts[2] += 1
                del self.rows[key]

    def lose_groups(self, rows, counts):
        """What has a merge key that came, be it with a row that loses, and no primary key that did; NULL is one, too."""
        keys, parts = {self.key_of(row) for row in rows}, {row["n"] for row in rows}
        for key in [key for key, (row, *_) in self.rows.items() if row["n"] in parts and key not in keys]:
            counts[2] += 1
            del self.rows[key]

    def insert_only(self, key, row, old, number, counts):
        if self.deletes(row):
            return
        counts[3 if old else 0] += 1
        self.rows[key] = (dict(old[0], l=grown(old[0]["l"], row["l"])), *old[1:]) if old else (row, number, None)

    def wanted(self):
        """Rows as `found` has them; what only some tables have comes last."""
        rows = self.versions or [self.rows[key] for key in self.rows]
        return sorted((([*self.key_of(row), *columns_of(row, self.mark), number]
                        + ([-1 if extra is None else extra] if self.extra else []), row["l"])
                       for row, number, extra in rows), key=str)


def content(row):
    """What is compared: all but the mark."""
    return {name: value for name, value in row.items() if name != "gone"}


def grown(old, new):
    """A nested row is told by its place."""
    merged = [dict(a, k=a["k"] + b["k"][len(a["k"]):]) for a, b in zip(old, new)]
    return merged + old[len(new):] + new[len(old):]


def columns_of(row, mark):
    values = [row["v"], row["n"], row["seq"]] + ([row.get("gone")] if mark else [])
    return ["" if value is None else str(value).lower() for value in values]


# ---- what is there ----

def tidegate(*arguments):
    done = subprocess.run([TIDEGATE, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"tidegate {arguments[0]}: {done.stderr}")
    return json.loads(done.stdout)


def text(column):
    return f"coalesce(cast({column} as varchar), '')"


def found(tables, loads):
    """Of each table its rows as the model has them: one query for all roots, one for each level below."""
    roots = tidegate("sql", "spec.yaml", " union all ".join(
        f"select '{t.name}' as t, id, {text(ORDER) if len(t.key) > 1 else chr(39) * 2} as k, {text('v')} as v, "
        f"{text('n')} as n, {text('seq')} as seq, {text('gone') if t.mark else chr(39) * 2} as gone, "
        f"{text(t.extra) if t.extra else chr(39) * 2} as extra, "
        f"_dlt_load_id as load, _dlt_id as own from {t.name}" for t in tables), "--json")
    level = "select '{0}' as t, {1} as value, _dlt_parent_id as up, _dlt_list_idx as i, _dlt_id as own from {0}{2}"
    deep = [t for t in tables if not t.flat]
    lists = tidegate("sql", "spec.yaml", " union all ".join(level.format(t.name, "x", "__l") for t in deep), "--json")
    leaves = tidegate("sql", "spec.yaml",
                      " union all ".join(level.format(t.name, "value", "__l__k") for t in deep), "--json")
    below = {}
    for row in sorted(leaves, key=lambda row: row["i"]):
        below.setdefault((row["t"], row["up"]), []).append(row["value"])
    for row in sorted(lists, key=lambda row: row["i"]):
        below.setdefault((row["t"], row["up"]), []).append(
            {"x": row["value"], "k": below.pop((row["t"], row["own"]), [])})
    rows, used = {t.name: [] for t in tables}, set()
    for row in roots:
        t = next(t for t in tables if t.name == row["t"])
        key = [row["id"]] + ([row["k"]] if len(t.key) > 1 else [])
        used.add((t.name, row["own"]))
        rows[t.name].append((key + [row["v"], row["n"], row["seq"]] + ([row["gone"]] if t.mark else [])
                             + [loads.index(row["load"])] + ([extra(t, row["extra"], loads)] if t.extra else []),
                             below.get((t.name, row["own"]), [])))
    return {name: sorted(items, key=str) for name, items in rows.items()}, below.keys() - used


def extra(t, value, loads):
    """The number of a version, or of the load that ended or flagged a row; -1: none did."""
    if t.log:
        return int(value)
    if not value or t.strategy == "scd2" and value.startswith(t.until or "never"):
        return -1
    at = datetime.datetime.fromisoformat(value + ":00" if value[-3] == "+" else value)
    return [load_time(load) for load in loads].index(at)


def load_time(load):
    second, fraction = load.split(".")
    return (datetime.datetime.fromtimestamp(int(second), datetime.timezone.utc)
            + datetime.timedelta(microseconds=int(fraction.ljust(6, "0")[:6])))


def check_plan(plan, result, tables, before, what):
    only = [[row for row in one["tables"] if row not in other["tables"]]
            for one, other in ((plan, result), (result, plan))]
    if only != [[], []]:
        sys.exit(f"{what}: a plan announced {only[0]}, the run did {only[1]}")
    check_samples(tables, plan["samples"], before, {table.name: dict(table.rows) for table in tables})


def check_samples(tables, samples, before, after):
    """What a plan shows of a row is what becomes of it; a key with versions has several."""
    for table in (table for table in tables if not table.versions):
        for sample in (sample for sample in samples if sample["table"] == table.name):
            key = next((key for key in {**before[table.name], **after[table.name]}
                        if ", ".join(map(str, key)) == sample["key"]), None)
            was, now = before[table.name].get(key), after[table.name].get(key)
            is_flagged = was and now and was[2] is None and now[2] is not None
            fits = {"inserted": not was and now, "deleted": was and not now or is_flagged,
                    "updated": was and now}[sample["row"]]
            if fits and sample["row"] == "updated":
                fits = all(shown(row, sample["column"], sample[side]) for row, side in ((was, "before"), (now, "after")))
            if not fits:
                sys.exit(f"seed {table.name[1:]}: a plan showed {sample}, of {was} and {now}")


def shown(row, column, text):
    """Whether the text is what a row of the model has there; the model knows that there is a time, not which."""
    if column == "_tidegate_deleted_at":
        return (text is None) == (row[2] is None)
    value = row[0].get(column)
    return text == (None if value is None else str(value).lower())


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    tables = [Table(i) for i in range(seed, seed + count)]
    with open("spec.yaml", "a", encoding="utf-8") as file:
        file.writelines(f"  {table.name}: {json.dumps(table.spec())}\n" for table in tables)
    loads, planned = [], 1 + seed % (LOADS - 1)  # one of them is planned, too, which takes as long
    for number in range(LOADS):
        before = {table.name: dict(table.rows) for table in tables}
        counts = {table.name: table.apply(table.load(number), number) for table in tables}
        plan = number == planned and tidegate("plan", "spec.yaml", "--rows", "--json", "--progress", "none")
        result = tidegate("run", "spec.yaml", "--json", "--progress", "none")
        if plan:
            check_plan(plan, result, tables, before, f"seeds from {seed}, load {number + 1}")
        loads.append(result["load_id"])
        got, orphans = found(tables, loads)
        said = {row["table"]: [row[name] for name in ("inserted", "updated", "deleted", "unchanged")]
                for row in result["tables"]}
        for table in tables:
            name = f"seed {table.name[1:]}, load {number + 1}, {json.dumps(table.spec())}"
            if got[table.name] != table.wanted():
                sys.exit(f"{name}:\nwanted {table.wanted()}\ngot    {got[table.name]}")
            if said.get(table.name, [0] * 4) != counts[table.name]:
                sys.exit(f"{name}: counts {said.get(table.name)} instead of {counts[table.name]}")
        if orphans:
            sys.exit(f"load {number + 1}: nested rows without parents: {orphans}")
    print(f"{count} tables, {LOADS} loads each")


main()
