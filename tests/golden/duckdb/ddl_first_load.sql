-- schema changes

CREATE SCHEMA IF NOT EXISTS "d";

CREATE TABLE "d"."_dlt_loads" (
    "load_id" VARCHAR NOT NULL,
    "schema_name" VARCHAR,
    "status" BIGINT NOT NULL,
    "inserted_at" TIMESTAMP WITH TIME ZONE NOT NULL,
    "schema_version_hash" VARCHAR
);

CREATE TABLE "d"."_dlt_pipeline_state" (
    "version" BIGINT NOT NULL,
    "engine_version" BIGINT NOT NULL,
    "pipeline_name" VARCHAR NOT NULL,
    "state" VARCHAR NOT NULL,
    "created_at" TIMESTAMP WITH TIME ZONE NOT NULL,
    "version_hash" VARCHAR,
    "_dlt_load_id" VARCHAR NOT NULL,
    "_dlt_id" VARCHAR NOT NULL
);

CREATE TABLE "d"."_dlt_version" (
    "version" BIGINT NOT NULL,
    "engine_version" BIGINT NOT NULL,
    "inserted_at" TIMESTAMP WITH TIME ZONE NOT NULL,
    "schema_name" VARCHAR NOT NULL,
    "version_hash" VARCHAR NOT NULL,
    "schema" VARCHAR NOT NULL
);

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

CREATE TABLE "d"."item" (
    "id" BIGINT NOT NULL,
    "we""ird" VARCHAR,
    "doc" JSON,
    "_dlt_load_id" VARCHAR NOT NULL USING COMPRESSION dictionary,
    "_dlt_id" VARCHAR NOT NULL USING COMPRESSION uncompressed
);

CREATE TABLE "d"."item__tags" (
    "value" VARCHAR,
    "_dlt_parent_id" VARCHAR NOT NULL USING COMPRESSION uncompressed,
    "_dlt_list_idx" BIGINT NOT NULL,
    "_dlt_id" VARCHAR NOT NULL USING COMPRESSION uncompressed
);
