-- before the transaction

-- of the reader:
CREATE OR REPLACE TEMP TABLE "_tidegate_stage_0" AS
WITH "_tidegate_arrived" AS (
SELECT "day", "v", "_dlt_id"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false)
)
SELECT *,
    CASE WHEN (_tidegate_arrived.v > 1) THEN TRUE ELSE FALSE END AS "_tidegate_passes"
FROM "_tidegate_arrived";

-- of the reader:
DELETE FROM "_tidegate_stage_0"
WHERE NOT "_tidegate_passes";

CREATE TEMP TABLE "_tidegate_stage_0" (
    "day" date,
    "v" bigint,
    "_dlt_id" character varying
);

-- of the reader, into _tidegate_stage_0:
SELECT "day", "v", "_dlt_id"
FROM "_tidegate_stage_0";

-- rows

CREATE TEMP TABLE "_tidegate_gone_0" AS
SELECT "_dlt_id"
FROM "d"."person"
WHERE (day IN (SELECT day FROM "_tidegate_stage_0"));

DELETE FROM "d"."person__kids"
WHERE "_dlt_root_id" IN (SELECT "_dlt_id" FROM "_tidegate_gone_0");

DELETE FROM "d"."person"
WHERE "_dlt_id" IN (SELECT "_dlt_id" FROM "_tidegate_gone_0");

DROP TABLE "_tidegate_gone_0";

-- of the reader, into d.person:
SELECT "day", "v", "_dlt_id"
FROM "_tidegate_stage_0";

-- of the reader, into d.person__kids:
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM (
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id",
    ROW_NUMBER() OVER (PARTITION BY "_dlt_id") AS _tidegate_rank
FROM (
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM read_parquet(['package/person__kids.1.parquet'], hive_partitioning = false)
) AS arrived
WHERE "_dlt_root_id" IN (SELECT "_dlt_id" FROM "_tidegate_stage_0")
) AS ranked
WHERE _tidegate_rank = 1;
