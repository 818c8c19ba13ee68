-- rows

DELETE FROM "d"."city__tags";

DELETE FROM "d"."city";

INSERT INTO "d"."city" ("name", "_dlt_id")
SELECT "name", "_dlt_id"
FROM read_parquet(['package/city.1.parquet'], hive_partitioning = false);
