-- before the transaction

CREATE TEMP TABLE "_tidegate_stage_0" AS
SELECT *
FROM (
SELECT "id", "name", "gone", "_dlt_load_id", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false)
) AS arrived
LIMIT 0;

INSERT INTO "_tidegate_stage_0"
SELECT arrived.*
FROM (
SELECT "id", "name", "gone", "_dlt_load_id", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false)
) AS arrived
JOIN (SELECT "id" FROM (
SELECT "id", "name", "gone", "_dlt_load_id", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false)
) AS keys GROUP BY "id" HAVING COUNT(*) > 1) AS twice
ON twice."id" = arrived."id";

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

-- rows

CREATE TEMP TABLE "_tidegate_different_0" AS
WITH _tidegate_met AS MATERIALIZED (
SELECT new."_tidegate_order" AS number,
    CASE WHEN old."id" IS NOT NULL AND new."gone" IS NOT TRUE
    AND old."name" IS NOT DISTINCT FROM new."name"
    THEN 1 ELSE 0 END AS same
FROM (
SELECT "id", "name", "gone", "_dlt_load_id", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false)
) AS new
LEFT JOIN "d"."person" AS old ON old."id" = new."id"
)
SELECT number FROM _tidegate_met WHERE same = 0
UNION ALL
SELECT number FROM _tidegate_met
WHERE (SELECT COUNT(*) FROM _tidegate_met) > 0
GROUP BY number HAVING COUNT(*) > 1;

INSERT INTO "_tidegate_stage_0"
SELECT *
FROM (
SELECT *
FROM (
SELECT "id", "name", "gone", "_dlt_load_id", "_dlt_id", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false)
) AS arrived
WHERE "_tidegate_order" IN (SELECT number FROM "_tidegate_different_0")
) AS new
WHERE NOT EXISTS (SELECT 1 FROM "_tidegate_stage_0" AS old WHERE old."id" = new."id");

DROP TABLE "_tidegate_different_0";

CREATE TEMP TABLE "_tidegate_same_0" AS
SELECT new."_dlt_id" AS id
FROM (SELECT * FROM "_tidegate_stage_0" WHERE "_tidegate_order" IS NULL) AS new
LEFT JOIN "d"."person" AS old ON old."id" = new."id"
GROUP BY new."_dlt_id"
HAVING COUNT(*) = 1 AND MIN(CASE WHEN old."id" IS NOT NULL AND new."gone" IS NOT TRUE
    AND old."name" IS NOT DISTINCT FROM new."name"
    THEN 1 ELSE 0 END) = 1;

DELETE FROM "_tidegate_stage_0"
WHERE "_dlt_id" IN (SELECT id FROM "_tidegate_same_0") AND "_tidegate_order" IS NULL;

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
