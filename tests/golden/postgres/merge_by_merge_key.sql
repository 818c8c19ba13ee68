-- before the transaction

-- of the reader:
CREATE OR REPLACE TEMP TABLE "_tidegate_stage_0" AS
SELECT "day", "region", "v", "_dlt_id"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false);

CREATE TEMP TABLE "_tidegate_stage_0" (
    "day" date,
    "region" character varying
);

-- of the reader, into _tidegate_stage_0:
SELECT "day", "region"
FROM "_tidegate_stage_0";

-- rows

DELETE FROM "d"."person" AS old
USING (SELECT DISTINCT "day", "region" FROM "_tidegate_stage_0") AS new
WHERE old."day" = new."day" AND old."region" = new."region";

DELETE FROM "d"."person" AS old
USING (SELECT DISTINCT "day", "region" FROM "_tidegate_stage_0" WHERE "day" IS NULL OR "region" IS NULL) AS new
WHERE old."day" IS NOT DISTINCT FROM new."day" AND old."region" IS NOT DISTINCT FROM new."region";

-- of the reader, into d.person:
SELECT "day", "region", "v", "_dlt_id"
FROM "_tidegate_stage_0";
