/*
 * Parquet -> a stream of pages, read by the embedded engine: from its end and here and there, so it
 * must be a local file: what comes from elsewhere is to be put into one.
 */
#ifndef TIDEGATE_EXTRACT_PARQUET_READER_H
#define TIDEGATE_EXTRACT_PARQUET_READER_H

#include "duckdb/engine.h"
#include "extract/page_stream.h"

/* `path` is borrowed until the stream is closed, `name`, which it is called in messages, until its
 * pages go. Pages are Arrow batches, which live until the next one is read. TG_SOURCE when it
 * cannot be read, TG_DATA when it is malformed. */
int parquet_reader_open(struct engine *engine, const char *path, const char *name,
                        struct page_stream **out, struct tg_error *err) TG_CHECK_RESULT;

#endif
