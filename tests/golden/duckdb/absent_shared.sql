-- before the transaction

CREATE TEMP TABLE "_tidegate_stage_0" AS
SELECT "id", "at", "name", "_dlt_load_id", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false);

INSERT INTO "_tidegate_stage_0" ("id", "at", "name", "_dlt_load_id", "_dlt_id")
SELECT "id", "at", "name", "_dlt_load_id", "_dlt_id"
FROM (
SELECT staged."id", staged."at", staged."name", staged."_dlt_load_id", staged."_dlt_id",
    ROW_NUMBER() OVER (PARTITION BY staged."id", staged."at" ORDER BY staged."_tidegate_order" DESC) AS _tidegate_rank
FROM "_tidegate_stage_0" AS staged
JOIN (SELECT "id", "at" FROM "_tidegate_stage_0" GROUP BY "id", "at" HAVING COUNT(*) > 1) AS twice
ON twice."id" = staged."id" AND twice."at" = staged."at"
) AS ranked
WHERE _tidegate_rank = 1;

DELETE FROM "_tidegate_stage_0" AS old
USING (SELECT "id", "at" FROM "_tidegate_stage_0" WHERE "_tidegate_order" IS NULL) AS new
WHERE old."id" = new."id" AND old."at" = new."at" AND old."_tidegate_order" IS NOT NULL;

-- rows

CREATE TEMP TABLE "_tidegate_absent_0" AS
SELECT old."id", old."at", old."_dlt_id"
FROM "d"."person" AS old
WHERE old."id" IS NOT NULL AND old."at" IS NOT NULL
    AND old."_tidegate_deleted_at" IS NULL
    AND NOT EXISTS (SELECT 1 FROM "_tidegate_stage_0" AS new WHERE old."id" = new."id" AND old."at" = new."at")
    AND "_dlt_load_id" IN (
SELECT "load_id" FROM "d"."_tidegate_loads" WHERE "pipeline_name" = 'shop_pipeline' AND "load_id" NOT IN (SELECT "load_id" FROM "d"."_dlt_loads" WHERE "schema_name" <> 'shop')
UNION ALL
SELECT "load_id" FROM "d"."_dlt_loads" AS load WHERE "schema_name" = 'shop' AND NOT EXISTS (SELECT 1 FROM "d"."_tidegate_loads" AS known WHERE known."load_id" = load."load_id" AND known."pipeline_name" IS NOT NULL));

SELECT COUNT(*)
FROM "_tidegate_absent_0";

UPDATE "d"."person" AS old SET "_tidegate_deleted_at" = CAST('2024-01-02T03:04:05+00:00' AS TIMESTAMP WITH TIME ZONE)
FROM "_tidegate_absent_0" AS new
WHERE old."_tidegate_deleted_at" IS NULL AND old."id" = new."id" AND old."at" = new."at"
    AND "_dlt_load_id" IN (
SELECT "load_id" FROM "d"."_tidegate_loads" WHERE "pipeline_name" = 'shop_pipeline' AND "load_id" NOT IN (SELECT "load_id" FROM "d"."_dlt_loads" WHERE "schema_name" <> 'shop')
UNION ALL
SELECT "load_id" FROM "d"."_dlt_loads" AS load WHERE "schema_name" = 'shop' AND NOT EXISTS (SELECT 1 FROM "d"."_tidegate_loads" AS known WHERE known."load_id" = load."load_id" AND known."pipeline_name" IS NOT NULL));

DROP TABLE "_tidegate_absent_0";

CREATE TEMP TABLE "_tidegate_gone_0" AS
SELECT old."_dlt_id"
FROM "d"."person" AS old, "_tidegate_stage_0" AS new
WHERE old."id" = new."id" AND old."at" = new."at";

DELETE FROM "d"."person__kids"
WHERE "_dlt_root_id" IN (SELECT "_dlt_id" FROM "_tidegate_gone_0");

DROP TABLE "_tidegate_gone_0";

DELETE FROM "d"."person" AS old
USING "_tidegate_stage_0" AS new
WHERE old."id" = new."id" AND old."at" = new."at";

INSERT INTO "d"."person" ("id", "at", "name", "_dlt_load_id", "_dlt_id")
SELECT "id", "at", "name", "_dlt_load_id", "_dlt_id"
FROM "_tidegate_stage_0";
