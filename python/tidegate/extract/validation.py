"""Rows are checked against a model of pydantic, and become what it makes of them: "5" is 5 in a field of int.

It is the last step of a resource, before its cursor. What does not fit does as the contract of the resource says:

    columns (fields that the model has not)   evolve: stay; discard_value: go; discard_row: with their row; freeze: error
    data_type (values that it refuses)        evolve: as they are; discard_row: go with their row; freeze: error
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tidegate._core import PAUSE
from tidegate.common.exceptions import NotInTidegate
from tidegate.common.schema.exceptions import DataValidationError
from tidegate.extract.exceptions import ResourceExtractionError
from tidegate.extract.items import marked, unmarked
from tidegate.extract.pipe import is_frame

ENTITIES = ("tables", "columns", "data_type")


def modes_of(contract: Any, default: dict[str, str]) -> dict[str, str]:
    """A contract by entity.

    Args:
        contract: A word, or a dict by entity.
        default: For entities of which it says nothing.

    Returns:
        A word for each entity.
    """
    said = dict.fromkeys(ENTITIES, contract) if isinstance(contract, str) else dict(contract or {})
    return {**default, **said}


class PydanticValidator:
    """A step that puts validated rows in the place of rows.

    Args:
        model: The class.
        resource_name: For errors.
        table_name: For errors.
        contract: Of the resource; None: the model's own.

    Raises:
        NotInTidegate: The contract says discard_value of types: pydantic refuses rows, not values.
    """

    def __init__(self, model: Any, resource_name: str, table_name: str, contract: Any = None) -> None:
        from pydantic import TypeAdapter

        from tidegate.common.libs import pydantic as libs

        self.original_model = model
        self.resource_name = resource_name
        self.table_name = table_name
        modes = modes_of(contract, libs.contract_of_model(model))
        self.column_mode, self.data_mode = modes["columns"], modes["data_type"]
        if self.data_mode == "discard_value":
            raise NotInTidegate(
                f"the contract 'data_type: discard_value' beside the model {model.__name__}", "say discard_row, evolve or freeze"
            )
        self.model = libs.with_contract(model, self.column_mode)
        self._fields = {name: each.alias or name for name, each in model.model_fields.items()}
        self._page: Any = TypeAdapter(list[self.model])  # type: ignore[name-defined]
        self._returns_models = bool(getattr(model, "dlt_config", {}).get("return_validated_models"))
        self._rows = 0

    def __call__(self, items: Iterator[Any]) -> Iterator[Any]:
        """The items: rows and pages validated, frames as they are."""
        self._rows = 0
        for item in items:
            data, meta = unmarked(item)
            if data is None or data is PAUSE or is_frame(data) or (isinstance(data, list) and not data):
                yield item
            elif isinstance(data, list):
                yield marked(self._page_of(data), meta)
            else:
                yield from (marked(row, meta) for row in self._page_of([data]))

    def _page_of(self, page: list[Any]) -> list[Any]:
        from pydantic import ValidationError

        try:
            valid = self._page.validate_python(page)
            self._rows += len(page)
        except ValidationError:
            valid = [row for row in map(self._row, page) if row is not None]
        if self._returns_models:
            return list(valid)
        return [row.model_dump(by_alias=True) if hasattr(row, "model_dump") else row for row in valid]

    def _row(self, row: Any) -> Any:
        """One row of a page of which some do not fit; None: it goes."""
        from pydantic import ValidationError

        self._rows += 1
        try:
            return self.model.model_validate(row)
        except ValidationError as error:
            return self._misfit(row, error)

    def _misfit(self, row: Any, error: Any) -> Any:
        """What becomes of a row that does not fit: itself, None, or an error."""
        for found in error.errors():
            if found["type"] == "model_type":  # it is no document
                raise self._told(error) from error
            entity, mode = ("columns", self.column_mode) if found["type"] == "extra_forbidden" else ("data_type", self.data_mode)
            if mode == "discard_row":
                return None
            if mode == "freeze":
                violation = DataValidationError(
                    None, self.table_name, ".".join(str(step) for step in found["loc"]), entity, mode, self.original_model,
                    {entity: mode}, row, f"{found['msg']}: {found.get('input')!r}",
                )
                violation.__cause__ = error
                raise self._told(violation) from violation
        return self._as_it_is(row)

    def _as_it_is(self, row: Any) -> Any:
        """A row whose types do not fit, and may: with or without the fields that the model has not."""
        if self.column_mode == "evolve" or not isinstance(row, dict):
            return row
        known = set(self._fields) | set(self._fields.values())
        return {self._fields.get(name, name): value for name, value in row.items() if name in known}

    def _told(self, error: Exception) -> ResourceExtractionError:
        told = ResourceExtractionError(self.resource_name, self, f"row {self._rows}: {error}", "transform")
        told.row = self._rows
        return told

    def __repr__(self) -> str:
        return f"PydanticValidator(model={self.original_model.__qualname__})"


def validator_of(model: Any, resource_name: str, table_name: str, contract: Any) -> PydanticValidator | None:
    """The step of a resource whose columns are a model; None: they are not.

    Args:
        model: A class of pydantic, or None.
        resource_name: For errors.
        table_name: For errors.
        contract: Of the resource; None: the model's own.
    """
    return None if model is None else PydanticValidator(model, resource_name, table_name, contract)


def contract_with_model(contract: Any, model: Any) -> Any:
    """The contract of a resource; that of its model, where it says nothing.

    Args:
        contract: What was said, or None.
        model: A class of pydantic, or None.
    """
    if contract is not None or model is None:
        return contract
    from tidegate.common.libs.pydantic import contract_of_model

    return contract_of_model(model)
