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

-- must give no row:
SELECT CASE WHEN "lo" >= 7 THEN "hi" ELSE "lo" END
FROM "_tidegate_stage_0"
WHERE NOT ("lo" >= 7 AND "hi" >= 7);

DELETE FROM "d"."days"
WHERE "n" >= 7;

INSERT INTO "d"."days" ("day", "n", "_dlt_load_id", "_dlt_id")
SELECT "day", "n", "_dlt_load_id", "_dlt_id"
FROM read_parquet(['package/days.1.parquet'], hive_partitioning = false);
