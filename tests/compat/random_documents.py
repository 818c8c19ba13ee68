"""Random documents (documents.py), loaded by dlt and by tidegate, each into a dataset of its own: the same tables,
columns, types, values and stored schema, but for the rules below. A rule says where the two differ on purpose
(design.md, section 6), or where what dlt does is no meaning anybody could want; it turns dlt's outcome into the one
that is wanted of tidegate, and then the two must be equal. Whatever is left is a failure, made small and printed with
both outcomes.

    run --seeds A..B [--seconds S] [--shrink S]"""
import argparse
import collections
import contextlib
import copy
import dataclasses
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import duckdb

import dlt_side
import documents
import rules
from documents import RID

TIDEGATE = os.environ.get("TIDEGATE", "build/tidegate")
DATASET, PIPELINE = "d", "compat"
IDS = ("_dlt_id", "_dlt_load_id", "_dlt_parent_id", "_dlt_root_id")
RUN_S = 60

# -- running --


def hints_of(resource, number):
    hints = {"path": f"{resource.name}-{number}.jsonl", **copy.deepcopy(resource.hints)}  # dlt writes into them
    if resource.contract and number >= resource.contract_from:
        hints["schema_contract"] = dict(resource.contract)
    return hints


def run_dlt(folder, number, resources):
    dlt_side.load(folder, "home", PIPELINE, DATASET, {one.name: hints_of(one, number) for one in resources},
                  schema=resources[0].schema)


def run_tidegate(folder, number, resources):
    spec = {"pipeline": PIPELINE, "destination": f"duckdb:///{dlt_side.DESTINATION}", "dataset": DATASET,
            "source": {"type": "files"},
            "resources": {one.name: hints_of(one, number) for one in resources}}
    if resources[0].schema:
        spec["schema"] = resources[0].schema
    with open(os.path.join(folder, "spec.yaml"), "w", encoding="utf-8") as file:
        json.dump(spec, file)
    done = subprocess.run([TIDEGATE, "run", "spec.yaml", "--progress", "none", "--workdir", "home"], cwd=folder,
                          capture_output=True,
                          text=True, errors="replace", timeout=RUN_S)
    if done.returncode:
        raise RuntimeError(f"ended with {done.returncode}: {(done.stderr or done.stdout).strip()[:2000]}")


def load_all(resources, runs):
    """The outcome of the resources' loads, the n-th one by runs[n] (the last one goes on)."""
    folder = tempfile.mkdtemp(prefix="tidegate-compat-")
    try:
        for number in range(max(len(one.loads) for one in resources)):
            run = runs[min(number, len(runs) - 1)]
            present = [one for one in resources if number < len(one.loads)]
            for one in present:
                with open(os.path.join(folder, f"{one.name}-{number}.jsonl"), "w", encoding="utf-8") as file:
                    lines = (rules.for_dlt if run == run_dlt else list)(one.loads[number])
                    file.writelines(line + "\n" for line in lines)
            run(folder, number, present)
        return read(folder)
    finally:
        os.chdir("/")
        shutil.rmtree(folder, ignore_errors=True)


# -- what came out --


@dataclasses.dataclass
class Table:
    columns: dict  # {name: (SQL type, nullable)}
    rows: list  # of {name: text}, without those that are NULL
    stored: dict  # as the schema has it
    paths: dict = None  # {path: row}


def read(folder):
    """{table: Table} of the dataset, the load ids, the newest schema, and what tidegate counted and put aside."""
    with duckdb.connect(os.path.join(folder, dlt_side.DESTINATION), read_only=True) as connection:
        connection.execute(f"SET TimeZone = 'UTC'; USE {DATASET}")
        loads = [row[0] for row in connection.execute(
            "SELECT load_id FROM _dlt_loads WHERE status = 0 ORDER BY load_id").fetchall()]
        schema = json.loads(connection.execute(
            "SELECT schema FROM _dlt_version ORDER BY inserted_at DESC, version DESC").fetchone()[0])
        columns = collections.defaultdict(dict)
        for table, column, data_type, nullable in connection.execute(
                "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns "
                "WHERE table_schema = current_schema() ORDER BY ordinal_position").fetchall():
            if not table.startswith(("_dlt_", "_tidegate_")):
                columns[table][column] = (data_type, nullable == "YES")
        tables = {}
        for table, types in columns.items():
            quoted = ", ".join(cell(name, data_type) for name, (data_type, _) in types.items())
            rows = connection.execute(f"SELECT {quoted} FROM {identifier(table)}").fetchall()
            tables[table] = Table(types, [{name: value for name, value in zip(types, row) if value is not None}
                                          for row in rows],
                                  schema["tables"].get(table))
        counts, rejects = [], []
        if connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = '_tidegate_rejects' AND "
                              f"schema_name = '{DATASET}'").fetchall():
            counts = connection.execute("SELECT load_id, table_name, rows_read, rows_new, rows_filtered, rows_rejected "
                                        "FROM _tidegate_loads").fetchall()
            rejects = connection.execute("SELECT load_id, table_name, document FROM _tidegate_rejects").fetchall()
        return {"tables": tables, "loads": loads, "schema": schema, "counts": counts, "rejects": rejects}


def identifier(name):
    return '"' + name.replace('"', '""') + '"'


def cell(name, data_type):
    return f"hex({identifier(name)})" if data_type == "BLOB" else f"{identifier(name)}::VARCHAR"


def part_of(outcome, resource):
    """The tables of one resource, their rows by path; a path is the root row's RID and the positions below it."""
    stored = outcome["schema"]["tables"]

    def root(name):
        while (stored.get(name) or {}).get("parent"):
            name = stored[name]["parent"]
        return name

    tables = {name: table for name, table in outcome["tables"].items() if root(name) == resource.name}
    problems, seen, roots = [], {}, {}
    for name in sorted(tables, key=lambda name: depth(stored, name)):
        table, table.paths = tables[name], {}
        if not table.stored:
            problems.append(("table not in the stored schema", name))
        for row in table.rows:
            own, parent = row.pop("_dlt_id", None), row.pop("_dlt_parent_id", None)
            if "_dlt_parent_id" in table.columns:
                above = stored[name]["parent"]
                if (above, parent) not in seen:
                    problems.append(("row without a parent", name))
                    continue
                path = seen[above, parent] + (int(row.get("_dlt_list_idx", -1)),)
                if row.pop("_dlt_root_id", roots.get(path[0])) != roots.get(path[0]):
                    problems.append(("root id is not that of the root", f"{name} {path}"))
            else:
                path = (int(row.get(RID, -1)),)
                roots[path[0]] = own
                load = row.pop("_dlt_load_id", None)
                row["_dlt_load_id"] = outcome["loads"].index(load) if load in outcome["loads"] else load
            if path in table.paths or own is None:
                problems.append(("row is there twice, or has no id", f"{name} {path}"))
            seen[name, own] = path
            table.paths[path] = row
    return tables, problems


def account(resource, outcome, tables):
    """What tidegate counted: each document that was read is new, filtered or rejected; those that were rejected were in
    the load, and are not in the table. (That the table has what dlt's has is compared elsewhere.)"""
    rejected = collections.defaultdict(set)
    for load, table, document in outcome["rejects"]:
        if table == resource.name:
            rejected[load].add(int(dict(documents.parse(document))[RID]))
    for load, table, read, new, filtered, rejects in outcome["counts"]:
        if table != resource.name:
            continue
        if read != new + filtered + rejects:
            yield "read is not new + filtered + rejected", f"{read}, {new} + {filtered} + {rejects} in load {load}"
        if rejects != len(rejected[load]):
            yield ("_tidegate_rejects does not have the rejected rows",
                   f"{rejects}, {sorted(rejected[load])} in load {load}")
    paths = tables[resource.name].paths if resource.name in tables else {}
    for load, rids in rejected.items():
        number = outcome["loads"].index(load)
        given = {int(dict(documents.parse(line))[RID]) for line in resource.loads[number]}
        there = {path[0] for path, row in paths.items() if row["_dlt_load_id"] == number}
        if not rids <= given or rids & there:
            yield "a rejected row was not in the load, or is in the table", f"{sorted(rids)} in load {number}"


def depth(stored, name):
    return 0 if not (stored.get(name) or {}).get("parent") else 1 + depth(stored, stored[name]["parent"])


# -- comparing --


def differences(resource, theirs, ours):
    """[(rule or None, kind, what)]; the rule is None where no rule knows it."""
    (left, problems), (right, mine) = part_of(theirs, resource), part_of(ours, resource)
    found = [(None, f"dlt: {kind}", what) for kind, what in problems] + [(None, f"tidegate: {kind}", what) for kind,
                                                                         what in mine]
    found += [(None, f"tidegate: {kind}", what) for kind, what in account(resource, ours, right)]
    case = rules.Case(resource, left, right)
    for rule in rules.BEFORE:  # in this order
        found += [(rule.__name__, "", what) for what in rule(case)]
    for kind, what, facts in raw_differences(left, right):
        rule = next((rule.__name__ for rule in rules.AFTER if rule(case, kind, facts)), None)
        found.append((rule, kind, what))
    return found


def raw_differences(left, right):
    """(kind, words, facts) of everything that a reader of the tables and of the schema would notice."""
    for name in sorted(set(left) | set(right)):
        if name not in left or name not in right:
            yield f"only {'dlt' if name in left else 'tidegate'} has the table", name, {"table": name}
            continue
        one, two = left[name], right[name]
        for column in sorted(set(one.columns) | set(two.columns)):
            facts = {"table": name, "column": column}
            if column not in one.columns or column not in two.columns:
                who, there = ("dlt", one) if column in one.columns else ("tidegate", two)
                values = list(dict.fromkeys(row[column] for row in there.rows if column in row))[:3]
                yield (f"only {who} has the column ({there.columns[column][0]})", f"{name}.{column} with {values}",
                       {**facts, "values": values})
            elif one.columns[column] != two.columns[column]:
                yield ("type: " + " / ".join(f"{kind} {'NULL' if nullable else 'NOT NULL'}" for kind, nullable in
                                             (one.columns[column], two.columns[column])), f"{name}.{column}", facts)
        for path in sorted(set(one.paths) ^ set(two.paths)):
            facts = {"table": name, "path": path}
            yield f"only {'dlt' if path in one.paths else 'tidegate'} has the row", f"{name}{list(path)}", facts
        both = set(one.columns) & set(two.columns)
        for path in sorted(set(one.paths) & set(two.paths)):
            first, second = one.paths[path], two.paths[path]
            for column in sorted((set(first) | set(second)) & (both - set(IDS) | {"_dlt_load_id"})):
                if first.get(column) != second.get(column):
                    kind = f"value ({one.columns[column][0]})" + ("" if column in first else ", NULL by dlt") + (
                        "" if column in second else ", NULL by tidegate")
                    yield (kind, f"{name}{list(path)}.{column}: dlt {short(first.get(column))}, "
                           f"tidegate {short(second.get(column))}", {"table": name, "column": column, "path": path,
                                                                     "dlt": first.get(column),
                                                                     "tidegate": second.get(column)})
        yield from schema_differences(name, one.stored or {}, two.stored or {})


SOURCE_FIELD = "x-tidegate-source"  # tidegate's own, which dlt keeps


def schema_differences(name, one, two):
    for key in sorted((set(one) | set(two)) - {"columns"}):
        if one.get(key) != two.get(key):
            yield (f"schema: table key {key}", f"{name}: dlt {one.get(key)!r}, tidegate {two.get(key)!r}",
                   {"table": name, "key": key, "dlt": one.get(key), "tidegate": two.get(key)})
    left, right = ({column: {key: value for key, value in hints.items() if key != SOURCE_FIELD}
                    for column, hints in side.get("columns", {}).items()} for side in (one, two))
    for column in sorted(set(left) | set(right)):
        if left.get(column) != right.get(column):
            keys = sorted(key for key in set(left.get(column, {})) | set(right.get(column, {}))
                          if left.get(column, {}).get(key) != right.get(column, {}).get(key))
            yield (f"schema: column {'keys ' + ' '.join(keys) if column in left and column in right else 'missing'}",
                   f"{name}.{column}: dlt {left.get(column)!r}, tidegate {right.get(column)!r}",
                   {"table": name, "column": column, "has": right})


def short(value):
    text = repr(value)
    return text if len(text) < 200 else text[:150] + f"... ({len(text)} characters)"


def evaluate(resources):
    """{name: differences}. All in one dataset for each side, as dlt takes long to begin; where one fails, it is taken
    out."""
    if not resources:
        return {}
    outcomes, errors = [], []
    for who, runs in (("dlt", [run_dlt]),
                      ("tidegate", [run_dlt, run_tidegate] if resources[0].taken_over else [run_tidegate])):
        try:
            outcomes.append(load_all(resources, runs))
        except Exception as error:  # whatever it is: it is what came out
            errors.append(f"{who} fails: {type(error).__name__}: {' '.join(str(error).split())}")
    if not errors:
        return {one.name: differences(one, *outcomes) for one in resources}
    if len(resources) == 1:
        return {resources[0].name: failed(resources[0], errors)}
    blamed = [one for one in resources if re.search(rf"\b{one.name}(__|\b)", " ".join(errors))]
    if not 0 < len(blamed) < len(resources):
        blamed = resources[:len(resources) // 2]
    return evaluate(blamed) | evaluate([one for one in resources if one not in blamed])


def failed(resource, errors):
    case = rules.Case(resource, {}, {})
    kind = " | ".join(rules.plain_error(error) for error in errors)
    rule = next((rule.__name__ for rule in rules.FAILURES if rule(case, errors)), None)
    return [(rule, kind, " | ".join(errors)[:1500])]


# -- making it small --


def shrunk(resource, kind, what, until):
    """The smallest resource found in time that still shows a difference of this kind without a rule. `what` names the
    row."""
    def shows(candidates):
        named = [dataclasses.replace(one, name=f"t{number}") for number, one in enumerate(candidates)]
        result = evaluate(named)
        for one, candidate in zip(named, candidates):
            if any(rule is None and found == kind for rule, found, _ in result[one.name]):
                return candidate
        return None

    named = re.search(r"\[(\d+)", what)
    if named:
        resource = shows(list(around(resource, int(named[1])))) or resource
    progress = True
    while progress and time.time() < until:
        progress = False
        for candidates in steps(resource):
            if time.time() > until:
                break
            smaller = shows(candidates)
            if smaller:
                resource, progress = smaller, True
                break
    return resource


def around(resource, rid):
    """The row alone; with each one of those before it; with all of them."""
    rows = [(n, line, dict(documents.parse(line)).get(RID)) for n, load in enumerate(resource.loads) for line in load]
    last = max((place for place, row in enumerate(rows) if row[2] == rid), default=len(rows) - 1)
    for kept in [[last]] + [[place, last] for place in range(min(last, 8))] + [range(last + 1)]:
        loads = [[rows[place][1] for place in kept if rows[place][0] == n] for n in range(len(resource.loads))]
        yield dataclasses.replace(resource, loads=[load for load in loads if load])


def steps(resource):
    """Lists of smaller resources, the boldest ones first."""
    loads = resource.loads
    def with_loads(new):
        return dataclasses.replace(resource, loads=[load for load in new if load])
    if len(loads) > 1:
        yield [with_loads(loads[:n] + loads[n + 1:]) for n in range(len(loads))]
        yield [with_loads([sum(loads, [])])] if resource.hints["write_disposition"] == "append" else []
    rows = [(n, m) for n, load in enumerate(loads) for m in range(len(load))]
    size = len(rows) // 2
    while size >= 1:
        chunks = [set(rows[start:start + size]) for start in range(0, len(rows), size)]
        for start in range(0, len(chunks), 8):
            yield [kept for chunk in chunks[start:start + 8] if (kept := with_loads(
                [[line for m, line in enumerate(load) if (n, m) not in chunk] for n, load in enumerate(loads)])).loads]
        size //= 2
    if resource.contract:
        yield [dataclasses.replace(resource, contract=None)]
    for hint in [key for key in resource.hints if key not in ("write_disposition", "primary_key")]:
        yield [dataclasses.replace(resource,
                                   hints={key: value for key, value in resource.hints.items() if key != hint})]
    if resource.hints["write_disposition"] != "append":
        hints = {key: value for key, value in resource.hints.items()
                 if key != "primary_key"} | {"write_disposition": "append"}
        yield [dataclasses.replace(resource, hints=hints)]
    if len(rows) > 6:
        return
    smaller = []
    for n, m in rows:
        for tree in prunings(documents.parse(loads[n][m])):
            line = documents.dump(tree)
            smaller.append(with_loads([[line if (n, m) == (i, j) else old for j, old in enumerate(load)] for i,
                                       load in enumerate(loads)]))
    for start in range(0, len(smaller), 8):
        yield smaller[start:start + 8]


def prunings(tree):
    """The tree with one key, element or level less, or with a simpler text."""
    if isinstance(tree, documents.Object):
        for n, (key, value) in enumerate(tree):
            if key != RID:
                yield documents.Object(tree[:n] + tree[n + 1:])
        for n, (key, value) in enumerate(tree):
            for less in prunings(value):
                yield documents.Object(tree[:n] + [[key, less]] + tree[n + 1:])
    elif isinstance(tree, list):
        for n, value in enumerate(tree):
            yield tree[:n] + tree[n + 1:]
        for n, value in enumerate(tree):
            for less in prunings(value):
                yield tree[:n] + [less] + tree[n + 1:]
    elif isinstance(tree, str) and not isinstance(tree, documents.Literal) and len(tree) > 40:
        yield tree[:len(tree) // 2]


# -- the round --


def quiet():
    """dlt and DuckDB write to both."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)


def judge(seed):
    """One world: ([(name, differences)], seconds)."""
    start = time.time()
    result = evaluate(documents.world(seed))
    return seed, result, time.time() - start


def shrink(seed, name, what, kind, seconds):
    resource = next(one for one in documents.world(seed) if one.name == name)
    small = shrunk(resource, kind, what, time.time() + seconds)
    small = dataclasses.replace(small, name="t")
    return small, [(found, what) for rule, found, what in evaluate([small])["t"] if rule is None]


@contextlib.contextmanager
def workers(count):
    """Processes that do a few worlds each, forked from one that has imported dlt."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["dlt", "dlt.destinations.impl.duckdb.duck", "random_documents"])
    with context.Pool(count, quiet, maxtasksperchild=8) as pool:
        yield pool


def show(seed, name, small, left):
    print(f"# seed {seed}, {name}: {json.dumps(small.hints, ensure_ascii=False)}"
          + (f", schema {small.schema}" if small.schema else "")
          + (f", contract from load {small.contract_from + 1} on {small.contract}" if small.contract else "")
          + (", the first load by dlt in both" if small.taken_over else ""))
    for number, load in enumerate(small.loads):
        for line in load:
            print(f"#   load {number + 1}: {line if len(line) < 600 else line[:600] + '...'}")
    for kind, what in left[:6]:
        print(f"#   {kind}: {what}")


def compare_seeds(first, last, seconds, shrink_s=60, shown=5):
    """Runs worlds until the seeds or the seconds are used up; prints the table of rules and what no rule knows. True if
    there is nothing of the latter."""
    counts, unknown, done, rows = collections.Counter(), {}, 0, 0
    until = time.time() + seconds
    count = min(os.cpu_count() or 1, 4)
    with workers(count) as pool:
        running, seeds = collections.deque(), iter(range(first, last + 1))

        def more():
            seed = next(seeds, None) if time.time() < until else None
            if seed is not None:
                running.append((seed, pool.apply_async(judge, (seed,))))

        for _ in range(count + 1):
            more()
        while running:
            seed, task = running.popleft()
            try:
                _, result, _ = task.get(20 * RUN_S)
            except Exception as error:
                result = {"": [(None, "the comparison itself fails", f"{type(error).__name__}: {error}")]}
            more()
            done += 1
            for name, found in result.items():
                for rule in {rule for rule, _, _ in found}:
                    counts[rule] += 1
                for rule, kind, what in found:
                    if rule is None:
                        if kind not in unknown:
                            print(f"not ok random documents: {kind}: seed {seed} {name}: {what[:700]}", flush=True)
                        unknown.setdefault(kind, []).append((seed, name, what))
        print_rules(done, counts)
        for kind, examples in sorted(unknown.items(), key=lambda item: -len(item[1])):
            print(f"# {len(examples)} times: {kind}, seeds {sorted({seed for seed, *_ in examples})[:8]}")
        tasks = [(examples[0], pool.apply_async(shrink, (*examples[0], kind, shrink_s)))
                 for kind, examples in list(unknown.items())[:shown] if examples[0][1] and shrink_s]
        for (seed, name, _), task in tasks:
            show(seed, name, *task.get(shrink_s + 10 * RUN_S))
    return not unknown


def print_rules(done, counts):
    print(f"random documents: {done} worlds of {len(documents.world(0))} resources; resources where the two differ, "
          "by rule:")
    for rule in rules.BEFORE + rules.AFTER + rules.FAILURES:
        print(f"  {counts[rule.__name__]:6}  {rule.__name__.replace('_', ' ')}: {' '.join(rule.__doc__.split())}")


def main(arguments):
    parser = argparse.ArgumentParser(prog="tests/compat/run")
    parser.add_argument("--seeds", default="1..1000000", help="first and last seed, as A..B")
    parser.add_argument("--seconds", type=float, default=0, help="begin no world after this time")
    parser.add_argument("--shrink", type=float, default=60,
                        help="seconds for making a failure small; 0 leaves it as it is")
    parser.add_argument("--shown", type=int, default=5, help="how many kinds of failures are made small")
    options = parser.parse_args(arguments)
    first, _, last = options.seeds.partition("..")
    seconds = options.seconds or (float("inf") if "--seeds" in " ".join(arguments) else 150)
    return 0 if compare_seeds(int(first), int(last or first), seconds, options.shrink, options.shown) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
