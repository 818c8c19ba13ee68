-- before the transaction

-- of the reader:
CREATE OR REPLACE TEMP TABLE "_tidegate_stage_0" AS
SELECT "id", "day", "zone", "v", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false);

-- of the reader:
INSERT INTO "_tidegate_stage_0" ("id", "day", "zone", "v", "_dlt_id")
SELECT "id", "day", "zone", "v", "_dlt_id"
FROM (
SELECT staged."id", staged."day", staged."zone", staged."v", staged."_dlt_id",
    ROW_NUMBER() OVER (PARTITION BY staged."id" ORDER BY staged."_tidegate_order" DESC) AS _tidegate_rank
FROM "_tidegate_stage_0" AS staged
JOIN (SELECT "id" FROM "_tidegate_stage_0" GROUP BY "id" HAVING COUNT(*) > 1) AS twice
ON twice."id" = staged."id"
) AS ranked
WHERE _tidegate_rank = 1;

-- of the reader:
CREATE OR REPLACE TEMP TABLE "_tidegate_lost_0" AS
SELECT DISTINCT old."day", old."zone"
FROM "_tidegate_stage_0" AS old
JOIN (SELECT "id" FROM "_tidegate_stage_0" WHERE "_tidegate_order" IS NULL) AS new
ON old."id" = new."id"
WHERE old."_tidegate_order" IS NOT NULL;

CREATE TEMP TABLE "_tidegate_lost_0" (
    "day" character varying,
    "zone" character varying
);

-- of the reader, into _tidegate_lost_0:
SELECT "day", "zone"
FROM "_tidegate_lost_0";

-- of the reader:
DELETE FROM "_tidegate_stage_0" AS old
USING (SELECT "id" FROM "_tidegate_stage_0" WHERE "_tidegate_order" IS NULL) AS new
WHERE old."id" = new."id" AND old."_tidegate_order" IS NOT NULL;

CREATE TEMP TABLE "_tidegate_stage_0" (
    "id" bigint,
    "day" character varying,
    "zone" character varying,
    "v" character varying,
    "_dlt_id" character varying
);

-- of the reader, into _tidegate_stage_0:
SELECT "id", "day", "zone", "v", "_dlt_id"
FROM "_tidegate_stage_0";

-- rows

CREATE TEMP TABLE "_tidegate_absent_0" AS
SELECT old."id"
FROM "d"."person" AS old
WHERE old."id" IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM "_tidegate_stage_0" AS new WHERE old."id" = new."id")
    AND EXISTS (SELECT 1 FROM (SELECT "day", "zone" FROM "_tidegate_stage_0"
    UNION ALL SELECT "day", "zone" FROM "_tidegate_lost_0") AS new
    WHERE old."day" = new."day" AND old."zone" = new."zone");

SELECT COUNT(*)
FROM "_tidegate_absent_0";

DELETE FROM "d"."person" AS old
USING "_tidegate_absent_0" AS new
WHERE old."id" = new."id";

DROP TABLE "_tidegate_absent_0";

CREATE TEMP TABLE "_tidegate_same_0" AS
SELECT new."_dlt_id" AS id
FROM "_tidegate_stage_0" AS new
LEFT JOIN "d"."person" AS old ON old."id" = new."id"
GROUP BY new."_dlt_id"
HAVING COUNT(*) = 1 AND MIN(CASE WHEN old."id" IS NOT NULL
    AND old."day" IS NOT DISTINCT FROM new."day"
    AND old."zone" IS NOT DISTINCT FROM new."zone"
    AND old."v" IS NOT DISTINCT FROM new."v"
    THEN 1 ELSE 0 END) = 1;

DELETE FROM "_tidegate_stage_0"
WHERE "_dlt_id" IN (SELECT id FROM "_tidegate_same_0");

DROP TABLE "_tidegate_same_0";

DELETE FROM "d"."person" AS old
USING "_tidegate_stage_0" AS new
WHERE old."id" = new."id";

INSERT INTO "d"."person" ("id", "day", "zone", "v", "_dlt_id")
SELECT "id", "day", "zone", "v", "_dlt_id"
FROM "_tidegate_stage_0";
