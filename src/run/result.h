/*
 * What a run tells the one who called it: the inside of the public handle, plain data. The
 * accessors are in src/api/result.c.
 */
#ifndef TIDEGATE_RESULT_H
#define TIDEGATE_RESULT_H

#include "base/memory.h"

struct tg_result {
    struct arena arena; /* owns all of it */
    const char *load_id, *dataset, *schema, *schema_hash, *package;
    int64_t schema_version;
    bool state_changed;
    int64_t started_us;
    double seconds, phase_seconds[TG_PHASE_DONE];
    size_t settled_count;
    const char **undone;
    size_t undone_count;
    struct tg_table_info *tables;
    size_t table_count;
    struct tg_resource_info *resources;
    size_t resource_count;
    struct tg_schema_change *changes;
    size_t change_count;
    struct tg_file_info *files;
    size_t file_count;
    struct tg_reject_info *rejects;
    size_t reject_count;
    struct tg_package_file *package_files;
    size_t package_file_count;
    const char **warnings;
    size_t warning_count, warning_cut_count;
};

/* One that tells nothing yet; NULL: no memory. */
struct tg_result *result_new(void);

#endif
