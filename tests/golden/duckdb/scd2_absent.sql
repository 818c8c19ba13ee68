-- before the transaction

CREATE TEMP TABLE "_tidegate_stage_0" AS
SELECT "_tidegate_order", "_dlt_id", "id"
FROM (
SELECT "id", "name", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false)
) AS arrived;

DELETE FROM "_tidegate_stage_0" AS old
USING (SELECT "id", MAX("_tidegate_order") AS _tidegate_last
    FROM "_tidegate_stage_0" GROUP BY "id" HAVING COUNT(*) > 1) AS new
WHERE old."id" = new."id" AND old."_tidegate_order" < _tidegate_last;

-- rows

CREATE TEMP TABLE "_tidegate_absent_0" AS
SELECT old."id"
FROM "d"."person" AS old
WHERE old."id" IS NOT NULL
    AND ("_dlt_valid_to" IS NULL OR "_dlt_valid_to" = CAST('9999-12-31T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE))
    AND NOT EXISTS (SELECT 1 FROM "_tidegate_stage_0" AS new WHERE old."id" = new."id");

SELECT COUNT(*)
FROM "_tidegate_absent_0";

-- must give no row:
SELECT MAX("_dlt_valid_from")
FROM "d"."person" AS old, "_tidegate_absent_0" AS new
WHERE old."id" = new."id" AND ("_dlt_valid_to" IS NULL OR "_dlt_valid_to" = CAST('9999-12-31T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)) AND "_dlt_valid_from" > CAST('2024-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
HAVING COUNT(*) > 0;

UPDATE "d"."person" AS old SET "_dlt_valid_to" = CAST('2024-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
FROM "_tidegate_absent_0" AS new
WHERE old."id" = new."id" AND ("_dlt_valid_to" IS NULL OR "_dlt_valid_to" = CAST('9999-12-31T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE));

DROP TABLE "_tidegate_absent_0";

CREATE TEMP TABLE "_tidegate_changes_0" AS
SELECT "_dlt_id", "id", MAX("_tidegate_order") AS "_tidegate_order",
    MAX("_tidegate_since") AS "_tidegate_since"
FROM (
SELECT coalesce(old."_dlt_id", new."_dlt_id") AS "_dlt_id", coalesce(old."id", new."id") AS "id",
    new."_tidegate_order", old."_tidegate_since"
FROM (
SELECT old."_dlt_id", old."id", "_dlt_valid_from" AS "_tidegate_since", 1 AS "_tidegate_there"
FROM "d"."person" AS old, (SELECT DISTINCT "id" FROM "_tidegate_stage_0") AS new
WHERE old."id" IS NOT DISTINCT FROM new."id" AND ("_dlt_valid_to" IS NULL OR "_dlt_valid_to" = CAST('9999-12-31T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE))
) AS old
FULL JOIN "_tidegate_stage_0" AS new ON old."_dlt_id" = new."_dlt_id"
WHERE old."_tidegate_there" IS NULL OR new."_tidegate_order" IS NULL
) AS met
GROUP BY "_dlt_id", "id";

-- must give no row:
SELECT MAX("_tidegate_since")
FROM "_tidegate_changes_0"
WHERE "_tidegate_order" IS NULL AND "_tidegate_since" > CAST('2024-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
HAVING COUNT(*) > 0;

-- must give no row:
SELECT MAX("_tidegate_until")
FROM (
SELECT "_dlt_valid_to" AS "_tidegate_until"
FROM "d"."person" AS old, (SELECT DISTINCT "id" FROM "_tidegate_stage_0") AS new
WHERE old."id" IS NOT DISTINCT FROM new."id" AND "_dlt_valid_to" > CAST('2024-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) AND NOT ("_dlt_valid_to" IS NULL OR "_dlt_valid_to" = CAST('9999-12-31T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE))
) AS ended
WHERE EXISTS (SELECT 1 FROM "_tidegate_changes_0")
HAVING COUNT(*) > 0;

UPDATE "d"."person" AS old SET "_dlt_valid_to" = CAST('2024-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
FROM "_tidegate_changes_0" AS new
WHERE old."_dlt_id" = new."_dlt_id" AND new."_tidegate_order" IS NULL AND ("_dlt_valid_to" IS NULL OR "_dlt_valid_to" = CAST('9999-12-31T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE));

-- how many are updated:
SELECT SUM(CASE WHEN came < gone THEN came ELSE gone END)
FROM (
SELECT COUNT("_tidegate_order") AS came, COUNT(*) - COUNT("_tidegate_order") AS gone
FROM "_tidegate_changes_0"
GROUP BY "id"
) AS of_key;

CREATE TEMP TABLE "_tidegate_fresh_0" AS
SELECT "_tidegate_order"
FROM "_tidegate_changes_0"
WHERE "_tidegate_order" IS NOT NULL;

INSERT INTO "d"."person" ("id", "name", "_dlt_id", "_dlt_valid_from", "_dlt_valid_to")
SELECT "id", "name", "_dlt_id", CAST('2024-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) AS "_dlt_valid_from", CAST('9999-12-31T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) AS "_dlt_valid_to"
FROM (
SELECT "id", "name", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false)
) AS arrived
WHERE "_tidegate_order" IN (SELECT "_tidegate_order" FROM "_tidegate_fresh_0");

DROP TABLE "_tidegate_fresh_0";

DROP TABLE "_tidegate_changes_0";
