-- staged, then a statement a table

CREATE TEMP TABLE "_tidegate_stage_0" AS
SELECT "_tidegate_order", "_dlt_id", "id"
FROM (
SELECT "id", "name", "gone", "_dlt_load_id", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false)
) AS arrived;

DELETE FROM "_tidegate_stage_0" AS old
USING (SELECT "id", MAX("_tidegate_order") AS _tidegate_last
    FROM "_tidegate_stage_0" GROUP BY "id" HAVING COUNT(*) > 1) AS new
WHERE old."id" = new."id" AND old."_tidegate_order" < _tidegate_last;

CREATE TEMP TABLE "_tidegate_fresh_0" ("_tidegate_order" BIGINT);

INSERT INTO "_tidegate_fresh_0"
SELECT "_tidegate_order"
FROM (
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person__kids.1.parquet'], hive_partitioning = false)
) AS arrived
WHERE "_tidegate_order" NOT IN (SELECT "_tidegate_order" FROM "_tidegate_stage_0");

DROP TABLE "_tidegate_fresh_0";

CREATE TEMP TABLE "_tidegate_absent_0" AS
SELECT old."id", old."_dlt_id"
FROM "d"."person" AS old
WHERE old."id" IS NOT NULL
    AND "_dlt_valid_to" IS NULL
    AND NOT EXISTS (SELECT 1 FROM "_tidegate_stage_0" AS new WHERE old."id" = new."id")
    AND NOT EXISTS (SELECT 1 FROM (
SELECT "id"
FROM read_parquet(['package/_tidegate_keys.1.parquet'], hive_partitioning = false)
) AS new WHERE old."id" = new."id")
    AND "_dlt_load_id" IN (
SELECT "load_id" FROM "d"."_tidegate_loads" WHERE "pipeline_name" = 'shop_pipeline' AND "load_id" NOT IN (SELECT "load_id" FROM "d"."_dlt_loads" WHERE "schema_name" <> 'shop')
UNION ALL
SELECT "load_id" FROM "d"."_dlt_loads" AS load WHERE "schema_name" = 'shop' AND NOT EXISTS (SELECT 1 FROM "d"."_tidegate_loads" AS known WHERE known."load_id" = load."load_id" AND known."pipeline_name" IS NOT NULL));

SELECT COUNT(*)
FROM "_tidegate_absent_0";

-- must give no row:
SELECT MAX("_dlt_valid_from")
FROM "d"."person" AS old, "_tidegate_absent_0" AS new
WHERE old."id" = new."id" AND "_dlt_valid_to" IS NULL
    AND "_dlt_load_id" IN (
SELECT "load_id" FROM "d"."_tidegate_loads" WHERE "pipeline_name" = 'shop_pipeline' AND "load_id" NOT IN (SELECT "load_id" FROM "d"."_dlt_loads" WHERE "schema_name" <> 'shop')
UNION ALL
SELECT "load_id" FROM "d"."_dlt_loads" AS load WHERE "schema_name" = 'shop' AND NOT EXISTS (SELECT 1 FROM "d"."_tidegate_loads" AS known WHERE known."load_id" = load."load_id" AND known."pipeline_name" IS NOT NULL)) AND "_dlt_valid_from" > CAST('2024-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
HAVING COUNT(*) > 0;

CREATE TEMP TABLE "_tidegate_changes_0" AS
SELECT "_dlt_id", "id", MAX("_tidegate_order") AS "_tidegate_order",
    MAX("_tidegate_since") AS "_tidegate_since"
FROM (
SELECT coalesce(old."_dlt_id", new."_dlt_id") AS "_dlt_id", coalesce(old."id", new."id") AS "id",
    new."_tidegate_order", old."_tidegate_since"
FROM (
SELECT old."_dlt_id", old."id", "_dlt_valid_from" AS "_tidegate_since", 1 AS "_tidegate_there"
FROM "d"."person" AS old, (SELECT DISTINCT "id" FROM "_tidegate_stage_0") AS new
WHERE old."id" IS NOT DISTINCT FROM new."id" AND "_dlt_valid_to" IS NULL
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
WHERE old."id" IS NOT DISTINCT FROM new."id" AND "_dlt_valid_to" > CAST('2024-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) AND NOT "_dlt_valid_to" IS NULL
) AS ended
WHERE EXISTS (SELECT 1 FROM "_tidegate_changes_0")
HAVING COUNT(*) > 0;

CREATE TEMP TABLE "_tidegate_fresh_0" AS
SELECT "_tidegate_order"
FROM "_tidegate_changes_0"
WHERE "_tidegate_order" IS NOT NULL;

CREATE TEMP TABLE "_tidegate_stage_0_1" (
    "n" VARCHAR,
    "_dlt_root_id" VARCHAR,
    "_dlt_parent_id" VARCHAR,
    "_dlt_list_idx" BIGINT,
    "_dlt_id" VARCHAR
);

INSERT INTO "_tidegate_stage_0_1" ("n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id")
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM (
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person__kids.1.parquet'], hive_partitioning = false)
) AS arrived
WHERE "_tidegate_order" IN (SELECT "_tidegate_order" FROM "_tidegate_fresh_0");

MERGE INTO "d"."person__kids" AS old
USING "_tidegate_stage_0_1" AS new
ON old."_dlt_id" = new."_dlt_id"
WHEN NOT MATCHED THEN INSERT ("n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id") VALUES (new."n", new."_dlt_root_id", new."_dlt_parent_id", new."_dlt_list_idx", new."_dlt_id");

DROP TABLE "_tidegate_stage_0_1";

CREATE TEMP TABLE "_tidegate_gone_0" AS
SELECT old."_dlt_id"
FROM "d"."person" AS old, "_tidegate_changes_0" AS new
WHERE old."_dlt_id" = new."_dlt_id" AND new."_tidegate_order" IS NULL AND "_dlt_valid_to" IS NULL;

CREATE TEMP TABLE "_tidegate_added_0" (
    "id" BIGINT,
    "name" VARCHAR,
    "gone" BOOLEAN,
    "_dlt_load_id" VARCHAR,
    "_dlt_id" VARCHAR
);

INSERT INTO "_tidegate_added_0" ("id", "name", "gone", "_dlt_load_id", "_dlt_id")
SELECT "id", "name", "gone", "_dlt_load_id", "_dlt_id"
FROM (
SELECT "id", "name", "gone", "_dlt_load_id", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false)
) AS arrived
WHERE "_tidegate_order" IN (SELECT "_tidegate_order" FROM "_tidegate_fresh_0");

MERGE INTO "d"."person" AS old
USING "_tidegate_added_0" AS new
ON 1 = 0
WHEN NOT MATCHED THEN INSERT ("id", "name", "gone", "_dlt_load_id", "_dlt_id", "_dlt_valid_from", "_dlt_valid_to") VALUES (new."id", new."name", new."gone", new."_dlt_load_id", new."_dlt_id", CAST('2024-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE), CAST(NULL AS TIMESTAMP WITH TIME ZONE))
WHEN NOT MATCHED BY SOURCE AND old."_dlt_id" IN (SELECT "_dlt_id" FROM "_tidegate_gone_0")
    AND "_dlt_valid_to" IS NULL THEN UPDATE SET "_dlt_valid_to" = CAST('2024-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)
WHEN NOT MATCHED BY SOURCE AND (old."id") IN (SELECT "id" FROM "_tidegate_absent_0")
    AND "_dlt_valid_to" IS NULL
    AND old."_dlt_load_id" IN (
SELECT "load_id" FROM "d"."_tidegate_loads" WHERE "pipeline_name" = 'shop_pipeline' AND "load_id" NOT IN (SELECT "load_id" FROM "d"."_dlt_loads" WHERE "schema_name" <> 'shop')
UNION ALL
SELECT "load_id" FROM "d"."_dlt_loads" AS load WHERE "schema_name" = 'shop' AND NOT EXISTS (SELECT 1 FROM "d"."_tidegate_loads" AS known WHERE known."load_id" = load."load_id" AND known."pipeline_name" IS NOT NULL)) THEN UPDATE SET "_dlt_valid_to" = CAST('2024-01-01T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE);
