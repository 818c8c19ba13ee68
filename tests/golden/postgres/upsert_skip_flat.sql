-- before the transaction

-- of the reader:
CREATE OR REPLACE TEMP TABLE "_tidegate_stage_0" AS
SELECT "id", "name", "gone", "_dlt_load_id", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false);

-- of the reader:
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

-- of the reader:
DELETE FROM "_tidegate_stage_0" AS old
USING (SELECT "id" FROM "_tidegate_stage_0" WHERE "_tidegate_order" IS NULL) AS new
WHERE old."id" = new."id" AND old."_tidegate_order" IS NOT NULL;

CREATE TEMP TABLE "_tidegate_stage_0" (
    "id" bigint,
    "name" character varying,
    "gone" boolean,
    "_dlt_load_id" character varying,
    "_dlt_id" character varying
);

-- of the reader, into _tidegate_stage_0:
SELECT "id", "name", "gone", "_dlt_load_id", "_dlt_id"
FROM "_tidegate_stage_0";

-- rows

CREATE TEMP TABLE "_tidegate_same_0" AS
SELECT new."_dlt_id" AS id
FROM "_tidegate_stage_0" AS new
LEFT JOIN "d"."person" AS old ON old."id" = new."id"
GROUP BY new."_dlt_id"
HAVING COUNT(*) = 1 AND MIN(CASE WHEN old."id" IS NOT NULL AND new."gone" IS NOT TRUE
    AND old."name" IS NOT DISTINCT FROM new."name"
    THEN 1 ELSE 0 END) = 1;

DELETE FROM "_tidegate_stage_0"
WHERE "_dlt_id" IN (SELECT id FROM "_tidegate_same_0");

DROP TABLE "_tidegate_same_0";

DELETE FROM "d"."person" AS old
USING (SELECT "id" FROM "_tidegate_stage_0" WHERE "gone" IS NOT TRUE) AS new
WHERE old."id" = new."id";

DELETE FROM "d"."person" AS old
USING (SELECT "id" FROM "_tidegate_stage_0" WHERE "gone" IS TRUE) AS new
WHERE old."id" = new."id";

INSERT INTO "d"."person" ("id", "name", "gone", "_dlt_load_id", "_dlt_id")
SELECT "id", "name", "gone", "_dlt_load_id", "_dlt_id"
FROM "_tidegate_stage_0"
WHERE "gone" IS NOT TRUE;
