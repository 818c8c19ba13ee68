-- indexes

ALTER TABLE "d"."_dlt_pipeline_state" ADD UNIQUE ("_dlt_id");

ALTER TABLE "d"."item" ADD UNIQUE ("we""ird");

ALTER TABLE "d"."item" ADD UNIQUE ("_dlt_id");

ALTER TABLE "d"."item__tags" ADD UNIQUE ("_dlt_id");
