-- before the transaction

CREATE TEMP TABLE "_tidegate_stage_0" AS
SELECT "_tidegate_order", "_dlt_id", "_dlt_valid_from", "_dlt_valid_to", "id", "name"
FROM (
SELECT CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "_dlt_valid_from", CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "_dlt_valid_to", "id", "name", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false)
) AS arrived;

-- rows

CREATE TEMP TABLE "_tidegate_changes_0" AS
SELECT "_dlt_id", MAX("_tidegate_order") AS "_tidegate_order",
    MAX("_tidegate_since") AS "_tidegate_since"
FROM (
SELECT coalesce(old."_dlt_id", new."_dlt_id") AS "_dlt_id",
    new."_tidegate_order", old."_tidegate_since"
FROM (
SELECT "_dlt_id", "_dlt_valid_from" AS "_tidegate_since",
    CASE WHEN (id IN (SELECT id FROM "_tidegate_stage_0")) THEN 1 ELSE 0 END AS "_tidegate_there"
FROM "d"."person"
WHERE "_dlt_valid_to" IS NULL
) AS old
FULL JOIN "_tidegate_stage_0" AS new ON old."_dlt_id" = new."_dlt_id"
WHERE old."_tidegate_there" IS NULL OR (new."_tidegate_order" IS NULL AND old."_tidegate_there" = 1)
) AS met
GROUP BY "_dlt_id";

-- must give no row:
SELECT MAX("_tidegate_since")
FROM "_tidegate_changes_0"
WHERE "_tidegate_order" IS NULL AND "_tidegate_since" > CAST('1970-01-01T00:00:01.500000+00:00' AS TIMESTAMP WITH TIME ZONE)
HAVING COUNT(*) > 0;

-- must give no row:
SELECT MAX("_tidegate_until")
FROM (
SELECT "_dlt_valid_to" AS "_tidegate_until"
FROM "d"."person"
WHERE "_dlt_valid_to" > CAST('1970-01-01T00:00:01.500000+00:00' AS TIMESTAMP WITH TIME ZONE) AND NOT "_dlt_valid_to" IS NULL
    AND (id IN (SELECT id FROM "_tidegate_stage_0"))
) AS ended
WHERE EXISTS (SELECT 1 FROM "_tidegate_changes_0")
HAVING COUNT(*) > 0;

UPDATE "d"."person" AS old SET "_dlt_valid_to" = CAST('1970-01-01T00:00:01.500000+00:00' AS TIMESTAMP WITH TIME ZONE)
FROM "_tidegate_changes_0" AS new
WHERE old."_dlt_id" = new."_dlt_id" AND new."_tidegate_order" IS NULL AND "_dlt_valid_to" IS NULL;

CREATE TEMP TABLE "_tidegate_fresh_0" AS
SELECT "_tidegate_order"
FROM "_tidegate_changes_0"
WHERE "_tidegate_order" IS NOT NULL;

INSERT INTO "d"."person" ("id", "name", "_dlt_id", "_dlt_valid_from", "_dlt_valid_to")
SELECT "id", "name", "_dlt_id", CAST('1970-01-01T00:00:01.500000+00:00' AS TIMESTAMP WITH TIME ZONE) AS "_dlt_valid_from", CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "_dlt_valid_to"
FROM (
SELECT "id", "name", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false)
) AS arrived
WHERE "_tidegate_order" IN (SELECT "_tidegate_order" FROM "_tidegate_fresh_0");

DROP TABLE "_tidegate_fresh_0";

DROP TABLE "_tidegate_changes_0";
