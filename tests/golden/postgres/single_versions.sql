-- staged, then a statement a table

-- of the reader:
CREATE OR REPLACE TEMP TABLE "_tidegate_stage_0" AS
SELECT "id", "name", "gone", "_dlt_load_id", "_dlt_id", "more", "_tidegate_order",
    ROW_NUMBER() OVER (PARTITION BY "id" ORDER BY "_tidegate_order") AS "_tidegate_version"
FROM (
SELECT CAST(NULL AS BIGINT) AS "_tidegate_version", "id", "name", "gone", "_dlt_load_id", "_dlt_id", CAST(NULL AS VARCHAR) AS "more", "_tidegate_order"
FROM read_parquet(['package/person.1.parquet'], hive_partitioning = false)
) AS arrived;

CREATE TEMP TABLE "_tidegate_stage_0" (
    "_tidegate_version" bigint,
    "id" bigint,
    "name" character varying,
    "gone" boolean,
    "_dlt_load_id" character varying,
    "_dlt_id" character varying,
    "more" character varying
);

-- of the reader, into _tidegate_stage_0:
SELECT "_tidegate_version", "id", "name", "gone", "_dlt_load_id", "_dlt_id", "more"
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
WHERE "_dlt_root_id" IN (SELECT "_dlt_id" FROM "_tidegate_stage_0" WHERE "_tidegate_order" IS NOT NULL AND "gone" IS NOT TRUE);

-- of the reader, into _tidegate_stage_0_1:
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

CREATE TEMP TABLE "_tidegate_newest_0" AS
SELECT "_dlt_id" AS _tidegate_id, "id", _tidegate_number
FROM (
SELECT old."_dlt_id", old."id", coalesce(old."_tidegate_version", 0) AS _tidegate_number,
    ROW_NUMBER() OVER (PARTITION BY old."id" ORDER BY coalesce(old."_tidegate_version", 0) DESC,
    CAST(CASE WHEN old."_dlt_load_id" ~ '^\d+(\.\d+)?$' AND length(old."_dlt_load_id") < 30
    THEN old."_dlt_load_id" END AS DECIMAL(38, 9)) DESC NULLS LAST) AS _tidegate_rank
FROM "d"."person" AS old
JOIN (SELECT DISTINCT "id" FROM "_tidegate_stage_0") AS new ON old."id" = new."id"
) AS ranked
WHERE _tidegate_rank = 1;

CREATE TEMP TABLE "_tidegate_same_0" AS
SELECT pair.id, pair.before
FROM (
SELECT _tidegate_id AS id, LAG(_tidegate_id) OVER (PARTITION BY "id" ORDER BY _tidegate_number) AS before
FROM (
SELECT "_dlt_id" AS _tidegate_id, "id", "_tidegate_version" AS _tidegate_number
FROM "_tidegate_stage_0"
WHERE "gone" IS NOT TRUE
UNION ALL
SELECT _tidegate_id, "id", 0
FROM "_tidegate_newest_0"
) AS numbered
) AS pair
JOIN "_tidegate_stage_0" AS new ON new."_dlt_id" = pair.id
JOIN (
SELECT "_tidegate_version", "id", "name", "gone", "_dlt_load_id", "_dlt_id", "more"
FROM "_tidegate_stage_0"
UNION ALL
SELECT "_tidegate_version", "id", "name", "gone", "_dlt_load_id", "_dlt_id", "more"
FROM "d"."person"
WHERE "_dlt_id" IN (SELECT _tidegate_id FROM "_tidegate_newest_0")
) AS old ON old."_dlt_id" = pair.before
WHERE old."name" IS NOT DISTINCT FROM new."name"
    AND old."more" IS NULL;

CREATE TEMP TABLE "_tidegate_placed_0_1" AS
SELECT "_dlt_root_id" AS _tidegate_root, "_dlt_id" AS _tidegate_own,
    CAST("_dlt_list_idx" AS character varying) AS _tidegate_place, nested.*
FROM (
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM "_tidegate_stage_0_1"
UNION ALL
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM "d"."person__kids"
WHERE "_dlt_root_id" IN (SELECT before FROM "_tidegate_same_0")
) AS nested;

CREATE TEMP TABLE "_tidegate_placed_0_2" AS
SELECT up._tidegate_root, nested."_dlt_id" AS _tidegate_own,
    up._tidegate_place || '.' || CAST(nested."_dlt_list_idx" AS character varying) AS _tidegate_place, nested.*
FROM (
SELECT "n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id"
FROM "d"."person__kids__toys"
WHERE "_dlt_root_id" IN (SELECT before FROM "_tidegate_same_0")
) AS nested
JOIN "_tidegate_placed_0_1" AS up ON up._tidegate_own = nested."_dlt_parent_id";

DELETE FROM "_tidegate_same_0"
WHERE id IN (
SELECT coalesce(new._tidegate_id, old._tidegate_id)
FROM (SELECT s.id AS _tidegate_id, p.* FROM "_tidegate_same_0" AS s
    JOIN "_tidegate_placed_0_1" AS p ON p._tidegate_root = s.id) AS new
FULL JOIN (SELECT s.id AS _tidegate_id, p.* FROM "_tidegate_same_0" AS s
    JOIN "_tidegate_placed_0_1" AS p ON p._tidegate_root = s.before) AS old
ON old._tidegate_id = new._tidegate_id
    AND old._tidegate_place = new._tidegate_place
WHERE old._tidegate_id IS NULL OR new._tidegate_id IS NULL
    OR NOT (old."n" IS NOT DISTINCT FROM new."n"
    AND old."_dlt_list_idx" IS NOT DISTINCT FROM new."_dlt_list_idx"));

DELETE FROM "_tidegate_same_0"
WHERE id IN (
SELECT coalesce(new._tidegate_id, old._tidegate_id)
FROM (SELECT s.id AS _tidegate_id, p.* FROM "_tidegate_same_0" AS s
    JOIN "_tidegate_placed_0_2" AS p ON p._tidegate_root = s.id) AS new
FULL JOIN (SELECT s.id AS _tidegate_id, p.* FROM "_tidegate_same_0" AS s
    JOIN "_tidegate_placed_0_2" AS p ON p._tidegate_root = s.before) AS old
ON old._tidegate_id = new._tidegate_id
    AND old._tidegate_place = new._tidegate_place
WHERE old._tidegate_id IS NULL OR new._tidegate_id IS NULL
    OR NOT (old."n" IS NULL
    AND old."_dlt_list_idx" IS NULL));

DELETE FROM "_tidegate_stage_0"
WHERE "_dlt_id" IN (SELECT id FROM "_tidegate_same_0");

DELETE FROM "_tidegate_stage_0_1"
WHERE "_dlt_root_id" IN (SELECT id FROM "_tidegate_same_0");

MERGE INTO "d"."person__kids" AS old
USING "_tidegate_stage_0_1" AS new
ON old."_dlt_id" = new."_dlt_id"
WHEN NOT MATCHED THEN INSERT ("n", "_dlt_root_id", "_dlt_parent_id", "_dlt_list_idx", "_dlt_id") VALUES (new."n", new."_dlt_root_id", new."_dlt_parent_id", new."_dlt_list_idx", new."_dlt_id");

MERGE INTO "d"."person" AS old
USING (
SELECT new."id", new."name", new."gone", new."_dlt_load_id", new."_dlt_id", coalesce(old._tidegate_number, 0)
    + ROW_NUMBER() OVER (PARTITION BY new."id" ORDER BY new."_tidegate_version") AS "_tidegate_version"
FROM (SELECT * FROM "_tidegate_stage_0"
WHERE "gone" IS NOT TRUE) AS new
LEFT JOIN "_tidegate_newest_0" AS old ON old."id" = new."id"
) AS new
ON old."_dlt_id" = new."_dlt_id"
WHEN NOT MATCHED THEN INSERT ("id", "name", "gone", "_dlt_load_id", "_dlt_id", "_tidegate_version") VALUES (new."id", new."name", new."gone", new."_dlt_load_id", new."_dlt_id", new."_tidegate_version");

DROP TABLE "_tidegate_newest_0";

DROP TABLE "_tidegate_same_0";

DROP TABLE IF EXISTS "_tidegate_placed_0_1";

DROP TABLE IF EXISTS "_tidegate_placed_0_2";
