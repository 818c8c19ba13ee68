/*
 * Parses a file as a run does, and lets go of what comes: the least that reading it takes.
 *
 *     parse FILE.jsonl | FILE.parquet
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
#include "extract/formats/json_reader.h"
#include "extract/formats/parquet_reader.h"
#include "extract/read_ahead.h"

enum { PAGES_AHEAD = 1, LINE_BYTES_MAX = 32 << 20 };

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

int main(int argc, char **argv)
{
    const char *ending = argc == 2 ? strrchr(argv[1], '.') : NULL;
    struct page_stream *stream = NULL;
    struct engine *engine = NULL;
    struct context ctx;
    struct tg_error err = {0};
    struct extract_counts counts = {0};
    const struct extract_sink sink = {.push = drop};
    if (!ending) {
        fprintf(stderr, "usage: parse FILE.jsonl | FILE.parquet\n");
        return 2;
    }
    context_init(&ctx);
    int rc = strcmp(ending, ".parquet") == 0 ? open_parquet(argv[1], &ctx, &engine, &stream, &err)
                                             : open_json(argv[1], &stream, &err);
    if (rc == TG_OK)
        rc = extract_run(&ctx, stream, NULL, &sink, &counts, &err);
    if (rc == TG_OK)
        printf("%llu rows\n", (unsigned long long)counts.rows_read);
    else
        fprintf(stderr, "parse: %s: %s\n", err.where, err.what);
    page_stream_close(stream);
    engine_free(engine);
    return rc == TG_OK ? 0 : 1;
}
