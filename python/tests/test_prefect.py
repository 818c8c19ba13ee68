"""The flow of `tidegate.prefect`, on a temporary server on loopback: by call, and by deployments and a worker."""

import asyncio
import atexit
import collections
import ctypes
import datetime
import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import types
import urllib.request

import duckdb
import pytest


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLE = os.path.join(TREE, "examples", "prefect")
PORT = free_port()
HOME = tempfile.mkdtemp(prefix="prefect-")
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
UNUSED = ("CANCELLATION_CLEANUP", "FOREMAN", "LATE_RUNS", "PAUSE_EXPIRATIONS", "SCHEDULER", "TRIGGERS")
os.environ.update({
    "DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_HOME": HOME, "PREFECT_API_URL": f"http://127.0.0.1:{PORT}/api", "PREFECT_CLI_PROMPT": "false",
    "PREFECT_SERVER_LOGGING_LEVEL": "ERROR", "PREFECT_CLI_COLORS": "false", "PREFECT_CLI_WRAP_LINES": "false",
    "PATH": os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"],
    **{f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in UNUSED},
})

from prefect.client.orchestration import get_client  # noqa: E402
from prefect.client.schemas import schedules  # noqa: E402
from prefect.logging.handlers import APILogHandler, APILogWorker  # noqa: E402

from tidegate.destinations.impl import duckdb as duck  # noqa: E402
from tidegate.jobs import JobError, kinds  # noqa: E402
from tidegate.prefect import extract_and_load  # noqa: E402
from tidegate.prefect.artifacts import ProgressArtifacts  # noqa: E402
from tidegate.prefect.schedule import _schedule_of, _text, times_before  # noqa: E402
from tidegate.prefect.secrets import Mask  # noqa: E402

SECRET = "s3cr3t-of-the-shop"


def die_with_us():
    """The server ends with the test, however that ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


@pytest.fixture(scope="module", autouse=True)
def server():
    log = open(os.path.join(HOME, "server.log"), "w+")
    process = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(PORT)],
        stdout=log, stderr=log, preexec_fn=die_with_us,
    )
    try:
        wait_for(lambda: answers(process, log))
        yield
    finally:
        APILogWorker.drain_all(timeout=30)
        process.kill()
        process.wait()
        log.close()


def answers(process, log):
    if process.poll() is not None:
        log.seek(0)
        pytest.fail(f"the server has ended: {log.read()}")
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{PORT}/api/health").status == 200
    except OSError:
        return False


def wait_for(holds, seconds=300):
    until = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < until, "what was waited for did not come"
        time.sleep(0.2)
    return found


@pytest.fixture(autouse=True)
def shop(place, monkeypatch):
    for name in os.listdir(EXAMPLE):
        shutil.copy(os.path.join(EXAMPLE, name), place)
    monkeypatch.setenv("SHOP_API_KEY", SECRET)
    sys.modules.pop("shop", None)
    yield
    sys.modules.pop("shop", None)
    sys.path[:] = [folder for folder in sys.path if folder != str(place)]


# ---- looking ----


def rows(sql, file="shop.duckdb"):
    with duckdb.connect(file) as connection:
        return connection.sql(sql).fetchall()


def api(path, **body):
    request = urllib.request.Request(
        f"http://127.0.0.1:{PORT}/api/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    return json.load(urllib.request.urlopen(request))


def of_run(run_id):
    return {"flow_runs": {"id": {"any_": [str(run_id)]}}}


def artifacts(run_id):
    found = collections.defaultdict(list)
    for each in api("artifacts/filter", artifacts={"flow_run_id": {"any_": [str(run_id)]}}):
        data = each["data"]
        found[each["key"]].append(json.loads(data) if each["type"] == "table" and isinstance(data, str) else data)
    return found


def logs(run_id, least):
    """When the last of them has arrived: they are sent in batches."""
    def sent():
        found = api("logs/filter", logs={"flow_run_id": {"any_": [str(run_id)]}}, sort="TIMESTAMP_ASC")
        return found if sum(each["name"].startswith("tidegate") for each in found) >= least else None
    return wait_for(sent)


def task_runs(run_id, *names):
    """By name, when the server has heard that all of these are through."""
    def heard():
        found = {each["name"]: each for each in api("task_runs/filter", **of_run(run_id))}
        done = [name for name, each in found.items() if each["state_type"] == "COMPLETED"]
        return found if set(names) <= set(done) else None
    return wait_for(heard)


def run(pipeline="shop:job", **said):
    """The state, with the run's id; errors are in it."""
    said = {"secrets": {"api_key": "env:SHOP_API_KEY"}, "retry_delay_seconds": 0, **said}
    return extract_and_load(pipeline, return_state=True, **said)


def run_id(state):
    return state.state_details.flow_run_id


# ---- one run ----


def test_a_run_and_what_stands_beside_it(caplog):
    state = run()
    result = state.result()
    assert [(each["table"], each["inserted"]) for each in result["tables"]] == [("orders", 4), ("countries", 3)]
    assert len(result["load_ids"]) == 2 and json.loads(json.dumps(result)) == result
    assert rows("select count(*), sum(total)::int from bronze.orders") == [(4, 150)]
    found = artifacts(run_id(state))
    orders = found["tidegate-load"][0][0]
    assert {**orders, "seconds": 0} == {
        "table": "orders", "read": 4, "new": 4, "inserted": 4, "updated": 0, "deleted": 0, "filtered": 0, "rejected": 0, "seconds": 0,
    }
    assert [each["table"] for each in found["tidegate-load"][0]] == ["orders", "countries"] and orders["seconds"] > 0
    assert "### `orders` (new)" in found["tidegate-schema-changes"][0] and "| `total` | double |" in found["tidegate-schema-changes"][0]
    assert (found["tidegate-progress-orders"], found["tidegate-progress-countries"]) == ([100.0], [100.0])
    assert "tidegate-rejects" not in found
    told = [each for each in logs(run_id(state), 1) if each["name"].startswith("tidegate")]
    assert {each["level"] for each in told} == {20} and all(each["task_run_id"] for each in told)
    event = wait_for(lambda: api("events/filter", filter={"event": {"name": ["tidegate.load.completed"]}})["events"])[-1]
    assert event["resource"]["prefect.resource.id"] == "tidegate.pipeline.shop"
    assert event["payload"]["tables"]["orders"]["inserted"] == 4 or event["payload"]["tables"]["countries"]["inserted"] == 3
    found = task_runs(run_id(state), "extract orders", "load orders", "extract countries", "load countries")
    assert len(found) == 5 and all(each["run_count"] == 1 for each in found.values())


def test_the_notebook(place, monkeypatch):
    import notebooks

    said = notebooks.execute("6_prefect", place, monkeypatch)
    counts = [line.split()[1:] for line in "\n".join(said).splitlines() if re.match(r"\d +\w", line)]
    assert counts == [
        ["orders", "7", "7", "0", "0"], ["countries", "2", "2", "0", "0"], ["countries", "2", "2", "0", "2"],
    ]
    assert rows("select count(*), sum(total) from bronze.orders", "shop_of_orders.duckdb") == [(7, 280)]
    assert rows("select count(*) from bronze.countries", "shop_of_orders.duckdb") == [(2,)]


def test_nothing_new_and_one_load_for_all():
    assert len(run(mode="single").result()["load_ids"]) == 1
    state = run(resources=["orders"])
    assert state.result()["load_ids"] == [] and state.is_completed()
    found = artifacts(run_id(state))
    assert found["tidegate-load"] == [[]] and "tidegate-schema-changes" not in found
    assert run(resources=["orders"], full_refresh=True).result()["tables"][0]["deleted"] == 4


def test_a_spec_within_a_flow_of_ones_own(monkeypatch, place, capsys):
    """Of an async one, too, which has a loop of its own."""
    monkeypatch.syspath_prepend(place)
    sys.modules.pop("flows", None)
    from flows import nightly
    from prefect import flow

    @flow
    async def around():
        return extract_and_load("files.yaml")

    assert nightly() == ["orders"] and rows("select count(*) from bronze.orders", "shop_files.duckdb") == [(4,)]
    assert asyncio.run(around())["load_ids"] == []
    assert rows("select count(*) from bronze.orders", "shop_files.duckdb") == [(4,)]


def test_a_window_that_is_said():
    window = {"start": "2024-05-02", "end": "2024-05-03"}
    assert [each["new"] for each in run(window=window).result()["tables"] if each["table"] == "orders"] == [1]
    assert run(window=window, resources=["orders"]).result()["load_ids"] == []
    assert rows("select id from bronze.orders") == [(3,)]
    for wrong, says in (({"window": "schedule"}, "for runs of a deployment"), ({"window": {"start": "x"}}, "has a start and an end"),
                        ({"window": window, "full_refresh": True}, "say one of them"), ({"retries": -1}, "not less than 0")):
        state = run(**wrong)
        assert isinstance(state.result(raise_on_failure=False), JobError) and says in state.message


def test_rejected_rows():
    with open("files.yaml", "a") as spec:
        spec.write("    columns: {total: {data_type: double}}\n    schema_contract: {data_type: discard_row}\n")
    with open("orders.jsonl", "a") as file:
        file.writelines(f'{{"id": {n}, "ordered_at": "2024-05-04T00:00:00Z", "total": "much"}}\n' for n in range(10, 130))
    state = run("files.yaml", secrets=None)
    found = artifacts(run_id(state))
    assert found["tidegate-load"][0][0]["rejected"] == 120 and len(found["tidegate-rejects"][0]) == 100
    assert found["tidegate-rejects"][0][0]["table_name"] == "orders" and "much" in found["tidegate-rejects"][0][0]["document"]


# ---- again ----


def counting(monkeypatch):
    """Of each resource how often it was read, and how often a load was begun: in `also`, before that."""
    calls, also = collections.Counter(), [lambda: None]
    real_extract, real_load = kinds.FunctionKind.extract, kinds.FunctionKind.load

    def extract(self, names, *rest):
        calls.update(f"extract {name}" for name in names)
        return real_extract(self, names, *rest)

    def load(self):
        calls["load"] += 1
        also[0]()
        return real_load(self)

    monkeypatch.setattr(kinds.FunctionKind, "extract", extract)
    monkeypatch.setattr(kinds.FunctionKind, "load", load)
    return calls, also


def test_a_load_that_fails_is_tried_again_without_an_extract(monkeypatch):
    calls, also = counting(monkeypatch)

    def is_away():
        if calls["load"] % 3:
            raise ConnectionResetError("the server has gone")

    also[0] = is_away
    state = run(retries=2)
    assert state.is_completed() and calls == {"extract orders": 1, "extract countries": 1, "load": 6}
    assert rows("select count(*) from bronze.orders") == [(4,)] and rows("select count(*) from bronze.countries") == [(3,)]
    found = task_runs(run_id(state), "extract orders", "load orders", "load countries")
    assert found["load orders"]["run_count"] == 3 and found["extract orders"]["run_count"] == 1


def test_a_load_that_fails_for_good_waits_for_the_next_run(monkeypatch):
    calls, also = counting(monkeypatch)
    also[0] = lambda: (_ for _ in ()).throw(ConnectionResetError("the server has gone"))
    state = run(retries=1)
    assert state.is_failed() and calls == {"extract orders": 1, "load": 2} and not os.path.exists("shop.duckdb.wal")
    also[0] = lambda: None
    again = run()
    assert [(each["table"], each["new"]) for each in again.result()["tables"]] == [("orders", 4), ("countries", 3)]
    assert calls["extract orders"] == 2 and rows("select count(*), count(distinct id) from bronze.orders") == [(4, 4)]


def test_a_load_that_is_given_up_holds_nothing_else_up(monkeypatch):
    """What the destination refuses is read again by the next run; what cannot be reached is not tried for each table."""
    def execute(self, sql, real=duck.Session.execute):
        if sql.startswith('INSERT INTO "bronze"."orders"'):
            raise duckdb.ConstraintException("Constraint Error: it may not be so")
        return real(self, sql)

    calls, also = counting(monkeypatch)
    with monkeypatch.context() as patched:
        patched.setattr(duck.Session, "execute", execute)
        state = run()
    assert state.is_failed() and "it may not be so" in state.message
    assert calls == {"extract orders": 1, "extract countries": 1, "load": 2} and rows("select count(*) from bronze.countries") == [(3,)]
    assert [each["table"] for each in artifacts(run_id(state))["tidegate-load"][0]] == ["countries"]
    assert run(resources=["orders"]).result()["tables"][0]["inserted"] == 4


def test_a_lock_is_waited_for(monkeypatch):
    calls, _ = counting(monkeypatch)
    holder = subprocess.Popen(
        [sys.executable, "-c", "import duckdb; c = duckdb.connect('shop.duckdb'); print(flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )
    holder.stdout.readline()
    counted = kinds.FunctionKind.extract

    def extract(self, names, *rest):
        if calls[f"extract {names[0]}"] == 2:
            holder.communicate(b"\n")
        return counted(self, names, *rest)

    monkeypatch.setattr(kinds.FunctionKind, "extract", extract)
    assert run(resources=["orders"]).is_completed() and calls == {"extract orders": 3, "load": 1}


FAULTS = """
import shop as real
import tidegate as dlt
from shop import shop

def raises():
    @dlt.resource
    def orders(api_key=dlt.secrets.value):
        yield {"id": 1}
        raise ValueError(f"http://shop/?key={api_key} is refused")
    return dlt.pipeline("shop", destination="duckdb", dataset_name="bronze"), [orders, real.shop().countries]

def frozen():
    @dlt.resource(schema_contract={"columns": "freeze"})
    def orders():
        yield {"id": 1, "surprise": 1}
    return dlt.pipeline("shop", destination="duckdb", dataset_name="bronze"), orders
"""


def test_what_would_fail_again_is_not_tried_again(monkeypatch):
    with open("faults.py", "w") as file:
        file.write(FAULTS)
    sys.modules.pop("faults", None)
    calls, _ = counting(monkeypatch)
    run(resources=["orders"])
    calls.clear()
    state = run("faults:frozen")
    assert calls == {"extract orders": 1} and "freezes columns" in str(state.result(raise_on_failure=False))
    calls.clear()
    # One resource cannot be read: the others are loaded, and the run has failed.
    state = run("faults:raises")
    assert calls == {"extract orders": 1, "extract countries": 1, "load": 1} and state.is_failed()
    assert rows("select count(*) from bronze.countries") == [(3,)]
    error = state.result(raise_on_failure=False)
    assert "http://shop/?key=******** is refused" in str(error) and SECRET not in str(error)
    for wrong, says in (({"resources": ["nope"]}, "no resource 'nope'"), ({"secrets": {}}, "api_key"),
                        ({"secrets": {"api_key": "no-such-block"}}, "in no block 'no-such-block'"),
                        ({"secrets": {"api_key": "env:NO_SUCH"}}, "no variable 'NO_SUCH'")):
        state = run(**wrong)
        assert state.is_failed() and says in state.message
    sys.modules.pop("faults", None)


# ---- what is not to be seen ----


def everything(folder):
    """All bytes that are kept: the server's database, results, working folders."""
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            with open(path, "rb") as file:
                yield path, file.read()


def test_a_secret_is_nowhere(place, caplog):
    """Nor where the program's own error tells it, at the server, on disk, in results and logs."""
    with open("faults.py", "w") as file:
        file.write(FAULTS)
    sys.modules.pop("faults", None)
    with open("server.yaml", "w") as file:
        file.write(open("files.yaml").read().replace("duckdb:///shop_files.duckdb", "postgresql://me:${PASSWORD}@127.0.0.1:1/shop"))
    with caplog.at_level("DEBUG"):
        states = [run(), run("faults:raises"), run("server.yaml", secrets={"PASSWORD": "env:SHOP_API_KEY"}, retries=0)]
    assert [state.is_completed() for state in states] == [True, False, False] and "127.0.0.1" in states[2].message
    wait_for(lambda: any("is refused" in each["message"] for each in logs(run_id(states[1]), 1)))
    kept = dict(everything(HOME)) | dict(everything(place))
    assert any(b"env:SHOP_API_KEY" in data for path, data in kept.items() if path.startswith(HOME))  # the name is
    assert [path for path, data in kept.items() if SECRET.encode() in data] == []
    assert SECRET not in caplog.text and SECRET not in repr([state.data for state in states])
    sys.modules.pop("faults", None)


def test_a_log_that_prefect_sends_itself_is_not_sent_twice():
    """With PREFECT_LOGGING_EXTRA_LOGGERS=tidegate, too, it has no secret."""
    def told(state):
        APILogWorker.drain_all(timeout=30)
        found = [each for each in logs(run_id(state), 1) if each["name"].startswith("tidegate")]
        return collections.Counter(re.sub(r"[0-9.]+ s|[0-9]+[.][0-9]+", "", each["message"]) for each in found)

    logger, handler = logging.getLogger("tidegate"), APILogHandler()
    run(resources=["orders"])
    without = told(run(resources=["orders"]))
    logger.addHandler(handler)
    try:
        assert told(run(resources=["orders"])) == without
    finally:
        logger.removeHandler(handler)
    assert logger.handlers == [each for each in logger.handlers if not isinstance(each, APILogHandler)]


def test_masks():
    mask = Mask({"a": "abcd", "b": {"c": ["abcdef", 12345, None, True]}, "short": "x"})
    assert mask.text("abcdef-abcd-12345-x-True") == "********-********-********-x-True"
    assert mask.told({"abcd": [1, "abcd"], "n": None}) == {"********": [1, "********"], "n": None}
    plain, bad = ValueError("plain"), ConnectionError("at abcd")
    assert mask.error(plain) is plain and mask.error(bad).retryable and "abcd" not in str(mask.error(bad))


# ---- windows of schedules ----

TIMES = [
    (schedules.CronSchedule(cron="0 * * * *"), "2024-01-01T06:00:00+00:00", "2024-01-01T05:00:00Z", "2024-01-01T06:00:00Z"),
    (schedules.CronSchedule(cron="0 * * * *"), "2024-01-01T06:59:59.9+00:00", "2024-01-01T05:00:00Z", "2024-01-01T06:00:00Z"),
    (schedules.CronSchedule(cron="* * * * *"), "2024-01-01T06:00:30+00:00", "2024-01-01T05:59:00Z", "2024-01-01T06:00:00Z"),
    (schedules.CronSchedule(cron="0 0 1 * *"), "2024-03-31T22:00:00+00:00", "2024-02-01", "2024-03-01"),
    (schedules.CronSchedule(cron="0 0 29 2 *"), "2024-03-31T22:00:00+00:00", "2020-02-29", "2024-02-29"),
    # A day of 23 hours.
    (schedules.CronSchedule(cron="0 0 * * *", timezone="Europe/Berlin"), "2024-03-31T22:00:00+00:00", "2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z"),
    (schedules.IntervalSchedule(interval=3600, anchor_date=datetime.datetime(2030, 1, 1, 0, 10, tzinfo=datetime.timezone.utc)),
     "2024-03-31T22:00:30+00:00", "2024-03-31T20:10:00Z", "2024-03-31T21:10:00Z"),
    (schedules.IntervalSchedule(interval=1, anchor_date=datetime.datetime(2023, 7, 1, tzinfo=datetime.timezone.utc)),
     "2024-03-31T22:00:00+00:00", "2024-03-31T21:59:59Z", "2024-03-31T22:00:00Z"),
    (schedules.IntervalSchedule(interval=86400, anchor_date=datetime.datetime(2023, 7, 1, 10, tzinfo=datetime.timezone.utc), timezone="Europe/Berlin"),
     "2024-03-31T22:00:00+00:00", "2024-03-30T11:00:00Z", "2024-03-31T10:00:00Z"),
    (schedules.RRuleSchedule(rrule="FREQ=WEEKLY;BYDAY=MO", timezone="UTC"), "2024-03-31T22:00:00+00:00", "2024-03-18", "2024-03-25"),
]


@pytest.mark.parametrize(("schedule", "moment", "start", "end"), TIMES)
def test_the_window_before_a_moment(schedule, moment, start, end):
    found = times_before(schedule, datetime.datetime.fromisoformat(moment))
    assert tuple(map(_text, found)) == (start, end)


def test_which_schedule_has_started_a_run():
    def schedule(number, active):
        return types.SimpleNamespace(id=f"id-{number}", active=active, schedule=number)

    def found(schedules, key=""):
        return _schedule_of(types.SimpleNamespace(name="d", schedules=schedules), key)

    several = [schedule(1, True), schedule(2, False), schedule(3, True)]
    assert found(several, "scheduled of-the-deployment id-2 2024-05-01") == 2
    assert found(several[:2]) == 1 and found(several[1:2]) == 2
    for wrong, says in ((several, "3 schedules"), ([], "no schedules")):
        with pytest.raises(JobError, match=says):
            found(wrong)


def test_progress_moves_once_a_second(monkeypatch):
    from tidegate.prefect import artifacts as module

    told, clock = [], [100.0]
    monkeypatch.setattr(module, "update_progress_artifact", lambda **said: told.append((said["progress"], said["description"])))
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    bars = ProgressArtifacts({"orders": "an-id"})
    bars.update("orders", 10, 100)
    bars.update("orders", 20, 100)
    bars.update("others", 5)
    clock[0] += 1.5
    bars.update("orders", 30)
    bars.finish("orders", "30 rows read", 50.0)
    assert told == [(5.0, "orders: 10 rows read"), (0.0, "orders: 30 rows read"), (50.0, "orders: 30 rows read")]
    told.clear()
    sealed = {"rows": {"orders": 30, "lines": 70}, "resource": {"orders": "orders", "lines": "orders"}}
    bars = ProgressArtifacts({"orders": "an-id"}, sealed)
    for table, count in (("orders", 30), ("orders", 4), ("lines", 70), ("_dlt_loads", 1)):
        clock[0] += 1.0
        bars.update(table, count)
    assert [text for _, text in told] == [f"orders: {n} of 100 rows written" for n in (30, 30, 100)] and told[-1][0] == 99.0

    def is_away(**said):
        raise OSError("no server")

    monkeypatch.setattr(module, "update_progress_artifact", is_away)
    bars.finish("orders", "done")
    monkeypatch.setattr(module, "update_progress_artifact", lambda **said: told.append("again"))
    bars.finish("orders", "done")
    assert told[-1] != "again"


# ---- processes that end ----

CANCELLED = """
import os
from tidegate.destinations.impl import duckdb as duck

def cancel():
    from prefect.client.orchestration import get_client
    from prefect.runtime import flow_run
    from prefect.states import Cancelling
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(flow_run.id, Cancelling())

def execute(self, sql, real=duck.Session.execute):
    if sql == "COMMIT" and os.environ.get("CANCEL"):
        cancel()
        sql = "SELECT sum(range) FROM range(10000000000000)"
    return real(self, sql)

duck.Session.execute = execute
"""

ENDLESS = """
import sys
import tidegate as dlt
from tidegate.prefect import extract_and_load

def job():
    @dlt.resource
    def endless():
        try:
            while True:
                yield {"n": 1}
                print("reading", flush=True)
        finally:
            print("closed", flush=True)
    return dlt.pipeline("shop", destination="duckdb", dataset_name="bronze"), endless

if __name__ == "__main__":
    extract_and_load("endless:job")
"""


def test_a_signal_ends_a_run_as_ctrl_c_does():
    with open("endless.py", "w") as file:
        file.write(ENDLESS)
    process = subprocess.Popen([sys.executable, "endless.py"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in process.stdout:
        if line == "reading\n":
            break
    process.send_signal(signal.SIGTERM)
    assert process.stdout.read().endswith("closed\n")
    assert process.wait() == -signal.SIGTERM
    assert not any(names for _, _, names in os.walk("data/pipelines/shop/shop/sealed"))


# ---- deployments ----


def test_deployments_that_are_shown():
    """Of the page and of the notebook: each names the flow, and gives it parameters that it has."""
    yaml = pytest.importorskip("yaml")
    with open(os.path.join(TREE, "docs", "prefect.md")) as page:
        shown = re.findall(r"^```yaml\n(.*?)^```$", page.read(), re.MULTILINE | re.DOTALL)
    with open(os.path.join(TREE, "examples", "notebooks", "6_prefect.ipynb")) as file:
        cells = ["".join(cell["source"]) for cell in json.load(file)["cells"]]
    shown += [text for cell in cells for text in re.findall(r"^```yaml\n(.*?)^```$", cell, re.MULTILINE | re.DOTALL)]
    deployments = [each for text in shown for each in yaml.safe_load(text)["deployments"]]
    assert len(deployments) == 2
    for each in deployments:
        assert each["entrypoint"] == "tidegate.prefect.extract_and_load"
        assert extract_and_load.validate_parameters(each["parameters"])["secrets"] == each["parameters"]["secrets"]
        assert [schedules.IntervalSchedule(**schedule).interval.seconds for schedule in each["schedules"]] == [3600]
    with pytest.raises(Exception, match="speed"):
        extract_and_load.validate_parameters({"pipeline": "shop:job", "speed": 1})


def test_the_page_and_its_deployments(place):
    """Every command of docs/prefect.md; then a worker whose run is cancelled at the server, in the middle of a load."""
    with open(os.path.join(TREE, "docs", "prefect.md")) as page:
        blocks = [part.split("\n```")[0] for part in page.read().split("```sh\n")[1:]]
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", "\n".join(blocks)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert rows("select count(*) from bronze.orders") == [(4,)] and rows("select count(*) from bronze.countries") == [(3,)]
    assert rows("select list(id) from bronze.orders", "shop_daily.duckdb") == [([3],)]  # May 2, by the run of May 3
    assert rows("select lo, hi from bronze._tidegate_windows", "shop_daily.duckdb")[0][0].count("2024-05-02") == 1
    states = collections.Counter(each["state_type"] for each in api("flow_runs/filter", deployments={"name": {"any_": ["hourly", "daily"]}}))
    assert states == {"COMPLETED": 2}
    with open("shop.py", "a") as file:
        file.write(CANCELLED)
    with open("orders.jsonl", "a") as file:
        file.write('{"id": 5, "ordered_at": "2024-05-05T00:00:00Z", "country": "PL", "total": 1}\n')
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("extract_and_load/hourly")
        made = client.create_flow_run_from_deployment(deployment.id, parameters={"resources": ["orders"]})
    command = ["prefect", "worker", "start", "--pool", "local", "--run-once"]
    worker = subprocess.run(command, env=os.environ | {"CANCEL": "1"}, capture_output=True, text=True)
    assert worker.returncode == 0, worker.stdout + worker.stderr
    assert api("flow_runs/filter", **of_run(made.id))[0]["state_type"] == "CANCELLED"
    assert [each["state_type"] for each in api("task_runs/filter", **of_run(made.id)) if each["name"].startswith("load")] == ["CRASHED"]
    assert "aborted by a termination signal" in worker.stderr and "PipelineStepFailed" not in worker.stderr
    assert rows("select count(*) from bronze.orders") == [(4,)]
    state = run(resources=["orders"])
    assert [each["new"] for each in state.result()["tables"]] == [1]
    assert task_runs(run_id(state), "load what waits")["load what waits"]["run_count"] == 1
    assert rows("select count(*), count(distinct id) from bronze.orders") == [(5, 5)]
