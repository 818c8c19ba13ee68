"""What may be data, how resources and sources live, and what they say of themselves."""

import collections
import dataclasses

import pytest

import in_memory
import tidegate as dlt
from tidegate.extract.exceptions import (
    InvalidResourceDataType,
    InvalidResourceDataTypeBasic,
    ParametrizedResourceUnbound,
    ResourceNameMissing,
    ResourcesNotFoundError,
    SourceDataIsNone,
    SourceExhausted,
)
from tidegate.pipeline.exceptions import PipelineStepFailed


@pytest.fixture
def pipeline():
    return dlt.pipeline("shop", destination=dlt.destinations.duckdb(in_memory.database("x")), dataset_name="d")


def rows(pipeline, sql):
    with pipeline.sql_client() as client:
        return client.execute_sql(sql)


def ids(pipeline, table, column="id"):
    return [row[0] for row in rows(pipeline, f"select {column} from {table} order by 1")]


# ---- what may be data ----


def numbers():
    yield {"id": 1}


@dataclasses.dataclass
class Point:
    id: int


Pair = collections.namedtuple("Pair", "id name")


@pytest.mark.parametrize(("data", "expected"), [
    ([{"id": 1}, {"id": 2}], [1, 2]), (({"id": 1}, {"id": 2}), [1, 2]), (iter([{"id": 1}]), [1]), (numbers(), [1]),
    (numbers, [1]), (lambda: [{"id": 1}], [1]), (lambda: {"id": 1}, [1]), ([[{"id": 1}], [{"id": 2}]], [1, 2]),
    ([Point(1)], [1]), ([Pair(1, "a")], [1]), ([[Point(1), Pair(2, "b")]], [1, 2]), (map(Point, [1, 2]), [1, 2]), ({1: {"id": 1}}.values, [1]),
])
def test_data(pipeline, data, expected):
    pipeline.run(data, table_name="t")
    assert ids(pipeline, "t") == expected


def test_scalars_and_tuples(pipeline):
    pipeline.run([1, 2], table_name="n")
    assert ids(pipeline, "n", "value") == [1, 2]
    pipeline.run([(1, 2), (3,)], table_name="t")
    assert ids(pipeline, "t__value", "value") == [1, 2, 3] and len(rows(pipeline, "select * from t")) == 2


def test_names(pipeline):
    pipeline.run(numbers)
    pipeline.run(numbers())
    assert ids(pipeline, "numbers") == [1, 1]
    for data in ([{"id": 1}], iter([]), lambda: []):
        with pytest.raises(PipelineStepFailed) as caught:
            pipeline.run(data)
        assert isinstance(caught.value.exception, ResourceNameMissing) and caught.value.step == "extract"


@pytest.mark.parametrize(("data", "kind"), [
    ({"id": 1}, InvalidResourceDataTypeBasic), ("text", InvalidResourceDataTypeBasic), (b"bytes", InvalidResourceDataTypeBasic),
    (5, InvalidResourceDataType), (object(), InvalidResourceDataType),
])
def test_what_is_no_data(pipeline, data, kind):
    with pytest.raises(PipelineStepFailed) as caught:
        pipeline.run(data, table_name="t")
    assert type(caught.value.exception) is kind and caught.value.exception.item is data
    assert ("enclose it in a list" in str(caught.value)) == (kind is InvalidResourceDataTypeBasic)


def test_nothing(pipeline):
    assert pipeline.run(None) is None
    pipeline.run([], table_name="t")
    pipeline.run([{"id": 1}], table_name="other")
    assert pipeline.dataset().tables[:1] == ["other"]


def test_resources_and_sources_in_a_list(pipeline):
    one = dlt.resource([{"id": 1}], name="one")

    @dlt.source
    def shop_a():
        return dlt.resource([{"id": 2}], name="two")

    @dlt.source
    def shop_b():
        return [dlt.resource([{"id": 3}], name="three")]

    pipeline.run([one, one.with_name("four")])
    assert ids(pipeline, "one") == ids(pipeline, "four") == [1]
    pipeline.run([shop_a(), one, shop_b()])
    assert (ids(pipeline, "one"), ids(pipeline, "two"), ids(pipeline, "three")) == ([1, 1], [2], [3])


# ---- the life of a resource ----


def test_a_resource_of_a_generator_is_read_once(pipeline):
    once = dlt.resource(numbers(), name="once")
    assert list(once) == [{"id": 1}] and list(once) == []
    again = dlt.resource(numbers, name="again")
    assert list(again) == list(again) == [{"id": 1}]
    with pytest.raises(PipelineStepFailed, match="begun before") as told:
        pipeline.run(once)
    assert isinstance(told.value.exception, SourceExhausted) and told.value.step == "extract"
    for _ in range(2):
        pipeline.run(again)
    assert ids(pipeline, "again") == [1, 1]


def test_what_a_run_says_is_not_the_resource_s(pipeline):
    data = [{"id": 1}]
    resource = dlt.resource(data, name="t", write_disposition="replace")
    pipeline.run(resource)
    pipeline.run(resource, write_disposition="append")
    assert ids(pipeline, "t") == [1, 1] and resource.write_disposition == "replace"
    pipeline.run(resource)
    assert ids(pipeline, "t") == [1]
    pipeline.run([{"id": 1}], table_name="m", write_disposition="merge", primary_key="id")
    pipeline.run([{"id": 1}], table_name="m")
    assert ids(pipeline, "m") == [1, 1]


def test_hints_count_before_and_after_a_call(pipeline):
    @dlt.resource
    def things(n):
        yield {"id": n}

    bound = things(1)
    bound.apply_hints(table_name="after")
    things.apply_hints(table_name="before")
    pipeline.run(bound)
    pipeline.run(things(2))
    assert (ids(pipeline, "after"), ids(pipeline, "before")) == ([1], [2])


def test_maps_change_the_resource_itself():
    @dlt.resource
    def things():
        yield {"id": 1}

    for _ in range(2):
        things.add_map(lambda row: {"id": row["id"] * 10})
    assert list(things) == [{"id": 100}]


def test_none_is_skipped(pipeline):
    pipeline.run(dlt.resource([{"id": 1}, None, [{"id": 2}], [], None], name="t"))
    assert ids(pipeline, "t") == [1, 2]
    pipeline.run([[1, None, 2]], table_name="page")  # in a page it is a row without anything
    assert ids(pipeline, "page", "value") == [1, 2, None]
    assert list(dlt.resource([{"id": 1}, None, []], name="t")) == [{"id": 1}]


def test_copies_of_another_name_and_in_place(pipeline):
    @dlt.resource
    def things(n):
        yield {"id": n}

    assert things(1).with_name("other").name == "other" and things.name == "things"
    assert list(things.bind(3)) == [{"id": 3}] and list(things) == [{"id": 3}]
    with pytest.raises(TypeError, match="arguments already"):
        things(4)
    named = dlt.resource([{"id": 1}], name="a").with_name("b")
    pipeline.run(named)
    assert ids(pipeline, "b") == [1] and named.table_name == "b"


def test_steps_of_its_own():
    def double(items):
        for item in items:
            yield item
            yield item

    assert list(dlt.resource([1, 2], name="n").add_step(double)) == [1, 1, 2, 2]


def test_joined_in_place():
    @dlt.transformer
    def tenfold(n):
        yield n * 10

    assert tenfold.pipe_data_from(dlt.resource([1, 2], name="n")) is tenfold and list(tenfold) == [10, 20]


def test_arguments_of_a_resource():
    @dlt.resource
    def things(n, m=1):
        yield {"id": n}

    assert things.requires_args and not things.args_bound and things(1).args_bound and things(1).explicit_args == {"n": 1}
    assert not dlt.resource([1], name="n").requires_args
    with pytest.raises(ParametrizedResourceUnbound):
        list(things)


def test_limits_are_told():
    resource = dlt.resource([[1, 2], [3]], name="n").add_limit(1)
    assert resource.limit.max_items == 1 and dlt.resource([1], name="n").limit is None
    assert list(resource) == [1, 2]


def test_a_time_limit_ends_an_endless_generator():
    @dlt.resource
    def endless():
        while True:
            yield 1

    assert len(list(endless.add_limit(max_time=0.01))) > 0


def test_the_table_of_a_resource():
    resource = dlt.resource(
        [1], name="Orders", references=[{"referenced_table": "o", "columns": ["id"], "referenced_columns": ["id"]}], primary_key="id", merge_key=["a", "b"], write_disposition="merge", max_table_nesting=1,
        columns={"id": {"data_type": "bigint"}, "price": {"data_type": "decimal", "precision": 10}},
        schema_contract="freeze", incremental=dlt.sources.incremental("at"),
    )
    assert resource.compute_table_schema() == {
        "name": "Orders", "resource": "Orders", "write_disposition": "merge", "schema_contract": "freeze",
        "references": [{"referenced_table": "o", "columns": ["id"], "referenced_columns": ["id"]}],
        "columns": {
            "id": {"name": "id", "data_type": "bigint", "primary_key": True, "nullable": False},
            "price": {"name": "price", "data_type": "decimal", "precision": 10},
            "a": {"name": "a", "merge_key": True, "nullable": False}, "b": {"name": "b", "merge_key": True, "nullable": False},
            "at": {"name": "at", "incremental": True},
        },
        "x-normalizer": {"max_nesting": 1},
    }


def test_tables_are_selected():
    resource = dlt.resource([{"id": 1, "k": "a"}, {"id": 2, "k": "b"}], name="events", table_name=lambda row: row["k"])
    assert [row["id"] for row in resource.select_tables("b")] == [2]


# ---- sources ----


@dlt.source(max_table_nesting=2)
def shop(count=2):
    yield dlt.resource([{"id": n} for n in range(count)], name="orders", primary_key="id")
    yield [dlt.resource([{"id": 9}], name="people", selected=False), dlt.resource(numbers)]


def test_what_a_source_has():
    made = shop(1)
    assert list(made.resources) == ["orders", "people", "numbers"] and list(made.selected_resources) == ["orders", "numbers"]
    assert made.resources["orders"] is made.orders and "orders" in made.resources and len(made.resources) == 3
    assert (made.name, made.section, made.max_table_nesting, made.root_key, made.schema_contract) == ("shop", "test_sources", 2, None, None)
    assert list(made) == [{"id": 0}, {"id": 1}] and made.orders.source_name == "shop"
    assert list(shop(3)) == [{"id": 0}, {"id": 1}, {"id": 1}, {"id": 2}]  # one of each in turn
    with pytest.raises(AttributeError, match="'shop' has no resource 'nope'; it has orders, people, numbers"):
        made.nope
    with pytest.raises(KeyError):
        made.resources["nope"]


def test_a_source_s_resources_can_be_changed():
    made = shop(1)
    made.resources["more"] = dlt.resource([{"id": 7}], name="more")
    made.resources.add(dlt.resource([{"id": 8}], name="most"))
    assert [row["id"] for row in made] == [0, 1, 7, 8] and made.more.source_name == "shop"
    with pytest.raises(ValueError, match="'wrong'.*'x'"):
        made.resources["wrong"] = dlt.resource([1], name="x")
    made.people.selected, made.orders.selected = True, False
    assert list(made.selected_resources) == ["people", "numbers", "more", "most"]
    assert list(made.resources.select("orders")) == ["orders"]
    with pytest.raises(ResourcesNotFoundError):
        made.resources.select("nope")
    alone = made.resources.detach("orders")
    assert alone.source_name is None and list(alone) == [{"id": 0}]


def test_with_resources_gives_a_copy():
    made = shop(1)
    some = made.with_resources("people")
    assert list(some) == [{"id": 9}] and list(made.selected_resources) == ["orders", "numbers"]
    some.people.add_map(lambda row: {"id": -1})
    assert list(made.with_resources("people")) == [{"id": 9}]
    with pytest.raises(ResourcesNotFoundError) as caught:
        made.with_resources("people", "nope")
    assert caught.value.not_found_resources == {"nope"} and caught.value.available_resources == {"orders", "people", "numbers"}


def test_limits_and_threads_of_a_source():
    made = shop(5)
    assert made.add_limit(1) is made and list(made) == [{"id": 0}, {"id": 1}]
    assert list(shop(2).parallelize()) == [{"id": 0}, {"id": 1}, {"id": 1}]
    assert len(list(shop(5).add_limit(2, count_rows=True))) == 3


def test_copies_of_a_source():
    copy = shop(1).clone("other")
    assert (copy.name, copy.max_table_nesting, list(copy)) == ("other", 2, [{"id": 0}, {"id": 1}]) and copy.orders.source_name == "other"


def test_a_source_that_is_exhausted():
    @dlt.source
    def once():
        return dlt.resource(numbers(), name="once")

    made = once()
    assert not made.exhausted and list(made) == [{"id": 1}] and made.exhausted
    assert not shop().exhausted


def test_a_source_runs_by_itself(pipeline):
    info = shop(1).run()
    assert info.pipeline is pipeline and ids(pipeline, "orders") == [0]
    shop(1).run(write_disposition="replace")
    assert ids(pipeline, "orders") == [0]


def test_the_state_of_a_source_and_of_a_resource(pipeline):
    @dlt.resource
    def counted():
        dlt.current.resource_state()["n"] = dlt.current.source_state().setdefault("runs", 0) + 1
        dlt.current.source_state()["runs"] += 1
        yield {"id": 1}

    @dlt.source
    def counter():
        return counted

    assert counter().state == {} and counter().counted.state == {}
    pipeline.run(counter())
    pipeline.run(counter())
    assert counter().state["runs"] == 2 and counter().counted.state == {"n": 2}


def test_what_a_source_is_taken_apart_into():
    @dlt.source
    def joined():
        a = dlt.resource([1], name="a")

        @dlt.transformer(data_from=a)
        def of_a(n):
            yield n

        return a, of_a, dlt.resource([2], name="b")

    made = joined()
    assert made.decompose("none") == [made]
    assert sorted(sorted(part.selected_resources) for part in made.decompose("scc")) == [["a", "of_a"], ["b"]]
    with pytest.raises(ValueError, match="none, scc, not 'x'"):
        made.decompose("x")


def test_a_source_without_data_and_with_plain_data(pipeline):
    @dlt.source
    def nothing():
        return None

    with pytest.raises(SourceDataIsNone):
        nothing()

    @dlt.source
    def plain():
        return [{"id": 1}]

    @dlt.source
    def generator():
        yield numbers
        yield numbers()

    assert list(plain()) == [{"id": 1}]
    pipeline.run(plain)
    assert ids(pipeline, "plain") == [1]
    assert list(generator()) == [{"id": 1}, {"id": 1}]


def test_resources_that_are_not_selected_are_not_read(pipeline):
    pipeline.run(shop)
    assert sorted(pipeline.dataset().tables)[-2:] == ["numbers", "orders"]


def test_two_resources_of_one_name(pipeline):
    @dlt.source
    def twice():
        yield dlt.resource([{"id": 1}], name="t")
        yield dlt.resource([{"id": 2}], name="t")

    pipeline.run([dlt.resource([{"id": 1}], name="t"), dlt.resource([{"id": 2}], name="t")])
    assert ids(pipeline, "t") == [1, 2]
    pipeline.run(twice())
    assert ids(pipeline, "t") == [1, 1, 2, 2] and [row["id"] for row in twice()] == [1, 2]


def test_configuration_of_a_source(monkeypatch):
    @dlt.source
    def configured(token: str = dlt.secrets.value, n: int = 1):
        return dlt.resource([{"token": token, "n": n}], name="r")

    monkeypatch.setenv("SOURCES__TEST_SOURCES__CONFIGURED__TOKEN", "abc")
    monkeypatch.setenv("SOURCES__TEST_SOURCES__N", "3")
    assert list(configured()) == [{"token": "abc", "n": 3}]
    with pytest.raises(TypeError, match=r"configured\(\)"):
        configured(nope=1)


# ---- texts ----


def test_texts_of_a_resource():
    @dlt.resource(name="nm", primary_key="id", columns={"id": {"data_type": "bigint"}}, write_disposition="merge")
    def things(n):
        yield n

    assert repr(things) == (
        "<@dlt.resource(name='nm', section='test_sources', primary_key='id', columns='{...}', write_disposition='merge')>"
    )
    text = str(things)
    assert text.startswith("DltResource 'nm' in section 'test_sources':") and "'(n)'" in text and len(text.splitlines()) == 3
    assert "list(resource)" in str(dlt.resource([1], name="n")) and "from 'n'" in str(dlt.resource([1], name="n") | dlt.transformer(lambda n: n, name="t"))
    cursor = dlt.sources.incremental("u", initial_value=2)
    assert repr(dlt.resource([1], name="n", incremental=cursor, table_name="t").add_limit(3)) == (
        "<@dlt.resource(name='n', table_name='t', limit=3, incremental=<dlt.sources.incremental(cursor_path='u', "
        "initial_value=2, last_value_func='max')>)>"
    )


def test_texts_of_a_source():
    made = shop(1)
    assert repr(made) == "<@dlt.source(name='shop', section='test_sources', n_resources=3, resources=['orders', 'people', 'numbers'])>"
    text = str(made)
    assert "people" in text and "not selected" in text and text.startswith("DltSource 'shop'")
    assert "orders" in repr(made.resources)
