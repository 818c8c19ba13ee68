"""What can be asked of a resource: its table by its hints, its arguments, its limit, its state."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from tidegate.extract import describe, pipe
from tidegate.extract.arguments import cursor_parameter, parameters_of, required
from tidegate.extract.hints import Hints
from tidegate.extract.validation import PydanticValidator, contract_with_model, validator_of

if TYPE_CHECKING:
    from tidegate.extract.resource import DltResource


class ResourceFacts:
    """The properties of a DltResource that its data and hints decide."""

    name: str
    source_name: str | None
    _data: Any
    _hints: Hints
    _variants: dict[str, Hints]
    _steps: list[pipe.Step]
    _is_transformer: bool
    _arguments: dict[str, Any] | None

    @property
    def table_name(self) -> Any:
        """The table's name, or the function that gives one for each item."""
        return self._hints.table_name or self.name

    @property
    def has_dynamic_table_name(self) -> bool:
        """Whether each item has a table's name of its own."""
        return callable(self._hints.table_name)

    @property
    def has_other_dynamic_hints(self) -> bool:
        """Whether other hints than the table's name are functions of an item."""
        return bool(self._hints.functions)

    @property
    def write_disposition(self) -> Any:
        """append, replace, merge, or a dict with a strategy."""
        return self._hints.write_disposition or "append"

    @write_disposition.setter
    def write_disposition(self, value: Any) -> None:
        self._hints = self._hints.applied(write_disposition=value)

    @property
    def columns(self) -> Any:
        """Hints of columns, by name; or the function that gives some for each item."""
        return self._hints.columns

    @property
    def schema_contract(self) -> Any:
        """What new tables, columns and types do; that of a model, where nothing was said; None."""
        return contract_with_model(self._hints.schema_contract, self._hints.model)

    @property
    def validator(self) -> PydanticValidator | None:
        """The step that makes rows of a model; None: its columns are none."""
        table = self.name if self.has_dynamic_table_name else self.table_name
        return validator_of(self._hints.model, self.name, table, self._hints.schema_contract)

    @property
    def max_table_nesting(self) -> int | None:
        """Levels of nesting that become tables."""
        return self._hints.max_table_nesting

    @max_table_nesting.setter
    def max_table_nesting(self, value: int | None) -> None:
        self._hints.max_table_nesting = value

    @property
    def limit(self) -> pipe.LimitItem | None:
        """What `add_limit` has said."""
        return next((step for step in self._steps if isinstance(step, pipe.LimitItem)), None)

    @property
    def is_transformer(self) -> bool:
        """Whether it takes its items from another resource."""
        return self._is_transformer

    @property
    def state(self) -> dict[str, Any]:
        """What its code keeps: inside of a run the dict itself, else as the active pipeline has it."""
        from tidegate.current import state_of

        return state_of(self.source_name, self.name)

    # ---- arguments ----

    def _parameters(self) -> list[inspect.Parameter]:
        return parameters_of(self._data, self._is_transformer)

    def _cursor_parameter(self) -> inspect.Parameter | None:
        return cursor_parameter(self._parameters())

    @property
    def requires_args(self) -> bool:
        """Whether its function has arguments that nobody has given yet."""
        parameters = self._parameters()
        return bool(required([each for each in parameters if each is not cursor_parameter(parameters)], self.explicit_args))

    @property
    def args_bound(self) -> bool:
        """Whether it can be read: no argument is missing."""
        return not self.requires_args

    @property
    def explicit_args(self) -> dict[str, Any]:
        """The arguments that a call has given."""
        return dict(self._arguments or {})

    # ---- its table ----

    def compute_table_schema(self: DltResource, item: Any = None, meta: Any = None) -> dict[str, Any]:  # type: ignore[misc]
        """Its table, by its hints alone; names as they were said.

        Args:
            item: A row, for hints that are functions of one.
            meta: A TableNameMeta: of that table, which may have a variant of the hints.

        Returns:
            As dlt has a table of a schema.

        Raises:
            DataItemRequiredForDynamicTableHints: A hint is a function, and there is no row.
        """
        return describe.table_schema(self, item, meta)
