"""`import tidegate.as_dlt`: from here on `dlt` is tidegate, for cells that say `from dlt.x import y`.

Example:
    >>> import tidegate.as_dlt  # doctest: +SKIP
    >>> from dlt.sources import incremental  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from types import ModuleType

_OWN = "tidegate"
_NAME = "dlt"


class _Loader(importlib.abc.Loader):
    """Gives the module of tidegate under dlt's name: it is the same object."""

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return importlib.import_module(_OWN + spec.name[len(_NAME) :])

    def exec_module(self, module: ModuleType) -> None:
        """The module was executed under its own name."""


class _Finder(importlib.abc.MetaPathFinder):
    """Finds `dlt` and `dlt.x` as `tidegate` and `tidegate.x`."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != _NAME and not name.startswith(_NAME + "."):
            return None
        own = _OWN + name[len(_NAME) :]
        if importlib.util.find_spec(own) is None:
            raise ModuleNotFoundError(f"{name} is not in tidegate; use dlt for this", name=name)
        return importlib.machinery.ModuleSpec(name, _Loader(), is_package=True)


def _install() -> None:
    known = sys.modules.get(_NAME)
    if known is not None and getattr(known, "__name__", "") != _OWN:
        raise ImportError("dlt itself was imported before: import tidegate.as_dlt first, in a fresh process")
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    importlib.import_module(_NAME)


_install()
