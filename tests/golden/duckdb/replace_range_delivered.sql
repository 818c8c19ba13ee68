-- before the transaction

CREATE TEMP TABLE "_tidegate_stage_0" ("lo" BIGINT, "hi" BIGINT, "lacking" BIGINT);

INSERT INTO "_tidegate_stage_0" ("lo", "hi", "lacking")
SELECT MIN("n") AS "lo", MAX("n") AS "hi",
    COUNT(*) - COUNT("n") AS "lacking"
FROM (
SELECT "day", "n", "_dlt_load_id", "_dlt_id"
FROM read_parquet(['package/days.1.parquet'], hive_partitioning = false)
) AS arrived;

-- rows

-- must give no row:
SELECT "lacking"
FROM "_tidegate_stage_0"
WHERE "lacking" > 0;

SELECT COUNT(*)
FROM "d"."days"
WHERE "n" >= (SELECT "lo" FROM "_tidegate_stage_0")
    AND "n" <= (SELECT "hi" FROM "_tidegate_stage_0");

CREATE TEMP TABLE "_tidegate_gone_0" AS
SELECT "_dlt_id"
FROM "d"."days"
WHERE "n" >= (SELECT "lo" FROM "_tidegate_stage_0")
    AND "n" <= (SELECT "hi" FROM "_tidegate_stage_0");

DELETE FROM "d"."days__notes__words"
WHERE "_dlt_parent_id" IN (SELECT "_dlt_id" FROM "d"."days__notes" WHERE "_dlt_parent_id" IN (SELECT "_dlt_id" FROM "_tidegate_gone_0"));

DELETE FROM "d"."days__notes"
WHERE "_dlt_parent_id" IN (SELECT "_dlt_id" FROM "_tidegate_gone_0");

DROP TABLE "_tidegate_gone_0";

DELETE FROM "d"."days"
WHERE "n" >= (SELECT "lo" FROM "_tidegate_stage_0")
    AND "n" <= (SELECT "hi" FROM "_tidegate_stage_0");

INSERT INTO "d"."days" ("day", "n", "_dlt_load_id", "_dlt_id")
SELECT "day", "n", "_dlt_load_id", "_dlt_id"
FROM read_parquet(['package/days.1.parquet'], hive_partitioning = false);

INSERT INTO "d"."days__notes" ("value", "_dlt_parent_id", "_dlt_id")
SELECT "value", "_dlt_parent_id", "_dlt_id"
FROM read_parquet(['package/days__notes.1.parquet'], hive_partitioning = false);
