-- before the transaction

-- of the reader:
CREATE OR REPLACE TEMP TABLE "_tidegate_stage_0" AS
SELECT "id", "name", "j", "gone", "_dlt_load_id", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false);

-- of the reader:
INSERT INTO "_tidegate_stage_0" ("id", "name", "j", "gone", "_dlt_load_id", "_dlt_id")
SELECT "id", "name", "j", "gone", "_dlt_load_id", "_dlt_id"
FROM (
SELECT staged."id", staged."name", staged."j", staged."gone", staged."_dlt_load_id", staged."_dlt_id",
    ROW_NUMBER() OVER (PARTITION BY staged."id" ORDER BY staged."_tidegate_order" DESC) AS _tidegate_rank
FROM "_tidegate_stage_0" AS staged
JOIN (SELECT "id" FROM "_tidegate_stage_0" GROUP BY "id" HAVING COUNT(*) > 1) AS twice
ON twice."id" = staged."id"
) AS ranked
WHERE _tidegate_rank = 1;

-- of the reader:
DELETE FROM "_tidegate_stage_0" AS old
USING (SELECT "id" FROM "_tidegate_stage_0" WHERE "_tidegate_order" IS NULL) AS new
WHERE old."id" = new."id" AND old."_tidegate_order" IS NOT NULL;

CREATE TEMP TABLE "_tidegate_stage_0" (
    "id" bigint,
    "gone" boolean
);

-- of the reader, into _tidegate_stage_0:
SELECT "id", "gone"
FROM "_tidegate_stage_0";

-- rows

CREATE TEMP TABLE "_tidegate_gone_0" AS
SELECT old."_dlt_id"
FROM "d"."person" AS old, "_tidegate_stage_0" AS new
WHERE old."id" = new."id";

DELETE FROM "d"."person__kids"
WHERE "_dlt_root_id" IN (SELECT "_dlt_id" FROM "_tidegate_gone_0");

DROP TABLE "_tidegate_gone_0";

DELETE FROM "d"."person" AS old
USING (SELECT "id" FROM "_tidegate_stage_0" WHERE "gone" IS NOT TRUE) AS new
WHERE old."id" = new."id";

DELETE FROM "d"."person" AS old
USING (SELECT "id" FROM "_tidegate_stage_0" WHERE "gone" IS TRUE) AS new
WHERE old."id" = new."id";

-- of the reader, into d.person:
SELECT "id", "name", "j", "gone", "_dlt_load_id", "_dlt_id"
FROM "_tidegate_stage_0"
WHERE "gone" IS NOT TRUE;

-- of the reader, into d.person__kids:
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM (
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM read_parquet(['package/person__kids.1.parquet'], hive_partitioning = false)
) AS arrived
WHERE "_dlt_root_id" IN (SELECT "_dlt_id" FROM "_tidegate_stage_0" WHERE "_tidegate_order" IS NOT NULL AND "gone" IS NOT TRUE);

-- of the reader, into d.person__kids:
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
