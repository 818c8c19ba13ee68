#!/usr/bin/env python3
"""Undo against copies: random loads of every disposition, and undos in between, compared with what was there before.

    tests/undos.py SEED COUNT          COUNT sequences from seed SEED on, each in a folder of its own below this one; what
                                       spec.yaml of this folder says of pipeline and destination holds for all (the
                                       command is $TIDEGATE)

Before each load all tables, the state, the schema and the ledger of files and cursors are copied; after an undo they are
compared with the copy from before the load that was undone. Documents have lists in lists, fields that come later, and
numbers that widen their columns; loads select some resources, or refresh them fully. What lies further back than the loads
that are kept is refused, and nothing changes. Prints the seed of the first sequence that differs.
"""
import json
import os
import random
import subprocess
import sys

TIDEGATE = os.environ.get("TIDEGATE", "build/tidegate")
STEPS, KEYS, KEPT, TABLES = 9, 8, 3, 12
RESOURCES = {
    "added": {"write_disposition": "append"},
    "since": {"write_disposition": "append", "incremental": "at"},
    "whole": {"write_disposition": "replace"},
    "truncated": {"write_disposition": {"disposition": "replace", "strategy": "truncate-and-insert"}},
    "staged": {"write_disposition": {"disposition": "replace", "strategy": "insert-from-staging"}},
    "swapped": {"write_disposition": {"disposition": "replace", "strategy": "staging-optimized"}},
    "ranged": {"write_disposition": {"disposition": "replace", "strategy": "replace-range", "range": "delivered",
                                     "range_column_name": "id", "limit": "100%"}},
    "keyed": {"write_disposition": "merge", "primary_key": "id"},
    "grouped": {"write_disposition": "merge", "merge_key": "g"},
    "both": {"write_disposition": "merge", "primary_key": "id", "merge_key": "g"},
    "upserted": {"write_disposition": {"disposition": "merge", "strategy": "upsert"}, "primary_key": "id"},
    "skipped": {"write_disposition": {"disposition": "merge", "strategy": "upsert", "skip_unchanged_rows": True},
                "primary_key": "id"},
    "grown": {"write_disposition": {"disposition": "merge", "strategy": "insert-only"}, "primary_key": "id"},
    "logged": {"write_disposition": {"disposition": "merge", "strategy": "insert-only", "scope": "previous_load"},
               "primary_key": "id"},
    "newer": {"write_disposition": {"disposition": "merge", "strategy": "upsert", "skip_unchanged_rows": True,
                                    "row_version_column_name": "g"}, "primary_key": "id"},
    "marked": {"write_disposition": "merge", "primary_key": "id", "columns": {"gone": {"hard_delete": True,
                                                                                     "data_type": "bool"}}},
    "versions": {"write_disposition": {"disposition": "merge", "strategy": "scd2"}},
    "history": {"write_disposition": {"disposition": "merge", "strategy": "scd2"}, "merge_key": "id"},
    "ended": {"write_disposition": {"disposition": "merge", "strategy": "scd2"}, "primary_key": "id",
              "deletes": {"detect": "snapshot", "apply": "scd2", "limit": "100%"}},
    "parts": {"write_disposition": {"disposition": "merge", "strategy": "scd2"}, "primary_key": "id", "merge_key": "g"},
    "mirrored": {"write_disposition": "merge", "primary_key": "id", "deletes": {"detect": "snapshot", "limit": "100%"}},
    "flagged": {"write_disposition": {"disposition": "merge", "strategy": "upsert"}, "primary_key": "id",
                "deletes": {"detect": "snapshot", "apply": "soft", "limit": "100%"}},
    "absent": {"write_disposition": {"disposition": "merge", "strategy": "cdc"}, "primary_key": "id", "merge_key": "g",
               "deletes": {"limit": "100%"}},
    "listed": {"write_disposition": "merge", "primary_key": "id", "keys_path": "keys.jsonl",
               "deletes": {"detect": "keys", "limit": "100%"}},
    "lost": {"write_disposition": {"disposition": "merge", "strategy": "upsert", "skip_unchanged_rows": True},
             "primary_key": "id", "keys_path": "keys.jsonl", "deletes": {"detect": "keys", "apply": "soft", "limit": "100%"}},
}
# Of one file, whose contents come back.
RETURNING = {"versions", "history", "ended", "parts", "mirrored", "flagged", "absent", "swapped", "ranged", "logged"}
VERSIONS = {"_state_version", "_version_hash", "version", "version_hash", "previous_hashes"}


def tidegate(*arguments, code=0):
    done = subprocess.run([TIDEGATE, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != code:
        sys.exit(f"tidegate {' '.join(arguments)}: {done.returncode}: {done.stderr}{done.stdout}")
    return json.loads(done.stdout) if done.stdout.startswith(("{", "[")) else done.stdout


def plain(value):
    """Numbers without their type, objects without what is NULL."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def document(what):
    """State or schema, without versions."""
    done = subprocess.run([TIDEGATE, "show", "spec.yaml", what, "--json"], capture_output=True, text=True, check=False)
    return {name: item for name, item in json.loads(done.stdout or "{}").items() if name not in VERSIONS}


def copy():
    """All that an undo brings back."""
    done = subprocess.run([TIDEGATE, "show", "spec.yaml", "tables", "--json"], capture_output=True, text=True, check=False)
    names = [row["table"] for row in json.loads(done.stdout or "[]")]
    names = [name for name in names if not name.startswith("_") or name in ("_tidegate_files", "_tidegate_boundary")]
    rows = {name: [] for name in names}
    if names:
        for row in tidegate("sql", "spec.yaml", " union all ".join(
                f"select '{name}' as n, cast(to_json(r) as varchar) as j from \"{name}\" as r" for name in names), "--json"):
            rows[row["n"]].append(json.dumps(plain(json.loads(row["j"])), sort_keys=True))
    return {name: sorted(items) for name, items in rows.items()}, document("state"), document("schema")


class Sequence:
    def __init__(self, seed, head):
        self.random = random.Random(seed)
        missing = {"swapped"} if "duckdb:" in head else set()
        self.names = self.random.sample(sorted(RESOURCES.keys() - missing), TABLES)
        self.number, self.clock, self.ids = 0, 0, set()
        self.before = []  # (load id, copy), the oldest first
        self.kept = 0  # of how many of them there is an undo
        self.now = None  # what there is, unless a load came since
        self.seen = {name: [] for name in RETURNING}

    def spec(self, head):
        with open("spec.yaml", "w", encoding="utf-8") as file:
            file.write(head.replace("resources:", f"undo: {{loads: {KEPT}}}\nresources:"))
            file.writelines(f"  {name}: {json.dumps(dict(RESOURCES[name], path=name + '*.jsonl'))}\n"
                            for name in self.names)

    def document(self):
        pick = self.random
        self.clock += 1
        row = {"id": pick.randrange(KEYS), "g": pick.randrange(3), "at": self.clock, "v": pick.choice(["a", "it's", None]),
               "w": pick.randrange(9) if self.number < 3 else pick.choice([1, 2.5]),
               "l": [{"x": pick.randrange(3), "k": [pick.randrange(3) for _ in range(pick.randrange(3))]}
                     for _ in range(pick.randrange(4))]}
        if pick.random() < 0.3:
            row[f"new_{self.number}"] = pick.choice(["x", 1])
        if pick.random() < 0.2:
            row["gone"] = True
        return row

    def pick(self, name):
        seen = self.seen.get(name, [])
        row = self.random.choice(seen) if seen and self.random.random() < 0.6 else self.document()
        if name in RETURNING:
            seen.append(row)
        self.ids.add(row["id"])
        return row

    def list_keys(self):
        """All that is in a load, and some of the others."""
        with open("keys.jsonl", "w", encoding="utf-8") as file:
            file.writelines(json.dumps({"id": key}) + "\n" for key in range(KEYS)
                            if key in self.ids or self.random.random() < 0.6)

    def load(self):
        self.number += 1
        self.ids = set()
        chosen = self.random.sample(self.names, self.random.randrange(1, TABLES + 1))
        for name in chosen:
            number = 1 if name in RETURNING else self.number
            with open(f"{name}{number}.jsonl", "w", encoding="utf-8") as file:
                file.writelines(json.dumps(self.pick(name)) + "\n" for _ in range(self.random.randrange(1, 2 * KEYS)))
        self.list_keys()
        was, self.now = self.now or copy(), None
        refresh = ["--full-refresh"] if self.random.random() < 0.1 else []
        done = tidegate("run", "spec.yaml", "--json", "--progress", "none", "--select", ",".join(chosen), *refresh)
        if done["load_id"]:
            self.before.append((done["load_id"], was))
            self.kept = min(self.kept + 1, KEPT)

    def undo(self):
        back = self.random.randrange(1, min(len(self.before), KEPT + 1) + 1)
        load_id, was = self.before[-back]
        if back > self.kept:
            now = self.now or copy()
            tidegate("undo", "spec.yaml", load_id, "--yes", code=2)
            return self.compare(now, f"a refused undo of {back} loads")
        tidegate("undo", "spec.yaml", load_id, "--yes", "--json")
        del self.before[-back:]
        self.kept -= back
        self.compare(was, f"undo of {back} loads")
        if tidegate("undo", "spec.yaml", load_id, "--yes", "--json")["undone"]:
            sys.exit(f"{load_id} is undone twice")

    def compare(self, was, what):
        self.now = tables, state, schema = copy()
        wanted = {name: was[0].get(name, []) for name in tables}
        for name, rows in wanted.items():
            if tables[name] != rows:
                sys.exit(f"after {self.number} loads, {what}: {name}\nwanted {rows}\ngot    {tables[name]}")
        if was[1] and (state, schema) != was[1:]:
            sys.exit(f"after {self.number} loads, {what}:\nwanted {was[1:]}\ngot    {(state, schema)}")

    def run(self):
        for _ in range(STEPS):
            if self.before and self.random.random() < 0.4:
                self.undo()
            else:
                self.load()


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    with open("spec.yaml", encoding="utf-8") as file:
        head = file.read()
    for number in range(seed, seed + count):
        folder = f"seed{number}"
        os.mkdir(folder)
        os.chdir(folder)
        sequence = Sequence(number, head)
        sequence.spec(head.replace("pipeline: test", f"pipeline: p{number}").replace("dataset: d", f"dataset: d{number}"))
        try:
            sequence.run()
        except SystemExit as why:
            sys.exit(f"seed {number}, {', '.join(sequence.names)}: {why}")
        os.chdir("..")
    print(f"{count} sequences of {STEPS} steps")


main()
