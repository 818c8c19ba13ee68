-- rows

INSERT INTO "d"."event" ("id", "v", "doc")
SELECT "id", CAST("v" AS DOUBLE) AS "v", CAST("doc" AS JSON) AS "doc"
FROM read_parquet(['package/event.1.parquet', 'package/event.2.parquet'], hive_partitioning = false);

INSERT INTO "d"."event" ("id", "v")
SELECT "id", "v"
FROM read_parquet(['package/event''s [[]3].parquet'], hive_partitioning = false);
