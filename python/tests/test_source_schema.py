"""Schemas of sources: what a program asks a source for, and says of it."""

import pytest

import tidegate as dlt
from tidegate.common.exceptions import NotInTidegate
from tidegate.extract.exceptions import ExplicitSourceNameInvalid


def shop(**said):
    @dlt.source(**said)
    def shop():
        return dlt.resource([{"id": 1}], name="orders", primary_key="id", write_disposition="merge", columns={"note": {"data_type": "text"}})

    return shop()


def test_the_schema_of_a_source():
    pipeline = dlt.pipeline("p", destination="duckdb", dataset_name="d")
    source = shop()
    assert (source.schema.name, source.schema.version, source.schema.tables) == ("shop", 0, {})
    found = source.discover_schema()
    assert found.tables["orders"]["columns"]["id"] == {"name": "id", "primary_key": True, "nullable": False}
    assert found.tables["orders"]["write_disposition"] == "merge" and source.schema.tables == {}
    pipeline.run(source)
    assert source.schema.version == pipeline.schemas["shop"].version and source.schema.get_table_columns("orders")["id"]["data_type"] == "bigint"
    source.schema.tables.clear()  # a copy
    assert source.discover_schema().tables["orders"]["columns"]["note"]["data_type"] == "text"
    assert source.discover_schema().tables["orders"]["columns"]["id"]["data_type"] == "bigint"


def test_inside_of_a_run():
    seen = []

    @dlt.source
    def shop():
        @dlt.resource
        def orders():
            seen.append((dlt.current.source_schema().name, dlt.current.source_schema().data_table_names()))
            yield {"id": 1}

        return orders

    pipeline = dlt.pipeline("p", destination="duckdb", dataset_name="d")
    pipeline.run(shop())
    pipeline.run(shop())
    assert seen == [("shop", []), ("shop", ["orders"])]
    with pytest.raises(Exception, match="the source is there while a run reads"):
        dlt.current.source_schema()


def test_a_source_with_a_schema_that_is_said():
    assert shop(schema=dlt.Schema("crm")).name == shop(schema="crm").name == shop(name="crm", schema="crm").name == "crm"
    pipeline = dlt.pipeline("p", destination="duckdb", dataset_name="d")
    pipeline.run(shop(schema=dlt.Schema("crm")))
    assert pipeline.schema_names == ["crm"]
    with pytest.raises(ExplicitSourceNameInvalid, match="'shop' has the schema 'crm'"):
        shop(name="shop", schema=dlt.Schema("crm"))
    with pytest.raises(NotInTidegate, match="with tables of its own"):
        shop(schema=pipeline.schemas["crm"])


def test_names_that_change_and_naming():
    source = dlt.source(lambda: dlt.resource([{"id": 1}], name="orders", primary_key="orderId"), name="shop")()
    with pytest.raises(NotInTidegate, match="discover_schema of the name 'orderId'"):
        source.discover_schema()
    with pytest.raises(NotInTidegate, match="Pipeline.naming.normalize_identifier is not in tidegate"):
        dlt.pipeline("p").naming.normalize_identifier("aB")
