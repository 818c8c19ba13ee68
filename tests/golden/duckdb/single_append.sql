-- staged, then a statement a table

CREATE TEMP TABLE "_tidegate_stage_0" (
    "id" BIGINT,
    "name" VARCHAR,
    "gone" BOOLEAN,
    "_dlt_load_id" VARCHAR,
    "_dlt_id" VARCHAR
);

INSERT INTO "_tidegate_stage_0" ("id", "name", "gone", "_dlt_load_id", "_dlt_id")
SELECT "id", "name", "gone", "_dlt_load_id", "_dlt_id"
FROM (
SELECT "id", "name", "gone", "_dlt_load_id", "_dlt_id"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false)
) AS arrived;

CREATE TEMP TABLE "_tidegate_stage_0_1" (
    "n" VARCHAR,
    "_dlt_root_id" VARCHAR,
    "_dlt_parent_id" VARCHAR,
    "_dlt_list_idx" BIGINT,
    "_dlt_id" VARCHAR
);

INSERT INTO "_tidegate_stage_0_1" ("n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id")
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM (
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM read_parquet(['package/person__kids.1.parquet'], hive_partitioning = false)
) AS arrived;

MERGE INTO "d"."person__kids" AS old
USING "_tidegate_stage_0_1" AS new
ON 1 = 0
WHEN NOT MATCHED THEN INSERT ("n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id") VALUES (new."n", new."_dlt_root_id", new."_dlt_parent_id", new."_dlt_list_idx", new."_dlt_id");

MERGE INTO "d"."person" AS old
USING "_tidegate_stage_0" AS new
ON 1 = 0
WHEN NOT MATCHED THEN INSERT ("id", "name", "gone", "_dlt_load_id", "_dlt_id") VALUES (new."id", new."name", new."gone", new."_dlt_load_id", new."_dlt_id");
