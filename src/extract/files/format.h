/*
 * What a file is by its name: the format of its rows, where it is not said.
 */
#ifndef TIDEGATE_EXTRACT_FILES_FORMAT_H
#define TIDEGATE_EXTRACT_FILES_FORMAT_H

#include <stdbool.h>

#include "base/error.h"

enum format { FORMAT_NONE, FORMAT_JSONL, FORMAT_JSON, FORMAT_CSV, FORMAT_PARQUET };

/* By a word of a spec; FORMAT_NONE: it is none, or NULL. */
enum format format_find(const char *word);
/* By the name before .gz, .zst, .bz2 or .xz; FORMAT_NONE: it does not say. */
enum format format_of(const char *name);
/* "CSV" */
const char *format_name(enum format format);
/* Of patterns, a line each, by their names: what they match where none of them may match CSV;
 * FORMAT_NONE: one may. */
enum format format_without_csv(const char *patterns);
/* How long the name is without a compression's suffix. */
size_t format_bare_length(const char *name);
/* Whether the name ends so (".tsv"), before a compression's suffix. */
bool format_ends_in(const char *name, const char *ending);

/* A path or a root that is a URL: TG_USAGE says what to do about such a place. `what`: "path". */
int format_check_local(const char *what, const char *path, struct tg_error *err) TG_CHECK_RESULT;

#endif
