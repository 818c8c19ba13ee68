-- staged, then a statement a table

-- of the reader:
CREATE OR REPLACE TEMP TABLE "_tidegate_stage_0" AS
SELECT "_tidegate_order", "_dlt_id", "id"
FROM (
SELECT "id", "name", "gone", "_dlt_load_id", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false)
) AS arrived;

CREATE TEMP TABLE "_tidegate_stage_0" (
    "_tidegate_order" bigint,
    "_dlt_id" character varying,
    "id" bigint
);

-- of the reader, into _tidegate_stage_0:
SELECT "_tidegate_order", "_dlt_id", "id"
FROM "_tidegate_stage_0";

CREATE TEMP TABLE "_tidegate_changes_0" AS
SELECT "_dlt_id", "id", MAX("_tidegate_order") AS "_tidegate_order",
    MAX("_tidegate_since") AS "_tidegate_since"
FROM (
SELECT coalesce(old."_dlt_id", new."_dlt_id") AS "_dlt_id", coalesce(old."id", new."id") AS "id",
    new."_tidegate_order", old."_tidegate_since"
FROM (
SELECT "_dlt_id", "id", "_dlt_valid_from" AS "_tidegate_since",
    1 AS "_tidegate_there"
FROM "d"."person"
WHERE "_dlt_valid_to" IS NULL
    AND "_dlt_load_id" IN (
SELECT "load_id" FROM "d"."_tidegate_loads" WHERE "pipeline_name" = 'shop_pipeline' AND "load_id" NOT IN (SELECT "load_id" FROM "d"."_dlt_loads" WHERE "schema_name" <> 'shop')
UNION ALL
SELECT "load_id" FROM "d"."_dlt_loads" AS load WHERE "schema_name" = 'shop' AND NOT EXISTS (SELECT 1 FROM "d"."_tidegate_loads" AS known WHERE known."load_id" = load."load_id" AND known."pipeline_name" IS NOT NULL))
) AS old
FULL JOIN "_tidegate_stage_0" AS new ON old."_dlt_id" = new."_dlt_id"
WHERE old."_tidegate_there" IS NULL OR new."_tidegate_order" IS NULL
) AS met
GROUP BY "_dlt_id", "id";

-- must give no row:
SELECT MAX("_tidegate_since")
FROM "_tidegate_changes_0"
WHERE "_tidegate_order" IS NULL AND "_tidegate_since" > CAST('2024-01-01T00:00:00+00:00' AS timestamp with time zone)
HAVING COUNT(*) > 0;

-- must give no row:
SELECT MAX("_tidegate_until")
FROM (
SELECT "_dlt_valid_to" AS "_tidegate_until"
FROM "d"."person"
WHERE "_dlt_valid_to" > CAST('2024-01-01T00:00:00+00:00' AS timestamp with time zone) AND NOT "_dlt_valid_to" IS NULL
    AND "_dlt_load_id" IN (
SELECT "load_id" FROM "d"."_tidegate_loads" WHERE "pipeline_name" = 'shop_pipeline' AND "load_id" NOT IN (SELECT "load_id" FROM "d"."_dlt_loads" WHERE "schema_name" <> 'shop')
UNION ALL
SELECT "load_id" FROM "d"."_dlt_loads" AS load WHERE "schema_name" = 'shop' AND NOT EXISTS (SELECT 1 FROM "d"."_tidegate_loads" AS known WHERE known."load_id" = load."load_id" AND known."pipeline_name" IS NOT NULL))
) AS ended
WHERE EXISTS (SELECT 1 FROM "_tidegate_changes_0")
HAVING COUNT(*) > 0;

-- of the reader:
CREATE OR REPLACE TEMP TABLE "_tidegate_fresh_0" ("_tidegate_order" BIGINT);

-- numbers for the reader, into _tidegate_fresh_0:
SELECT "_tidegate_order"
FROM "_tidegate_changes_0"
WHERE "_tidegate_order" IS NOT NULL;

CREATE TEMP TABLE "_tidegate_stage_0_1" (
    "n" character varying,
    "_dlt_root_id" character varying,
    "_dlt_parent_id" character varying,
    "_dlt_list_idx" bigint,
    "_dlt_id" character varying
);

-- of the reader, into _tidegate_stage_0_1:
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
WHERE old."_dlt_id" = new."_dlt_id" AND new."_tidegate_order" IS NULL AND "_dlt_valid_to" IS NULL
    AND "_dlt_load_id" IN (
SELECT "load_id" FROM "d"."_tidegate_loads" WHERE "pipeline_name" = 'shop_pipeline' AND "load_id" NOT IN (SELECT "load_id" FROM "d"."_dlt_loads" WHERE "schema_name" <> 'shop')
UNION ALL
SELECT "load_id" FROM "d"."_dlt_loads" AS load WHERE "schema_name" = 'shop' AND NOT EXISTS (SELECT 1 FROM "d"."_tidegate_loads" AS known WHERE known."load_id" = load."load_id" AND known."pipeline_name" IS NOT NULL));

CREATE TEMP TABLE "_tidegate_added_0" (
    "id" bigint,
    "name" character varying,
    "gone" boolean,
    "_dlt_load_id" character varying,
    "_dlt_id" character varying
);

-- of the reader, into _tidegate_added_0:
SELECT "id", "name", "gone", "_dlt_load_id", "_dlt_id"
FROM (
SELECT "id", "name", "gone", "_dlt_load_id", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false)
) AS arrived
WHERE "_tidegate_order" IN (SELECT "_tidegate_order" FROM "_tidegate_fresh_0");

MERGE INTO "d"."person" AS old
USING "_tidegate_added_0" AS new
ON 1 = 0
WHEN NOT MATCHED THEN INSERT ("id", "name", "gone", "_dlt_load_id", "_dlt_id", "_dlt_valid_from", "_dlt_valid_to") VALUES (new."id", new."name", new."gone", new."_dlt_load_id", new."_dlt_id", CAST('2024-01-01T00:00:00+00:00' AS timestamp with time zone), CAST(NULL AS timestamp with time zone))
WHEN NOT MATCHED BY SOURCE AND old."_dlt_id" IN (SELECT "_dlt_id" FROM "_tidegate_gone_0")
    AND "_dlt_valid_to" IS NULL
    AND old."_dlt_load_id" IN (
SELECT "load_id" FROM "d"."_tidegate_loads" WHERE "pipeline_name" = 'shop_pipeline' AND "load_id" NOT IN (SELECT "load_id" FROM "d"."_dlt_loads" WHERE "schema_name" <> 'shop')
UNION ALL
SELECT "load_id" FROM "d"."_dlt_loads" AS load WHERE "schema_name" = 'shop' AND NOT EXISTS (SELECT 1 FROM "d"."_tidegate_loads" AS known WHERE known."load_id" = load."load_id" AND known."pipeline_name" IS NOT NULL)) THEN UPDATE SET "_dlt_valid_to" = CAST('2024-01-01T00:00:00+00:00' AS timestamp with time zone);
