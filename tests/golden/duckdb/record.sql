-- ledger

INSERT INTO "d"."_dlt_version" ("version", "engine_version", "inserted_at", "schema_name", "version_hash", "schema")
SELECT 2, 11, CAST('2024-01-02T03:04:05+00:00' AS TIMESTAMP WITH TIME ZONE), 'shop', 'UVxQmkJEXeB5P7a+yLwA1u/FR76/SumxBpzAlT4+EhU=', '{"version":2,"version_hash":"UVxQmkJEXeB5P7a+yLwA1u/FR76/SumxBpzAlT4+EhU=","engine_version":11,"nam...'
WHERE NOT EXISTS (SELECT 1 FROM "d"."_dlt_version" WHERE "schema_name" = 'shop' AND "version_hash" = 'UVxQmkJEXeB5P7a+yLwA1u/FR76/SumxBpzAlT4+EhU=' AND "version" >= 2);

INSERT INTO "d"."_dlt_loads" ("load_id", "schema_name", "status", "inserted_at", "schema_version_hash")
VALUES ('1.5', 'shop', 0, CAST('2024-01-02T03:04:05+00:00' AS TIMESTAMP WITH TIME ZONE), 'UVxQmkJEXeB5P7a+yLwA1u/FR76/SumxBpzAlT4+EhU=');

INSERT INTO "d"."_tidegate_loads" ("load_id", "table_name", "resource_name", "disposition", "rows_read", "rows_new", "rows_inserted", "rows_updated", "rows_deleted", "rows_filtered", "rows_rejected", "created_at", "pipeline_name", "package_id", "rows_waiting", "rows_unchanged", "rows_below_start", "rows_above_end", "rows_deduplicated", "rows_null_cursor", "rows_late")
VALUES
    ('1.5', 'item', 'item', 'append', 5, 0, 1, 2, 3, 0, 0, CAST('2024-01-02T03:04:05+00:00' AS TIMESTAMP WITH TIME ZONE), 'shop_pipeline', 'random', 0, 4, 0, 0, 0, 0, 0);

DELETE FROM "d"."_tidegate_boundary"
WHERE "pipeline_name" = 'shop_pipeline' AND "resource_name" = 'item' AND "cursor_path" = 'id' AND "load_id" NOT IN (SELECT "load_id" FROM "d"."_dlt_loads" WHERE "schema_name" <> 'shop');

INSERT INTO "d"."_tidegate_boundary" ("pipeline_name", "resource_name", "cursor_path", "last_value", "row_hashes", "load_id")
VALUES ('shop_pipeline', 'item', 'id', '1', 'h1', '1.5');

INSERT INTO "d"."_tidegate_files" ("pipeline_name", "resource_name", "path", "checksum", "content_hash", "head_hash", "size", "modified_us", "content_bytes", "row_count", "load_id")
VALUES
    ('shop_pipeline', 'item', '/a.jsonl', NULL, 'c', 'h', 1, 1, 10, 2, '1.5'),
    ('shop_pipeline', 'item', '/b.jsonl', 'of its ends', NULL, NULL, 2, 1, NULL, NULL, '1.5');

DELETE FROM "d"."_tidegate_files"
WHERE "load_id" <> '1.5' AND ("pipeline_name", "resource_name", "path") IN (
SELECT "pipeline_name", "resource_name", "path" FROM "d"."_tidegate_files" WHERE "load_id" = '1.5') AND "load_id" NOT IN (SELECT "load_id" FROM "d"."_dlt_loads" WHERE "schema_name" <> 'shop');

DELETE FROM "d"."_tidegate_files"
WHERE "load_id" <> '1.5' AND ("pipeline_name", "resource_name", "path") IN (VALUES
    ('shop_pipeline', 'item', '/c.jsonl')) AND "load_id" NOT IN (SELECT "load_id" FROM "d"."_dlt_loads" WHERE "schema_name" <> 'shop');
