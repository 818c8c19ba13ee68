/*
 * The catalog as YAML, as dlt exports and imports it (reference 4.5). Texts only: which files they
 * are in is the caller's business.
 */
#ifndef TIDEGATE_DLT_SCHEMA_YAML_H
#define TIDEGATE_DLT_SCHEMA_YAML_H

#include "dlt/store.h"

/* The text of <schema>.schema.yaml in dlt's export_schema_path. The catalog's version is written as
 * it is: catalog_bump comes first. Appends to `out`. */
int schema_yaml_write(const struct catalog *catalog, struct buf *out,
                      struct tg_error *err) TG_CHECK_RESULT;
/* The text for import_schema_path where there is none yet: without what loads have noted in the
 * schema (x-normalizer...). The catalog counts as imported from it. Appends to `out`. */
int schema_yaml_start(struct catalog *catalog, struct buf *out,
                      struct tg_error *err) TG_CHECK_RESULT;

/* Reads such a text; what it says of its version is brought up to date with its content. TG_SPEC
 * with `subject` (the file), line and column, or table and column. `out` need not be initialised.
 */
int schema_yaml_read(const char *text, size_t len, const char *subject, struct catalog *out,
                     struct tg_error *err) TG_CHECK_RESULT;

/* The rule of dlt's import_schema_path: a text that is another one than the last imported takes the
 * place of the whole catalog, version and all; *changed tells. Tables at the destination are not
 * its business: what is left out stays there, and types that contradict it are found when they are
 * to be altered. TG_SPEC. */
int catalog_import(struct catalog *catalog, const char *yaml, size_t len, const char *subject,
                   bool *changed, struct tg_error *err) TG_CHECK_RESULT;

#endif
