-- schema changes

CREATE TABLE "d"."_tidegate_loads" (
    "load_id" VARCHAR NOT NULL,
    "table_name" VARCHAR NOT NULL,
    "resource_name" VARCHAR NOT NULL,
    "disposition" VARCHAR NOT NULL,
    "rows_read" BIGINT NOT NULL,
    "rows_new" BIGINT NOT NULL,
    "rows_inserted" BIGINT NOT NULL,
    "rows_updated" BIGINT NOT NULL,
    "rows_deleted" BIGINT NOT NULL,
    "rows_filtered" BIGINT NOT NULL,
    "rows_rejected" BIGINT NOT NULL,
    "created_at" TIMESTAMP WITH TIME ZONE NOT NULL,
    "pipeline_name" VARCHAR NOT NULL,
    "package_id" VARCHAR,
    "rows_waiting" BIGINT,
    "rows_unchanged" BIGINT,
    "rows_below_start" BIGINT,
    "rows_above_end" BIGINT,
    "rows_deduplicated" BIGINT,
    "rows_null_cursor" BIGINT,
    "rows_late" BIGINT
);

ALTER TABLE "d"."item" ALTER COLUMN "v" SET DATA TYPE DOUBLE
USING CAST("v" AS DOUBLE);

ALTER TABLE "d"."item" ADD COLUMN "w" VARCHAR;

ALTER TABLE "d"."item__tags" ADD COLUMN "_dlt_root_id" VARCHAR;

UPDATE "d"."item__tags" AS t0 SET "_dlt_root_id" = t1."_dlt_id"
FROM "d"."item" AS t1
WHERE t0."_dlt_parent_id" = t1."_dlt_id";

ALTER TABLE "d"."item__tags__words" ADD COLUMN "_dlt_root_id" VARCHAR;

UPDATE "d"."item__tags__words" AS t0 SET "_dlt_root_id" = t2."_dlt_id"
FROM "d"."item__tags" AS t1, "d"."item" AS t2
WHERE t0."_dlt_parent_id" = t1."_dlt_id" AND t1."_dlt_parent_id" = t2."_dlt_id";
