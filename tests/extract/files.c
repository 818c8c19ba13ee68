#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/time.h>

#include "extract/extract.h"
#include "extract/source.h"
#include "engine_helper.h"
#include "tests/torture.h"

static struct sources sources; /* of a test */
static const char *folder_of_torture;

static int teardown(void **state)
{
    sources_close(&sources);
    return folder_teardown(state);
}

static struct resource_request request_of(const char *folder, const char *root,
                                          const struct option_value *values, size_t value_count)
{
    static const struct tg_cursor no_cursor = {.path = NULL};
    static struct option_value root_value;
    root_value = (struct option_value){"root", root};
    return (struct resource_request){.source = {.services = {&ctx, engine},
                                                .name = root,
                                                .folder = folder,
                                                .values = &root_value,
                                                .value_count = 1},
                                     .name = "r",
                                     .values = values,
                                     .value_count = value_count,
                                     .cursor = &no_cursor};
}

static int open_request(const struct resource_request *request, struct page_stream **out,
                        struct tg_error *err)
{
    return sources_read(&sources, source_find("files"), request, out, err);
}

/* Opens with `path` and up to one more option. */
static int open_files(const char *folder, const char *root, const char *path, const char *name,
                      const char *value, struct bookmarks recalled, struct page_stream **out,
                      struct tg_error *err)
{
    const struct option_value values[] = {{"path", path}, {name ? name : "-", value}};
    struct resource_request request = request_of(folder, root, values, 2);
    request.recalled = recalled;
    request.skips_recalled = recalled.items != NULL;
    return open_request(&request, out, err);
}

static const struct bookmarks nothing;

static struct bookmarks remembered(const struct page_stream *stream)
{
    return source_find("files")->remember(stream);
}

static struct page_stream *open_path(const char *folder, const char *path)
{
    struct page_stream *stream = NULL;
    struct tg_error err = {0};
    if (open_files(folder, ".", path, NULL, NULL, nothing, &stream, &err) != TG_OK)
        fail_msg("%s", err.what);
    return stream;
}

static int next_page(struct page_stream *stream, struct page *page, struct tg_error *err)
{
    *page = (struct page){.kind = PAGE_END};
    return stream->next(stream, page, err);
}

/* All rows; freed by the caller. */
static char *read_all(struct page_stream *stream)
{
    struct buf out = BUF_INIT;
    struct page page;
    buf_text(&out, ">");
    for (;;) {
        struct tg_error err = {0};
        if (next_page(stream, &page, &err) != TG_OK)
            fail_msg("%s: %s", err.where, err.what);
        if (page.kind == PAGE_END)
            break;
        put_page(&out, &page);
        page_release(&page);
    }
    page_release(&page);
    return buf_take(&out);
}

static void check_path(const char *folder, const char *path, const char *rows)
{
    struct page_stream *stream = open_path(folder, path);
    char *text = read_all(stream);
    assert_string_equal(text + 1, rows);
    mem_free(text);
    page_stream_close(stream);
}

static void test_formats(void **state)
{
    put_file(*state, "a.jsonl", "{\"id\":1}\n{\"id\":2}");
    put_file(*state, "b.NDJSON", "{\"id\":3}");
    put_file(*state, "c.json", "[{\"id\":4},{\"id\":5}]");
    put_file(*state, "d.csv", "id,t\n6,x\n");
    put_file(*state, "e.tsv", "id\tt,u\n7\ty\n");
    put_file(*state, "f.json.gz", "{\n\"id\":8\n}");
    put_file(*state, "g.jsonl", "");
    put_file(*state, "h.csv", "");
    put_file(*state, "i.json", "");
    check_path(*state, "*",
               "{\"id\":1} {\"id\":2} {\"id\":3} {\"id\":4} {\"id\":5} id=6,t=\"x\" "
               "id=7,t,u=\"y\" {\"id\":8} ");
    check_path(*state, "c.json\na.jsonl", "{\"id\":1} {\"id\":2} {\"id\":4} {\"id\":5} ");
}

static void test_root(void **state)
{
    struct page_stream *stream;
    char *text;
    put_file(*state, "data/a.jsonl", "{\"id\":1}");
    assert_int_equal(open_files(*state, "./data", "a.jsonl", NULL, NULL, nothing, &stream, NULL),
                     TG_OK);
    text = read_all(stream);
    assert_string_equal(text, ">{\"id\":1} ");
    mem_free(text);
    page_stream_close(stream);
    assert_int_equal(
        open_files("/", path_in(*state, "data"), "a.jsonl", NULL, NULL, nothing, &stream, NULL),
        TG_OK);
    page_stream_close(stream);
}

static void test_options(void **state)
{
    struct page_stream *stream;
    char *text;
    put_file(*state, "a.txt", "[1]\n[2,3]\n");
    assert_int_equal(open_files(*state, ".", "a.txt", "format", "jsonl", nothing, &stream, NULL),
                     TG_OK);
    text = read_all(stream);
    assert_string_equal(text, ">{\"value\":1} {\"value\":2} {\"value\":3} ");
    mem_free(text);
    page_stream_close(stream);
    put_file(*state, "a.csv", "1,2\n");
    assert_int_equal(open_files(*state, ".", "a.csv", "header", "false", nothing, &stream, NULL),
                     TG_OK);
    text = read_all(stream);
    assert_string_equal(text, ">column0=1,column1=2 ");
    mem_free(text);
    page_stream_close(stream);
}

static void check_open_error(const char *folder, const char *path, const char *name,
                             const char *value, int code, const char *what)
{
    struct page_stream *stream;
    struct tg_error err = {0};
    assert_int_equal(open_files(folder, ".", path, name, value, nothing, &stream, &err), code);
    assert_null(stream);
    if (!strstr(err.what, what))
        fail_msg("'%s' is not in '%s'", what, err.what);
}

static void test_open_errors(void **state)
{
    put_file(*state, "a.txt", "x");
    put_file(*state, "sub/b.csv", "x");
    check_open_error(*state, "a.txt", NULL, NULL, TG_USAGE, "a.txt' cannot be told");
    check_open_error(*state, "a.txt", "format", "xml", TG_USAGE, "'xml'");
    check_open_error(*state, NULL, NULL, NULL, TG_USAGE, "path");
    check_open_error(*state, "absent.csv", NULL, NULL, TG_SOURCE, "absent.csv");
    check_open_error(*state, "sub", NULL, NULL, TG_SOURCE, "folder");
}

static void test_read_errors(void **state)
{
    struct page_stream *stream;
    struct page page;
    struct tg_error err = {0};
    put_file(*state, "a.jsonl", "{\"id\":1}\n");
    put_file(*state, "b.jsonl", "{\"id\":1}\n{\"id\":\n");
    stream = open_path(*state, "*.jsonl");
    assert_int_equal(next_page(stream, &page, &err), TG_OK);
    page_release(&page);
    assert_int_equal(next_page(stream, &page, &err), TG_DATA);
    assert_non_null(strstr(err.where, "b.jsonl', line 2, byte 7"));
    page_release(&page);
    page_stream_close(stream);
    put_file(*state, "b.jsonl", "{\"id\":1}\n");
    stream = open_path(*state, "*.jsonl");
    assert_int_equal(next_page(stream, &page, &err), TG_OK);
    page_release(&page);
    assert_int_equal(unlink(path_in(*state, "b.jsonl")), 0);
    assert_int_equal(next_page(stream, &page, &err), TG_SOURCE);
    assert_non_null(strstr(err.what, "b.jsonl"));
    page_release(&page);
    page_stream_close(stream);
}

static void test_cancel(void **state)
{
    atomic_int cancel = 0;
    struct page_stream *stream;
    struct page page;
    put_file(*state, "a.jsonl", "{\"id\":1}\n");
    stream = open_path(*state, "*.jsonl");
    ctx.cancel = &cancel;
    cancel = 1;
    assert_int_equal(next_page(stream, &page, NULL), TG_CANCELLED);
    ctx.cancel = NULL;
    page_release(&page);
    page_stream_close(stream);
}

static void test_progress(void **state)
{
    struct page_stream *stream;
    struct page page = {.kind = PAGE_END};
    uint64_t bytes = 0;
    put_file(*state, "a.jsonl", "{\"id\":1}\n");
    put_file(*state, "b.csv", "id\n1\n");
    stream = open_path(*state, "*");
    do {
        assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
        assert_int_equal(page.bytes_total, 14);
        bytes += page.bytes;
    } while (page.kind != PAGE_END);
    assert_int_equal(bytes, 14);
    assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
    assert_int_equal(page.kind, PAGE_END);
    assert_int_equal(page.bytes, 0);
    page_release(&page);
    page_stream_close(stream);
}

/* A large file is read ahead on another thread: the same rows, bytes and bookmark. */
static void test_large(void **state)
{
    struct buf text = BUF_INIT;
    struct page page = {.kind = PAGE_END};
    struct page_stream *stream;
    uint64_t rows = 0, bytes = 0;
    for (int i = 0; i < 200000; i++)
        buf_printf(&text, "{\"id\":%d}\n", i);
    put_file(*state, "a.jsonl", buf_string(&text));
    put_file(*state, "b.jsonl", "{\"id\":200000}\n");
    stream = open_path(*state, "*.jsonl");
    do {
        assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
        for (size_t i = 0; i < page.row_count; i++)
            assert_int_equal(cell_find(page.rows[i], "id", 2)->uni.u64, rows++);
        bytes += page.bytes;
    } while (page.kind != PAGE_END);
    assert_int_equal(rows, 200001);
    assert_int_equal(bytes, page.bytes_total);
    assert_int_equal(remembered(stream).items[0].content_bytes, text.len);
    assert_int_equal(remembered(stream).items[0].rows, 200000);
    page_stream_close(stream);
    stream = open_path(*state, "*.jsonl"); /* and left early */
    assert_int_equal(stream->next(stream, &page, NULL), TG_OK);
    assert_int_equal(remembered(stream).count, 0);
    page_stream_close(stream);
    assert_int_equal(cell_find(page.rows[0], "id", 2)->uni.u64, 0); /* the page is its reader's */
    page_release(&page);
    text.data[text.len - 3] = '?';
    put_file(*state, "a.jsonl", buf_string(&text));
    stream = open_path(*state, "*.jsonl");
    struct tg_error err = {0};
    int rc = TG_OK;
    while (rc == TG_OK)
        rc = stream->next(stream, &page, &err);
    assert_int_equal(rc, TG_DATA);
    assert_non_null(strstr(err.where, "a.jsonl', line 200000, byte"));
    page_release(&page);
    page_stream_close(stream);
    buf_release(&text);
}

/* ---- the ledger ---- */

static void set_mtime(const char *folder, const char *name, long seconds)
{
    const struct timeval times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    assert_int_equal(utimes(path_in(folder, name), times), 0);
}

static void test_ledger(void **state)
{
    struct page_stream *first, *second;
    struct bookmarks files;
    char *text;
    put_file(*state, "data/a.jsonl", "{\"id\":1}\n");
    put_file(*state, "data/b.csv", "id\n2\n");
    put_file(*state, "data/c.jsonl", "");
    first = open_path(*state, "data/*");
    assert_int_equal(remembered(first).count, 0);
    mem_free(read_all(first));
    files = remembered(first);
    assert_int_equal(files.count, 3);
    assert_string_equal(files.items[0].key, "data/a.jsonl");
    assert_string_equal(files.items[1].key, "data/b.csv");
    assert_int_equal(files.items[1].size, 5);
    assert_true(files.items[1].mtime_us > 0);
    /* Nothing new, a touched one, a new one, a changed one. */
    set_mtime(*state, "data/b.csv", 1000);
    assert_int_equal(open_files(*state, ".", "data/*", NULL, NULL, files, &second, NULL), TG_OK);
    text = read_all(second);
    assert_string_equal(text, ">");
    mem_free(text);
    page_stream_close(second);
    put_file(*state, "data/b.csv", "id\n3\n");
    put_file(*state, "data/d.jsonl", "{\"id\":4}\n");
    assert_int_equal(open_files(*state, ".", "data/*", NULL, NULL, files, &second, NULL), TG_OK);
    text = read_all(second);
    assert_string_equal(text, ">id=3 {\"id\":4} ");
    mem_free(text);
    page_stream_close(second);
    page_stream_close(first);
}

/* A text whose name holds another one is remembered under a name that is no file's. */
static void test_lost_text(void **state)
{
    struct page_stream *first, *second, *third;
    struct bookmark known[2];
    put_file(*state, "a.jsonl", "{\"id\":1}\n");
    first = open_path(*state, "*.jsonl");
    mem_free(read_all(first));
    put_file(*state, "a.jsonl", "{\"id\":2}\n{\"id\":3}\n");
    assert_int_equal(
        open_files(*state, ".", "*.jsonl", NULL, NULL, remembered(first), &second, NULL), TG_OK);
    mem_free(read_all(second));
    struct bookmarks made = remembered(second);
    assert_int_equal(made.count, 2);
    assert_non_null(strstr(made.items[0].key, "a.jsonl//"));
    assert_string_equal(made.items[0].replaces, "a.jsonl");
    assert_string_equal(made.items[0].content, remembered(first).items[0].content);
    assert_string_equal(made.items[1].key, "a.jsonl");
    assert_string_equal(made.items[1].replaces, "");
    known[0] = made.items[1]; /* sorted by key */
    known[1] = made.items[0];
    put_file(*state, "b.jsonl", "{\"id\":1}\n");
    assert_int_equal(
        open_files(*state, ".", "*.jsonl", NULL, NULL, (struct bookmarks){known, 2}, &third, NULL),
        TG_OK);
    char *text = read_all(third);
    assert_string_equal(text, ">");
    assert_int_equal(remembered(third).count, 1);
    assert_string_equal(remembered(third).items[0].key, "b.jsonl");
    assert_string_equal(remembered(third).items[0].replaces, known[1].key);
    mem_free(text);
    page_stream_close(first);
    page_stream_close(second);
    page_stream_close(third);
}

/* Of a file that grows while it is read, what was read is remembered. */
static void test_changed_while_read(void **state)
{
    struct page_stream *first, *second;
    struct bookmarks files;
    struct page page;
    char *text;
    put_file(*state, "a.jsonl", "{\"id\":1}\n");
    first = open_path(*state, "a.jsonl");
    assert_int_equal(next_page(first, &page, NULL), TG_OK);
    page_release(&page);
    put_file(*state, "a.jsonl", "{\"id\":1}\n{\"id\":2}\n");
    assert_int_equal(next_page(first, &page, NULL), TG_OK);
    assert_int_equal(page.kind, PAGE_END);
    page_release(&page);
    files = remembered(first);
    assert_int_equal(files.count, 1);
    assert_int_equal(files.items[0].size, 9);
    assert_int_equal(files.items[0].content_bytes, 9);
    assert_int_equal(open_files(*state, ".", "a.jsonl", NULL, NULL, files, &second, NULL), TG_OK);
    text = read_all(second);
    assert_string_equal(text, ">{\"id\":2} ");
    mem_free(text);
    page_stream_close(second);
    page_stream_close(first);
}

/* Files are rotated while they are read: no row comes twice. */
static void test_rotated_while_read(void **state)
{
    static const char *const names[] = {"a.jsonl", "a.csv"};
    static const char *const others[] = {"b.jsonl", "b.csv"};
    static const char *const texts[] = {"{\"id\":1}\n", "id\n1\n"};
    for (int i = 0; i < 2; i++) {
        struct page page;
        struct tg_error err = {0};
        put_file(*state, names[i], texts[i]);
        put_file(*state, others[i], texts[i]);
        struct page_stream *stream = open_path(*state, i == 0 ? "*.jsonl" : "*.csv");
        assert_int_equal(next_page(stream, &page, NULL), TG_OK);
        page_release(&page);
        assert_int_equal(rename(path_in(*state, names[i]), path_in(*state, others[i])), 0);
        assert_int_equal(next_page(stream, &page, &err), TG_SOURCE);
        assert_non_null(strstr(err.what, "is another one than when the folder was listed"));
        assert_true(err.retryable);
        page_release(&page);
        page_stream_close(stream);
    }
}

/* ---- the whole way ---- */

static int count_rows(void *user, struct page *page, struct tg_error *err)
{
    (void)err;
    *(uint64_t *)user += page->kind == PAGE_ARROW ? (uint64_t)page->array.length : page->row_count;
    return TG_OK;
}

static void test_run_with_cursor(void **state)
{
    struct cursor *cursor;
    struct page_stream *stream;
    struct extract_counts counts;
    uint64_t rows = 0;
    const struct extract_sink sink = {.push = count_rows, .user = &rows};
    struct buf last = BUF_INIT;
    put_file(*state, "a.jsonl",
             "{\"at\":\"2023-12-31T00:00:00Z\"}\n{\"at\":\"2024-01-02T00:00:00Z\"}\n");
    put_file(*state, "b.csv", "at\n2023-01-01T00:00:00\n2024-01-03T00:00:00\n");
    assert_int_equal(
        cursor_new(&(struct cursor_options){.path = "at",
                                            .initial_value = {.kind = TG_VALUE_TEXT,
                                                              .text = "2024-01-01T00:00:00Z"}},
                   &cursor, NULL),
        TG_OK);
    stream = open_path(*state, "*");
    assert_int_equal(extract_run(&ctx, stream, cursor, &sink, &counts, NULL), TG_OK);
    assert_int_equal(rows, 2);
    assert_int_equal(counts.rows_read, 4);
    assert_int_equal(counts.rows_filtered, 2);
    assert_int_equal(counts.bytes, counts.bytes_total);
    assert_int_equal(cursor_last_json(cursor, &last, NULL), TG_OK);
    assert_string_equal(buf_string(&last), "\"\xef\x80\xa7"
                                           "2024-01-03T00:00:00\"");
    buf_release(&last);
    page_stream_close(stream);
    cursor_free(cursor);
}

/* A pattern without files is no news, but nothing that a replacing resource may go by. */
static void test_no_files(void **state)
{
    const struct option_value values[] = {{"path", "*.csv\nmore/*.csv"}};
    struct resource_request request = request_of(*state, ".", values, 1);
    struct page_stream *stream = NULL;
    struct tg_error err = {0};
    assert_int_equal(open_request(&request, &stream, &err), TG_OK);
    page_stream_close(stream);
    request.replaces = true;
    assert_int_equal(open_request(&request, &stream, &err), TG_SOURCE);
    assert_null(stream);
    assert_non_null(strstr(err.what, "no file matches '*.csv', 'more/*.csv' under '"));
    assert_non_null(strstr(err.what, *state));
    put_file(*state, "a.csv", "id\n");
    assert_int_equal(open_request(&request, &stream, &err), TG_OK);
    page_stream_close(stream);
}

/* The hints of the resource say what CSV fields are. */
static void test_hints(void **state)
{
    const struct option_value values[] = {{"path", "a.csv"}};
    const struct tg_column column = {.name = "zip", .data_type = "text"};
    struct resource_request request = request_of(*state, ".", values, 1);
    struct page_stream *stream = NULL;
    request.columns = &column;
    request.column_count = 1;
    put_file(*state, "a.csv", "zip,n\n123,4\n");
    assert_int_equal(open_request(&request, &stream, NULL), TG_OK);
    char *text = read_all(stream);
    assert_non_null(strstr(text, "zip=\"123\",n=4"));
    mem_free(text);
    page_stream_close(stream);
}

static int work(void)
{
    struct page_stream *stream = NULL;
    struct page page = {.kind = PAGE_END};
    int rc = TG_OK;
    TRY(open_files(folder_of_torture, ".", "*", NULL, NULL, nothing, &stream, NULL));
    do {
        page_release(&page);
        rc = next_page(stream, &page, NULL);
    } while (rc == TG_OK && page.kind != PAGE_END);
done:
    page_release(&page);
    page_stream_close(stream);
    sources_close(&sources);
    return rc;
}

/* A page of each, and nothing to remember: what is behind it is not read. */
static void test_first_rows_alone(void **state)
{
    struct page_stream *stream = NULL;
    struct page page = {.kind = PAGE_END};
    struct tg_error err = {0};
    char name[16];
    uint64_t rows = 0;
    const struct option_value path = {"path", "*.jsonl"};
    put_file(*state, "a.jsonl", "{\"id\":1}\n{\"id\":2}\n");
    put_file(*state, "b.jsonl", "");
    for (int i = 0; i < 150; i++) {
        snprintf(name, sizeof(name), "c%d.jsonl", i);
        put_file(*state, name, "{\"id\":3}\n");
    }
    struct resource_request request = request_of(*state, ".", &path, 1);
    request.only_first = true;
    assert_int_equal(open_request(&request, &stream, &err), TG_OK);
    for (bool over = false; !over; page_release(&page)) {
        assert_int_equal(next_page(stream, &page, &err), TG_OK);
        rows += page.row_count;
        over = page.kind == PAGE_END;
    }
    assert_int_equal(rows, 2 + 98); /* of a hundred files, one of which is empty */
    assert_int_equal(remembered(stream).count, 0);
    page_stream_close(stream);
}

static void test_out_of_memory(void **state)
{
    put_file(*state, "a.jsonl", "{\"id\":1}\n");
    put_file(*state, "b.json", "[{\"id\":1}]\n");
    folder_of_torture = *state;
    torture(work);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_formats),
        IN_FOLDER(test_root),
        IN_FOLDER(test_options),
        IN_FOLDER(test_open_errors),
        IN_FOLDER(test_read_errors),
        IN_FOLDER(test_cancel),
        IN_FOLDER(test_progress),
        IN_FOLDER(test_large),
        IN_FOLDER(test_ledger),
        IN_FOLDER(test_lost_text),
        IN_FOLDER(test_changed_while_read),
        IN_FOLDER(test_rotated_while_read),
        IN_FOLDER(test_run_with_cursor),
        IN_FOLDER(test_no_files),
        IN_FOLDER(test_hints),
        IN_FOLDER(test_first_rows_alone),
        IN_FOLDER(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("extract/files", tests, start_engine, stop_engine);
}
