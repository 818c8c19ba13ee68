-- before the transaction

CREATE TEMP TABLE "_tidegate_stage_0" AS
SELECT "day", "region", "v", "_dlt_id"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false);

-- rows

DELETE FROM "d"."person" AS old
USING (SELECT DISTINCT "day", "region" FROM "_tidegate_stage_0") AS new
WHERE old."day" IS NOT DISTINCT FROM new."day" AND old."region" IS NOT DISTINCT FROM new."region";

INSERT INTO "d"."person" ("day", "region", "v", "_dlt_id")
SELECT "day", "region", "v", "_dlt_id"
FROM "_tidegate_stage_0";
