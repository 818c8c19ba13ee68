#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <zlib.h>

#include "extract/files/reading.h"
#include "extract/source.h"
#include "engine_helper.h"

/* A file of each reader, long enough that a page is handed on long before its end is read. */
enum { ROWS = 300000, CUT_AT = 3 * 1024 * 1024 + 5 };

static struct sources sources;

static int teardown(void **state)
{
    sources_close(&sources);
    return folder_teardown(state);
}

/* ---- files ---- */

/* Of `count` rows that have `mark` in them; those behind the first `from`. */
static void put_rows(struct buf *out, const char *name, int from, int count, const char *mark)
{
    const bool is_csv = strstr(name, ".csv"), is_list = strstr(name, ".json") && !strstr(name, "l");
    if (from == 0)
        buf_text(out, is_csv ? "id,t\n" : is_list ? "[\n" : "");
    for (int i = from; i < from + count; i++)
        if (is_csv)
            buf_printf(out, "%d,%s-and-more\n", i, mark);
        else
            buf_printf(out, "%s{\"id\":%d,\"t\":\"%s\"}%s", is_list && i > 0 ? "," : "", i, mark,
                       is_list ? "" : "\n");
    if (is_list)
        buf_text(out, "\n]");
}

static void write_file(const char *path, const char *mode, const struct buf *text, bool packs)
{
    FILE *file = packs ? NULL : fopen(path, mode);
    gzFile packed = packs ? gzopen(path, mode) : NULL;
    assert_true(file || packed);
    if (file)
        assert_int_equal(fwrite(text->data, 1, text->len, file), text->len);
    else
        assert_int_equal(gzwrite(packed, text->data, (unsigned)text->len), text->len);
    assert_int_equal(file ? fclose(file) : gzclose(packed), 0);
}

static void put(const char *folder, const char *name, int from, int count, const char *mark)
{
    const char *path = path_in(folder, name);
    struct buf text = BUF_INIT;
    if (strstr(name, ".parquet")) {
        buf_printf(&text, "range AS id, '%s' AS t FROM range(%d)", mark, count);
        put_parquet(path, buf_string(&text));
    } else {
        put_rows(&text, name, from, count, mark);
        write_file(path, from > 0 ? "a" : "w", &text, strstr(name, ".gz"));
    }
    buf_release(&text);
}

/* ---- reading ---- */

static struct page_stream *open_file(const char *folder, const char *name,
                                     struct bookmarks recalled)
{
    static const struct tg_cursor no_cursor = {.path = NULL};
    static const struct option_value root = {"root", "."};
    static struct option_value path; /* the same for all that are open */
    path = (struct option_value){"path", name};
    const struct resource_request request = {
        .source = {.services = {&ctx, engine},
                   .name = ".",
                   .folder = folder,
                   .values = &root,
                   .value_count = 1},
        .name = "r",
        .values = &path,
        .value_count = 1,
        .cursor = &no_cursor,
        .recalled = recalled,
        .skips_recalled = true,
    };
    struct page_stream *stream = NULL;
    struct tg_error err = {0};
    if (sources_read(&sources, source_find("files"), &request, &stream, &err) != TG_OK)
        fail_msg("%s", err.what);
    return stream;
}

/* Up to `pages` of them; *rows grows. */
static int read_pages(struct page_stream *stream, int pages, uint64_t *rows, struct tg_error *err)
{
    struct page page = {.kind = PAGE_END};
    int rc = TG_OK;
    while (pages-- > 0 && rc == TG_OK) {
        rc = stream->next(stream, &page, err);
        *rows += page.kind == PAGE_ARROW ? (uint64_t)page.array.length : page.row_count;
        if (page.kind == PAGE_END)
            break;
    }
    page_release(&page);
    return rc;
}

static struct bookmarks remembered(const struct page_stream *stream)
{
    return source_find("files")->remember(stream);
}

/* How many rows a run has that knows the files of another. */
static uint64_t next_run(const char *folder, const char *name, const struct page_stream *known)
{
    struct page_stream *stream = open_file(folder, name, remembered(known));
    struct tg_error err = {0};
    uint64_t rows = 0;
    if (read_pages(stream, INT32_MAX, &rows, &err) != TG_OK)
        fail_msg("%s: %s", name, err.what);
    page_stream_close(stream);
    return rows;
}

/* ---- what happens to a file ---- */

static void delete (const char *folder, const char *name)
{
    assert_int_equal(unlink(path_in(folder, name)), 0);
}

static void empty(const char *folder, const char *name)
{
    assert_int_equal(truncate(path_in(folder, name), 0), 0);
}

static void cut(const char *folder, const char *name)
{
    const bool is_small = strstr(name, ".gz") || strstr(name, ".parquet");
    assert_int_equal(truncate(path_in(folder, name), is_small ? 1000 : CUT_AT), 0);
}

static void replace(const char *folder, const char *name)
{
    char other[32];
    snprintf(other, sizeof(other), "other-%s", name);
    put(folder, other, 0, 3, "other");
    assert_int_equal(rename(path_in(folder, other), path_in(folder, name)), 0);
}

/* In the place of the other text; "first" is as long as "young". */
static void write_anew(const char *folder, const char *name)
{
    char other[32];
    struct buf text = BUF_INIT;
    snprintf(other, sizeof(other), "other-%s", name);
    put(folder, other, 0, ROWS, "young");
    assert_int_equal(fs_read_file(path_in(folder, other), &text, NULL), TG_OK);
    write_file(path_in(folder, name), "w", &text, false);
    buf_release(&text);
}

static void add(const char *folder, const char *name)
{
    if (strstr(name, ".parquet"))
        write_file(path_in(folder, name), "a", &(struct buf){.data = (char[]){"?"}, .len = 1},
                   false);
    else
        put(folder, name, ROWS, 7, "first");
}

static const char is_gone[] = "is gone since the folder was listed; run again",
                  is_other[] = "is another one than when the folder was listed",
                  has_changed[] = "changed while it was read: it was cut short, or written anew";

/* What a run says that has listed the file, or has its first page: NULL, it has `rows`; -1: those
 * that were there, and the next run has the others. */
static const struct {
    const char *name;
    void (*happens)(const char *folder, const char *name);
    bool while_read;
    const char *says;
    int rows;
} moments[] = {
    {"a.csv", delete, false, is_gone, 0},
    {"a.jsonl", delete, false, is_gone, 0},
    {"a.json", delete, false, is_gone, 0},
    {"a.parquet", delete, false, is_gone, 0},
    {"a.csv.gz", delete, false, is_gone, 0},
    {"a.csv", empty, false, NULL, 0},
    {"a.jsonl", empty, false, NULL, 0},
    {"a.json", empty, false, NULL, 0},
    {"a.csv.gz", empty, false, "is truncated: it ends after 0 bytes", 0},
    {"a.parquet", empty, false, "it is empty, which no Parquet file is", 0},
    {"a.csv", replace, false, is_other, 0},
    {"a.jsonl", replace, false, is_other, 0},
    {"a.json", replace, false, is_other, 0},
    {"a.parquet", replace, false, is_other, 0},
    {"a.csv.gz", replace, false, is_other, 0},
    {"a.csv", write_anew, false, NULL, ROWS},
    {"a.jsonl", write_anew, false, NULL, ROWS},
    {"a.parquet", write_anew, false, NULL, ROWS},
    {"a.csv", add, false, NULL, ROWS + 7},
    {"a.csv.gz", add, false, NULL, ROWS + 7},
    {"a.jsonl", add, false, NULL, ROWS + 7},
    /* a page of it is read */
    {"a.csv", delete, true, NULL, ROWS},
    {"a.jsonl", delete, true, NULL, ROWS},
    {"a.json", delete, true, NULL, ROWS},
    {"a.csv.gz", delete, true, NULL, ROWS},
    {"a.parquet", delete, true, is_gone, 0},
    {"a.csv", empty, true, has_changed, 0},
    {"a.jsonl", empty, true, has_changed, 0},
    {"a.json", empty, true, has_changed, 0},
    {"a.csv.gz", empty, true, has_changed, 0},
    {"a.parquet", empty, true, has_changed, 0},
    {"a.csv", cut, true, has_changed, 0},
    {"a.jsonl", cut, true, has_changed, 0},
    {"a.json", cut, true, has_changed, 0},
    {"a.csv.gz", cut, true, has_changed, 0},
    {"a.parquet", cut, true, has_changed, 0},
    {"a.csv", replace, true, NULL, ROWS},
    {"a.jsonl", replace, true, NULL, ROWS},
    {"a.json", replace, true, NULL, ROWS},
    {"a.csv.gz", replace, true, NULL, ROWS},
    {"a.parquet", replace, true, is_other, 0},
    {"a.csv", write_anew, true, has_changed, 0},
    {"a.jsonl", write_anew, true, has_changed, 0},
    {"a.json", write_anew, true, has_changed, 0},
    {"a.csv.gz", write_anew, true, has_changed, 0},
    {"a.parquet", write_anew, true, has_changed, 0},
    {"a.csv", add, true, NULL, -1},
    {"a.jsonl", add, true, NULL, -1},
    {"a.csv.gz", add, true, NULL, -1},
    {"a.parquet", add, true, has_changed, 0},
};

static bool names_file(const struct tg_error *err, const char *name)
{
    return strstr(err->what, name) || strstr(err->where, name);
}

static void check_moment(const char *folder, size_t i)
{
    const char *name = moments[i].name, *says = moments[i].says;
    struct tg_error err = {0};
    uint64_t rows = 0;
    put(folder, name, 0, ROWS, "first");
    struct page_stream *stream = open_file(folder, name, (struct bookmarks){0});
    if (moments[i].while_read)
        assert_int_equal(read_pages(stream, 1, &rows, &err), TG_OK);
    moments[i].happens(folder, name);
    int rc = read_pages(stream, INT32_MAX, &rows, &err);
    if (says ? rc == TG_OK || !strstr(err.what, says) || !names_file(&err, name) : rc != TG_OK)
        fail_msg("moment %zu, %s: %s", i, name, rc == TG_OK ? "no error" : err.what);
    if (says && (says == is_gone || says == is_other || says == has_changed))
        assert_true(rc == TG_SOURCE && err.retryable);
    if (says)
        assert_int_equal(remembered(stream).count, 0);
    else if (moments[i].rows >= 0)
        assert_int_equal(rows, moments[i].rows);
    else
        assert_int_equal(rows + next_run(folder, name, stream), ROWS + 7);
    if (!says && moments[i].happens == replace)
        assert_int_equal(next_run(folder, name, stream), 3);
    page_stream_close(stream);
    sources_close(&sources);
    (void)unlink(path_in(folder, name));
}

static void test_moments(void **state)
{
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++)
        check_moment(*state, i);
}

/* Nobody may read it any more; what is open is read on. */
static void test_unreadable(void **state)
{
    static const char *const names[] = {"a.csv", "a.jsonl", "a.json", "a.csv.gz", "a.parquet"};
    const uid_t user = geteuid();
    char place[] = "/tmp/tidegate-XXXXXX"; /* the tests' own may be closed to who is not root */
    (void)state;
    assert_non_null(mkdtemp(place));
    assert_int_equal(chmod(place, 0755), 0);
    for (int i = 0; i < 5; i++) {
        struct tg_error err = {0};
        uint64_t rows = 0;
        put(place, names[i], 0, 3, "first");
        struct page_stream *stream = open_file(place, names[i], (struct bookmarks){0});
        struct page_stream *begun = open_file(place, names[i], (struct bookmarks){0});
        assert_int_equal(read_pages(begun, 1, &rows, &err), TG_OK);
        assert_int_equal(chmod(path_in(place, names[i]), 0), 0);
        assert_int_equal(user == 0 ? seteuid(65534) : 0, 0);
        int rc = read_pages(stream, INT32_MAX, &rows, &err);
        assert_int_equal(user == 0 ? seteuid(user) : 0, 0);
        assert_int_equal(rc, TG_SOURCE);
        if (!names_file(&err, names[i]) || !strstr(err.what, "cannot be opened: Permission denied"))
            fail_msg("%s", err.what);
        assert_int_equal(read_pages(begun, INT32_MAX, &rows, &err), TG_OK);
        assert_int_equal(rows, 3);
        page_stream_close(stream);
        page_stream_close(begun);
    }
    assert_int_equal(fs_remove_tree(place, NULL), TG_OK);
}

/* ---- what was added ---- */

/* The text that a tail goes on is gone when it is to be read; both, of a text that is hashed again,
 * and of one whose hash was kept. */
static void test_written_anew_before_tail(void **state)
{
    static const char *const names[] = {"a.csv", "a.jsonl", "a.csv.gz"};
    static const int counts[] = {10, ROWS};
    for (int i = 0; i < 6; i++) {
        const char *name = names[i % 3];
        const int count = counts[i / 3];
        struct tg_error err = {0};
        uint64_t rows = 0;
        put(*state, name, 0, count, "first");
        struct page_stream *known = open_file(*state, name, (struct bookmarks){0});
        assert_int_equal(read_pages(known, INT32_MAX, &rows, &err), TG_OK);
        assert_int_equal(rows, count);
        put(*state, name, count, 2, "first");
        struct page_stream *stream = open_file(*state, name, remembered(known));
        put(*state, name, 0, count + 5, "young");
        assert_int_equal(read_pages(stream, INT32_MAX, &rows, &err), TG_SOURCE);
        assert_non_null(strstr(err.what, has_changed));
        assert_true(err.retryable);
        page_stream_close(stream);
        assert_int_equal(next_run(*state, name, known), count + 5);
        page_stream_close(known);
        sources_close(&sources);
    }
}

/* A line that is wrong is that also in a file to which lines are added. */
static void test_malformed_and_grown(void **state)
{
    struct tg_error err = {0};
    uint64_t rows = 0;
    put_file(*state, "a.jsonl", "{\"id\":1}\n{\"id\":\n");
    struct page_stream *stream = open_file(*state, "a.jsonl", (struct bookmarks){0});
    put(*state, "a.jsonl", 2, 1, "x");
    assert_int_equal(read_pages(stream, INT32_MAX, &rows, &err), TG_DATA);
    assert_non_null(strstr(err.what, "malformed JSON"));
    page_stream_close(stream);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_moments),
        IN_FOLDER(test_unreadable),
        IN_FOLDER(test_written_anew_before_tail),
        IN_FOLDER(test_malformed_and_grown),
    };
    return cmocka_run_group_tests_name("extract/reading", tests, start_engine, stop_engine);
}
