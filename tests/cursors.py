#!/usr/bin/env python3
"""Cursors against a model of them: sources that change at random, runs, and what is at the destination then.

    tests/cursors.py SEED COUNT        COUNT sequences from seed SEED on; what spec.yaml of this folder says of pipeline and
                                       destination holds for all (the command is $TIDEGATE, beside it tidegate-faulty; TG_FORCE=ties wants that for both)

A seed makes a resource, with parameters of every kind, and what happens to its source: rows that are new, changed (with a
newer cursor value or not), late, at the last value, without a value, there twice, and gone. Each run reads all that there
is, but files that a cursor has no need of, so the cursor alone tells what is new. BATCH of them share a pipeline and its runs, of which some are killed or undone;
in between are windows, resets, and runs that must fail. The model is section 6.4 of the reference in Python, in `Table.run`; what does
not follow from it, that no row is lost or doubled, is looked at by itself in `Table.truth`. A sequence that differs is run again
alone, without the rows that it differs without, and told step by step.
"""
import collections
import copy
import datetime
import json
import os
import random
import re
import shutil
import subprocess
import sys

TIDEGATE = os.path.abspath(os.environ.get("TIDEGATE", "build/tidegate"))
FAULTY = os.path.join(os.path.dirname(TIDEGATE), "tidegate-faulty")
BATCH, STEPS, SHRINKS = 40, 6, 60
SOURCES = ["jsonl", "csv", "parquet", "jsonl", "sql"]
FIRST = 95  # of the values: as texts they change their order soon
MARKS = "".join(chr(mark) for mark in range(0xf026, 0xf02f))  # of types in a state
START = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
BEFORE_SEAL, AFTER_SEAL = ["after_lock", "before_seal"], [
    "after_seal", "after_begin", "after_stage", "before_commit", "after_commit",
    *(f"after_step:{number}" for number in (20, 60, 110, 150, 190))]  # beyond the last one it ends as any other
KILL = os.environ.get("CURSOR_KILL")  # where runs are killed, if not anywhere
ENGINE = """pipeline: engine
destination: duckdb:///engine.duckdb
dataset: d
source: {type: files}
resources: {t: {path: engine.jsonl}}
"""


class Failure(Exception):
    """(seed, what is wrong)"""


# ---- types: a cursor value is a number of the model, and looks so in a source, a spec and a state ----

def moment(tick):
    return START + datetime.timedelta(hours=tick)


def zoned(tick, row=0):
    """Each row has its own zone."""
    zone = datetime.timezone(datetime.timedelta(hours=[0, 2, -7, 5.5][row % 4]))
    return moment(tick).astimezone(zone).isoformat()


def day(tick, _=0):
    return (START.date() + datetime.timedelta(days=tick)).isoformat()


def hours(text, form=None):
    then = datetime.datetime.strptime(text, form) if form else datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    then = then if then.tzinfo else then.replace(tzinfo=datetime.timezone.utc)
    return (then - START) / datetime.timedelta(hours=1)


def days(text, form="%Y-%m-%d"):
    return (datetime.datetime.strptime(text, form).date() - START.date()).days


DATE, STAMP = "%d.%m.%Y", "%d/%m/%Y %H:%M:%S"
Type = collections.namedtuple("Type", "value tick column spec lag", defaults=[{}, None])
TYPES = {
    "bigint": Type(lambda tick, _=0: tick, int, "bigint", {}, lambda n: n),
    "double": Type(lambda tick, _=0: tick * 0.75, lambda value: float(value) / 0.75, "double", {}, lambda n: n * 0.75),
    "decimal": Type(lambda tick, _=0: tick * 0.25, lambda value: float(value) / 0.25, "decimal(10,2)"),
    "stamp": Type(zoned, hours, "timestamptz", {}, lambda n: f"{n}h"),
    "iso": Type(zoned, hours, "varchar"),  # where it is in a column of texts
    "naive": Type(lambda tick, _=0: moment(tick).strftime("%Y-%m-%dT%H:%M:%S"), hours, "timestamp", {},
                  lambda n: f"{60 * n}m"),
    "date": Type(day, days, "date", {}, lambda n: f"{n}d"),
    "text": Type(lambda tick, _=0: f"k{tick:04}é", lambda text: int(text[1:5]), "varchar"),
    "as_bigint": Type(lambda tick, _=0: str(tick), int, "varchar", {"cursor_type": "bigint"}),
    "as_decimal": Type(lambda tick, _=0: f"{tick / 4:.2f}", lambda text: float(text) * 4, "varchar",
                       {"cursor_type": "decimal"}),
    "as_date": Type(lambda tick, _=0: moment(24 * tick).strftime(DATE), days, "varchar",
                    {"cursor_type": "date", "cursor_format": DATE}),
    "as_stamp": Type(lambda tick, _=0: moment(tick).strftime(STAMP), hours, "varchar",
                     {"cursor_type": "timestamp", "cursor_format": STAMP}),
}
COLUMNS = {"t": "varchar", "id": "bigint", "v": "varchar",
           **{f"at_{name}": TYPES[name].column.replace("double", "double precision") for name in TYPES}}
TIMES = [TYPES[name] for name in ("stamp", "iso", "naive", "date", "as_date", "as_stamp")]
NESTED = {"at": lambda at: {"at": at}, "data.at": lambda at: {"data": {"at": at}},
          "$.changes[0]['at.utc']": lambda at: {"changes": [{"at.utc": at}, {"at.utc": None}]}}


def order(point, other):
    """The first values of one that has more count."""
    count = min(len(point), len(other))
    return (point[:count] > other[:count]) - (point[:count] < other[:count])


class Table:
    """What one seed makes of a resource, what there is at its source, and what the model holds of it."""
    adds_lag = True

    def __init__(self, seed, omitted=()):
        self.random = pick = random.Random(seed)
        self.seed, self.name, self.omitted = seed, f"t{seed}", omitted
        self.source = SOURCES[seed % len(SOURCES)]
        self.choose(pick)
        self.bounds()
        self.settle_skips()
        self.rows, self.number, self.ids, self.highest = [], 0, 0, self.sign * FIRST
        self.last, self.known, self.there, self.loaded = None, set(), [], None
        self.reached, self.history, self.seen, self.is_plain = None, [], collections.Counter(), True

    def choose(self, pick):
        types = [name for name in TYPES if name != "decimal" or self.source in ("parquet", "sql")]
        self.type = TYPES[pick.choice(types)]
        self.path = pick.choice(list(NESTED)) if self.source == "jsonl" else "at"
        self.disposition = pick.choice(["append", "append", "merge", "merge", "upsert", "insert-only", "replace"])
        self.merges = self.disposition in ("merge", "upsert", "insert-only")
        self.key = "id" if self.merges or pick.random() < 0.3 else None
        self.own_key = pick.choice([None, None, None, [], ["id"]])
        self.composite = not self.type.spec and pick.random() < 0.2
        self.sign = pick.choice([1, 1, -1])
        self.missing = pick.choice(["raise", "include", "exclude"])
        self.opened = pick.random() < 0.15
        self.order = pick.choice([None, None, None, "asc", "desc"])
        self.skips = pick.choice([None, "date", "modified"])
        if self.source == "sql" and (self.type.spec or self.type is TYPES["iso"]):
            self.order = None  # the database has another one

    def bounds(self):
        pick = self.random
        self.initial = self.end = self.lag = None
        if pick.random() < 0.5:
            self.initial = (self.sign * FIRST + pick.randrange(4),)
        if self.initial and pick.random() < 0.25:
            self.end, self.end_closed = (self.initial[0] + pick.randrange(2, 7),), pick.random() < 0.5
        if self.composite and self.initial and pick.random() < 0.5:
            self.initial = (*self.initial, self.sign * pick.randrange(1, 6))
            self.end = self.end and (*self.end, self.sign * pick.randrange(1, 12))
        is_column = not self.composite and not self.path.startswith("$")
        adds = self.adds_lag and self.disposition == "append" and self.key and is_column
        if (self.merges or adds) and self.type.lag and pick.random() < 0.4:
            self.lag = pick.randrange(1, 4)

    def settle_skips(self):
        """A row without a value that must end the run may be in a file that is skipped; files come by their names."""
        falls = self.order and (self.order == "desc" or self.sign == -1)
        if self.type not in TIMES or self.source not in ("jsonl", "csv") or falls:
            self.skips = None
        if self.skips and self.missing == "raise":
            self.missing = "exclude"

    # ---- as a spec and a source have it ----

    def shown(self, point):
        values = [self.type.value(self.sign * point[0])] + [self.sign * part for part in point[1:]]
        return values if len(values) > 1 else values[0]

    def spec(self):
        cursor = {"cursor": [self.path, "id"] if self.composite else self.path, **self.type.spec,
                  "last_value": "max" if self.sign == 1 else "min", "on_cursor_value_missing": self.missing,
                  "range_start": "open" if self.opened else "closed"}
        for name, point in ("initial_value", self.initial), ("end_value", self.end):
            if point:
                cursor[name] = self.shown(point)
        if self.end and self.end_closed:
            cursor["range_end"] = "closed"
        if self.lag:
            cursor["lag"] = self.type.lag(self.lag)
        if self.order:
            cursor["row_order"] = self.order
        if self.own_key is not None:
            cursor["primary_key"] = self.own_key
        disposition = ({"disposition": "merge", "strategy": self.disposition}
                       if self.disposition in ("upsert", "insert-only") else self.disposition)
        spec = {"source": "q", "table": self.name} if self.source == "sql" else {"source": "f", "path": self.pattern()}
        spec.update(write_disposition=disposition, incremental=cursor)
        if self.skips == "modified":
            spec["skip_unmodified"] = True
        return dict(spec, primary_key=self.key) if self.key else spec

    def pattern(self):
        if self.source == "parquet":
            return f"parquet*/t={self.name}/*.parquet"
        return f"{self.name}-*{'-{date:%Y%m%d}' * (self.skips == 'date')}.{self.source}"

    def document(self, row):
        at = None if row["at"] is None else self.type.value(self.sign * row["at"], row["id"])
        document = {"id": row["id"], "v": row["v"], **NESTED[self.path](at)}
        if at is None and self.source == "jsonl" and row["id"] % 2:
            del document[next(name for name in document if name not in ("id", "v"))]
        return document

    def dump(self):
        """All that there is, in any order, or in that of its cursor, which rows without a value are before."""
        rows = self.random.sample(self.rows, len(self.rows))
        rows = [row for row in rows if row["id"] not in self.omitted]
        if self.order:
            direction = self.sign if self.order == "asc" else -self.sign
            rows.sort(key=lambda row: (row["at"] is not None, *(direction * part for part in self.point(row) or ())))
        self.number += 1
        return rows

    def files(self, rows):
        """Name and text of a file or two, or of one for each day; there was none with the same text before."""
        if self.skips:
            return self.dated(rows)
        half = self.random.choice([0, len(rows) // 2])
        return {f"{self.name}-{self.number}{part}.{self.source}":
                self.text([self.document(row) for row in some], 2 * self.number + (part == "b"))
                for part, some in (("a", rows[:half]), ("b", rows[half:]))}

    def moment(self, row):
        """As the clock has it where nothing is said of a zone; one without a value is on the first day."""
        if row["at"] is None:
            return START
        return moment(self.sign * row["at"] * (24 if self.type in (TYPES["date"], TYPES["as_date"]) else 1))

    def dated(self, rows):
        days = collections.defaultdict(list, {} if rows else {f"{START:%Y%m%d}": []})
        for row in rows:
            days[f"{self.moment(row):%Y%m%d}"].append(row)
        return {f"{self.name}-{self.number}-{date}.{self.source}":
                self.text([self.document(row) for row in some], self.number)
                for date, some in days.items()}

    def text(self, documents, number):
        if self.source == "jsonl":
            return " " * number + "\n" + "".join(json.dumps(document) + "\n" for document in documents)
        names = ["id", "v", "at"]
        names = names[number % 3:] + names[:number % 3]
        lines = [[document[name] for name in names] for document in documents]
        head = [f'"{name}"' if number // 3 >> place & 1 else name for place, name in enumerate(names)]
        return "".join(",".join("" if value is None else str(value) for value in line) + "\n" for line in [head] + lines)

    # ---- what happens to the source ----

    def mutate(self):
        pick = self.random
        for _ in range(pick.randrange(6) if self.number else 5):
            what = pick.choice(["new", "new", "tie", "tie", "late", "null", "touch", "silent", "gone", "twice"])
            row = pick.choice(self.rows) if self.rows else None
            if what in ("touch", "silent", "gone", "twice") and row:
                self.change(what, row)
            else:
                self.insert(what)

    def insert(self, what):
        pick = self.random
        self.ids += 1
        self.highest += pick.randrange(3) if what == "new" else 0
        at = {"null": None, "late": self.highest - pick.randrange(1, 6)}.get(what, self.highest)
        if what == "null" and (self.missing == "raise" and pick.random() < 0.7):
            at = self.highest
        self.rows.append({"id": self.ids, "v": f"{self.ids}v0", "at": at})

    def change(self, what, row):
        if what == "twice" and not self.merges:  # of a merge one is enough
            self.rows.append(dict(row))
            return
        self.rows = [other for other in self.rows if other["id"] != row["id"]]
        if what == "gone":
            return
        self.highest += what == "touch"
        name, _, version = row["v"].partition("v")
        at = self.highest if what == "touch" or row["at"] is None else row["at"]
        self.rows.append({"id": row["id"], "v": f"{name}v{int(version) + 1}", "at": at})

    def repair(self):
        for row in [row for row in self.rows if row["at"] is None]:
            self.change("touch", row)

    # ---- the model ----

    def point(self, row):
        if row["at"] is None:
            return None
        return (row["at"], self.sign * row["id"]) if self.composite else (row["at"],)

    def identity(self, row):
        """By what a row at the last value is known; a text of a row stands for all that is in it."""
        if self.own_key is not None:
            return (row["id"],) if self.own_key else None
        return (row["id"],) if self.key and not self.merges else (row["id"], row["v"])

    def fails(self, rows):
        return self.missing == "raise" and any(row["at"] is None for row in rows)

    def run(self, rows, window=None):
        """Section 6.4, row by row; returns the counts below, above, known, without, late."""
        replaces = self.disposition == "replace"
        is_new = self.loaded != self.number
        if self.source != "sql" and not self.end and not window:
            rows = rows if is_new or self.disposition != "append" else []  # files that are known are not read
            self.loaded = self.number
        end, closed = (window[1], False) if window else (self.end, bool(self.end) and self.end_closed)
        last = None if replaces or end else self.last
        start = window[0] if window else last or self.initial
        tells_late = last and not window and self.key and self.source != "sql" and is_new
        recalls = self.lag and not end
        if self.lag and last:
            start = self.lagged(last)
        known = set() if last is None else self.known
        opened = self.opened and not window
        keeps = self.own_key != [] and not opened and not (self.lag and self.merges) and not end
        last, edge, moved = last or self.initial, [], False
        counts, new, old = [0, 0, 0, 0], [], []
        for row in rows:
            at = self.point(row)
            counts[3] += at is None
            if at is None:
                new += [row] if self.missing == "include" and not window else []  # it lies in no window
            elif end and (order(at, end) > 0 or order(at, end) == 0 and not closed):
                counts[1] += 1
            elif start and (order(at, start) < 0 or order(at, start) == 0 and opened):
                counts[0] += 1
                old.append(row)
            elif start and order(at, start) == 0 and keeps and not self.lag and self.identity(row) in known:
                counts[2] += 1
            else:
                new.append(row)
                if last is None or order(at, last) > 0:
                    last, edge, moved = at, [], True
                if order(at, last) == 0:
                    edge.append(row)
        if replaces and not end:
            self.last, self.known = None, set()
        if not end and edge:
            self.last = last
            self.known = ({self.identity(row) for row in edge} | (set() if moved else known)) if keeps else set()
        self.store(new, replaces, recalls)
        return [*counts, sum(self.is_late(row) for row in old) if tells_late else 0]

    def is_late(self, row):
        """It is not there with this value, or one beyond it; where the cursor is no column that compares, not at all."""
        if self.initial and order(self.point(row), self.initial) < 0:
            return False
        tells = not (self.composite or self.type.spec or self.path.startswith("$"))
        return not any(key == row["id"] and (not tells or at is not None and at >= row["at"]) for key, _, at in self.there)

    def lagged(self, last):
        start = (last[0] - self.lag,)
        return self.initial if self.initial and order(start, self.initial[:1]) <= 0 else start

    def store(self, rows, replaces, recalls):
        there = [] if replaces else self.there
        if not self.merges:
            versions = {(key, at) for key, _, at in there if at is not None and recalls}
            for row in rows:
                if (row["id"], row["at"]) not in versions:
                    there = [*there, (row["id"], row["v"], row["at"])]
                if recalls and row["at"] is not None:
                    versions.add((row["id"], row["at"]))
            self.there = there
            return
        keyed = {row[0]: row for row in there}
        for row in rows:
            if self.disposition != "insert-only" or row["id"] not in keyed:
                keyed[row["id"]] = row["id"], row["v"], row["at"]
        self.there = list(keyed.values())

    def may_window(self):
        return self.last and not self.end and not self.composite and not self.type.spec and self.disposition != "replace"

    def note(self, what, rows=()):
        shown = "".join(f"\n      {json.dumps(self.document(row), ensure_ascii=False)}" for row in rows)
        there = [(key, v) for key, v, _ in self.there]
        self.history.append(f"{what}, then the model has {there} up to {self.last}{shown and ', of' + shown}")

    # ---- the truth ----

    def reach(self, rows):
        values = [row["at"] for row in rows if row["at"] is not None] + [self.reached] * (self.reached is not None)
        self.reached = max(values, default=None)

    def truth(self, rows, got):
        """What must be so whatever the parameters say: rows beyond all that there was are there, and none that the
        source has once is there twice."""
        before = self.reached
        self.reach(rows)
        if not self.is_plain or self.end:
            return
        beyond = [row for row in rows if row["at"] is not None
                  and (before is None or row["at"] > before) and (not self.initial or row["at"] > self.initial[0])]
        lost = [row for row in beyond if (row["id"], row["v"]) not in got and
                not (self.disposition == "insert-only" and any(row["id"] == key for key, _ in got))]
        if lost:
            raise Failure(self.seed, f"lost: {lost}")
        if self.merges or self.disposition == "replace" or self.own_key == []:
            return
        most = collections.Counter((row["id"], row["v"]) for row in rows)
        for key in most:
            self.seen[key] = max(self.seen[key], most[key])
        valued = {(row["id"], row["v"]) for row in rows if row["at"] is not None}
        double = {key: got[key] for key in valued if got[key] > self.seen[key]}
        if double:
            raise Failure(self.seed, f"there more often than at the source: {double}")


# ---- what is there ----

def call(*arguments, code=0, fail_at=None, seed=None):
    env = dict(os.environ, TG_FAIL_AT=fail_at) if fail_at else None
    done = subprocess.run([FAULTY if fail_at else TIDEGATE, *arguments], capture_output=True, text=True, check=False, env=env)
    if done.returncode not in (code if isinstance(code, tuple) else (code,)):
        named = re.search(r"^tidegate: resource 't(\d+)'", done.stderr, re.MULTILINE)
        seed = int(named.group(1)) if named and seed is None else seed
        raise Failure(seed, f"tidegate {' '.join(arguments)} ended with {done.returncode}: {done.stderr}{done.stdout}")
    if not done.stdout.startswith(("{", "[")):
        return done.stderr + done.stdout
    return json.loads(done.stdout)


def sql(query, spec="spec.yaml"):
    return call("sql", spec, query, "--json", "--write")


def do(statements, spec):
    """All of them by one command: to start it and to open the engine takes longer than what they ask."""
    if statements:
        call("sql", spec, ";\n".join(statements), "--csv", "--write")


class Batch:
    """Resources of one pipeline, and its runs. What happens to all of them goes by the number of the batch, so that a
    seed alone sees the same."""
    made = 0

    def __init__(self, seeds, head, omitted=()):
        self.number = seeds[0] // BATCH
        self.random = random.Random(f"batch {self.number}")
        self.tables = [Table(seed, omitted) for seed in seeds]
        self.undoes = self.number % 3 == 0 and "sqlite" not in head
        undo = "undo: {loads: 2}\n" if self.undoes else ""
        Batch.made += 1
        found = re.search("^destination: (postgresql:.*)", head, re.MULTILINE)
        self.server = found and found.group(1)
        engine = f"{{type: sql, connection: {json.dumps(self.server or 'duckdb:///engine.duckdb')}, schema: {self.schema()}}}"
        head = head.replace("pipeline: test", f"pipeline: p{Batch.made}").replace("dataset: d", f"dataset: d{Batch.made}")
        head = head.replace("source: {type: files}\n", "sources: {f: {type: files}, q: " + engine + "}\n")
        with open("spec.yaml", "w", encoding="utf-8") as file:
            file.write(head.replace("resources:", undo + "resources:"))
            file.writelines(f"  {table.name}: {json.dumps(table.spec())}\n" for table in self.tables)
        self.engine()

    def typed(self, source=("sql", "parquet")):
        return [table for table in self.tables if table.source in source]

    def engine(self):
        if not self.typed():
            return
        with open("engine.yaml", "w", encoding="utf-8") as file:
            file.write(ENGINE)
        with open("engine.jsonl", "w", encoding="utf-8") as file:
            file.write('{"id": 1}\n')
        call("run", "engine.yaml", "--workdir", ".engine")
        if self.server:
            with open("server.yaml", "w", encoding="utf-8") as file:
                file.write(ENGINE.replace("duckdb:///engine.duckdb", self.server).replace("dataset: d", f"dataset: {self.schema()}"))
            call("run", "server.yaml", "--workdir", ".server")
            do([f"create table src ({', '.join(f'{name} {COLUMNS[name]}' for name in COLUMNS)})"], "server.yaml")
        self.fill({})
        do([f"create view {table.name} as select id, v, {self.column(table)} as at from src where t = '{table.name}'"
            for table in self.typed(("sql",))], "server.yaml" if self.server else "engine.yaml")

    def schema(self):
        """Where the tables of the source `sql` are: at the server, if that is the destination."""
        return f"source{Batch.made}" if self.server else "d"

    @staticmethod
    def column(table):
        return "at_" + next(name for name in TYPES if TYPES[name] is table.type)

    def fill(self, dumps):
        """The rows of all typed sources at once."""
        with open("engine.jsonl", "w", encoding="utf-8") as file:
            for table in self.typed():
                for row in dumps.get(table.name, []):
                    document = table.document(row)
                    document[self.column(table)] = document.pop("at")
                    file.write(json.dumps({"t": table.name, **document}) + "\n")
        if self.server:
            with open("engine.jsonl", encoding="utf-8") as file:
                rows = ",".join(file).replace("'", "''")
            do([f"with gone as (delete from src) insert into src select * from json_to_recordset('[{rows}]') "
                f"as r({', '.join(f'{name} {COLUMNS[name]}' for name in COLUMNS)})"], "server.yaml")
        statements = [f"create or replace table src as select * from read_json('engine.jsonl', columns = {COLUMNS})"]
        for table in self.typed(("parquet",)):
            folder = f"parquet{table.number}/t={table.name}"
            for other in os.listdir("."):
                if other.startswith("parquet"):
                    shutil.rmtree(f"{other}/t={table.name}", ignore_errors=True)
            os.makedirs(folder)
            statements.append(f"copy (select id, v, {self.column(table)} as at from src where t = '{table.name}') "
                              f"to '{folder}/p.parquet' (format parquet, kv_metadata {{n: '{table.number}'}})")
        do(statements, "engine.yaml")

    @staticmethod
    def write(table, rows):
        if table.source not in ("jsonl", "csv"):
            return
        for name in os.listdir("."):
            if name.startswith(table.name + "-"):
                os.unlink(name)
        for name, text in table.files(rows).items():
            with open(name, "w", encoding="utf-8") as file:
                file.write(text)
            if table.skips == "modified":  # when the last of its rows was written
                then = max((table.moment(row) for row in rows if f"{table.moment(row):%Y%m%d}" in name), default=START)
                os.utime(name, (then.timestamp(), then.timestamp()))

    # ---- a step ----

    def dump(self):
        """What the source of each table has now is what a run reads."""
        dumps = {}
        for table in self.tables:
            table.random = random.Random(f"{table.seed} {table.number}")
            table.mutate()
            dumps[table.name] = table.dump()
            self.write(table, dumps[table.name])
        if self.typed():
            self.fill(dumps)
        return dumps

    def refuse(self, dumps):
        """Runs that must fail, and change nothing; the source is put right then."""
        failing = [table for table in self.tables if table.fails(dumps[table.name])]
        for table in failing:
            said = call("run", "spec.yaml", "--progress", "none", "--select", table.name, code=1, seed=table.seed)
            if "the cursor field" not in said or not ("is NULL in" in said or "is missing in" in said):
                raise Failure(table.seed, f"a run without a cursor value said: {said}")
            table.note("a run that failed", dumps[table.name])
            table.repair()
            dumps[table.name] = table.dump()
            self.write(table, dumps[table.name])
        if any(table in failing for table in self.typed()):
            self.fill(dumps)

    def alone(self, dumps):
        """Windows and resets of some."""
        for table in self.tables:
            table.random = random.Random(f"{table.seed} {table.number} alone")
            chance = table.random.random()
            if chance < 0.06 and table.may_window():
                self.window(table, dumps[table.name])
            elif chance > 0.96:
                call("reset", "spec.yaml", "--cursors", "--select", table.name, "--yes", seed=table.seed)
                table.last, table.known, table.is_plain = None, set(), False
                table.note("a reset of cursors")

    @staticmethod
    def window(table, rows):
        start = (table.last[0] - table.random.randrange(2, 6),)
        end = (start[0] + table.random.randrange(1, table.last[0] - start[0] + 1),)
        more = [] if table.merges else ["--again"]
        call("run", "spec.yaml", "--progress", "none", "--select", table.name, "--from", str(table.shown(start)),
             "--to", str(table.shown(end)), *more, seed=table.seed)
        table.run(rows, (start, end))
        table.is_plain = False
        table.note(f"a window from {table.shown(start)} to {table.shown(end)}", rows)

    def kill(self, dumps):
        point = KILL or self.random.choice(BEFORE_SEAL + AFTER_SEAL)
        call("run", "spec.yaml", "--progress", "none", fail_at=point, code=(0, -9))
        for table in self.tables:
            if point not in BEFORE_SEAL:
                table.run(dumps[table.name])
                table.reach(dumps[table.name])
            table.note(f"a run that was killed {point}", dumps[table.name])
        if self.random.random() < 0.5:
            return dumps
        dumps = self.dump()
        self.refuse_quietly(dumps)
        return dumps

    def refuse_quietly(self, dumps):
        """As `refuse`, without the runs: there is a load to be written, which they would write."""
        for table in self.tables:
            if table.fails(dumps[table.name]):
                table.repair()
                dumps[table.name] = table.dump()
                self.write(table, dumps[table.name])
        if self.typed():
            self.fill(dumps)

    def step(self):
        what = self.random.choice(["run", "run", "run", "kill", "undo" if self.undoes else "run"])
        dumps = self.dump()
        self.refuse(dumps)
        self.alone(dumps)
        if what == "kill" and os.access(FAULTY, os.X_OK):
            dumps = self.kill(dumps)
        before = copy.deepcopy({table.name: (table.last, table.known, table.there, table.loaded) for table in self.tables})
        counts = {table.name: table.run(dumps[table.name]) for table in self.tables}
        result = call("run", "spec.yaml", "--json", "--progress", "none")
        for table in self.tables:
            table.note("a run", dumps[table.name])
        got = self.check(dumps)
        for table in self.tables:
            if what == "run":
                self.check_counts(table, counts[table.name], result)
            table.truth(dumps[table.name], got[table.name])
        if what == "undo" and result["load_id"]:
            call("undo", "spec.yaml", result["load_id"], "--yes")
            for table in self.tables:
                table.last, table.known, table.there, table.loaded = before[table.name]
                table.reached, table.is_plain = None, False
                table.note("that run was undone")
            self.check(dumps)

    def check(self, dumps):
        there = call("sql", "spec.yaml", f"select table_name as n from information_schema.tables where table_schema = 'd{self.made}'",
                     "--json", code=(0, 1))
        there = {row["n"] for row in there} if isinstance(there, list) else ()  # 1: there is no file yet
        there = [table.name for table in self.tables if table.name in there]
        got = {table.name: collections.Counter() for table in self.tables}
        if there:
            for row in sql(" union all ".join(f"select '{name}' as t, id, v from {name}" for name in there)):
                got[row["t"]][row["id"], row["v"]] += 1
        state = call("show", "spec.yaml", "state", "--json", code=(0, 1))
        tied = self.tied()
        for table in self.tables:
            wanted = collections.Counter((key, v) for key, v, _ in table.there)
            if got[table.name] != wanted:
                raise Failure(table.seed, f"missing {sorted((wanted - got[table.name]).elements())}, "
                                          f"too many {sorted((got[table.name] - wanted).elements())}")
            self.check_state(table, state, tied.get(table.name))
        return got

    @staticmethod
    def tied():
        """How many rows each resource knows in a table of their own: TG_FORCE=ties has four of them in it."""
        if os.environ.get("TG_FORCE") != "ties":
            return {}
        there = call("sql", "spec.yaml", "select b.resource_name as t, sum(octet_length(k.row_hashes)) as bytes "
                     "from _tidegate_boundary as b join _tidegate_ties as k on k.pipeline_name = b.pipeline_name "
                     "and k.resource_name = b.resource_name where b.row_hashes like 'ties:%' group by b.resource_name",
                     "--json", code=(0, 1))
        return {row["t"]: int(row["bytes"]) // 16 for row in there} if isinstance(there, list) else {}

    @staticmethod
    def check_state(table, state, tied):
        found = {}
        for source in state.get("sources", {}).values() if isinstance(state, dict) else []:
            found.update(source["resources"].get(table.name, {}).get("incremental", {}))
        last = next(iter(found.values()))["last_value"] if found else None
        values = last if isinstance(last, list) else [last]
        got = last if last is None else tuple(
            table.sign * (table.type.tick(str(value).lstrip(MARKS)) if i == 0 else value)
            for i, value in enumerate(values))
        if got != table.last and (got or table.initial) != (table.last or table.initial):
            raise Failure(table.seed, f"the state has the last value {last!r}, the model {table.last}")
        hashes = tied or (len(next(iter(found.values()))["unique_hashes"]) if found else 0)
        if got == table.last and hashes != len(table.known):
            raise Failure(table.seed, f"the state knows {hashes} rows at the last value, the model {len(table.known)}")

    @staticmethod
    def check_counts(table, counts, result):
        found = next((row for row in result["tables"] if row["table"] == table.name), None)
        if table.source == "sql" or table.order or not found:
            return
        said = [found[name] for name in ("below_start", "above_end", "deduplicated", "null_cursor", "late")]
        if table.skips:  # nothing is known of rows in files that were skipped
            counts = [min(pair) for pair in zip(said, counts)]
        if said != counts:
            raise Failure(table.seed, f"below, above, known, without a value and late are said to be {said}, not {counts}")


def walk(batch):
    """All steps; how one failed."""
    try:
        for _ in range(STEPS):
            batch.step()
    except Failure as failure:
        return failure
    return None


def attempt(seeds, head, omitted=()):
    """The batch, and how it failed, in a folder of its own."""
    folder, home = f"seed{seeds[0]}", os.getcwd()
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    os.chdir(folder)
    try:
        batch = Batch(seeds, head, omitted)
        return batch, walk(batch)
    finally:
        os.chdir(home)


def shrink(seed, head):
    """The rows that it does not fail without."""
    batch, failure = attempt([seed], head)
    omitted, found = set(), (batch, failure)
    for row in range(1, min(batch.tables[0].ids, SHRINKS) + 1 if failure else 1):
        batch, failure = attempt([seed], head, omitted | {row})
        if failure:
            omitted.add(row)
            found = batch, failure
    return found


def tell(seeds, head, batch, failure):
    seed, what = failure.args
    alone, again = shrink(seed, head) if seed is not None else (None, None)
    where = f"seed {seed}: tests/cursors.py {seed} 1"
    if not again:
        where = f"seed {seed}, only among others: tests/cursors.py {seeds[0]} {len(seeds)}"
    else:
        batch, what = alone, again.args[1]
    table = next((table for table in batch.tables if table.seed == seed), None)
    told = [json.dumps(table.spec(), ensure_ascii=False), *table.history] if table else []
    sys.exit("\n  ".join([where, *told, what]))


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    with open("spec.yaml", encoding="utf-8") as file:
        head = file.read()
    while count > 0:
        seeds = list(range(seed, min(seed + count, (seed // BATCH + 1) * BATCH)))
        batch, failure = attempt(seeds, head)
        if failure:
            tell(seeds, head, batch, failure)
        shutil.rmtree(f"seed{seed}")
        seed, count = seeds[-1] + 1, count - len(seeds)
    print(f"{sys.argv[2]} sequences of {STEPS} steps")


if __name__ == "__main__":
    main()
