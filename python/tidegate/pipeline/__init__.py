"""Pipelines: `tidegate.pipeline` is this package and, in the top package, the function `pipeline`.

An import of `tidegate.pipeline.x` under another name (`tidegate.as_dlt`) puts the package in the
function's place: so the package can be called, too.
"""

import sys
from types import ModuleType
from typing import Any

from tidegate.pipeline.factory import attach, make, run
from tidegate.pipeline.pipeline import Pipeline


class _CallablePackage(ModuleType):
    def __call__(self, *args: Any, **kwargs: Any) -> Pipeline:
        return make(*args, **kwargs)


sys.modules[__name__].__class__ = _CallablePackage
pipeline = make
__all__ = ["Pipeline", "attach", "pipeline", "run"]
