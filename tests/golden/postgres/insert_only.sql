-- before the transaction

-- of the reader:
CREATE OR REPLACE TEMP TABLE "_tidegate_stage_0" AS
SELECT "select", "tenant", "name", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false);

-- of the reader:
INSERT INTO "_tidegate_stage_0" ("select", "tenant", "name", "_dlt_id")
SELECT "select", "tenant", "name", "_dlt_id"
FROM (
SELECT staged."select", staged."tenant", staged."name", staged."_dlt_id",
    ROW_NUMBER() OVER (PARTITION BY staged."select", staged."tenant" ORDER BY staged."_tidegate_order" DESC) AS _tidegate_rank
FROM "_tidegate_stage_0" AS staged
JOIN (SELECT "select", "tenant" FROM "_tidegate_stage_0" GROUP BY "select", "tenant" HAVING COUNT(*) > 1) AS twice
ON twice."select" = staged."select" AND twice."tenant" = staged."tenant"
) AS ranked
WHERE _tidegate_rank = 1;

-- of the reader:
DELETE FROM "_tidegate_stage_0" AS old
USING (SELECT "select", "tenant" FROM "_tidegate_stage_0" WHERE "_tidegate_order" IS NULL) AS new
WHERE old."select" = new."select" AND old."tenant" = new."tenant" AND old."_tidegate_order" IS NOT NULL;

CREATE TEMP TABLE "_tidegate_stage_0" (
    "select" bigint,
    "tenant" character varying,
    "name" character varying,
    "_dlt_id" character varying
);

-- of the reader, into _tidegate_stage_0:
SELECT "select", "tenant", "name", "_dlt_id"
FROM "_tidegate_stage_0";

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
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM read_parquet(['package/person__kids.1.parquet'], hive_partitioning = false)
) AS arrived
WHERE "_dlt_root_id" IN (SELECT "_dlt_id" FROM "_tidegate_stage_0" WHERE "_tidegate_order" IS NOT NULL);

-- of the reader, into _tidegate_stage_0_1:
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM (
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id",
    ROW_NUMBER() OVER (PARTITION BY "_dlt_id") AS _tidegate_rank
FROM (
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM read_parquet(['package/person__kids.1.parquet'], hive_partitioning = false)
) AS arrived
WHERE "_dlt_root_id" IN (SELECT "_dlt_id" FROM "_tidegate_stage_0" WHERE "_tidegate_order" IS NULL)
) AS ranked
WHERE _tidegate_rank = 1;

-- rows

DELETE FROM "_tidegate_stage_0" AS new
WHERE EXISTS (SELECT 1 FROM "d"."person" AS old WHERE old."select" = new."select" AND old."tenant" = new."tenant");

INSERT INTO "d"."person" ("select", "tenant", "name", "_dlt_id")
SELECT "select", "tenant", "name", "_dlt_id"
FROM "_tidegate_stage_0";

DELETE FROM "_tidegate_stage_0_1" AS new
WHERE EXISTS (SELECT 1 FROM "d"."person__kids" AS old WHERE old."_dlt_id" = new."_dlt_id");

DELETE FROM "_tidegate_stage_0_1" AS new
WHERE NOT EXISTS (SELECT 1 FROM "d"."person" AS old WHERE old."_dlt_id" = new."_dlt_root_id");

INSERT INTO "d"."person__kids" ("n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id")
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM "_tidegate_stage_0_1";
