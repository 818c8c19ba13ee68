"""Where both load to: a file of DuckDB, or a PostgreSQL database of the server in $TIDEGATE_TEST_POSTGRES. A place has
a `uri` for a spec and for dlt, and answers queries in one SQL, with values of the same Python types: by a connection that
stays until `leave`, which makes way for a load."""
import itertools
import os
import re

import duckdb

import dlt_side

_numbers = itertools.count()


class DuckDB:
    columns = ("SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns "
               "WHERE table_schema = current_schema()")

    def __init__(self, folder):
        self.path = os.path.join(folder, dlt_side.DESTINATION)
        self.uri = f"duckdb:///{dlt_side.DESTINATION}"
        self.connection = None

    def exists(self, _):
        return os.path.exists(self.path)

    def query(self, dataset, sql):
        if not self.connection:
            self.connection = duckdb.connect(self.path, read_only=True)
            self.connection.execute("SET TimeZone = 'UTC'")
        self.connection.execute(f'USE "{dataset}"')
        return self.connection.execute(sql).fetchall()

    def leave(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def drop(self):
        self.leave()


class Postgres:
    """DuckDB's COLUMNS('pattern') is understood."""
    # A timestamp(6) is a timestamp.
    columns = ("SELECT relname, attname, regexp_replace(format_type(atttypid, atttypmod), '^(time|timestamp)\\(6\\)', "
               "'\\1'), CASE WHEN attnotnull THEN 'NO' ELSE 'YES' END "
               "FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid WHERE relkind = 'r' AND attnum > 0 AND "
               "NOT attisdropped AND relnamespace = current_schema()::regnamespace ORDER BY relname, attnum")

    def __init__(self, _):
        self.server = os.environ["TIDEGATE_TEST_POSTGRES"]
        self.name = f"compat_{os.getpid()}_{next(_numbers)}"
        self.uri = f"{self.server.rpartition('/')[0]}/{self.name}"
        self.connection = None
        self.ask(self.server, f"CREATE DATABASE {self.name}")

    @staticmethod
    def connect(uri):
        """Each statement is a transaction of its own."""
        import psycopg2
        import psycopg2.extensions as types
        connection = psycopg2.connect(uri)
        connection.autocommit = True
        as_text = types.new_type((114, 3802), "JSON", lambda text, _: text)
        as_bytes = types.new_type((17,), "BYTES", lambda text, cursor: None if text is None else
                                  bytes(psycopg2.BINARY(text, cursor)))
        for kind in (as_text, as_bytes):
            types.register_type(kind, connection)
        return connection

    @staticmethod
    def rows(connection, *statements):
        """Those of the last one."""
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def ask(self, uri, *statements):
        connection = self.connect(uri)
        try:
            return self.rows(connection, *statements)
        finally:
            connection.close()

    def exists(self, dataset):
        return bool(self.ask(self.uri, f"SELECT 1 FROM pg_namespace WHERE nspname = '{dataset}'"))

    def query(self, dataset, sql):
        if not self.connection:
            self.connection = self.connect(self.uri)
            self.rows(self.connection, "SET TimeZone = 'UTC'")
        self.rows(self.connection, f'SET search_path = "{dataset}"')

        def names(match):
            found = self.rows(self.connection, "SELECT column_name FROM information_schema.columns WHERE "
                              f"table_schema = current_schema() AND table_name = '{match.group(2)}' AND "
                              f"column_name ~ '{match.group(1)}' ORDER BY ordinal_position")
            return ", ".join(f'"{name}"' for name, in found) + f" FROM {match.group(2)}"
        return self.rows(self.connection, re.sub(r"COLUMNS\('(.*?)'\) FROM (\w+)", names, sql))

    def leave(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def drop(self):
        self.leave()
        self.ask(self.server, f"DROP DATABASE {self.name} WITH (FORCE)")


KINDS = {"duckdb": DuckDB, "postgres": Postgres}
kind = DuckDB  # of all that is made from here on; main.py sets it
