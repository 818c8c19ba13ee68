"""Each kind of value that a row may have: its column and its value at the destination."""

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import types
import uuid

import pytest

import tidegate as dlt

UTC = dt.timezone.utc


class Loaded:
    """Loads rows of values, and gives what is there of each."""

    def __init__(self):
        self.pipeline = dlt.pipeline("values", destination="duckdb", dataset_name="d")
        self.tables = (f"t{number}" for number in range(100))

    def row(self, values, **said):
        """One row, a column for each of them; the table, and the names."""
        table, names = next(self.tables), [f"v{n}" for n in range(len(values))]
        self.pipeline.run([dict(zip(names, values), id=1)], table_name=table, **said)
        return table, names

    def values(self, *values, **said):
        """Types and values of their columns."""
        table, names = self.row(values, **said)
        with self.pipeline.sql_client() as client:
            types = dict(client.execute_sql(f"select column_name, data_type from information_schema.columns where table_name = '{table}'"))
            there = [name for name in names if name in types]
            row = dict(zip(there, client.execute_sql(f"select {', '.join([*there, 'id'])} from {table}")[0]))
        return [(types.get(name), row.get(name)) for name in names]

    def lists(self, *values, below=""):
        """The rows of their nested tables, or of those below these."""
        table, names = self.row(values)
        with self.pipeline.sql_client() as client:
            found = [client.execute_sql(f"select value from {table}__{name}{below} order by _dlt_list_idx") for name in names]
        return [[value for value, in rows] for rows in found]


@pytest.fixture
def loaded():
    return Loaded()


def check(loaded, expected):
    """Each value with its type and what it is at the destination."""
    assert loaded.values(*(value for value, _, _ in expected)) == [(column, value) for _, column, value in expected]


AT = dt.datetime(2024, 5, 1, 12, 30, 15, 123456)


class Colour(enum.Enum):
    RED = "red"


class Word(str, enum.Enum):
    ONE = "one"


class Number(enum.IntEnum):
    TWO = 2


class Text(str):
    pass


class Whole(int):
    pass


class Real(float):
    pass


class Raw(bytes):
    pass


class Money(decimal.Decimal):
    pass


class Moment(dt.datetime):
    pass


MOMENTS = [
    AT, AT.replace(tzinfo=UTC), AT.replace(tzinfo=dt.timezone(dt.timedelta(hours=2))) + dt.timedelta(hours=2),
    Moment(2024, 5, 1, 12, 30, 15, 123456, tzinfo=UTC),
]
VALUES = [
    ("text", "VARCHAR", "text"), ("", "VARCHAR", ""), ("n\u00e9v \U0001f600", "VARCHAR", "n\u00e9v \U0001f600"),
    (7, "BIGINT", 7), (-(2**63), "BIGINT", -(2**63)), (0.1, "DOUBLE", 0.1), (True, "BOOLEAN", True),
    (dt.date(2024, 5, 1), "DATE", dt.date(2024, 5, 1)), (dt.time(12, 30, 15, 5), "TIME", dt.time(12, 30, 15, 5)),
    (decimal.Decimal("1.50"), "DECIMAL(38,9)", decimal.Decimal("1.5")), (uuid.UUID(int=7), "VARCHAR", str(uuid.UUID(int=7))),
    (b"\x00\xff", "BLOB", b"\x00\xff"), (bytearray(b"ab"), "BLOB", b"ab"), (memoryview(b"ab"), "BLOB", b"ab"),
    (Colour.RED, "VARCHAR", "red"), (Word.ONE, "VARCHAR", "one"), (Number.TWO, "BIGINT", 2),
    (Text("a"), "VARCHAR", "a"), (Whole(5), "BIGINT", 5), (Real(0.5), "DOUBLE", 0.5), (Raw(b"a"), "BLOB", b"a"),
    (Money("2.5"), "DECIMAL(38,9)", decimal.Decimal("2.5")), (dt.timedelta(seconds=1, microseconds=5), "BIGINT", 1000005),
    (float("inf"), "DOUBLE", float("inf")), (2**63, "DECIMAL(38,9)", decimal.Decimal(2**63)), (10**40, "VARCHAR", str(10**40)),
    (None, None, None), ({}, None, None),
    *((moment, "TIMESTAMP WITH TIME ZONE", AT.replace(tzinfo=UTC)) for moment in MOMENTS),  # naive ones are of UTC
]


def test_single_values(loaded):
    check(loaded, VALUES)


def test_a_hint_keeps_a_moment_naive(loaded):
    assert loaded.values(AT, columns={"v0": {"data_type": "timestamp", "timezone": False}}) == [("TIMESTAMP", AT)]


def test_nan_is_a_double(loaded):
    ((column, value),) = loaded.values(float("nan"))
    assert column == "DOUBLE" and value != value


# ---- documents and lists ----


@dataclasses.dataclass
class Point:
    x: int
    inner: "Point | None" = None


Pair = collections.namedtuple("Pair", "x y")


def test_what_has_fields_is_a_document(loaded):
    pydantic = pytest.importorskip("pydantic")

    class Model(pydantic.BaseModel):
        x: int

    values = {
        "point": Point(1, Point(2)), "pair": Pair(1, 2), "model": Model(x=1), "ordered": collections.OrderedDict(x=1),
        "mapping": types.MappingProxyType({"x": 1}),
    }
    loaded.pipeline.run([dlt.resource([{"id": 1, "v": value}, value], name=name) for name, value in values.items()])
    with loaded.pipeline.sql_client() as client:
        for name in values:
            assert client.execute_sql(f"select v__x, x from {name} order by id nulls last") == [(1, None), (None, 1)], name


def test_lists_of_every_kind_are_nested_tables(loaded):
    lists = [[1, 2], (1, 2), {1, 2}, frozenset([1, 2]), collections.deque([1, 2]), range(1, 3), {1: 0, 2: 0}.keys()]
    assert loaded.lists(*lists) == [[1, 2]] * len(lists)


def test_keys_that_are_no_texts(loaded):
    loaded.pipeline.run([{2: "a", None: "b", True: "c", 2.5: "d", "A b": "e"}], table_name="keys")
    with loaded.pipeline.sql_client() as client:
        assert client.execute_sql('select _2, "null", "true", _2_5, a_b from keys') == [("a", "b", "c", "d", "e")]


# ---- other packages ----


def test_values_of_numpy(loaded):
    np = pytest.importorskip("numpy")
    check(loaded, [
        (np.int8(5), "BIGINT", 5), (np.uint64(2**63), "DECIMAL(38,9)", decimal.Decimal(2**63)), (np.float32(0.5), "DOUBLE", 0.5),
        (np.float64(0.1), "DOUBLE", 0.1), (np.bool_(True), "BOOLEAN", True), (np.str_("a"), "VARCHAR", "a"), (np.bytes_(b"a"), "BLOB", b"a"),
        (np.datetime64("2024-05-01T12:30:15.123456789"), "TIMESTAMP WITH TIME ZONE", AT.replace(tzinfo=UTC)),
        (np.datetime64("2024-05-01"), "TIMESTAMP WITH TIME ZONE", dt.datetime(2024, 5, 1, tzinfo=UTC)),
        (np.timedelta64(1500, "ns"), "BIGINT", 1), (np.timedelta64(2, "s"), "BIGINT", 2000000),
        (np.datetime64("NaT"), None, None), (np.timedelta64("NaT"), None, None),
    ])
    lists = np.array([1, 2]), np.array(["2024-05-01"], "datetime64[D]")
    assert loaded.lists(*lists) == [[1, 2], [dt.datetime(2024, 5, 1, tzinfo=UTC)]]
    assert loaded.lists(np.array([[1, 2]]), below="__list") == [[1, 2]]


def test_values_of_pandas(loaded):
    pandas = pytest.importorskip("pandas")
    check(loaded, [
        (pandas.Timestamp(AT), "TIMESTAMP WITH TIME ZONE", AT.replace(tzinfo=UTC)),
        (pandas.Timestamp(AT, tz="Europe/Berlin"), "TIMESTAMP WITH TIME ZONE", (AT - dt.timedelta(hours=2)).replace(tzinfo=UTC)),
        (pandas.Timedelta(seconds=2), "BIGINT", 2000000), (pandas.NaT, None, None), (pandas.NA, None, None),
    ])
    lists = pandas.Series([1, 2]), pandas.Index([1, 2]), pandas.Series(pandas.to_datetime(["2024-05-01"]))
    assert loaded.lists(*lists) == [[1, 2], [1, 2], [dt.datetime(2024, 5, 1, tzinfo=UTC)]]
    frame = pandas.DataFrame({"v": [1.5, None], "id": [1, 2]})
    loaded.pipeline.run(frame.to_dict("records"), table_name="records")
    assert loaded.pipeline.dataset().records.columns[:2] == ["v", "id"]


def test_values_of_arrow(loaded):
    pyarrow = pytest.importorskip("pyarrow")
    polars = pytest.importorskip("polars")
    assert loaded.values(pyarrow.scalar(5)) == [("BIGINT", 5)]
    assert loaded.lists(pyarrow.array([1, 2]), polars.Series([1, 2])) == [[1, 2], [1, 2]]


def test_values_of_attrs(loaded):
    attrs = pytest.importorskip("attrs")

    @attrs.define
    class Defined:
        x: int

    loaded.pipeline.run([Defined(1), {"x": 2, "v": Defined(3)}], table_name="of_attrs")
    with loaded.pipeline.sql_client() as client:
        assert client.execute_sql("select x, v__x from of_attrs order by x") == [(1, None), (2, 3)]
