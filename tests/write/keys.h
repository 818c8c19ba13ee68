/*
 * For tests of what a load takes away: a part of the package that says so, and a list of keys.
 * Include after merges.h.
 */
#ifndef TIDEGATE_TESTS_WRITE_KEYS_H
#define TIDEGATE_TESTS_WRITE_KEYS_H

#include "tests/write/loads.h"

/* Rows that the source has no more go, or are flagged. */
static inline void fixture_absent(struct fixture *t, const char *table, bool flags)
{
    struct manifest_table *part = fixture_part(t, table);
    part->deletes_absent = !flags;
    part->flags_absent = flags;
}

/* The keys that the source has, beside the rows of the load. */
static inline void fixture_keys(struct fixture *t, const char *table, const char *header_text,
                                const char *text)
{
    struct header header;
    struct column columns[FIXTURE_COLUMNS];
    struct ArrowArray children[FIXTURE_COLUMNS];
    struct ArrowArray batch = {0};
    struct ArrowSchema schema = {0};
    struct manifest_table *part = NULL;
    struct catalog scratch = {0};
    struct table *made = NULL;
    fixture_part(t, table);
    FIXTURE_OK(t, catalog_init(&scratch, "scratch", &t->err));
    FIXTURE_OK(t, catalog_add(&scratch, "keys", NULL, &made, &t->err));
    fixture_header(t, made, header_text, &header);
    for (size_t c = 0; c < header.count; c++)
        FIXTURE_OK(t, column_init(&columns[c], &header.specs[c], &t->err));
    size_t count = fixture_cells(t, columns, header.count, text);
    for (size_t c = 0; c < header.count; c++)
        FIXTURE_OK(t, column_export(&columns[c], count, &children[c], &t->err));
    FIXTURE_OK(t, batch_make(children, header.count, (int64_t)count, &batch, &t->err));
    FIXTURE_OK(t, schema_make(header.names, header.specs, header.count, &schema, &t->err));
    FIXTURE_OK(
        t, manifest_add_table(fixture_begin(t), "_tidegate_keys", table, false, &part, &t->err));
    part->is_keys = true;
    FIXTURE_OK(t, package_append(t->package, "_tidegate_keys", &schema, &batch, &t->err));
    schema_release(&schema);
    header_release(&header);
    catalog_release(&scratch);
}

#endif
