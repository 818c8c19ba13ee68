"""A line per case, as all tests of the project print it: `ok NAME`, `not ok NAME: reason`."""

import os

import pytest


def pytest_runtest_logreport(report):
    name = report.nodeid.rsplit("/", 1)[-1]
    if report.skipped:
        print(f"ok {name} # SKIP {report.longrepr[2] if report.longrepr else ''}", flush=True)
    elif report.failed:
        print(f"{report.longreprtext}\nnot ok {name}", flush=True)
    elif report.when == "call":
        print(f"ok {name}", flush=True)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Each case is in a folder of its own, and its working folders are there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "data"))
    for name in list(os.environ):
        if name.startswith(("SOURCES__", "DESTINATION__", "RUNTIME__", "DLT_INTERVAL")):
            monkeypatch.delenv(name)
    return tmp_path
