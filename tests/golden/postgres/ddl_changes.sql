-- schema changes

CREATE TABLE "d"."_tidegate_loads" (
    "load_id" character varying(64) NOT NULL,
    "table_name" character varying NOT NULL,
    "resource_name" character varying NOT NULL,
    "disposition" character varying NOT NULL,
    "rows_read" bigint NOT NULL,
    "rows_new" bigint NOT NULL,
    "rows_inserted" bigint NOT NULL,
    "rows_updated" bigint NOT NULL,
    "rows_deleted" bigint NOT NULL,
    "rows_filtered" bigint NOT NULL,
    "rows_rejected" bigint NOT NULL,
    "created_at" timestamp with time zone NOT NULL,
    "pipeline_name" character varying NOT NULL,
    "package_id" character varying,
    "rows_waiting" bigint,
    "rows_unchanged" bigint,
    "rows_below_start" bigint,
    "rows_above_end" bigint,
    "rows_deduplicated" bigint,
    "rows_null_cursor" bigint,
    "rows_late" bigint
);

ALTER TABLE "d"."item" ALTER COLUMN "v" SET DATA TYPE double precision
USING CAST("v" AS double precision);

ALTER TABLE "d"."item" ADD COLUMN "w" character varying;

ALTER TABLE "d"."item__tags" ADD COLUMN "_dlt_root_id" character varying;

UPDATE "d"."item__tags" AS t0 SET "_dlt_root_id" = t1."_dlt_id"
FROM "d"."item" AS t1
WHERE t0."_dlt_parent_id" = t1."_dlt_id";

ALTER TABLE "d"."item__tags__words" ADD COLUMN "_dlt_root_id" character varying;

UPDATE "d"."item__tags__words" AS t0 SET "_dlt_root_id" = t2."_dlt_id"
FROM "d"."item__tags" AS t1, "d"."item" AS t2
WHERE t0."_dlt_parent_id" = t1."_dlt_id" AND t1."_dlt_parent_id" = t2."_dlt_id";
