-- rows

CREATE TABLE "d"."_tidegate_new_1.5_0_0" (LIKE "d"."city" INCLUDING ALL);

-- must give no row:
SELECT has
FROM (
SELECT CASE
    WHEN t.relrowsecurity OR EXISTS (SELECT 1 FROM pg_catalog.pg_policy WHERE polrelid = t.oid)
    THEN 'row level security'
    WHEN t.relkind = 'p' OR t.relispartition THEN 'partitions, or is one'
    WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_inherits WHERE t.oid IN (inhrelid, inhparent))
    THEN 'inheritance'
    WHEN t.relkind <> 'r' THEN 'another kind than a plain table'
    WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_publication_tables
        WHERE schemaname = n.nspname AND tablename = t.relname)
    THEN 'a publication'
    WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_depend AS d
        JOIN pg_catalog.pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = d.classid
        AND d.refobjid = t.oid AND d.deptype = 'a')
    THEN 'a sequence of its own (serial)'
    END AS has
FROM pg_catalog.pg_class AS t
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
WHERE n.nspname = 'd' AND t.relname = 'city'
) AS looked
WHERE has IS NOT NULL;

CREATE TABLE "d"."_tidegate_new_1.5_0_1" (LIKE "d"."city__tags" INCLUDING ALL);

-- must give no row:
SELECT has
FROM (
SELECT CASE
    WHEN t.relrowsecurity OR EXISTS (SELECT 1 FROM pg_catalog.pg_policy WHERE polrelid = t.oid)
    THEN 'row level security'
    WHEN t.relkind = 'p' OR t.relispartition THEN 'partitions, or is one'
    WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_inherits WHERE t.oid IN (inhrelid, inhparent))
    THEN 'inheritance'
    WHEN t.relkind <> 'r' THEN 'another kind than a plain table'
    WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_publication_tables
        WHERE schemaname = n.nspname AND tablename = t.relname)
    THEN 'a publication'
    WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_depend AS d
        JOIN pg_catalog.pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = d.classid
        AND d.refobjid = t.oid AND d.deptype = 'a')
    THEN 'a sequence of its own (serial)'
    END AS has
FROM pg_catalog.pg_class AS t
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
WHERE n.nspname = 'd' AND t.relname = 'city__tags'
) AS looked
WHERE has IS NOT NULL;

-- of the reader, into d._tidegate_new_1.5_0_0:
SELECT "name", "_dlt_id"
FROM read_parquet(['package/city.1.parquet'], hive_partitioning = false);

-- how many go:
SELECT COUNT(*) FROM "d"."city__tags";

DROP TABLE "d"."city__tags";

ALTER TABLE "d"."_tidegate_new_1.5_0_1" RENAME TO "city__tags";

-- how many go:
SELECT COUNT(*) FROM "d"."city";

DROP TABLE "d"."city";

ALTER TABLE "d"."_tidegate_new_1.5_0_0" RENAME TO "city";
