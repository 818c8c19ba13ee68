-- rows

CREATE TABLE "d"."_tidegate_new_1.5_0_0" (LIKE "d"."city" INCLUDING ALL);

-- of the reader, into d._tidegate_new_1.5_0_0:
SELECT "name", "_dlt_id"
FROM read_parquet(['package/city.1.parquet'], hive_partitioning = false);

CREATE TABLE "d"."_tidegate_new_1.5_0_1" (LIKE "d"."city__tags" INCLUDING ALL);

-- how many go:
SELECT COUNT(*) FROM "d"."city__tags";

DROP TABLE "d"."city__tags";

ALTER TABLE "d"."_tidegate_new_1.5_0_1" RENAME TO "city__tags";

-- how many go:
SELECT COUNT(*) FROM "d"."city";

DROP TABLE "d"."city";

ALTER TABLE "d"."_tidegate_new_1.5_0_0" RENAME TO "city";
