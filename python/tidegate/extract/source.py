"""`DltSource`: resources that belong together and share a schema."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from tidegate.common import context
from tidegate.common.exceptions import NotInTidegate
from tidegate.common.schema.schema import Schema
from tidegate.extract import describe, pipe
from tidegate.extract.exceptions import DeletingResourcesNotSupported, ResourcesNotFoundError, SourceDataIsNone
from tidegate.extract.readers import read_outside
from tidegate.extract.resource import DltResource


_PLAIN = re.compile(r"[a-z_][a-z0-9]*(_[a-z0-9]+)*")  # a name that stays as it is


class DltResourceDict(dict[str, DltResource]):
    """The resources of a source, by name.

    Args:
        source_name: Of the source.
        resources: What it has.
    """

    def __init__(self, source_name: str, resources: Iterable[DltResource] = ()) -> None:
        super().__init__()
        self.source_name = source_name
        self.add(*resources)

    def add(self, *resources: DltResource) -> None:
        """Adds copies of resources; of several with one name the later ones are read into the first one's table."""
        for each in resources:
            if each.name in self:
                self[each.name]._joined.append(each._clone())
            else:
                self[each.name] = each

    def __setitem__(self, name: str, resource: DltResource) -> None:
        if name != resource.name:
            raise ValueError(f"'{name}' is not the name of the resource, which is '{resource.name}'")
        copy = resource._clone()
        copy.source_name = self.source_name
        super().__setitem__(name, copy)

    def __delitem__(self, name: str) -> None:
        raise DeletingResourcesNotSupported(self.source_name, name)

    @property
    def selected(self) -> dict[str, DltResource]:
        """Those that a run reads."""
        return {name: each for name, each in self.items() if each.selected}

    @property
    def extracted(self) -> list[DltResource]:
        """Those that a run reads, and those that they take their items from."""
        found: dict[int, DltResource] = {}
        for each in self.selected.values():
            here: DltResource | None = each
            while here is not None:
                found[id(here)] = here
                here = here._parent
        return list(found.values())

    def select(self, *names: str) -> dict[str, DltResource]:
        """Has a run read these, and no others.

        Raises:
            ResourcesNotFoundError: One of them is not there.
        """
        if not set(names) <= set(self):
            raise ResourcesNotFoundError(self.source_name, set(self), set(names))
        for name, each in self.items():
            each.selected = name in names
        return self.selected

    def detach(self, resource_name: str | None = None) -> DltResource:
        """A copy of a resource that is no source's; without a name, of the first one."""
        copy = self[resource_name or next(iter(self))]._clone()
        copy.source_name = None
        return copy


class DltSource:
    """Resources with a common name, under which their schema and state are kept.

    Args:
        name: Of the source and of its schema.
        section: Where its configuration is looked for: the module.
        resources: What it has; they are copied.
        hints: max_table_nesting, root_key, schema_contract.

    Example:
        >>> shop = DltSource("shop", "", [DltResource([1], "orders"), DltResource([2], "people")])
        >>> list(shop.resources), list(shop.with_resources("people"))
        (['orders', 'people'], [2])
    """

    def __init__(
        self, name: str, section: str, resources: Iterable[DltResource], **hints: Any
    ) -> None:
        self.name = name
        self.section = section
        self.max_table_nesting: int | None = hints.get("max_table_nesting")
        self.root_key: bool | None = hints.get("root_key")
        self.schema_contract: Any = hints.get("schema_contract")
        self._resources = DltResourceDict(name, resources)
        self._align()

    def _align(self) -> None:
        """A transformer takes its items from the copy that is here, not from what it is a copy of."""
        of = {each._copy_of: each for each in self._resources.values()}
        for each in self._resources.values():
            if each._parent is not None and each._parent._copy_of in of:
                each._parent = of[each._parent._copy_of]

    @property
    def resources(self) -> DltResourceDict:
        """All of them, by name; more can be added."""
        return self._resources

    @property
    def selected_resources(self) -> dict[str, DltResource]:
        """Those that a run reads."""
        return self._resources.selected

    @property
    def _all(self) -> list[DltResource]:
        return list(self._resources.values())

    def __getattr__(self, name: str) -> DltResource:
        resources: dict[str, DltResource] = self.__dict__.get("_resources", {})
        if name in resources:
            return resources[name]
        raise AttributeError(
            f"the source '{self.__dict__.get('name')}' has no resource '{name}'; "
            f"it has {', '.join(resources) or 'none'}"
        )

    def with_resources(self, *names: str) -> DltSource:
        """A copy of which only these resources are read.

        Raises:
            ResourcesNotFoundError: One of them is not there.
        """
        clone = self.clone()
        clone.resources.select(*names)
        return clone

    def clone(self, with_name: str | None = None) -> DltSource:
        """A copy whose resources are copies, too."""
        return DltSource(
            with_name or self.name, self.section, self._all, max_table_nesting=self.max_table_nesting,
            root_key=self.root_key, schema_contract=self.schema_contract,
        )

    def decompose(self, strategy: Literal["none", "scc"]) -> list[DltSource]:
        """Sources of which each has resources that belong together.

        Args:
            strategy: "scc": resources that take items of each other, or of the same one, stay together;
                "none": all do.

        Returns:
            Copies with some of the resources selected; of "none" the source itself.

        Raises:
            ValueError: There is no such strategy.
        """
        if strategy not in ("none", "scc"):
            raise ValueError(f"strategy is none, scc, not {strategy!r}")
        if strategy == "none":
            return [self]
        groups: dict[object, list[str]] = {}
        for name, each in self.selected_resources.items():
            head = each
            while head._parent is not None:
                head = head._parent
            groups.setdefault(head._copy_of, []).append(name)
        return [self.with_resources(*names) for names in groups.values()]

    def add_limit(
        self, max_items: int | None = None, max_time: float | None = None, count_rows: bool = False
    ) -> DltSource:
        """Limits each resource that is no transformer.

        Args:
            max_items: How many yields; a page counts as one.
            max_time: How many seconds.
            count_rows: Whether rows count, not yields.

        Returns:
            The source itself.
        """
        for each in self._all:
            if not each.is_transformer:
                each.add_limit(max_items, max_time, count_rows)
        return self

    def parallelize(self) -> DltSource:
        """Has all generators drawn on threads."""
        for each in self._all:
            each.parallelize()
        return self

    @property
    def exhausted(self) -> bool:
        """Whether one of its generator objects was begun: it can be read but once."""
        data = [each._data for each in self.selected_resources.values()]
        return any(inspect.isgenerator(each) and inspect.getgeneratorstate(each) != inspect.GEN_CREATED for each in data)

    @property
    def run(self) -> Callable[..., Any]:
        """`run(...)` of the active pipeline, with this source as its data."""
        from tidegate.current import pipeline

        return functools.partial(pipeline().run, self)

    @property
    def state(self) -> dict[str, Any]:
        """What its code keeps: inside of a run the dict itself, else as the active pipeline has it."""
        from tidegate.current import state_of

        return state_of(self.name, None)

    @property
    def schema(self) -> Schema:
        """A copy of its schema, as the active pipeline has it; an empty one where nothing was loaded."""
        found = context.active_pipeline.schemas if context.active_pipeline else {}
        return Schema.from_dict(found[self.name].to_dict()) if self.name in found else Schema(self.name)

    def discover_schema(self, item: Any = None) -> Schema:
        """Its schema, with what the hints of the selected resources say beside.

        Args:
            item: A row, for hints that are functions of one; without it resources that have such are left out.

        Returns:
            A copy.

        Raises:
            NotInTidegate: A name is not as it will be at the destination, which is the library's to say.
        """
        schema = self.schema
        for each in self.selected_resources.values():
            if item is None and each.has_dynamic_table_name:
                continue
            table = each.compute_table_schema(item)
            for name in (table["name"], *table["columns"]):
                if not _PLAIN.fullmatch(name):
                    raise NotInTidegate(f"discover_schema of the name {name!r}", "names are made when it is loaded: see Pipeline.schemas")
            known = schema.tables.get(table["name"], {"columns": {}})
            columns = {name: {**known["columns"].get(name, {}), **column} for name, column in table["columns"].items()}
            schema.tables[table["name"]] = {**known, **table, "columns": {**known["columns"], **columns}}
        return schema

    def __iter__(self) -> Iterator[Any]:
        """The items of all that are selected: one yield of each in turn."""
        return pipe.singly(read_outside(self.selected_resources.values()))

    def __repr__(self) -> str:
        names = list(self.resources)
        return (
            f"<@dlt.source(name={self.name!r}, section={self.section!r}, "
            f"n_resources={len(names)}, resources={names!r})>"
        )

    def __str__(self) -> str:
        return describe.source_text(self)

    def _repr_html_(self) -> str:
        return describe.resources_html(f"DltSource '{self.name}'", self._all)


def resources_of(source_name: str, section: str, data: Any) -> list[DltResource]:
    """What a source's function returned, as resources.

    Args:
        source_name: For messages, and for data that have no name.
        section: For resources that are made here.
        data: A resource, a list or generator of them, or plain data.

    Raises:
        SourceDataIsNone: It is None.
    """
    if data is None:
        raise SourceDataIsNone(source_name)
    if isinstance(data, DltResource):
        return [data]
    if isinstance(data, DltSource):
        return data._all
    if inspect.isgenerator(data):
        data = list(data)
    if not isinstance(data, (list, tuple)):
        return [DltResource(data, getattr(data, "__name__", None) or source_name, section)]
    if data and not any(isinstance(item, (DltResource, DltSource, list, tuple)) or callable(item) or hasattr(item, "__next__") for item in data):
        return [DltResource(data, source_name, section)]  # rows
    return [each for item in data for each in resources_of(source_name, section, item)]
