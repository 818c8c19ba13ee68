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

-- must give no row:
SELECT CASE WHEN "lo" >= 7 THEN "hi" ELSE "lo" END
FROM "_tidegate_stage_0"
WHERE NOT ("lo" >= 7 AND "hi" >= 7);

DELETE FROM "d"."days"
WHERE "n" >= 7;

-- of the reader, into d.days:
SELECT "day", "n", "_dlt_load_id", "_dlt_id"
FROM read_parquet(['package/days.1.parquet'], hive_partitioning = false);
