"""`WithPackages`: what a pipeline has to say of its loads that wait, and of those that it has loaded."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, cast

from tidegate.destinations import Destination
from tidegate.pipeline.exceptions import LoadPackageNotFound, PipelineConfigMissing
from tidegate.pipeline.known import Known
from tidegate.pipeline.library import call, names
from tidegate.pipeline.load_package import LoadPackageInfo
from tidegate.pipeline.packages import Sealed, has_sealed, sealed_loads

if TYPE_CHECKING:
    from tidegate.pipeline.pipeline import Pipeline

logger = logging.getLogger("tidegate")


class WithPackages:
    """A part of `Pipeline`."""

    pipeline_name: str
    working_dir: str
    destination: Destination | None
    dataset_name: str | None
    _completed: dict[str, LoadPackageInfo]
    _known: Known

    def _pipeline(self) -> Pipeline:
        return cast("Pipeline", self)

    def _sealed(self) -> list[Sealed]:
        folder = os.path.join(self.working_dir, self.pipeline_name)
        if self.destination is None or not has_sealed(folder):
            return []
        found = names(self._pipeline())
        return sealed_loads(folder, found["destination"], found["dataset"])

    def _forget_looks(self) -> None:
        """What an earlier pipeline of this process has extracted and never loaded, for a dataset that is not there.

        So dlt does it: a notebook's cells that only look leave nothing behind. What another process has
        extracted may be all there is, and is loaded.
        """
        assert self.destination is not None
        looks = self._sealed()
        if not looks or not all(each.known and each.known.pipeline is not self for each in looks):
            return
        with self._pipeline().sql_client() as client:
            if client.has_dataset():
                return
        ids = self.abort_packages()
        logger.warning("dataset '%s' is not there: loads that were extracted and not loaded are dropped: %s", self.dataset_name, ", ".join(ids))

    def list_extracted_load_packages(self) -> list[str]:
        """The ids of loads that `normalize` has not told yet."""
        return [each.load_id for each in self._sealed() if each.state == "extracted"]

    def list_normalized_load_packages(self) -> list[str]:
        """The ids of the other loads that wait to be loaded."""
        return [each.load_id for each in self._sealed() if each.state == "normalized"]

    def list_completed_load_packages(self) -> list[str]:
        """The ids of loads that this object has loaded; all that there are has the table `_dlt_loads`."""
        return list(self._completed)

    def get_load_package_info(self, load_id: str) -> LoadPackageInfo:
        """A load that waits, or that this object has loaded.

        Args:
            load_id: Its id.

        Raises:
            LoadPackageNotFound: There is none.
        """
        for each in self._sealed():
            if each.load_id == load_id:
                return each.info()
        if load_id in self._completed:
            return self._completed[load_id]
        raise LoadPackageNotFound(load_id)

    def drop_pending_packages(self, with_partial_loads: bool = True) -> None:
        """Deletes loads that wait.

        Args:
            with_partial_loads: Not used: none is loaded in part.
        """
        self.abort_packages()

    def abort_packages(self, load_id: str | None = None, dry_run: bool = False) -> list[str]:
        """Deletes loads that wait: this one, or all of them.

        Args:
            load_id: Its id; the newest, or one that no later one has gone on from.
            dry_run: Only tells which.

        Returns:
            Their ids.
        """
        if self.destination is None:
            raise PipelineConfigMissing(self.pipeline_name, "destination", "abort_packages")
        ids = [each.load_id for each in self._sealed() if load_id in (None, each.load_id)]
        if not dry_run:
            call(self._pipeline(), "load", lambda core: core.drop_packages(load_id))
            self._known = Known(self._pipeline())
        return ids

    @property
    def has_pending_data(self) -> bool:
        """Whether loads wait."""
        return bool(self._sealed())

    @property
    def has_data(self) -> bool:
        """Whether something was extracted or loaded."""
        return not self.first_run or self.has_pending_data

    @property
    def first_run(self) -> bool:
        """Whether no load was committed yet, by what the working folder has recorded."""
        record = os.path.join(self.working_dir, self.pipeline_name, "committed")
        return not os.path.exists(record) or os.path.getsize(record) == 0
