-- staged, then a statement a table

CREATE TEMP TABLE "_tidegate_range_0" ("lo" bigint, "hi" bigint, "lacking" BIGINT);

-- of the reader, into _tidegate_range_0:
SELECT MIN("id") AS "lo", MAX("id") AS "hi",
    COUNT(*) - COUNT("id") AS "lacking"
FROM (
SELECT "id", "name", "gone", "_dlt_load_id", "_dlt_id"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false)
) AS arrived;

-- must give no row:
SELECT "lacking"
FROM "_tidegate_range_0"
WHERE "lacking" > 0;

SELECT COUNT(*)
FROM "d"."person"
WHERE "id" >= (SELECT "lo" FROM "_tidegate_range_0")
    AND "id" <= (SELECT "hi" FROM "_tidegate_range_0");

CREATE TEMP TABLE "_tidegate_stage_0" (
    "id" bigint,
    "name" character varying,
    "gone" boolean,
    "_dlt_load_id" character varying,
    "_dlt_id" character varying
);

-- of the reader, into _tidegate_stage_0:
SELECT "id", "name", "gone", "_dlt_load_id", "_dlt_id"
FROM (
SELECT "id", "name", "gone", "_dlt_load_id", "_dlt_id"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false)
) AS arrived;

CREATE TEMP TABLE "_tidegate_stage_0_1" (
    "n" character varying,
    "_dlt_root_id" character varying,
    "_dlt_parent_id" character varying,
    "_dlt_list_idx" bigint,
    "_dlt_id" character varying
);

-- of the reader, into _tidegate_stage_0_1:
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM (
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM read_parquet(['package/person__kids.1.parquet'], hive_partitioning = false)
) AS arrived;

DELETE FROM "d"."person__kids__toys"
WHERE "_dlt_root_id" IN (SELECT "_dlt_id" FROM "d"."person" WHERE "id" >= (SELECT "lo" FROM "_tidegate_range_0")
    AND "id" <= (SELECT "hi" FROM "_tidegate_range_0"));

MERGE INTO "d"."person__kids" AS old
USING "_tidegate_stage_0_1" AS new
ON 1 = 0
WHEN NOT MATCHED THEN INSERT ("n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id") VALUES (new."n", new."_dlt_root_id", new."_dlt_parent_id", new."_dlt_list_idx", new."_dlt_id")
WHEN NOT MATCHED BY SOURCE AND old."_dlt_root_id" IN (SELECT "_dlt_id" FROM "d"."person" WHERE "id" >= (SELECT "lo" FROM "_tidegate_range_0")
    AND "id" <= (SELECT "hi" FROM "_tidegate_range_0")) THEN DELETE;

MERGE INTO "d"."person" AS old
USING "_tidegate_stage_0" AS new
ON 1 = 0
WHEN NOT MATCHED THEN INSERT ("id", "name", "gone", "_dlt_load_id", "_dlt_id") VALUES (new."id", new."name", new."gone", new."_dlt_load_id", new."_dlt_id")
WHEN NOT MATCHED BY SOURCE AND old."_dlt_id" IN (SELECT "_dlt_id" FROM "d"."person" WHERE "id" >= (SELECT "lo" FROM "_tidegate_range_0")
    AND "id" <= (SELECT "hi" FROM "_tidegate_range_0")) THEN DELETE;
