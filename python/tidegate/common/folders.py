"""The folders that the package looks into and writes to, as dlt has them.

    project_dir   the program's folder          DLT_PROJECT_DIR, else the current one
    settings_dir  its configuration             .dlt in it
    global_dir    the user's configuration      ~/.dlt; of root /var/dlt
    data_dir      working folders of pipelines  DLT_DATA_DIR, else the user's
    local_dir     databases with relative paths DLT_LOCAL_DIR, else the current one
"""

from __future__ import annotations

import os


def project_dir() -> str:
    """Where the program's `.dlt` is."""
    return os.path.abspath(os.environ.get("DLT_PROJECT_DIR") or ".")


def settings_dir() -> str:
    """Where its `config.toml` and `secrets.toml` are."""
    return os.path.join(project_dir(), ".dlt")


def global_dir() -> str:
    """The same for all programs of a user.

    Returns:
        `/var/dlt` of root, else `~/.dlt` if it is there or XDG_DATA_HOME is not set, else `dlt` in
        that; without a home that can be written to, `dlt` beside temporary files.
    """
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return "/var/dlt"
    home = os.path.expanduser("~")
    if not os.access(home, os.W_OK):
        import tempfile

        return os.path.join(tempfile.gettempdir(), "dlt")
    own = os.path.join(home, ".dlt")
    shared = os.environ.get("XDG_DATA_HOME")
    return os.path.join(shared, "dlt") if shared and not os.path.isdir(own) else own


def data_dir() -> str:
    """Where working folders of pipelines are, in `pipelines`."""
    return os.environ.get("DLT_DATA_DIR") or global_dir()


def local_dir() -> str:
    """Where a database is whose path is relative."""
    return os.path.abspath(os.environ.get("DLT_LOCAL_DIR") or ".")
