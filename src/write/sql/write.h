/*
 * One sealed package into one database, in one transaction (design: the commit protocol, step 6).
 *
 *   write_package: stage merges (temporary tables, committed on their own) -> BEGIN -> load known?
 *                  state moved on? -> schema changes -> dispositions -> ledger rows -> COMMIT
 *
 * SQL is made by pure functions: ddl_plan (tables -> statements), the dispositions
 * (dispositions/NAME.c), record_plan (ledger rows).
 */
#ifndef TIDEGATE_WRITE_WRITE_H
#define TIDEGATE_WRITE_WRITE_H

#include "dlt/store.h"
#include "database/connection.h"
#include "package/manifest.h"

struct write_table_counts {
    const char *table; /* borrowed from the manifest */
    uint64_t rows_inserted, rows_updated, rows_deleted;
};

/* What is to become of the package. */
enum write_fate {
    FATE_WAITS,   /* not yet written; it may be later */
    FATE_WRITTEN, /* its load is at the destination */
    FATE_PASSED,  /* the pipeline has moved on: it never can be */
    FATE_REFUSED, /* the destination does not take it */
    FATE_UNKNOWN  /* the commit failed, which may be after the fact: the ledger knows */
};

struct write_result {
    enum write_fate fate;
    bool already_written;              /* the load was in the ledger */
    struct write_table_counts *counts; /* in the manifest's order, owned */
    size_t count;
};

/* TG_CONFLICT: the state moved on (nothing written). Any failure is rolled back and the destination
 * is as before, but for FATE_UNKNOWN, which keeps its counts. */
int write_package(struct connection *con, const char *package_path, const struct manifest *manifest,
                  struct write_result *out, struct tg_error *err) TG_CHECK_RESULT;
/* fate.c: what a failure means for the package; never FATE_UNKNOWN. */
enum write_fate write_fate_of(int rc, const struct tg_error *err);
void write_result_release(struct write_result *result);

#endif
