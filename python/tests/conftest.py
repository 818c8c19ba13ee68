"""A line per case, as all tests of the project print it: `ok NAME`, `not ok NAME: reason`."""

import os
import sys

import pytest


def pytest_runtest_logreport(report):
    name = report.nodeid.rsplit("/", 1)[-1]
    if report.skipped:
        reason = report.longrepr[2]
        print(f"ok {name} # SKIP {reason}", flush=True)
    elif report.failed:
        print(f"{report.longreprtext}\nnot ok {name}", flush=True)
    elif report.when == "call":
        print(f"ok {name}", flush=True)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Each case is in a folder of its own, its working folders and the user's are there, and nothing is left
    of the case before."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("SOURCES__", "DESTINATION__", "RUNTIME__", "NORMALIZE__", "DLT_", "PG")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "data"))
    if "in_memory" in sys.modules:
        sys.modules["in_memory"].forget()
    if "tidegate" in sys.modules:  # of dlt, which goes through the lessons too, they take care themselves
        monkeypatch.setattr("tidegate.common.folders.global_dir", lambda: str(tmp_path / "home"))
        for each in ("secrets_toml", "config_toml"):
            monkeypatch.setattr(f"tidegate.common.configuration.providers.{each}._assigned", {})
        monkeypatch.setattr("tidegate.common.context.active_pipeline", None)
    return tmp_path
