-- schema changes

CREATE TABLE "d"."_tidegate_loads" (
    "load_id" character varying(64) NOT NULL,
    "table_name" character varying NOT NULL,
    "resource_name" character varying NOT NULL,
    "disposition" character varying NOT NULL,
    "rows_read" bigint NOT NULL,
    "rows_new" bigint NOT NULL,
    "rows_inserted" bigint NOT NULL,
    "rows_updated" bigint NOT NULL,
    "rows_deleted" bigint NOT NULL,
    "rows_filtered" bigint NOT NULL,
    "rows_rejected" bigint NOT NULL,
    "created_at" timestamp with time zone NOT NULL,
    "pipeline_name" character varying NOT NULL,
    "package_id" character varying,
    "rows_waiting" bigint,
    "rows_unchanged" bigint,
    "rows_below_start" bigint,
    "rows_above_end" bigint,
    "rows_deduplicated" bigint,
    "rows_null_cursor" bigint,
    "rows_late" bigint
);

CREATE TABLE "d"."_tidegate_undo" (
    "load_id" character varying(64) NOT NULL,
    "pipeline_name" character varying NOT NULL,
    "table_name" character varying NOT NULL,
    "resource_name" character varying NOT NULL,
    "old_table" character varying,
    "left_table" character varying,
    "shape" character varying,
    "state_version" bigint NOT NULL,
    "state_hash" character varying NOT NULL,
    "schema_version" bigint NOT NULL,
    "schema_hash" character varying NOT NULL,
    "left_hash" character varying NOT NULL,
    "probe" character varying NOT NULL
);

CREATE TABLE "d"."_tidegate_undo_1_5_1_old" AS
SELECT "id", "name", "_dlt_load_id", "_dlt_id" FROM "d"."person" WHERE 1 = 0;

CREATE TABLE "d"."_tidegate_undo_1_5_2_old" AS
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id" FROM "d"."person__kids" WHERE 1 = 0;

-- before the transaction

-- of the reader:
CREATE OR REPLACE TEMP TABLE "_tidegate_stage_0" AS
SELECT "id", "name", "_dlt_load_id", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false);

-- of the reader:
INSERT INTO "_tidegate_stage_0" ("id", "name", "_dlt_load_id", "_dlt_id")
SELECT "id", "name", "_dlt_load_id", "_dlt_id"
FROM (
SELECT staged."id", staged."name", staged."_dlt_load_id", staged."_dlt_id",
    ROW_NUMBER() OVER (PARTITION BY staged."id" ORDER BY staged."_tidegate_order" DESC) AS _tidegate_rank
FROM "_tidegate_stage_0" AS staged
JOIN (SELECT "id" FROM "_tidegate_stage_0" GROUP BY "id" HAVING COUNT(*) > 1) AS twice
ON twice."id" = staged."id"
) AS ranked
WHERE _tidegate_rank = 1;

-- of the reader:
DELETE FROM "_tidegate_stage_0" AS old
USING (SELECT "id" FROM "_tidegate_stage_0" WHERE "_tidegate_order" IS NULL) AS new
WHERE old."id" = new."id" AND old."_tidegate_order" IS NOT NULL;

CREATE TEMP TABLE "_tidegate_stage_0" (
    "id" bigint
);

-- of the reader, into _tidegate_stage_0:
SELECT "id"
FROM "_tidegate_stage_0";

-- rows

CREATE TEMP TABLE "_tidegate_gone_0" AS
SELECT old."_dlt_id"
FROM "d"."person" AS old, "_tidegate_stage_0" AS new
WHERE old."id" = new."id";

INSERT INTO "d"."_tidegate_undo_1_5_2_old" ("n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id")
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id" FROM "d"."person__kids"
WHERE "_dlt_root_id" IN (SELECT "_dlt_id" FROM "_tidegate_gone_0");

DELETE FROM "d"."person__kids"
WHERE "_dlt_root_id" IN (SELECT "_dlt_id" FROM "_tidegate_gone_0");

DROP TABLE "_tidegate_gone_0";

INSERT INTO "d"."_tidegate_undo_1_5_1_old" ("id", "name", "_dlt_load_id", "_dlt_id")
SELECT old."id", old."name", old."_dlt_load_id", old."_dlt_id" FROM "d"."person" AS old
WHERE EXISTS (SELECT 1 FROM "_tidegate_stage_0" AS new WHERE old."id" = new."id");

DELETE FROM "d"."person" AS old
USING "_tidegate_stage_0" AS new
WHERE old."id" = new."id";

-- of the reader, into d.person:
SELECT "id", "name", "_dlt_load_id", "_dlt_id"
FROM "_tidegate_stage_0";

-- of the reader, into d.person__kids:
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM (
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM read_parquet(['package/person__kids.1.parquet'], hive_partitioning = false)
) AS arrived
WHERE "_dlt_root_id" IN (SELECT "_dlt_id" FROM "_tidegate_stage_0" WHERE "_tidegate_order" IS NOT NULL);

-- of the reader, into d.person__kids:
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM (
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id",
    ROW_NUMBER() OVER (PARTITION BY "_dlt_id") AS _tidegate_rank
FROM (
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM read_parquet(['package/person__kids.1.parquet'], hive_partitioning = false)
) AS arrived
WHERE "_dlt_root_id" IN (SELECT "_dlt_id" FROM "_tidegate_stage_0" WHERE "_tidegate_order" IS NULL)
) AS ranked
WHERE _tidegate_rank = 1;

CREATE TABLE "d"."_tidegate_undo_1_5_1_left" AS
SELECT "_dlt_id" AS "row_id", hashtextextended(CAST(ROW("id", "name", "_dlt_load_id", "_dlt_id") AS TEXT), 0) AS "row_hash" FROM "d"."person"
WHERE "_dlt_load_id" = '1.5';

CREATE TABLE "d"."_tidegate_undo_1_5_2_left" AS
SELECT "_dlt_id" AS "row_id", hashtextextended(CAST(ROW("n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id") AS TEXT), 0) AS "row_hash" FROM "d"."person__kids"
WHERE "_dlt_root_id" IN (SELECT "_dlt_id" FROM "d"."person" WHERE "_dlt_load_id" = '1.5');

-- ledger

INSERT INTO "d"."_dlt_version" ("version", "engine_version", "inserted_at", "schema_name", "version_hash", "schema")
SELECT 2, 11, CAST('2024-01-02T03:04:05+00:00' AS timestamp with time zone), 'shop', 'Lp2TcMQqCas79OpAHxWVmNBZig7BvJAAwLrecON/Y/o=', '{"version":2,"version_hash":"Lp2TcMQqCas79OpAHxWVmNBZig7BvJAAwLrecON/Y/o=","engine_version":11,"nam...'
WHERE NOT EXISTS (SELECT 1 FROM "d"."_dlt_version" WHERE "schema_name" = 'shop' AND "version_hash" = 'Lp2TcMQqCas79OpAHxWVmNBZig7BvJAAwLrecON/Y/o=' AND "version" >= 2);

INSERT INTO "d"."_dlt_pipeline_state" ("version", "engine_version", "pipeline_name", "state", "created_at", "version_hash", "_dlt_load_id", "_dlt_id")
VALUES (1, 4, 'shop_pipeline', 'eNpVkNFqwzAMRf9Fz6GjsBII7Kkw6Bgtg7YQxjBarNWmjuPackcJ/fc5yTI8vxgfSVe+twcRGJnElXzQnYVqWcyI7EnbrPJYgNO...', CAST('2024-01-02T03:04:05+00:00' AS timestamp with time zone), 'JdTIYswiThCOih5IFopnlV77ryL51/mQN7YNVYOUCYk=', '1.5', '2ZsZeW3Z7wNPJA');

INSERT INTO "d"."_dlt_loads" ("load_id", "schema_name", "status", "inserted_at", "schema_version_hash")
VALUES ('1.5', 'shop', 0, CAST('2024-01-02T03:04:05+00:00' AS timestamp with time zone), 'Lp2TcMQqCas79OpAHxWVmNBZig7BvJAAwLrecON/Y/o=');

INSERT INTO "d"."_tidegate_loads" ("load_id", "table_name", "resource_name", "disposition", "rows_read", "rows_new", "rows_inserted", "rows_updated", "rows_deleted", "rows_filtered", "rows_rejected", "created_at", "pipeline_name", "package_id", "rows_waiting", "rows_unchanged", "rows_below_start", "rows_above_end", "rows_deduplicated", "rows_null_cursor", "rows_late")
VALUES
    ('1.5', 'person', 'person', 'merge', 0, 0, 1, 2, 3, 0, 0, CAST('2024-01-02T03:04:05+00:00' AS timestamp with time zone), 'shop_pipeline', 'random', 0, 4, 0, 0, 0, 0, 0),
    ('1.5', 'person__kids', 'person', 'merge', 0, 0, 0, 0, 0, 0, 0, CAST('2024-01-02T03:04:05+00:00' AS timestamp with time zone), 'shop_pipeline', 'random', 0, 0, 0, 0, 0, 0, 0);

INSERT INTO "d"."_tidegate_undo" ("load_id", "pipeline_name", "table_name", "resource_name", "old_table", "left_table", "shape", "state_version", "state_hash", "schema_version", "schema_hash", "left_hash", "probe")
VALUES ('1.5', 'shop_pipeline', '', '', NULL, NULL, NULL, 0, '', 1, 'before', 'Lp2TcMQqCas79OpAHxWVmNBZig7BvJAAwLrecON/Y/o=', CAST(hashtextextended(CAST(ROW(1, 'tidegate', CAST(0.1 AS DOUBLE PRECISION), CAST('2024-05-06 07:08:09+00' AS TIMESTAMP WITH TIME ZONE)) AS TEXT), 0) AS character varying));

INSERT INTO "d"."_tidegate_undo" ("load_id", "pipeline_name", "table_name", "resource_name", "old_table", "left_table", "shape", "state_version", "state_hash", "schema_version", "schema_hash", "left_hash", "probe")
VALUES ('1.5', 'shop_pipeline', '_tidegate_boundary', '', NULL, NULL, NULL, 0, '', 1, 'before', 'Lp2TcMQqCas79OpAHxWVmNBZig7BvJAAwLrecON/Y/o=', CAST(hashtextextended(CAST(ROW(1, 'tidegate', CAST(0.1 AS DOUBLE PRECISION), CAST('2024-05-06 07:08:09+00' AS TIMESTAMP WITH TIME ZONE)) AS TEXT), 0) AS character varying));

INSERT INTO "d"."_tidegate_undo" ("load_id", "pipeline_name", "table_name", "resource_name", "old_table", "left_table", "shape", "state_version", "state_hash", "schema_version", "schema_hash", "left_hash", "probe")
VALUES ('1.5', 'shop_pipeline', '_tidegate_files', '', NULL, NULL, NULL, 0, '', 1, 'before', 'Lp2TcMQqCas79OpAHxWVmNBZig7BvJAAwLrecON/Y/o=', CAST(hashtextextended(CAST(ROW(1, 'tidegate', CAST(0.1 AS DOUBLE PRECISION), CAST('2024-05-06 07:08:09+00' AS TIMESTAMP WITH TIME ZONE)) AS TEXT), 0) AS character varying));

INSERT INTO "d"."_tidegate_undo" ("load_id", "pipeline_name", "table_name", "resource_name", "old_table", "left_table", "shape", "state_version", "state_hash", "schema_version", "schema_hash", "left_hash", "probe")
VALUES ('1.5', 'shop_pipeline', 'person', 'person', '_tidegate_undo_1_5_1_old', '_tidegate_undo_1_5_1_left', '{"id":"_dlt_id","key":["id"],"columns":[["id","bigint"],["name","character varying"],["_dlt_load_id...', 0, '', 1, 'before', 'Lp2TcMQqCas79OpAHxWVmNBZig7BvJAAwLrecON/Y/o=', CAST(hashtextextended(CAST(ROW(1, 'tidegate', CAST(0.1 AS DOUBLE PRECISION), CAST('2024-05-06 07:08:09+00' AS TIMESTAMP WITH TIME ZONE)) AS TEXT), 0) AS character varying));

INSERT INTO "d"."_tidegate_undo" ("load_id", "pipeline_name", "table_name", "resource_name", "old_table", "left_table", "shape", "state_version", "state_hash", "schema_version", "schema_hash", "left_hash", "probe")
VALUES ('1.5', 'shop_pipeline', 'person__kids', 'person', '_tidegate_undo_1_5_2_old', '_tidegate_undo_1_5_2_left', '{"id":"_dlt_id","key":[],"columns":[["n","character varying"],["_dlt_root_id","character varying"],...', 0, '', 1, 'before', 'Lp2TcMQqCas79OpAHxWVmNBZig7BvJAAwLrecON/Y/o=', CAST(hashtextextended(CAST(ROW(1, 'tidegate', CAST(0.1 AS DOUBLE PRECISION), CAST('2024-05-06 07:08:09+00' AS TIMESTAMP WITH TIME ZONE)) AS TEXT), 0) AS character varying));
