/*
 * tidegate: what a run did. tidegate.h includes this header.
 *
 * Texts and structs that are got from a result are borrowed until tg_result_free; the structs grow
 * at their end. Every function takes NULL, and an index beyond the end, and answers with 0, "" or
 * NULL:
 *
 *     struct tg_result *result = NULL;
 *     int rc = tg_pipeline_run(pipeline, &result, &err);
 *     for (size_t i = 0; i < tg_result_table_count(result); i++) {
 *         const struct tg_table_info *table = tg_result_table(result, i);
 *         printf("%s: %llu rows\n", table->name, (unsigned long long)table->rows_inserted);
 *     }
 *     tg_result_free(result);
 */
#ifndef TIDEGATE_PUBLIC_RESULT_H
#define TIDEGATE_PUBLIC_RESULT_H

#include "tidegate.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The load's id, as in _dlt_loads; "" when there was nothing to load. */
TG_API const char *tg_result_load_id(const struct tg_result *result);
TG_API const char *tg_result_dataset(const struct tg_result *result);
/* The name of the schema, under which cursors and versions are stored. */
TG_API const char *tg_result_schema(const struct tg_result *result);
/* When the run began: microseconds since 1970, UTC. */
TG_API int64_t tg_result_started(const struct tg_result *result);
/* How long it took by the clock, and how much of that a phase (TG_PHASE_DONE: 0); what is before
 * and between the phases counts to the one that follows. */
TG_API double tg_result_seconds(const struct tg_result *result);
TG_API double tg_result_phase_seconds(const struct tg_result *result, enum tg_phase phase);
/* The loads that an undo has undone, or would, the newest first; NULL beyond the last one. */
TG_API size_t tg_result_undone_count(const struct tg_result *result);
TG_API const char *tg_result_undone(const struct tg_result *result, size_t index);
/* Loads of earlier runs that were sealed but not yet written, and are now. */
TG_API size_t tg_result_settled_count(const struct tg_result *result);

/* What the run did to one table. */
struct tg_table_info {
    const char *name;
    const char *resource;
    bool nested;
    uint64_t rows_read;     /* delivered by the source (root tables) */
    uint64_t rows_new;      /* after cursor and contract: what went into the load */
    uint64_t rows_inserted; /* at the destination */
    uint64_t rows_updated;
    uint64_t rows_deleted;
    uint64_t rows_filtered; /* dropped by the cursor: too old, already loaded, or beyond the end; or
                                by source_filter */
    uint64_t rows_rejected; /* dropped by a contract or as bad rows */
    uint64_t rows_waiting;  /* new, but not read before a later run: commit_safe of tg_resource */
    uint64_t rows_unchanged; /* in the load, and left alone: they were there already */
    /* What the cursor found (root tables); rows of the first three are among those filtered: */
    uint64_t rows_below_start;  /* before the value where the run began */
    uint64_t rows_above_end;    /* beyond the end of the window */
    uint64_t rows_deduplicated; /* at that value, and loaded before */
    uint64_t rows_null_cursor;  /* without a value: filtered, or loaded (on_cursor_value_missing) */
    uint64_t rows_late; /* of those before the start: not at the destination under their key, or
                            with an older value; of sources that hand over what is new */
};
/* Roots in the order of the resources, each followed by its nested tables. */
TG_API size_t tg_result_table_count(const struct tg_result *result);
TG_API const struct tg_table_info *tg_result_table(const struct tg_result *result, size_t index);

/* What was read of one resource. */
struct tg_resource_info {
    const char *name;
    const char *table;      /* its root table; NULL: it has `no_table` */
    uint64_t rows_read;     /* delivered by the source */
    uint64_t bytes_read;    /* 0 where nobody counts them: callbacks */
    double seconds;         /* from opening the source to its last row */
    uint64_t files_skipped; /* whole files that were not read, because of the cursor */
};
/* The selected resources in their order. */
TG_API size_t tg_result_resource_count(const struct tg_result *result);
TG_API const struct tg_resource_info *tg_result_resource(const struct tg_result *result,
                                                         size_t index);

/* Something that the schema has learnt: a table, a column of a new or an older table, or a wider
 * type of a column. */
struct tg_schema_change {
    const char *table;
    const char *column;      /* NULL: the table is new */
    const char *data_type;   /* of the column, as in struct tg_column */
    const char *type;        /* the same with its digits: "decimal(12,2)"; NULL without a column */
    const char *type_before; /* the column was there, with this type; NULL: it is new */
    const char *variant_of;  /* the column takes values of this one that have another type; "": of
                                one that is not known any more; NULL: it is no such column */
};
/* Each new table, followed by its columns; of a table that was there columns stand alone. */
TG_API size_t tg_result_change_count(const struct tg_result *result);
TG_API const struct tg_schema_change *tg_result_change(const struct tg_result *result,
                                                       size_t index);

/* Why a file was read. */
enum tg_file_news {
    TG_FILE_NEW = 0,
    TG_FILE_REWRITTEN,   /* what was loaded of it is no longer in it: it was loaded again, whole */
    TG_FILE_GROWN,       /* there was more behind what was loaded: that was read */
    TG_FILE_GROWN_AGAIN, /* the same, and all of it was loaded again (on_grown: all) */
    TG_FILE_COPIED       /* another file has the same text (same_content: load) */
};

/* A file that was read and was new, or not what it had been. One that a merge or a cursor reads
 * again as it was is not told, nor are files of a bounded window. */
struct tg_file_info {
    const char *resource;
    const char *path;       /* relative to the source's root */
    uint64_t bytes;         /* on disk */
    uint64_t rows;          /* that it has given, in earlier loads, too */
    enum tg_file_news news; /* of a load that was sealed before: TG_FILE_NEW, whatever it was */
};
TG_API size_t tg_result_file_count(const struct tg_result *result);
TG_API const struct tg_file_info *tg_result_file(const struct tg_result *result, size_t index);

/* Rows of one resource for one table that were rejected: how many, and the first of them. They are
 * in the table _tidegate_rejects. */
struct tg_reject_info {
    const char *resource, *table;
    uint64_t rows;
    const char *reason;
    const char *place;  /* "file 'a.jsonl', line 3"; "": unknown */
    const char *column; /* NULL: none in particular */
};
/* In the order in which they were met; none of a load that was sealed before. */
TG_API size_t tg_result_reject_count(const struct tg_result *result);
TG_API const struct tg_reject_info *tg_result_reject(const struct tg_result *result, size_t index);

/* A Parquet file of the load's package (tg_result_package), which goes when the load is written. */
struct tg_package_file {
    const char *table;
    const char *name; /* in the folder of the package */
    uint64_t bytes, rows;
};
/* In the order of their tables. */
TG_API size_t tg_result_package_file_count(const struct tg_result *result);
TG_API const struct tg_package_file *tg_result_package_file(const struct tg_result *result,
                                                            size_t index);

/* What is well, but not as one would think; also when the run failed. */
TG_API size_t tg_result_warning_count(const struct tg_result *result);
TG_API const char *tg_result_warning(const struct tg_result *result, size_t index);
/* More warnings than are kept (the first 100 are). */
TG_API size_t tg_result_warning_cut_count(const struct tg_result *result);

#ifdef __cplusplus
}
#endif

#endif
