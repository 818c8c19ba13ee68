-- before the transaction

CREATE TEMP TABLE "_tidegate_stage_0" (
    "name" VARCHAR,
    "_dlt_id" VARCHAR
);

INSERT INTO "_tidegate_stage_0" ("name", "_dlt_id")
SELECT "name", "_dlt_id"
FROM (
SELECT "name", "_dlt_id"
FROM read_parquet(['package/city.1.parquet'], hive_partitioning = false)
) AS arrived;

-- rows

DELETE FROM "d"."city__tags";

DELETE FROM "d"."city";

INSERT INTO "d"."city" ("name", "_dlt_id")
SELECT "name", "_dlt_id"
FROM "_tidegate_stage_0";
