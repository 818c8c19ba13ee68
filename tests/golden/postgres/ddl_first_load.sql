-- schema changes

CREATE SCHEMA IF NOT EXISTS "d";

CREATE TABLE "d"."_dlt_loads" (
    "load_id" character varying(64) NOT NULL,
    "schema_name" character varying,
    "status" bigint NOT NULL,
    "inserted_at" timestamp with time zone NOT NULL,
    "schema_version_hash" character varying
);

CREATE TABLE "d"."_dlt_pipeline_state" (
    "version" bigint NOT NULL,
    "engine_version" bigint NOT NULL,
    "pipeline_name" character varying NOT NULL,
    "state" character varying NOT NULL,
    "created_at" timestamp with time zone NOT NULL,
    "version_hash" character varying,
    "_dlt_load_id" character varying(64) NOT NULL,
    "_dlt_id" character varying NOT NULL
);

CREATE TABLE "d"."_dlt_version" (
    "version" bigint NOT NULL,
    "engine_version" bigint NOT NULL,
    "inserted_at" timestamp with time zone NOT NULL,
    "schema_name" character varying NOT NULL,
    "version_hash" character varying NOT NULL,
    "schema" character varying NOT NULL
);

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

CREATE TABLE "d"."item" (
    "id" bigint NOT NULL,
    "we""ird" character varying,
    "doc" jsonb,
    "_dlt_load_id" character varying NOT NULL,
    "_dlt_id" character varying NOT NULL
);

CREATE TABLE "d"."item__tags" (
    "value" character varying,
    "_dlt_parent_id" character varying NOT NULL,
    "_dlt_list_idx" bigint NOT NULL,
    "_dlt_id" character varying NOT NULL
);
