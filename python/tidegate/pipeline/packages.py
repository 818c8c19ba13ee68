"""Sealed loads of a pipeline: what was extracted and is not at the destination yet.

A sealed load is a folder `WORKING_DIR/NAME/sealed/LOAD_ID` of the library, with Parquet files and a manifest.
Here the rows are typed when they are extracted; which of these loads `normalize` has told already is
known to the process that has extracted them.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tidegate.pipeline.load_package import LoadPackageInfo, jobs_of, moment_of

if TYPE_CHECKING:
    from tidegate.pipeline.pipeline import Pipeline


def url_of(destination: str) -> str:
    """What a connection that a program gives leads to: one to a file is its database, whoever has sealed the load.

    Args:
        destination: As the library calls it.

    Example:
        >>> url_of("given:duckdb:////shop.duckdb")
        'duckdb:////shop.duckdb'
    """
    return destination.removeprefix("given:")


@dataclass
class Extracted:
    """What this process knows of a load that it has extracted.

    Attributes:
        pipeline: Whose it was.
        schema_update: New tables and columns.
        is_normalized: Whether `normalize` has told it.
    """

    pipeline: Pipeline
    schema_update: dict[str, dict[str, Any]]
    is_normalized: bool = False


#: By the folder of the load.
extracted: dict[str, Extracted] = {}


@dataclass
class Sealed:
    """A sealed load.

    Attributes:
        path: Its folder.
        manifest: What it says of itself.
        known: What this process knows of it; None: another one has extracted it.
    """

    path: str
    manifest: dict[str, Any]
    known: Extracted | None = field(default=None, repr=False)

    @property
    def load_id(self) -> str:
        """Its id."""
        return str(self.manifest["load_id"])

    @property
    def state(self) -> str:
        """"extracted" until `normalize` has told it, then "normalized"."""
        return "extracted" if self.known and not self.known.is_normalized else "normalized"

    def files(self) -> list[dict[str, Any]]:
        """Those of data: name, table, rows, bytes."""
        return [
            {**file, "table": table["name"], "resource": table["resource"]} for table in self.manifest["tables"] for file in table["files"]
            if not table.get("keys") and not table["name"].startswith("_tidegate_")
        ]

    def row_counts(self) -> dict[str, int]:
        """Rows of each table, and one of the state where it has changed."""
        counts: dict[str, int] = {}
        for file in self.files():
            counts[file["table"]] = counts.get(file["table"], 0) + file["rows"]
        if self.manifest.get("state_changed"):
            counts["_dlt_pipeline_state"] = 1
        return counts

    def info(self, state: str | None = None) -> LoadPackageInfo:
        """As dlt tells a package.

        Args:
            state: "loaded" once it is written; None: as it is.

        Returns:
            The load with its files: new jobs, of one that is loaded completed ones.
        """
        kind = "completed_jobs" if state == "loaded" else "new_jobs"
        return LoadPackageInfo(
            self.load_id, self.path, state or self.state, self.manifest["schema"],
            self.manifest["catalog"].get("version_hash", ""), self.known.schema_update if self.known else {},
            None, jobs_of(self.path, self.files(), kind, moment_of(self.manifest["created_us"])),
        )


def has_sealed(folder: str) -> bool:
    """Whether any load waits, for whichever destination.

    Args:
        folder: The pipeline's, of the library.
    """
    root = os.path.join(folder, "sealed")
    return os.path.isdir(root) and any(os.scandir(root))


def sealed_loads(folder: str, destination: str, dataset: str) -> list[Sealed]:
    """The loads that wait for a destination and dataset, in their order.

    Args:
        folder: The pipeline's, of the library.
        destination: As the library names it.
        dataset: As it is there.

    Returns:
        The oldest first.
    """
    found = []
    root = os.path.join(folder, "sealed")
    for name in sorted(os.listdir(root)) if os.path.isdir(root) else []:
        path = os.path.join(root, name)
        try:
            with open(os.path.join(path, "manifest.json"), encoding="utf-8") as file:
                manifest = json.load(file)
        except (OSError, ValueError):  # it went meanwhile, or is damaged: who writes it says so
            continue
        if url_of(manifest["destination"]) == url_of(destination) and manifest["dataset"] == dataset:
            found.append(Sealed(path, manifest, extracted.get(path)))
    return found
