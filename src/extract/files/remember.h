/*
 * What the ledger is to have of the files of a resource.
 */
#ifndef TIDEGATE_EXTRACT_FILES_REMEMBER_H
#define TIDEGATE_EXTRACT_FILES_REMEMBER_H

#include "extract/files/listing.h"
#include "extract/source.h"

/* Set `request` and `arena`, which are borrowed, before the first use; mem_free(items). */
struct remembered {
    const struct resource_request *request;
    struct arena *arena; /* has the texts of the items, as the listing and the ledger do */
    struct bookmark *items;
    size_t count, cap;
};

/* A file that was read to its end; `text` is the hash of all of it. */
int remember_read(struct remembered *made, struct listed_file *file, const struct hash_stream *text,
                  struct tg_error *err) TG_CHECK_RESULT;
/* One that holds a text which was loaded. */
int remember_noted(struct remembered *made, const struct listed_file *file,
                   struct tg_error *err) TG_CHECK_RESULT;

#endif
