-- before the transaction

CREATE TEMP TABLE "_tidegate_stage_0" ("lo" date, "hi" date, "lacking" BIGINT);

-- of the reader, into _tidegate_stage_0:
SELECT MIN("day") AS "lo", MAX("day") AS "hi",
    COUNT(*) - COUNT("day") AS "lacking"
FROM (
SELECT "day", "n", "_dlt_load_id", "_dlt_id"
FROM read_parquet(['package/days.1.parquet'], hive_partitioning = false)
) AS arrived;

-- rows

-- must give no row:
SELECT "lacking"
FROM "_tidegate_stage_0"
WHERE "lacking" > 0;

-- must give no row:
SELECT CASE WHEN "lo" >= CAST('2024-01-02' AS date) AND "lo" < CAST('2024-01-04' AS date) THEN "hi" ELSE "lo" END
FROM "_tidegate_stage_0"
WHERE NOT ("lo" >= CAST('2024-01-02' AS date) AND "lo" < CAST('2024-01-04' AS date) AND "hi" >= CAST('2024-01-02' AS date) AND "hi" < CAST('2024-01-04' AS date));

CREATE TEMP TABLE "_tidegate_gone_0" AS
SELECT "_dlt_id"
FROM "d"."days"
WHERE "day" >= CAST('2024-01-02' AS date) AND "day" < CAST('2024-01-04' AS date);

DELETE FROM "d"."days__notes__words"
WHERE "_dlt_parent_id" IN (SELECT "_dlt_id" FROM "d"."days__notes" WHERE "_dlt_parent_id" IN (SELECT "_dlt_id" FROM "_tidegate_gone_0"));

DELETE FROM "d"."days__notes"
WHERE "_dlt_parent_id" IN (SELECT "_dlt_id" FROM "_tidegate_gone_0");

DROP TABLE "_tidegate_gone_0";

DELETE FROM "d"."days"
WHERE "day" >= CAST('2024-01-02' AS date) AND "day" < CAST('2024-01-04' AS date);

-- of the reader, into d.days:
SELECT "day", "n", "_dlt_load_id", "_dlt_id"
FROM read_parquet(['package/days.1.parquet'], hive_partitioning = false);

-- of the reader, into d.days__notes:
SELECT "value", "_dlt_parent_id", "_dlt_id"
FROM read_parquet(['package/days__notes.1.parquet'], hive_partitioning = false);
