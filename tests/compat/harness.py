"""A place to load into by turns: `Dataset` runs dlt and tidegate over the same files and holds the checks that
must be true after every load, whoever did it. Cases are functions marked @case."""
import collections
import contextlib
import json
import multiprocessing
import os
import shutil
import subprocess
import tempfile

import dlt_side
import places

TIDEGATE = os.environ.get("TIDEGATE", "build/tidegate")
TIMEOUT_S = 600  # for a busy machine
SYSTEM_TABLES = ("_dlt_", "_tidegate_")
VALIDITY = {"_dlt_valid_from", "since"}  # columns of scd2

cases = []
_processes = None


class Failure(Exception):
    pass


def case(function):
    """The name of a case is its docstring."""
    cases.append(function)
    return function


@contextlib.contextmanager
def processes(count):
    """dlt keeps much in globals: every call gets a process of its own, forked from one that has imported dlt."""
    global _processes
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["dlt", "dlt.destinations.impl.duckdb.duck", "dlt.pipeline.state_sync"])
    with context.Pool(count, maxtasksperchild=1) as _processes:
        yield


def _call(function, arguments):
    try:
        return getattr(dlt_side, function)(**arguments), None
    except Exception as error:  # dlt's exceptions do not travel between processes
        return None, f"{type(error).__name__}: {error}"


def dlt_call(function, **arguments):
    result, error = _processes.apply_async(_call, (function, arguments)).get(TIMEOUT_S)
    if error:
        raise Failure(f"dlt {function}: {' '.join(error.split())}")
    return result


def expect(what, wanted, got):
    if wanted != got:
        raise Failure(f"{what}: wanted {wanted!r}, got {got!r}")


class Dataset:
    """Files, a destination, and the two who load into it."""

    def __init__(self, resources, pipeline="compat", dataset="d", source=None, named=True):
        self.folder = tempfile.mkdtemp(prefix="tidegate-compat-")
        self.place = places.kind(self.folder)
        self.pipeline, self.dataset, self.resources = pipeline, dataset, resources
        self.source = source  # the name of a @dlt.source; the spec says it, too, unless not `named`
        self.named = named
        self.schema = None  # what a spec says of it
        self.from_sql = {}  # what a spec says of a source of tables
        self.destination = {}  # and of the destination, beside its URL
        self.is_refreshed = False  # so that older versions of the schema are gone
        self.homes = 0
        self.loads = []  # (who, load id), in order

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.place.drop()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- files --

    def write(self, name, rows, append=False):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "a" if append else "w", encoding="utf-8") as file:
            file.writelines((row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)) + "\n"
                            for row in rows)

    def write_spec(self):
        source = {self.source: {"type": "files"}} if self.source and self.named else None
        spec = {"pipeline": self.pipeline, "destination": {"url": self.place.uri, **self.destination},
                "dataset": self.dataset, "resources": self.resources}
        spec.update({"sources": source} if source else {"source": self.from_sql or {"type": "files"}})
        if self.schema:
            spec["schema"] = self.schema
        if source:
            spec["resources"] = {name: {"source": self.source, **hints} for name, hints in self.resources.items()}
        with open(os.path.join(self.folder, "spec.yaml"), "w", encoding="utf-8") as file:
            json.dump(spec, file)  # JSON is YAML

    # -- loads --

    def fresh_home(self):
        self.homes += 1
        return f"home{self.homes}"

    def run_tidegate(self, *arguments, home=None):
        """Runs the command and returns what it said; a fresh working directory unless one is given."""
        self.write_spec()
        self.place.leave()
        command = [TIDEGATE, "run", "spec.yaml", "--progress", "none", "--workdir", home or self.fresh_home(),
                   *arguments]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=TIMEOUT_S)

    def command(self, name, *arguments):
        """Any command but `run`."""
        self.write_spec()
        self.place.leave()
        result = subprocess.run([TIDEGATE, name, "spec.yaml", "--workdir", self.fresh_home(), *arguments], cwd=self.folder,
                                capture_output=True, text=True, timeout=TIMEOUT_S)
        if result.returncode:
            raise Failure(f"tidegate {name} ended with {result.returncode}: {(result.stdout + result.stderr).strip()}")

    def by_tidegate(self, *arguments, loads=1, home=None):
        before = self.load_ids()
        result = self.run_tidegate(*arguments, home=home)
        if result.returncode:
            raise Failure(f"tidegate run ended with {result.returncode}: {(result.stdout + result.stderr).strip()}")
        self.after_load("tidegate", before, loads)

    def by_dlt(self, loads=1, home=None, **options):
        before = self.load_ids()
        self.place.leave()
        dlt_call("load", folder=self.folder, home=home or self.fresh_home(), name=self.pipeline, dataset=self.dataset,
                 resources=self.resources, source=self.source, uri=self.place.uri, **options)
        self.after_load("dlt", before, loads)

    def refresh_by(self, who, mode):
        self.is_refreshed = True
        return {"dlt": lambda: self.by_dlt(refresh=mode), "tidegate": lambda: self.by_tidegate("--refresh", mode)}[who]()

    def by(self, who, **options):
        return {"dlt": self.by_dlt, "tidegate": self.by_tidegate}[who](**options)

    # -- looking --

    def query(self, sql):
        return self.place.query(self.dataset, sql)

    def exists(self):
        return self.place.exists(self.dataset)

    def load_ids(self):
        """In the order of the loads; none twice."""
        if not self.exists() or not self.query("SELECT 1 FROM information_schema.tables "
                                               "WHERE table_name = '_dlt_loads' AND table_schema = current_schema()"):
            return []
        return [row[0] for row in self.query("SELECT load_id FROM _dlt_loads ORDER BY load_id")]

    def inspect(self):
        self.place.leave()
        return dlt_call("inspect", folder=self.folder, home=self.fresh_home(), name=self.pipeline, dataset=self.dataset,
                        uri=self.place.uri)

    def cursor(self, resource, path):
        """What dlt finds of a cursor in the state."""
        state = self.inspect()["state"]
        source = self.source or self.pipeline.removesuffix("_pipeline")
        try:
            return state["sources"][source]["resources"][resource]["incremental"][path]
        except KeyError as key:
            raise Failure(f"the state has no cursor of {resource}: {key} is missing in "
                          f"{state.get('sources')}") from None

    def columns(self):
        """{table: {column: (type, nullable)}} of everything but our own system tables."""
        tables = collections.defaultdict(dict)
        for table, column, data_type, nullable in self.query(self.place.columns):
            if not table.startswith("_tidegate_"):
                tables[table][column] = (data_type, nullable)
        return dict(tables)

    def parents(self):
        """{nested table: the one that it is nested in}, as the newest schema has it."""
        schema, = self.query("SELECT schema FROM _dlt_version ORDER BY inserted_at DESC, version DESC LIMIT 1")
        return {name: table["parent"] for name, table in json.loads(schema[0])["tables"].items() if table.get("parent")}

    def data_tables(self):
        return sorted(name for name in self.columns() if not name.startswith(SYSTEM_TABLES))

    # -- what is true after every load --

    def after_load(self, who, before, loads):
        now = self.load_ids()
        new = now[len(before):]
        expect(f"{who}: earlier rows of _dlt_loads", before, now[:len(before)])
        if len(new) not in (loads if isinstance(loads, range) else [loads]):
            raise Failure(f"{who}: wanted {loads} new rows in _dlt_loads, got {new}")
        self.loads += [(who, load_id) for load_id in new]
        self.check_ledger(who)
        self.check_nesting(who)

    def check_ledger(self, who):
        schema = self.source or self.pipeline.removesuffix("_pipeline")
        expect(f"after {who}: schema names in _dlt_version", [(schema,)],
               self.query("SELECT DISTINCT schema_name FROM _dlt_version"))
        expect(f"after {who}: schema names in _dlt_loads", [(schema,)],
               self.query("SELECT DISTINCT schema_name FROM _dlt_loads"))
        expect(f"after {who}: loads with another status than 0, or a schema that _dlt_version does not have", [],
               self.query("SELECT load_id, status FROM _dlt_loads WHERE status <> 0" +
                          (" OR schema_version_hash NOT IN (SELECT version_hash FROM _dlt_version)"
                           if not self.is_refreshed else "")))
        expect(f"after {who}: schema versions that are there twice", [],
               self.query("SELECT version_hash FROM _dlt_version GROUP BY version_hash HAVING count(*) > 1"))
        seen = self.inspect()
        expect(f"after {who}: what dlt objects to", [], seen["problems"])
        expect(f"after {who}: schemas of the state", [schema], seen["state"]["schema_names"])
        expect(f"after {who}: hash of the newest state, beside the state", [(seen["state"]["_version_hash"],)],
               self.query("SELECT version_hash FROM _dlt_pipeline_state ORDER BY _dlt_load_id DESC LIMIT 1"))
        stored = seen["schemas"][schema]["tables"]
        actual = self.columns()
        for table in self.data_tables():
            expect(f"after {who}: columns of {table}, stored schema against database", sorted(actual[table]),
                   sorted(name for name, column in stored[table]["columns"].items() if "data_type" in column))

    def check_nesting(self, who):
        """Every row belongs to a load; every nested row has its parent and its root, and none is there twice."""
        parents = self.parents()
        for table, columns in self.columns().items():
            if table.startswith(SYSTEM_TABLES):
                continue
            times = ", ".join(sorted(set(columns) & VALIDITY))  # a version that returns has the id that it had
            expect(f"after {who}: rows of {table} whose _dlt_id is not unique", [],
                   self.query(f'SELECT _dlt_id FROM "{table}" GROUP BY {times + ", " if times else ""}_dlt_id '
                              'HAVING count(*) > 1'))
            if "_dlt_parent_id" not in columns:
                expect(f"after {who}: rows of {table} without a load", [],
                       self.query(f'SELECT _dlt_id FROM "{table}" '
                                  'WHERE _dlt_load_id NOT IN (SELECT load_id FROM _dlt_loads)'))
                continue
            parent, root = parents[table], root_of(table, parents)
            expect(f"after {who}: rows of {table} without a parent", [],
                   self.query(f'SELECT _dlt_id FROM "{table}" '
                              f'WHERE _dlt_parent_id NOT IN (SELECT _dlt_id FROM "{parent}")'))
            if "_dlt_root_id" in columns:
                expect(f"after {who}: rows of {table} without a root", [],
                       self.query(f'SELECT _dlt_id FROM "{table}" '
                                  f'WHERE _dlt_root_id NOT IN (SELECT _dlt_id FROM "{root}")'))


def root_of(table, parents):
    while table in parents:
        table = parents[table]
    return table
