"""`DltSource`: resources that belong together and share a schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tidegate.extract.exceptions import ResourcesNotFoundError, SourceDataIsNone
from tidegate.extract.resource import DltResource


class DltResourceDict(dict[str, DltResource]):
    """Resources by name; of several with one name the later ones are kept apart."""

    @property
    def selected(self) -> dict[str, DltResource]:
        """Those that a run reads."""
        return {name: each for name, each in self.items() if each.selected}


class DltSource:
    """Resources with a common name, under which their schema and state are kept.

    Args:
        name: Of the source and of its schema.
        section: Where its configuration is looked for: the module.
        resources: What it has.
        hints: max_table_nesting, root_key, schema_contract, schema.
    """

    def __init__(
        self, name: str, section: str, resources: Iterable[DltResource], **hints: Any
    ) -> None:
        self.name = name
        self.section = section
        self.max_table_nesting: int | None = hints.get("max_table_nesting")
        self.root_key: bool | None = hints.get("root_key")
        self.schema_contract: Any = hints.get("schema_contract")
        self._all = list(resources)
        for each in self._all:
            each.source_name = name

    @property
    def resources(self) -> DltResourceDict:
        """All of them, by name."""
        return DltResourceDict({each.name: each for each in self._all})

    @property
    def selected_resources(self) -> dict[str, DltResource]:
        """Those that a run reads."""
        return self.resources.selected

    def __getattr__(self, name: str) -> DltResource:
        resources: dict[str, DltResource] = {each.name: each for each in self.__dict__.get("_all", ())}
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

        Example:
            >>> source = DltSource("s", "", [DltResource([1], "a"), DltResource([2], "b")])
            >>> list(source.with_resources("b"))
            [2]
        """
        available = {each.name for each in self._all}
        if not set(names) <= available:
            raise ResourcesNotFoundError(self.name, available, set(names))
        clone = self.clone()
        for each in clone._all:
            each.selected = each.name in names
        return clone

    def clone(self, with_name: str | None = None) -> DltSource:
        """A copy whose resources are copies, too."""
        copies = {id(each): each._clone() for each in self._all}
        for each in copies.values():
            if each._parent is not None and id(each._parent) in copies:
                each._parent = copies[id(each._parent)]
        return DltSource(
            with_name or self.name, self.section, copies.values(),
            max_table_nesting=self.max_table_nesting, root_key=self.root_key,
            schema_contract=self.schema_contract,
        )

    def add_limit(self, max_items: int | None = None, max_time: float | None = None) -> DltSource:
        """Limits each resource that is no transformer."""
        for each in self._all:
            if not each.is_transformer:
                each.add_limit(max_items, max_time)
        return self

    def parallelize(self) -> DltSource:
        """Has all generators drawn on threads."""
        for each in self._all:
            each.parallelize()
        return self

    def __iter__(self) -> Iterator[Any]:
        for each in self.selected_resources.values():
            yield from each

    def __repr__(self) -> str:
        names = list(self.resources)
        return (
            f"<@dlt.source(name={self.name!r}, section={self.section!r}, "
            f"n_resources={len(names)}, resources={names!r})>"
        )

    def __str__(self) -> str:
        lines = [f"{self.name}: {len(self._all)} resources"]
        lines += [
            f"  {each.name}{'' if each.selected else ' (not selected)'}" for each in self._all
        ]
        return "\n".join(lines)


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
    items = list(data) if isinstance(data, (list, tuple)) or hasattr(data, "__next__") else [data]
    found: list[DltResource] = []
    for item in items:
        if isinstance(item, (DltResource, DltSource, list, tuple)):
            found += resources_of(source_name, section, item)
        else:
            name = getattr(item, "__name__", None) or source_name
            found.append(DltResource(item, name, section))
    return found
