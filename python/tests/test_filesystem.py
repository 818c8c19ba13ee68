"""Files as resources: what a listing says, who reads them, and that a file is loaded as often as it should be."""

import datetime
import gzip
import json
import logging
import os
import subprocess
import sys

import duckdb
import pytest

import in_memory
import tidegate as dlt
from tidegate.common.configuration.exceptions import ConfigFieldMissingException, ValueNotSecretException
from tidegate.common.exceptions import MissingDependencyException, NotInTidegate
from tidegate.extract.exceptions import ResourceExtractionError
from tidegate.pipeline.exceptions import PipelineStepFailed
from tidegate.sources.filesystem import FileItemDict, filesystem, read_csv, read_csv_duckdb, read_json, read_jsonl, read_parquet, readers

DAY = datetime.datetime(2024, 5, 1, tzinfo=datetime.timezone.utc)


def put(name, content, day=0):
    """A file, last changed so many days after DAY."""
    os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
    with open(name, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    moment = (DAY + datetime.timedelta(days=day)).timestamp()
    os.utime(name, (moment, moment))


@pytest.fixture
def files(place):
    put("in/a b.csv", "id,name,n\n1,Ann,\n2,NA,5\n")
    put("in/sub/[ü].csv", "id,name,n\n3,Cyd,7\n", 1)
    put("in/rows.jsonl", '{"id": 1, "tags": ["x", "y"]}\n\n{"id": 2}\n')
    put("in/packed.jsonl.gz", gzip.compress(b'{"id": 3}\n'))
    put("in/README", "text")
    return "in"


@pytest.fixture
def memory():
    fsspec = pytest.importorskip("fsspec")
    fs = fsspec.filesystem("memory")
    fs.store.clear()
    fs.pipe("/bucket/x/a.csv", b"id,name\n1,A\n")
    fs.pipe("/bucket/b.jsonl", b'{"id": 1}\n{"id": 2}\n')
    yield fs
    fs.store.clear()


@pytest.fixture
def told(caplog):
    """Who has read: "library" or "Python", for each resource of each run."""
    caplog.set_level(logging.INFO, "tidegate.sources")

    def of():
        texts = [record.getMessage() for record in caplog.records if "are read by" in record.getMessage()]
        return ["library" if "the library" in text else "Python" for text in texts]

    return of


def pipeline(name="p"):
    return dlt.pipeline(name, destination=dlt.destinations.duckdb(in_memory.database(f"{name}.duckdb")), dataset_name="d")


def rows(sql, file="p.duckdb"):
    with in_memory.database(file).cursor() as connection:
        return connection.sql(sql).fetchall()


def types(table, file="p.duckdb"):
    return dict(rows(
        f"select column_name, data_type from information_schema.columns where table_name = '{table}' and substr(column_name, 1, 4) <> '_dlt'", file
    ))


# ---- listings ----


def test_a_folder_alone_says_what_is_read(place, told):
    put("in/a.csv", "id\n1\n")
    put("in/b.csv", "id\n2\n")
    pipeline().run((filesystem("in") | read_csv()).with_name("t"))
    assert told() == ["library"] and rows("SELECT id FROM d.t ORDER BY id") == [(1,), (2,)]


@pytest.mark.parametrize("folder", ["nowhere", "file:///nowhere", "in/a b.csv"])
@pytest.mark.parametrize("looked_at", [False, True])
def test_a_folder_that_is_not_there_empties_no_table(files, folder, looked_at):
    def reader(place):
        made = (filesystem(place, file_glob="*.csv") | read_csv()).with_name("t")
        return made.add_map(lambda row: row) if looked_at else made

    pipeline().run(reader(files), write_disposition="replace")
    with pytest.raises(PipelineStepFailed, match="bucket_url: there is no folder /"):
        pipeline().run(reader(folder), write_disposition="replace")
    assert rows("SELECT count(*) FROM d.t") == [(2,)]
    os.mkdir("empty")
    pipeline().run(reader("empty"), write_disposition="replace")
    assert rows("SELECT count(*) FROM d.t") == [(0,)]


def test_what_an_item_says(files):
    found = {item["relative_path"]: item for item in filesystem(files, file_glob="**/*")}
    assert set(found) == {"a b.csv", "sub/[ü].csv", "rows.jsonl", "packed.jsonl.gz", "README"}
    item = found["sub/[ü].csv"]
    assert isinstance(item, FileItemDict) and dict(item) == {
        "file_name": "[ü].csv", "relative_path": "sub/[ü].csv", "file_url": f"file://{os.getcwd()}/in/sub/%5B%C3%BC%5D.csv",
        "mime_type": "text/csv", "modification_date": DAY + datetime.timedelta(days=1), "size_in_bytes": 18,
    }
    assert item.local_file_path == os.path.abspath("in/sub/[ü].csv") and item.read_bytes() == b"id,name,n\n3,Cyd,7\n"
    assert found["README"]["mime_type"] == "application/octet-stream" and found["rows.jsonl"]["mime_type"] == "application/jsonl"
    packed = found["packed.jsonl.gz"]
    assert packed["encoding"] == "gzip" and packed.open().read() == b'{"id": 3}\n'
    assert packed.open("rt").read() == '{"id": 3}\n' and gzip.decompress(packed.read_bytes()) == b'{"id": 3}\n'
    assert packed.open(compression="disable").read(2) == b"\x1f\x8b"
    with pytest.raises(ValueError, match="auto, enable or disable"):
        packed.open(compression="zip")
    assert {item["file_name"] for item in filesystem(files)} == {"a b.csv", "rows.jsonl", "packed.jsonl.gz", "README"}
    assert {item["file_name"] for item in filesystem(f"file://{os.getcwd()}/in", file_glob="*.csv")} == {"a b.csv"}


def test_pages_and_content(files):
    pages = []
    listing = filesystem(files, file_glob="**/*.csv", files_per_page=1, extract_content=True)
    list(listing.add_yield_map(lambda item: iter([pages.append(item["file_content"])])))
    assert len(pages) == 2
    (content,) = [item for item in filesystem(files, file_glob="*.gz", extract_content=True)]
    assert content.open().read() == b'{"id": 3}\n' and gzip.decompress(content["file_content"]) == b'{"id": 3}\n'


def test_a_listing_is_a_table(files):
    pipeline().run(filesystem(files, file_glob="*.csv"))
    assert types("filesystem") == {
        "file_name": "VARCHAR", "relative_path": "VARCHAR", "file_url": "VARCHAR", "mime_type": "VARCHAR",
        "modification_date": "TIMESTAMP WITH TIME ZONE", "size_in_bytes": "BIGINT",
    }
    assert rows("select relative_path, epoch(modification_date), size_in_bytes from d.filesystem") == [("a b.csv", DAY.timestamp(), 24)]


def test_new_files_of_a_listing(files):
    """Files with the time of the newest one are told apart by their names."""
    def run():
        listing = filesystem(files, file_glob="**/*.csv", incremental=dlt.sources.incremental("modification_date"))
        pipeline().run(listing)
        return [name for name, in rows("select relative_path from d.filesystem order by 1")]

    assert run() == ["a b.csv", "sub/[ü].csv"]
    assert run() == ["a b.csv", "sub/[ü].csv"]
    put("in/old.csv", "id\n9\n", -1)
    put("in/same.csv", "id\n9\n", 1)
    put("in/new.csv", "id\n9\n", 2)
    assert run() == ["a b.csv", "new.csv", "same.csv", "sub/[ü].csv"]


def test_the_order_of_a_listing(files):
    put("in/a.csv", "id\n", 3)
    for order, names in {"asc": ["a b.csv", "[ü].csv", "a.csv"], "desc": ["a.csv", "[ü].csv", "a b.csv"]}.items():
        cursor = dlt.sources.incremental("modification_date", row_order=order)
        assert [item["file_name"] for item in filesystem(files, file_glob="**/*.csv", incremental=cursor)] == names


# ---- readers ----


@pytest.mark.parametrize("way", ["library", "Python"])
@pytest.mark.parametrize("disposition", ["append", "replace", "merge"])
def test_csv(files, told, way, disposition):
    reader = filesystem(files, file_glob="**/*.csv") | read_csv()
    reader = reader.with_name("t").apply_hints(write_disposition=disposition, primary_key="id")
    if way == "Python":
        reader.add_map(lambda row: row)
    for times in (1, 2):
        pipeline().run(reader)
        kept = times if disposition == "append" else 1  # an append appends, as dlt's does
        assert rows("select id, name, n from d.t order by id") == [
            row for row in [(1, "Ann", None), (2, None, 5), (3, "Cyd", 7)] for _ in range(kept)
        ]
    assert told() == [way, way]
    assert types("t")["n"] == {"library": "BIGINT", "Python": "DOUBLE"}[way]


@pytest.mark.parametrize("way", ["library", "Python"])
def test_json_lines_and_parquet(files, told, way):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"id": [1, 2], "n": pyarrow.array([1, None], pyarrow.int64())}), "in/t.parquet")
    lines = (filesystem(files, file_glob="*.jsonl*") | read_jsonl()).with_name("j")
    table = (filesystem(files, file_glob="*.parquet") | read_parquet()).with_name("t")
    if way == "Python":
        lines.add_map(lambda row: row)
        table.add_filter(lambda row: True)
    pipeline().run([lines, table])
    assert told() == [way, way]
    assert rows("select id from d.j order by id") == [(1,), (2,), (3,)] and rows("select id, n from d.t order by id") == [(1, 1), (2, None)]
    assert rows("select value from d.j__tags order by 1") == [("x",), ("y",)]
    assert types("t") == {"id": "BIGINT", "n": "BIGINT"}


#: A file, the path to its rows, and their ids.
JSON = [
    ('[{"id": 1},\n {"id": 2, "tags": ["x"]}]', None, [1, 2]),
    ('{"id": 1}{"id": 2}\n[{"id": 3}]', None, [1, 2, 3]),
    ('\ufeff{\n"id": 1\n}\n', None, [1]),
    ('\x1e{"id": 1}\n\x1e{"id": 2}\n', None, [1, 2]),
    ("[]", None, []),
    ('{"next": 7, "data": {"items": [{"id": 1}, {"id": 2}]}}', "data.items", [1, 2]),
    ('{"data": {"items": []}}', "$.data.items", []),
    ('{"data": null}', "data", []),
    ('{"data": {"id": 9}}{"data": [{"id": 3}]}\n{}', "data", [9, 3]),
    ('{"p": [{"a.b": [{"id": 1}]}, {"a.b": {"id": 2}}, {}]}', "p[*]['a.b']", [1, 2]),
    ('{"p": [[{"id": 1}], [{"id": 2}]]}', "p[1]", [2]),
    ('{"u": {"x": {"id": 4}, "y": {"id": 5}}}', "u.*", [4, 5]),
]


@pytest.mark.parametrize("way", ["library", "Python"])
@pytest.mark.parametrize("text, select, ids", JSON)
def test_json(place, told, way, text, select, ids):
    put("in/a.json", text)
    put("in/b.json.gz", gzip.compress(text.encode()))
    reader = (filesystem("in", file_glob="*.json*") | (read_json() if select is None else read_json(select=select))).with_name("t")
    if way == "Python":
        reader.add_map(lambda row: row)
    pipeline().run(reader, columns={"id": {"data_type": "bigint"}})
    assert told() == [way]
    there = rows("select count(*) from information_schema.tables where table_name = 't'") != [(0,)]
    assert sorted(id for id, in rows("select id from d.t")) == sorted(ids + ids) if there else not ids


@pytest.mark.parametrize("way", ["library", "Python"])
@pytest.mark.parametrize("text, select, message", [
    ('{"data": {"rows": []}}', "data.items", "select 'data.items' matches nothing in it"),
    ('{"data": 7}', "data", "is no object and no list"),
    ('{"data": [', "data", r"line 1|cut off"),
    ('{"data": []}', "data..x", r"\.\."),
    ('{"data": []}', "data[-1]", "end of a list"),
    ('{"data": []}', "data[", "is no path"),
])
def test_json_that_has_no_rows_there(place, way, text, select, message):
    put("in/a.json", text)
    reader = (filesystem("in", file_glob="*.json") | read_json(select=select)).with_name("t")
    if way == "Python":
        reader.add_map(lambda row: row)
    with pytest.raises(PipelineStepFailed, match=message):
        pipeline().run(reader)


def test_json_in_pages(files):
    put("in/a.json", json.dumps([{"id": n} for n in range(7)]))
    assert [row["id"] for row in readers(files, file_glob="*.json").read_json(chunksize=3)] == list(range(7))


def test_types_of_parquet_are_the_file_s_unless_somebody_looks(memory, told):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    with memory.open("/bucket/t.parquet", "wb") as file:
        parquet.write_table(pyarrow.table({"n": pyarrow.array([1], pyarrow.int32()), "f": pyarrow.array([1.5], pyarrow.float32())}), file)
    listing = filesystem("memory://bucket", file_glob="*.parquet")

    @dlt.transformer
    def doubled(rows):
        yield [{"n": row["n"] * 2} for row in rows]

    reader = (listing | read_parquet()).with_name("t")
    pipeline().run([reader, reader.with_name("looked").add_map(lambda row: row)])
    pipeline().run(reader | doubled)
    assert types("t") == {"n": "INTEGER", "f": "DOUBLE"} and types("looked") == {"n": "BIGINT", "f": "DOUBLE"}
    assert rows("select n from d.doubled") == [(2,)]


def test_who_reads(files, told):
    listing = filesystem(files, file_glob="*.csv")
    cases = {
        "library": [listing | read_csv(sep=","), listing | read_csv(), listing | read_csv(chunksize=5), filesystem(os.path.abspath(files), file_glob="*.csv") | read_csv],
        "Python": [
            listing | read_csv(dtype=str), filesystem(files, file_glob="*.csv").add_limit(5) | read_csv(), filesystem(files, file_glob="*.csv").add_filter(lambda item: True) | read_csv(),
            filesystem(files, file_glob="*.nothing") | read_csv(), filesystem(files, file_glob="*.csv", extract_content=True) | read_csv(),
        ],
    }
    for way, resources in cases.items():
        for resource in resources:
            pipeline().run(resource, table_name="t")
            assert told()[-1] == way, resource
    assert rows("select count(*) from d.t") == [(2 * 8,)]  # one of them has no file


def test_options_that_the_library_has(files, told):
    put("in/g.txt", "A report\nid;name;price\n1;'gr\\'üße';1.234,5\n".encode("latin-1"))
    os.rename("in/g.txt", "in/g.csv")
    reader = filesystem(files, file_glob="g.csv") | read_csv(
        sep=";", encoding="latin-1", quotechar="'", escapechar="\\", decimal=",", thousands=".", skiprows=1
    )
    pipeline().run(reader, table_name="g")
    assert told()[-1] == "library" and rows("select id, name, price from d.g") == [(1, "gr'üße", 1234.5)]
    for option in ({"sep": "||"}, {"sep": "x"}, {"encoding": "ebcdic"}, {"skiprows": [1]}, {"decimal": ",", "thousands": ","}):
        pipeline().run(filesystem(files, file_glob="*.nothing") | read_csv(**option), table_name="g")
        assert told()[-1] == "Python", option


def test_options_of_pandas(files):
    put("in/s.txt", "id;name\n1;grüße\n".encode("latin-1"))
    reader = filesystem(files, file_glob="s.txt") | read_csv(sep=";", encoding="latin-1", chunksize=1)
    assert list(reader) == [{"id": 1, "name": "grüße"}]
    assert list(filesystem(files, file_glob="a*.csv") | read_csv(usecols=["id", "n"])) == [{"id": 1, "n": None}, {"id": 2, "n": 5.0}]


def test_csv_by_duckdb(files):
    reader = filesystem(files, file_glob="a*.csv") | read_csv_duckdb(chunk_size=1, filename=True)
    assert list(reader) == [
        {"id": 1, "name": "Ann", "n": None, "filename": "a b.csv"}, {"id": 2, "name": "NA", "n": 5, "filename": "a b.csv"},
    ]
    (table,) = list(filesystem(files, file_glob="a*.csv") | read_csv_duckdb(use_pyarrow=True))
    assert table.num_rows == 2


def test_readers_of_one_listing(files):
    source = readers(files, file_glob="*.jsonl")
    assert list(source.resources) == ["read_csv", "read_jsonl", "read_parquet", "read_csv_duckdb", "read_json"]
    pipeline().run(source.with_resources("read_jsonl"))
    assert rows("select id from d.read_jsonl order by 1") == [(1,), (2,)]
    assert [row["id"] for row in readers(files, file_glob="*.jsonl").read_jsonl(chunksize=1)] == [1, 2]


def test_readers_of_a_program(files):
    @dlt.transformer
    def sizes(items):
        for item in items:
            with item.open() as file:
                yield {"name": item["file_name"], "bytes": len(file.read())}

    pipeline().run(filesystem(files, file_glob="**/*.csv") | sizes)
    assert rows("select name, bytes from d.sizes order by 1") == [("[ü].csv", 18), ("a b.csv", 24)]


def test_what_cannot_be_read(files):
    put("in/bad.jsonl", '{"id": 1}\n{"id": \n')
    for reader in (read_jsonl(), read_jsonl().add_map(lambda row: row)):
        with pytest.raises(PipelineStepFailed, match="line 2"):
            pipeline().run((filesystem(files, file_glob="bad.jsonl") | reader), table_name="bad")
    with pytest.raises(PipelineStepFailed):
        pipeline().run(filesystem(files, file_glob="README") | read_parquet())
    with pytest.raises(ResourceExtractionError, match="there is no folder /"):
        list(filesystem("nowhere") | read_csv())


# ---- elsewhere ----


def test_files_of_another_file_system(memory, told):
    found = {item["relative_path"]: item for item in filesystem("memory://bucket", file_glob="**/*")}
    assert {path: item["file_url"] for path, item in found.items()} == {
        "x/a.csv": "memory:///bucket/x/a.csv", "b.jsonl": "memory:///bucket/b.jsonl",
    }
    assert found["b.jsonl"]["size_in_bytes"] == 20 and found["b.jsonl"]["modification_date"].tzinfo and found["b.jsonl"].fsspec is memory
    assert found["x/a.csv"].open("rt").read() == "id,name\n1,A\n"
    pipeline().run([
        (filesystem("memory://bucket", file_glob="*.jsonl") | read_jsonl()).with_name("j"),
        (filesystem("memory://bucket", memory, file_glob="x/*") | read_csv()).with_name("c"),
    ])
    assert told() == ["Python", "Python"]
    assert rows("select id from d.j order by 1") == [(1,), (2,)] and rows("select id, name from d.c") == [(1, "A")]
    memory.pipe("/bucket/b2.jsonl", b'{"id": 3}\n')
    assert len(list(filesystem("memory://bucket", file_glob="*.jsonl"))) == 2


def test_a_file_system_of_the_program(files, told):
    fsspec = pytest.importorskip("fsspec")
    local = fsspec.filesystem("file")
    pipeline().run(filesystem(files, local, file_glob="*.csv") | read_csv(), table_name="t")
    assert told() == ["Python"] and rows("select count(*) from d.t") == [(2,)]


def test_what_is_needed(monkeypatch, files):
    fsspec = pytest.importorskip("fsspec")
    asked = {}
    with monkeypatch.context() as patch:
        patch.setattr(fsspec.core, "url_to_fs", lambda url, **options: asked.update(options) or (fsspec.filesystem("memory"), url))
        list(filesystem("memory://x", {"aws_access_key_id": "k", "aws_secret_access_key": "s", "region_name": "r"}, kwargs={"anon": False}))
    assert asked == {"key": "k", "secret": "s", "client_kwargs": {"region_name": "r"}, "anon": False}
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "s3fs", None)
        with pytest.raises(Exception, match=r"pip install 'fsspec\[s3\]'"):
            list(filesystem("s3://bucket"))
        patch.setitem(sys.modules, "fsspec", None)
        with pytest.raises(Exception, match=r"pip install 'tidegate\[files\]'"):
            list(filesystem("memory://x"))
        assert len(list(filesystem(files))) == 4  # this machine's need none
    with pytest.raises(NotInTidegate, match="dict of what fsspec needs"):
        from tidegate.sources.credentials import AwsCredentials  # noqa: F401


def test_places_of_the_configuration(files):
    with pytest.raises(Exception, match="bucket_url"):
        list(filesystem())
    os.mkdir(".dlt")
    with open(".dlt/config.toml", "w") as file:
        file.write('[sources.filesystem]\nbucket_url = "in"\nfile_glob = "*.csv"\n')
    assert [item["file_name"] for item in filesystem()] == ["a b.csv"]
    pipeline().run(filesystem | read_csv, table_name="t")
    assert rows("select count(*) from d.t") == [(2,)]
    with open(".dlt/config.toml", "a") as file:
        file.write('credentials = {aws_access_key_id = "k"}\n')
    with pytest.raises(Exception, match="config.toml"):
        list(filesystem())

# ---- each file once ----

CRASH = """
import os, sys
import tidegate as dlt
from tidegate.sources.filesystem import filesystem, read_jsonl

def die(row):
    if row["id"] == 12:
        os._exit(9)
    return row

cursor = dlt.sources.incremental("modification_date") if sys.argv[1] == "cursor" else None
reader = (filesystem("in", file_glob="*.jsonl", incremental=cursor) | read_jsonl()).with_name("t")
pipeline = dlt.pipeline("p", destination=dlt.destinations.duckdb("p.duckdb"), dataset_name="d")
if sys.argv[2] == "reading":
    pipeline.run(reader.add_map(die))
if sys.argv[2] == "sealed":
    pipeline.extract(reader)
    os._exit(9)
pipeline.run(reader)
"""


@pytest.mark.parametrize("cursor, point, expected", [
    ("cursor", "reading", [1, 2, 11, 12]), ("cursor", "sealed", [1, 2, 11, 12]),
    # The control: what is sealed is loaded, and without a cursor read again.
    ("none", "sealed", [1, 1, 2, 2, 11, 11, 12, 12]),
])
def test_a_file_that_is_read_again_after_a_crash(place, cursor, point, expected):
    put("in/a.jsonl", '{"id": 1}\n{"id": 2}\n')
    put("in/b.jsonl", '{"id": 11}\n{"id": 12}\n', 1)
    script = [sys.executable, "-c", CRASH, cursor]
    assert subprocess.run([*script, point]).returncode == 9
    for _ in range(2 if cursor == "cursor" else 1):
        subprocess.run([*script, ""], check=True)
        with duckdb.connect("p.duckdb") as connection:
            assert [row for row, in connection.sql("select id from d.t order by id").fetchall()] == expected


@pytest.mark.parametrize("reader, pattern", [(read_csv, "*.csv"), (read_jsonl, "*.jsonl")])
def test_only_new_files_are_read(place, reader, pattern):
    def text(*numbers):
        return "".join(["id\n", *(f"{n}\n" for n in numbers)] if reader is read_csv else [f'{{"id": {n}}}\n' for n in numbers])

    opened = []

    @dlt.transformer
    def seen(items):
        opened.append([item["file_name"] for item in items])

    def run():
        listing = filesystem("in", file_glob=pattern, incremental=dlt.sources.incremental("modification_date"))
        pipeline().run([(listing | reader()).with_name("t"), listing | seen])
        return [row for row, in rows("select id from d.t order by id")]

    name = pattern.replace("*", "{}").format
    put("in/" + name("a"), text(1))
    put("in/" + name("b"), text(2), 1)
    assert run() == [1, 2] and run() == [1, 2]
    put("in/" + name("c"), text(3), 1)  # as old as the newest
    put("in/" + name("d"), text(4), 2)
    put("in/" + name("e"), text(5), -1)  # older
    assert run() == [1, 2, 3, 4]
    put("in/" + name("a"), text(1, 6), 3)  # a file that has changed is new, all of it
    assert run() == [1, 1, 2, 3, 4, 6]
    assert [name for names in opened for name in names] == [name("a"), name("b"), name("c"), name("d"), name("a")]


def test_files_of_a_window(place):
    for day in range(4):
        put(f"in/{day}.jsonl", f'{{"id": {day}}}\n', day)
    window = dlt.sources.incremental("modification_date", initial_value=DAY + datetime.timedelta(days=1), end_value=DAY + datetime.timedelta(days=3))
    for _ in range(2):  # which leaves nothing behind
        pipeline().run((filesystem("in", file_glob="*.jsonl", incremental=window) | read_jsonl()).with_name("t"), write_disposition="replace")
        assert rows("select id from d.t order by id") == [(1,), (2,)]
