-- before the transaction

CREATE TEMP TABLE "_tidegate_stage_0" ("lo" bigint, "hi" bigint, "lacking" BIGINT);

-- of the reader, into _tidegate_stage_0:
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

-- of the reader, into d.days:
SELECT "day", "n", "_dlt_load_id", "_dlt_id"
FROM read_parquet(['package/days.1.parquet'], hive_partitioning = false);

-- of the reader, into d.days__notes:
SELECT "value", "_dlt_parent_id", "_dlt_id"
FROM read_parquet(['package/days__notes.1.parquet'], hive_partitioning = false);
