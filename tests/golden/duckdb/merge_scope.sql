-- before the transaction

CREATE TEMP TABLE "_tidegate_stage_0" AS
WITH "_tidegate_arrived" AS (
SELECT "id", "day", "v", "gone", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false)
)
SELECT *,
    CASE WHEN (_tidegate_arrived.v > 1) THEN TRUE ELSE FALSE END AS "_tidegate_passes"
FROM "_tidegate_arrived";

DELETE FROM "_tidegate_stage_0"
WHERE NOT "_tidegate_passes";

INSERT INTO "_tidegate_stage_0" ("id", "day", "v", "gone", "_dlt_id")
SELECT "id", "day", "v", "gone", "_dlt_id"
FROM (
SELECT staged."id", staged."day", staged."v", staged."gone", staged."_dlt_id",
    ROW_NUMBER() OVER (PARTITION BY staged."id" ORDER BY staged."_tidegate_order" DESC) AS _tidegate_rank
FROM "_tidegate_stage_0" AS staged
JOIN (SELECT "id" FROM "_tidegate_stage_0" GROUP BY "id" HAVING COUNT(*) > 1) AS twice
ON twice."id" = staged."id"
) AS ranked
WHERE _tidegate_rank = 1;

DELETE FROM "_tidegate_stage_0" AS old
USING (SELECT "id" FROM "_tidegate_stage_0" WHERE "_tidegate_order" IS NULL) AS new
WHERE old."id" = new."id" AND old."_tidegate_order" IS NOT NULL;

-- rows

CREATE TEMP TABLE "_tidegate_gone_0" AS
SELECT "_dlt_id"
FROM "d"."person"
WHERE (day IN (SELECT day FROM "_tidegate_stage_0"));

DELETE FROM "d"."person__kids"
WHERE "_dlt_root_id" IN (SELECT "_dlt_id" FROM "_tidegate_gone_0");

DELETE FROM "d"."person"
WHERE "_dlt_id" IN (SELECT "_dlt_id" FROM "_tidegate_gone_0")
    AND ("id") IN (SELECT "id" FROM "_tidegate_stage_0"
WHERE "gone" IS NOT TRUE);

DELETE FROM "d"."person"
WHERE "_dlt_id" IN (SELECT "_dlt_id" FROM "_tidegate_gone_0");

DROP TABLE "_tidegate_gone_0";

INSERT INTO "d"."person" ("id", "day", "v", "gone", "_dlt_id")
SELECT "id", "day", "v", "gone", "_dlt_id"
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
