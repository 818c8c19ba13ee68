-- rows

-- of the reader, into d.event:
SELECT "id", CAST("v" AS DOUBLE) AS "v", "doc"
FROM read_parquet(['package/event.1.parquet', 'package/event.2.parquet'], hive_partitioning = false);

-- of the reader, into d.event:
SELECT "id", "v"
FROM read_parquet(['package/event''s [[]3].parquet'], hive_partitioning = false);
