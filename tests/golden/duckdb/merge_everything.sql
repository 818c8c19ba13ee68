-- before the transaction

CREATE TEMP TABLE "_tidegate_stage_0" AS
SELECT "order", "tenant", "day", CAST("v" AS DOUBLE) AS "v", "gone", "seen", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet', 'package/person.2.parquet'], hive_partitioning = false)
UNION ALL
SELECT "order", "tenant", CAST(NULL AS DATE) AS "day", "v", CAST(NULL AS BOOLEAN) AS "gone", CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS "seen", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.3.parquet'], hive_partitioning = false);

INSERT INTO "_tidegate_stage_0" ("order", "tenant", "day", "v", "gone", "seen", "_dlt_id")
SELECT "order", "tenant", "day", "v", "gone", "seen", "_dlt_id"
FROM (
SELECT staged."order", staged."tenant", staged."day", staged."v", staged."gone", staged."seen", staged."_dlt_id",
    ROW_NUMBER() OVER (PARTITION BY staged."order", staged."tenant" ORDER BY staged."seen" DESC NULLS LAST, staged."_tidegate_order" DESC) AS _tidegate_rank
FROM "_tidegate_stage_0" AS staged
JOIN (SELECT "order", "tenant" FROM "_tidegate_stage_0" GROUP BY "order", "tenant" HAVING COUNT(*) > 1) AS twice
ON twice."order" = staged."order" AND twice."tenant" = staged."tenant"
) AS ranked
WHERE _tidegate_rank = 1;

CREATE TEMP TABLE "_tidegate_lost_0" AS
SELECT DISTINCT old."day"
FROM "_tidegate_stage_0" AS old
JOIN (SELECT "order", "tenant" FROM "_tidegate_stage_0" WHERE "_tidegate_order" IS NULL) AS new
ON old."order" = new."order" AND old."tenant" = new."tenant"
WHERE old."_tidegate_order" IS NOT NULL;

DELETE FROM "_tidegate_stage_0" AS old
USING (SELECT "order", "tenant" FROM "_tidegate_stage_0" WHERE "_tidegate_order" IS NULL) AS new
WHERE old."order" = new."order" AND old."tenant" = new."tenant" AND old."_tidegate_order" IS NOT NULL;

-- rows

CREATE TEMP TABLE "_tidegate_gone_0" AS
SELECT old."_dlt_id"
FROM "d"."person" AS old, "_tidegate_stage_0" AS new
WHERE old."order" = new."order" AND old."tenant" = new."tenant"
UNION
SELECT old."_dlt_id"
FROM "d"."person" AS old, (SELECT "day" FROM "_tidegate_stage_0"
    UNION SELECT "day" FROM "_tidegate_lost_0") AS new
WHERE old."day" IS NOT DISTINCT FROM new."day";

DELETE FROM "d"."person__kids__toys"
WHERE "_dlt_parent_id" IN (SELECT "_dlt_id" FROM "d"."person__kids" WHERE "_dlt_root_id" IN (SELECT "_dlt_id" FROM "_tidegate_gone_0"));

DELETE FROM "d"."person__kids"
WHERE "_dlt_root_id" IN (SELECT "_dlt_id" FROM "_tidegate_gone_0");

DROP TABLE "_tidegate_gone_0";

DELETE FROM "d"."person" AS old
USING (SELECT "order", "tenant" FROM "_tidegate_stage_0" WHERE "gone" IS NOT TRUE) AS new
WHERE old."order" = new."order" AND old."tenant" = new."tenant";

DELETE FROM "d"."person" AS old
USING (SELECT "day" FROM "_tidegate_stage_0" WHERE "gone" IS NOT TRUE
    UNION SELECT "day" FROM "_tidegate_lost_0") AS new
WHERE old."day" IS NOT DISTINCT FROM new."day";

DELETE FROM "d"."person" AS old
USING (SELECT "order", "tenant" FROM "_tidegate_stage_0" WHERE "gone" IS TRUE) AS new
WHERE old."order" = new."order" AND old."tenant" = new."tenant";

DELETE FROM "d"."person" AS old
USING (SELECT "day" FROM "_tidegate_stage_0" WHERE "gone" IS TRUE
    UNION SELECT "day" FROM "_tidegate_lost_0") AS new
WHERE old."day" IS NOT DISTINCT FROM new."day";

INSERT INTO "d"."person" ("order", "tenant", "day", "v", "gone", "seen", "_dlt_id")
SELECT "order", "tenant", "day", "v", "gone", "seen", "_dlt_id"
FROM "_tidegate_stage_0"
WHERE "gone" IS NOT TRUE;

INSERT INTO "d"."person__kids" ("n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id")
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM (
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM read_parquet(['package/person__kids.1.parquet'], hive_partitioning = false)
) AS arrived
WHERE "_dlt_root_id" IN (SELECT "_dlt_id" FROM "_tidegate_stage_0" WHERE "_tidegate_order" IS NOT NULL AND "gone" IS NOT TRUE);

INSERT INTO "d"."person__kids" ("n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id")
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
