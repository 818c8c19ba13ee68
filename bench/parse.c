/*
 * Parses a file as a run does, and lets go of what comes: the least that reading it takes.
 *
 *     parse FILE.jsonl | FILE.csv | FILE.parquet
 *     parse --split FILE.csv      its fields are found, and nothing is made of them
 *
 * The readers are those of a run (JSON on a thread that is ahead of this one, Parquet by the
 * engine), and so is their memory. bench/run compares a run that finds nothing new with it, process
 * by process.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "extract/extract.h"
#include "base/memory.h"
#include "extract/formats/csv_reader.h"
#include "extract/formats/json_reader.h"
#include "extract/formats/parquet_reader.h"
#include "extract/read_ahead.h"

enum { PAGES_AHEAD = 1, LINE_BYTES_MAX = 32 << 20, PART_BYTES = 1 << 20 };

static int open_json(const char *path, struct page_stream **out, struct tg_error *err)
{
    struct reader *text = NULL;
    const struct json_options options = {
        .form = JSON_LINES, .line_bytes_max = LINE_BYTES_MAX, .name = path};
    int rc = TG_OK;
    TRY(reader_open(path, &text, err));
    TRY(json_reader_open(text, &options, out, err));
    TRY(read_ahead_open(*out, PAGES_AHEAD, SIZE_MAX, out, err));
done:
    return rc;
}

static int open_csv(const char *path, struct page_stream **out, struct tg_error *err)
{
    struct reader *text = NULL;
    const struct csv_options options = {.name = path, .syntax.quote = '"', .header = true};
    int rc = TG_OK;
    TRY(reader_open(path, &text, err));
    TRY(csv_reader_open(text, &options, out, err));
done:
    return rc;
}

/* As csv_reader.c does it, a part after the other; fields that stand in quotes, too. */
static int split_csv(const char *path, uint64_t *rows, struct tg_error *err)
{
    enum { FIELDS = 64 };
    struct csv_split split = {.syntax = {.delimiter = ",", .quote = '"'}, .line = 1};
    struct csv_field fields[FIELDS];
    struct csv_row row;
    struct reader *reader = NULL;
    char *text = mem_calloc(1, PART_BYTES + CSV_ROOM);
    size_t end = 0, got = 1;
    int rc = TG_OK;
    if (!text)
        return error_nomem(err);
    TRY(reader_open(path, &reader, err));
    while (got > 0) {
        memmove(text, text + split.at, end - split.at);
        end -= split.at;
        TRY(reader_read(reader, text + end, PART_BYTES - end, &got, err));
        end += got;
        csv_split_text(&split, text, 0, end, got == 0);
        while (csv_split_row(&split, fields, FIELDS, &row) == CSV_ROW)
            ++*rows;
    }
done:
    reader_close(reader);
    mem_free(text);
    return rc;
}

static int open_parquet(const char *path, struct context *ctx, struct engine **engine,
                        struct page_stream **out, struct tg_error *err)
{
    int rc = TG_OK;
    ctx->threads = (int)sysconf(_SC_NPROCESSORS_ONLN);
    TRY(engine_new(ctx, ".", engine, err));
    TRY(parquet_reader_open(*engine, path, path, out, err));
done:
    return rc;
}

static int drop(void *user, struct page *page, struct tg_error *err)
{
    (void)user;
    (void)page;
    (void)err;
    return TG_OK;
}

static int open_any(const char *path, struct context *ctx, struct engine **engine,
                    struct page_stream **out, struct tg_error *err)
{
    const char *ending = strrchr(path, '.');
    if (ending && strcmp(ending, ".parquet") == 0)
        return open_parquet(path, ctx, engine, out, err);
    return ending && strcmp(ending, ".csv") == 0 ? open_csv(path, out, err)
                                                 : open_json(path, out, err);
}

int main(int argc, char **argv)
{
    const bool splits = argc == 3 && strcmp(argv[1], "--split") == 0;
    struct page_stream *stream = NULL;
    struct engine *engine = NULL;
    struct context ctx;
    struct tg_error err = {0};
    struct extract_counts counts = {0};
    const struct extract_sink sink = {.push = drop};
    int rc;
    if (argc != 2 && !splits) {
        fprintf(stderr, "usage: parse [--split] FILE.jsonl | FILE.csv | FILE.parquet\n");
        return 2;
    }
    context_init(&ctx);
    rc = splits ? split_csv(argv[2], &counts.rows_read, &err)
                : open_any(argv[1], &ctx, &engine, &stream, &err);
    if (rc == TG_OK && stream)
        rc = extract_run(&ctx, stream, NULL, &sink, &counts, &err);
    if (rc == TG_OK)
        printf("%llu rows\n", (unsigned long long)counts.rows_read);
    else
        fprintf(stderr, "parse: %s: %s\n", err.where, err.what);
    page_stream_close(stream);
    engine_free(engine);
    return rc == TG_OK ? 0 : 1;
}
