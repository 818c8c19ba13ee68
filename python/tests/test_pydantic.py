"""Models as columns: the hints that they give, what becomes of rows, and what does not fit."""

import datetime
import decimal
import enum
import subprocess
import sys
import typing

import pytest

pydantic = pytest.importorskip("pydantic")

import in_memory
import tidegate as dlt
from tidegate.common.exceptions import NotInTidegate
from tidegate.common.libs.pydantic import columns_of_model
from tidegate.common.schema.exceptions import DataValidationError
from tidegate.extract.exceptions import ResourceExtractionError
from tidegate.pipeline.exceptions import PipelineStepFailed


class Colour(str, enum.Enum):
    RED = "red"


class Address(pydantic.BaseModel):
    street: str
    number: int


class Person(pydantic.BaseModel):
    id: int
    name: typing.Optional[str] = None  # noqa: UP045
    at: datetime.datetime | None = None
    price: decimal.Decimal | None = None
    address: Address | None = None
    tags: list[str] = []
    addresses: list[Address] = []
    colour: Colour | None = None
    either: int | str | None = None
    word: typing.Literal["x", "y"] = "x"
    anything: typing.Any = None
    data: bytes | None = None
    noted: typing.Annotated[int, pydantic.Field(ge=0)] = 0
    json_: pydantic.Json[list[int]] | None = None
    other: int = pydantic.Field(0, alias="Other Name")


@pytest.fixture
def pipeline():
    return dlt.pipeline("p", destination=dlt.destinations.duckdb(in_memory.database("x")), dataset_name="d")


def rows(pipeline, sql):
    with pipeline.sql_client() as client:
        return client.execute_sql(sql)


def people(data, **said):
    return dlt.resource(data, name="people", columns=Person, **said)


def test_columns_of_a_model():
    assert columns_of_model(Person) == {
        "id": {"data_type": "bigint", "nullable": False}, "name": {"data_type": "text", "nullable": True},
        "at": {"data_type": "timestamp", "nullable": True}, "price": {"data_type": "decimal", "nullable": True},
        "address": {"data_type": "json", "nullable": True}, "tags": {"data_type": "json", "nullable": False},
        "addresses": {"data_type": "json", "nullable": False}, "colour": {"data_type": "text", "nullable": True},
        "either": {"data_type": "bigint", "nullable": True}, "word": {"data_type": "text", "nullable": False},
        "data": {"data_type": "binary", "nullable": True}, "noted": {"data_type": "bigint", "nullable": False},
        "json_": {"data_type": "json", "nullable": True}, "Other Name": {"data_type": "bigint", "nullable": False},
    }


def test_nested_models_may_be_columns():
    class Flat(pydantic.BaseModel):
        address: Address | None = None
        tags: list[str] = []
        dlt_config: typing.ClassVar[dict[str, bool]] = {"skip_nested_types": True}

    assert columns_of_model(Flat) == {
        "address__street": {"data_type": "text", "nullable": True}, "address__number": {"data_type": "bigint", "nullable": True},
    }


def test_rows_are_what_the_model_makes_of_them(pipeline):
    row = {
        "id": "5", "name": "Ann", "new": 1, "at": "2024-01-01T00:00:00Z", "price": "1.5", "tags": ["a"], "colour": "red",
        "address": {"street": "s", "number": "7", "new": 3}, "addresses": [{"street": "q", "number": 1}], "json_": "[1, 2]",
    }
    (made,) = people([row])
    assert (made["id"], made["price"], made["address"], made["json_"]) == (5, decimal.Decimal("1.5"), {"street": "s", "number": 7}, [1, 2])
    assert "new" not in made and made["Other Name"] == 0
    pipeline.run(people([row, [Person(id=6), {"id": 7.0}]]))
    assert rows(pipeline, "select id, name, price, address ->> 'number', other_name from people order by id") == [
        (5, "Ann", decimal.Decimal("1.5"), "7", 0), (6, None, None, None, 0), (7, None, None, None, 0)
    ]
    assert rows(pipeline, "select data_type from information_schema.columns where table_name = 'people' and column_name in ('tags', 'id') order by column_name") == [("BIGINT",), ("JSON",)]
    assert [name for name in pipeline.dataset().tables if not name.startswith("_")] == ["people"]


def test_a_model_sets_the_contract(pipeline):
    assert people([]).schema_contract == {"tables": "evolve", "columns": "discard_value", "data_type": "freeze"}

    class Strict(Address):
        model_config = pydantic.ConfigDict(extra="forbid")

    class Open(Address):
        model_config = pydantic.ConfigDict(extra="allow")

    assert dlt.resource([], name="r", columns=Strict).schema_contract["columns"] == "freeze"
    assert dlt.resource([], name="r", columns=Open).schema_contract["columns"] == "evolve"
    assert people([], schema_contract="evolve").schema_contract == "evolve"
    pipeline.run(people([{"id": 1, "anything": 1}]))
    pipeline.run(people([{"id": 2, "anything": 2}]).add_map(lambda row: row), write_disposition="append")
    assert "new" not in pipeline.dataset().people.columns


@pytest.mark.parametrize(("data", "row"), [([{"id": 1}, {"id": "x"}], 2), ([{"id": 1}, [{"id": 2}, {"id": "x"}]], 3)])
def test_what_does_not_fit_is_named(pipeline, data, row):
    for call in (lambda: list(people(data)), lambda: pipeline.run(people(data))):
        with pytest.raises((ResourceExtractionError, PipelineStepFailed)) as caught:
            call()
        told = caught.value if isinstance(caught.value, ResourceExtractionError) else caught.value.exception
        assert (told.pipe_name, told.row, told.kind, told.func_name) == ("people", row, "transform", "PydanticValidator")
        violation = told.__cause__
        assert isinstance(violation, DataValidationError) and isinstance(violation.__cause__, pydantic.ValidationError)
        assert (violation.table_name, violation.column_name, violation.schema_entity, violation.contract_mode) == ("people", "id", "data_type", "freeze")
        assert violation.data_item == {"id": "x"} and f"row {row}" in str(told) and "'x'" in str(told)


def test_fields_of_nested_models_are_named():
    with pytest.raises(ResourceExtractionError) as caught:
        list(people([{"id": 1, "addresses": [{"street": "s", "number": "n"}]}]))
    assert caught.value.__cause__.column_name == "addresses.0.number"


@pytest.mark.parametrize("item", ["text", 5, [1]])
def test_what_is_no_document(item):
    with pytest.raises(ResourceExtractionError, match="Person") as caught:
        list(people([item]))
    assert isinstance(caught.value.__cause__, pydantic.ValidationError)


def test_new_fields_do_as_the_contract_says():
    data = [{"id": 1, "new": 1, "address": {"street": "s", "number": 1, "new": 2}}, {"id": 2}]
    kept = list(people(data, schema_contract={"columns": "evolve"}))
    assert kept[0]["new"] == 1 and kept[0]["address"]["new"] == 2 and len(kept) == 2
    assert [row["id"] for row in people(data, schema_contract={"columns": "discard_row"})] == [2]
    with pytest.raises(ResourceExtractionError) as caught:
        list(people(data, schema_contract={"columns": "freeze"}))
    assert (caught.value.__cause__.column_name, caught.value.__cause__.schema_entity) == ("address.new", "columns")


def test_values_that_do_not_fit_do_as_the_contract_says():
    data = [{"id": "x", "new": 1, "Other Name": 3}, {"id": 2}]
    assert [row["id"] for row in people(data, schema_contract={"data_type": "discard_row"})] == [2]
    first, second = people(data, schema_contract={"data_type": "evolve"})
    assert first == {"id": "x", "Other Name": 3} and second["id"] == 2
    assert list(people(data, schema_contract="evolve"))[0]["new"] == 1
    with pytest.raises(NotInTidegate, match="data_type: discard_value.*Person"):
        list(people(data, schema_contract={"data_type": "discard_value"}))


def test_models_as_they_are():
    class Kept(Address):
        dlt_config: typing.ClassVar[dict[str, bool]] = {"return_validated_models": True}

    (made,) = dlt.resource([{"street": "s", "number": "1"}], name="r", columns=Kept)
    assert isinstance(made, Kept) and made.number == 1


def test_maps_come_before_and_cursors_behind(pipeline):
    resource = people([{"id": "1"}, {"id": "3"}], incremental=dlt.sources.incremental("id", initial_value=2)).add_map(lambda row: {"id": row["id"] + "0"})
    assert [row["id"] for row in resource] == [10, 30]
    pipeline.run(resource)
    pipeline.run(resource)
    assert rows(pipeline, "select id from people order by 1") == [(10,), (30,)]


def test_frames_are_let_through():
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"id": ["x"]})
    assert list(people([table])) == [table]


def test_a_model_is_taken_away_and_given_by_a_run(pipeline):
    assert people([]).validator is not None and people([]).apply_hints(columns="").validator is None
    assert "validator=PydanticValidator(model=Person)" in repr(people([]))
    pipeline.run([{"id": "5", "new": 1}], table_name="given", columns=Person)
    assert rows(pipeline, "select id from given") == [(5,)] and "new" not in pipeline.dataset().given.columns


def test_models_that_hold_themselves_and_validators(pipeline):
    class Node(pydantic.BaseModel):
        id: int
        children: list["Node"] = []

        @pydantic.field_validator("id")
        @classmethod
        def tenfold(cls, value):
            return value * 10

    resource = dlt.resource([{"id": 1, "new": 1, "children": [{"id": 2}]}], name="nodes", columns=Node, schema_contract={"columns": "discard_row"})
    assert list(resource) == []
    (made,) = dlt.resource([{"id": 1, "children": [{"id": 2}]}], name="nodes", columns=Node)
    assert made == {"id": 10, "children": [{"id": 20, "children": []}]}


def test_it_is_imported_only_when_it_is_used():
    code = "import sys, tidegate; list(tidegate.resource([{'a': 1}], name='r', columns={'a': {}})); print('pydantic' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
