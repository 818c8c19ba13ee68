-- rows

DELETE FROM "d"."city__tags";

DELETE FROM "d"."city";

-- of the reader, into d.city:
SELECT "name", "_dlt_id"
FROM read_parquet(['package/city.1.parquet'], hive_partitioning = false);
