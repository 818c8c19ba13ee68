/*
 * What a file holds, by its first bytes, before rows are made of it.
 */
#ifndef TIDEGATE_EXTRACT_CONTENT_H
#define TIDEGATE_EXTRACT_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* The head of a file that should be text: TG_DATA when it is of another kind; says which, and what
 * to do. */
int content_check_text(const char *head, size_t len, struct tg_error *err) TG_CHECK_RESULT;
/* JSON of rows where a CSV file's header should be. */
int content_check_header(const char *head, size_t len, struct tg_error *err) TG_CHECK_RESULT;
/* A name of which `len` bytes say none of the formats that are read: TG_USAGE where they say
 * another one, and what to do. */
int content_check_name(const char *name, size_t len, struct tg_error *err) TG_CHECK_RESULT;
/* The file should be Parquet. TG_SOURCE when it cannot be read. */
int content_check_parquet(const char *path, struct tg_error *err) TG_CHECK_RESULT;

#endif
