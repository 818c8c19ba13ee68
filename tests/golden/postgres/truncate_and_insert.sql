-- rows

-- how many go:
SELECT COUNT(*) FROM "d"."city__tags";

TRUNCATE "d"."city__tags";

-- how many go:
SELECT COUNT(*) FROM "d"."city";

TRUNCATE "d"."city";

-- of the reader, into d.city:
SELECT "name", "_dlt_id"
FROM read_parquet(['package/city.1.parquet'], hive_partitioning = false);
