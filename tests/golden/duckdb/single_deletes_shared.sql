-- staged, then a statement a table

CREATE TEMP TABLE "_tidegate_stage_0" AS
SELECT "id", "name", "gone", "_dlt_load_id", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false);

INSERT INTO "_tidegate_stage_0" ("id", "name", "gone", "_dlt_load_id", "_dlt_id")
SELECT "id", "name", "gone", "_dlt_load_id", "_dlt_id"
FROM (
SELECT staged."id", staged."name", staged."gone", staged."_dlt_load_id", staged."_dlt_id",
    ROW_NUMBER() OVER (PARTITION BY staged."id" ORDER BY staged."_tidegate_order" DESC) AS _tidegate_rank
FROM "_tidegate_stage_0" AS staged
JOIN (SELECT "id" FROM "_tidegate_stage_0" GROUP BY "id" HAVING COUNT(*) > 1) AS twice
ON twice."id" = staged."id"
) AS ranked
WHERE _tidegate_rank = 1;

DELETE FROM "_tidegate_stage_0" AS old
USING (SELECT "id" FROM "_tidegate_stage_0" WHERE "_tidegate_order" IS NULL) AS new
WHERE old."id" = new."id" AND old."_tidegate_order" IS NOT NULL;

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
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM read_parquet(['package/person__kids.1.parquet'], hive_partitioning = false)
) AS arrived
WHERE "_dlt_root_id" IN (SELECT "_dlt_id" FROM "_tidegate_stage_0" WHERE "_tidegate_order" IS NOT NULL AND "gone" IS NOT TRUE);

INSERT INTO "_tidegate_stage_0_1" ("n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id")
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM (
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id",
    ROW_NUMBER() OVER (PARTITION BY "_dlt_id") AS _tidegate_rank
FROM (
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM read_parquet(['package/person__kids.1.parquet'], hive_partitioning = false)
) AS arrived
WHERE "_dlt_root_id" IN (SELECT "_dlt_id" FROM "_tidegate_stage_0" WHERE "_tidegate_order" IS NULL AND "gone" IS NOT TRUE)
) AS ranked
WHERE _tidegate_rank = 1;

CREATE TEMP TABLE "_tidegate_absent_0" AS
SELECT old."id", old."_dlt_id"
FROM "d"."person" AS old
WHERE old."id" IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM "_tidegate_stage_0" AS new WHERE old."id" = new."id")
    AND "_dlt_load_id" IN (
SELECT "load_id" FROM "d"."_tidegate_loads" WHERE "pipeline_name" = 'shop_pipeline' AND "load_id" NOT IN (SELECT "load_id" FROM "d"."_dlt_loads" WHERE "schema_name" <> 'shop')
UNION ALL
SELECT "load_id" FROM "d"."_dlt_loads" AS load WHERE "schema_name" = 'shop' AND NOT EXISTS (SELECT 1 FROM "d"."_tidegate_loads" AS known WHERE known."load_id" = load."load_id" AND known."pipeline_name" IS NOT NULL));

SELECT COUNT(*)
FROM "_tidegate_absent_0";

MERGE INTO "d"."person__kids" AS old
USING "_tidegate_stage_0_1" AS new
ON old."_dlt_id" = new."_dlt_id"
WHEN MATCHED THEN UPDATE SET "n" = new."n", "_dlt_root_id" = new."_dlt_root_id", "_dlt_parent_id" = new."_dlt_parent_id", "_dlt_list_idx" = new."_dlt_list_idx", "_dlt_id" = new."_dlt_id"
WHEN NOT MATCHED THEN INSERT ("n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id") VALUES (new."n", new."_dlt_root_id", new."_dlt_parent_id", new."_dlt_list_idx", new."_dlt_id")
WHEN NOT MATCHED BY SOURCE AND old."_dlt_root_id" IN (SELECT root."_dlt_id" FROM "d"."person" AS root, "_tidegate_stage_0" AS staged
    WHERE root."id" = staged."id"
UNION ALL
SELECT met."_dlt_id"
FROM "d"."person" AS met, "_tidegate_absent_0" AS away
WHERE met."id" = away."id"
    AND "_dlt_load_id" IN (
SELECT "load_id" FROM "d"."_tidegate_loads" WHERE "pipeline_name" = 'shop_pipeline' AND "load_id" NOT IN (SELECT "load_id" FROM "d"."_dlt_loads" WHERE "schema_name" <> 'shop')
UNION ALL
SELECT "load_id" FROM "d"."_dlt_loads" AS load WHERE "schema_name" = 'shop' AND NOT EXISTS (SELECT 1 FROM "d"."_tidegate_loads" AS known WHERE known."load_id" = load."load_id" AND known."pipeline_name" IS NOT NULL))) THEN DELETE;

DELETE FROM "d"."person__kids__toys"
WHERE "_dlt_root_id" IN (SELECT root."_dlt_id" FROM "d"."person" AS root, "_tidegate_stage_0" AS staged
    WHERE root."id" = staged."id"
UNION ALL
SELECT met."_dlt_id"
FROM "d"."person" AS met, "_tidegate_absent_0" AS away
WHERE met."id" = away."id"
    AND "_dlt_load_id" IN (
SELECT "load_id" FROM "d"."_tidegate_loads" WHERE "pipeline_name" = 'shop_pipeline' AND "load_id" NOT IN (SELECT "load_id" FROM "d"."_dlt_loads" WHERE "schema_name" <> 'shop')
UNION ALL
SELECT "load_id" FROM "d"."_dlt_loads" AS load WHERE "schema_name" = 'shop' AND NOT EXISTS (SELECT 1 FROM "d"."_tidegate_loads" AS known WHERE known."load_id" = load."load_id" AND known."pipeline_name" IS NOT NULL)));

MERGE INTO "d"."person" AS old
USING "_tidegate_stage_0" AS new
ON old."id" = new."id"
WHEN MATCHED AND new."gone" IS TRUE THEN DELETE
WHEN MATCHED THEN UPDATE SET "id" = new."id", "name" = new."name", "gone" = new."gone", "_dlt_load_id" = new."_dlt_load_id", "_dlt_id" = new."_dlt_id", "more" = NULL
WHEN NOT MATCHED AND new."gone" IS NOT TRUE THEN INSERT ("id", "name", "gone", "_dlt_load_id", "_dlt_id") VALUES (new."id", new."name", new."gone", new."_dlt_load_id", new."_dlt_id")
WHEN NOT MATCHED BY SOURCE AND (old."id") IN (SELECT "id" FROM "_tidegate_absent_0")
    AND old."_dlt_load_id" IN (
SELECT "load_id" FROM "d"."_tidegate_loads" WHERE "pipeline_name" = 'shop_pipeline' AND "load_id" NOT IN (SELECT "load_id" FROM "d"."_dlt_loads" WHERE "schema_name" <> 'shop')
UNION ALL
SELECT "load_id" FROM "d"."_dlt_loads" AS load WHERE "schema_name" = 'shop' AND NOT EXISTS (SELECT 1 FROM "d"."_tidegate_loads" AS known WHERE known."load_id" = load."load_id" AND known."pipeline_name" IS NOT NULL)) THEN DELETE;
