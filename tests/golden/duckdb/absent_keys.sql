-- rows

CREATE TEMP TABLE "_tidegate_absent_0" AS
SELECT old."id", old."at", old."_dlt_id"
FROM "d"."person" AS old
WHERE old."id" IS NOT NULL AND old."at" IS NOT NULL
    AND old."_tidegate_deleted_at" IS NULL
    AND NOT EXISTS (SELECT 1 FROM (
SELECT "id", "at"
FROM read_parquet(['package/_tidegate_keys.1.parquet'], hive_partitioning = false)
) AS new WHERE old."id" = new."id" AND old."at" = new."at");

SELECT COUNT(*)
FROM "_tidegate_absent_0";

UPDATE "d"."person" AS old SET "_tidegate_deleted_at" = NULL
FROM (
SELECT "id", "at"
FROM read_parquet(['package/_tidegate_keys.1.parquet'], hive_partitioning = false)
) AS new
WHERE old."_tidegate_deleted_at" IS NOT NULL AND old."id" = new."id" AND old."at" = new."at";

UPDATE "d"."person" AS old SET "_tidegate_deleted_at" = CAST('2024-01-02T03:04:05+00:00' AS TIMESTAMP WITH TIME ZONE)
FROM "_tidegate_absent_0" AS new
WHERE old."_tidegate_deleted_at" IS NULL AND old."id" = new."id" AND old."at" = new."at";

DROP TABLE "_tidegate_absent_0";
