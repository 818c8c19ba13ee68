#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/time.h>

#include "extract/extract.h"
#include "extract/source.h"
#include "helper.h"
#include "tests/torture.h"

static struct context ctx;
static struct engine *engine;
static const char *folder_of_torture;

static int start_engine(void **state)
{
    (void)state;
    context_init(&ctx);
    return engine_new(&ctx, "/tmp", &engine, NULL);
}

static int stop_engine(void **state)
{
    (void)state;
    engine_free(engine);
    return 0;
}

/* Opens with `path` and up to one more option. */
static int open_files(const char *folder, const char *root, const char *path, const char *name,
                      const char *value, const struct source_file *known, size_t known_count,
                      struct reading **out, struct tg_error *err)
{
    const struct option_value source_values[] = {{"root", root}};
    const struct option_value resource_values[] = {{"path", path}, {name ? name : "-", value}};
    const struct source_request request = {.ctx = &ctx,
                                           .engine = engine,
                                           .resource = "r",
                                           .folder = folder,
                                           .source_values = source_values,
                                           .source_value_count = 1,
                                           .resource_values = resource_values,
                                           .resource_value_count = 2,
                                           .known_files = known,
                                           .known_file_count = known_count,
                                           .skips_known = known != NULL};

    return source_find("files")->open(&request, out, err);
}

static struct reading *open_path(const char *folder, const char *path)
{
    struct reading *reading = NULL;
    struct tg_error err = {0};

    if (open_files(folder, ".", path, NULL, NULL, NULL, 0, &reading, &err) != TG_OK)
        fail_msg("%s", err.what);
    return reading;
}

static int next_page(struct reading *reading, struct page *page, struct tg_error *err)
{
    static const struct tg_cursor cursor = {.path = NULL};

    *page = (struct page){.kind = PAGE_END};
    return source_find("files")->read(reading, &cursor, page, err);
}

/* All rows; freed by the caller. */
static char *read_all(struct reading *reading)
{
    struct buf out = BUF_INIT;
    struct page page;

    buf_text(&out, ">");
    for (;;) {
        struct tg_error err = {0};
        if (next_page(reading, &page, &err) != TG_OK)
            fail_msg("%s: %s", err.where, err.what);
        if (page.kind == PAGE_END)
            break;
        put_page(&out, &page);
        page_release(&page);
    }
    page_release(&page);
    return buf_take(&out);
}

static void close_files(struct reading *reading)
{
    source_find("files")->close(reading);
}

static void check_path(const char *folder, const char *path, const char *rows)
{
    struct reading *reading = open_path(folder, path);
    char *text = read_all(reading);

    assert_string_equal(text + 1, rows);
    mem_free(text);
    close_files(reading);
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
    struct reading *reading;
    char *text;

    put_file(*state, "data/a.jsonl", "{\"id\":1}");
    assert_int_equal(open_files(*state, "./data", "a.jsonl", NULL, NULL, NULL, 0, &reading, NULL),
                     TG_OK);
    text = read_all(reading);
    assert_string_equal(text, ">{\"id\":1} ");
    mem_free(text);
    close_files(reading);
    assert_int_equal(
        open_files("/", path_in(*state, "data"), "a.jsonl", NULL, NULL, NULL, 0, &reading, NULL),
        TG_OK);
    close_files(reading);
}

static void test_options(void **state)
{
    struct reading *reading;
    char *text;

    put_file(*state, "a.txt", "[1]\n[2,3]\n");
    assert_int_equal(open_files(*state, ".", "a.txt", "format", "jsonl", NULL, 0, &reading, NULL),
                     TG_OK);
    text = read_all(reading);
    assert_string_equal(text, ">{\"value\":1} {\"value\":2} {\"value\":3} ");
    mem_free(text);
    close_files(reading);
    put_file(*state, "a.csv", "1,2\n");
    assert_int_equal(open_files(*state, ".", "a.csv", "header", "false", NULL, 0, &reading, NULL),
                     TG_OK);
    text = read_all(reading);
    assert_string_equal(text, ">column0=1,column1=2 ");
    mem_free(text);
    close_files(reading);
}

static void check_open_error(const char *folder, const char *path, const char *name,
                             const char *value, int code, const char *what)
{
    struct reading *reading;
    struct tg_error err = {0};

    assert_int_equal(open_files(folder, ".", path, name, value, NULL, 0, &reading, &err), code);
    assert_null(reading);
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
    struct reading *reading;
    struct page page;
    struct tg_error err = {0};

    put_file(*state, "a.jsonl", "{\"id\":1}\n");
    put_file(*state, "b.jsonl", "{\"id\":1}\n{\"id\":\n");
    reading = open_path(*state, "*.jsonl");
    assert_int_equal(next_page(reading, &page, &err), TG_OK);
    page_release(&page);
    assert_int_equal(next_page(reading, &page, &err), TG_DATA);
    assert_non_null(strstr(err.where, "b.jsonl', line 2, byte 7"));
    page_release(&page);
    close_files(reading);

    put_file(*state, "b.jsonl", "{\"id\":1}\n");
    reading = open_path(*state, "*.jsonl");
    assert_int_equal(next_page(reading, &page, &err), TG_OK);
    page_release(&page);
    assert_int_equal(unlink(path_in(*state, "b.jsonl")), 0);
    assert_int_equal(next_page(reading, &page, &err), TG_SOURCE);
    assert_non_null(strstr(err.what, "b.jsonl"));
    page_release(&page);
    close_files(reading);
}

static void test_cancel(void **state)
{
    atomic_int cancel = 0;
    struct reading *reading;
    struct page page;

    put_file(*state, "a.jsonl", "{\"id\":1}\n");
    reading = open_path(*state, "*.jsonl");
    ctx.cancel = &cancel;
    cancel = 1;
    assert_int_equal(next_page(reading, &page, NULL), TG_CANCELLED);
    ctx.cancel = NULL;
    page_release(&page);
    close_files(reading);
}

static void test_progress(void **state)
{
    const struct source_driver *driver = source_find("files");
    struct reading *reading;
    uint64_t bytes, total;

    put_file(*state, "a.jsonl", "{\"id\":1}\n");
    put_file(*state, "b.csv", "id\n1\n");
    reading = open_path(*state, "*");
    driver->progress(reading, &bytes, &total);
    assert_int_equal(bytes, 0);
    assert_int_equal(total, 14);
    mem_free(read_all(reading));
    driver->progress(reading, &bytes, &total);
    assert_int_equal(bytes, 14);
    close_files(reading);
}

/* ---- the ledger ---- */

static void set_mtime(const char *folder, const char *name, long seconds)
{
    const struct timeval times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};

    assert_int_equal(utimes(path_in(folder, name), times), 0);
}

static void test_ledger(void **state)
{
    const struct source_driver *driver = source_find("files");
    struct reading *first, *second;
    const struct source_file *files;
    size_t count;
    char *text;

    put_file(*state, "data/a.jsonl", "{\"id\":1}\n");
    put_file(*state, "data/b.csv", "id\n2\n");
    put_file(*state, "data/c.jsonl", "");
    first = open_path(*state, "data/*");
    assert_int_equal(driver->files(first, &files), 0);
    mem_free(read_all(first));
    count = driver->files(first, &files);
    assert_int_equal(count, 3);
    assert_string_equal(files[0].path, "data/a.jsonl");
    assert_string_equal(files[1].path, "data/b.csv");
    assert_int_equal(files[1].size, 5);
    assert_true(files[1].mtime_us > 0);

    /* Nothing new, a touched one, a new one, a changed one. */
    set_mtime(*state, "data/b.csv", 1000);
    assert_int_equal(open_files(*state, ".", "data/*", NULL, NULL, files, count, &second, NULL),
                     TG_OK);
    text = read_all(second);
    assert_string_equal(text, ">");
    mem_free(text);
    close_files(second);
    put_file(*state, "data/b.csv", "id\n3\n");
    put_file(*state, "data/d.jsonl", "{\"id\":4}\n");
    assert_int_equal(open_files(*state, ".", "data/*", NULL, NULL, files, count, &second, NULL),
                     TG_OK);
    text = read_all(second);
    assert_string_equal(text, ">id=3 {\"id\":4} ");
    mem_free(text);
    close_files(second);
    close_files(first);
}

/* Of a file that grows while it is read, what was read is remembered. */
static void test_changed_while_read(void **state)
{
    const struct source_driver *driver = source_find("files");
    struct reading *first, *second;
    const struct source_file *files;
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
    assert_int_equal(driver->files(first, &files), 1);
    assert_int_equal(files[0].size, 9);
    assert_int_equal(files[0].content_bytes, 9);
    assert_int_equal(open_files(*state, ".", "a.jsonl", NULL, NULL, files, 1, &second, NULL),
                     TG_OK);
    text = read_all(second);
    assert_string_equal(text, ">{\"id\":2} ");
    mem_free(text);
    close_files(second);
    close_files(first);
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
    struct reading *reading;
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
    reading = open_path(*state, "*");
    assert_int_equal(extract_run(&ctx, source_find("files"), reading, cursor, &sink, &counts, NULL),
                     TG_OK);
    assert_int_equal(rows, 2);
    assert_int_equal(counts.rows_read, 4);
    assert_int_equal(counts.rows_filtered, 2);
    assert_int_equal(counts.bytes, counts.bytes_total);
    assert_int_equal(cursor_last_json(cursor, &last, NULL), TG_OK);
    assert_string_equal(buf_string(&last), "\"\xef\x80\xa7"
                                           "2024-01-03T00:00:00\"");
    buf_release(&last);
    close_files(reading);
    cursor_free(cursor);
}

/* A pattern without files is no news, but nothing that a replacing resource may go by. */
static void test_no_files(void **state)
{
    const struct option_value source_values[] = {{"root", "."}};
    const struct option_value resource_values[] = {{"path", "*.csv\nmore/*.csv"}};
    struct source_request request = {.ctx = &ctx,
                                     .engine = engine,
                                     .resource = "r",
                                     .folder = *state,
                                     .source_values = source_values,
                                     .source_value_count = 1,
                                     .resource_values = resource_values,
                                     .resource_value_count = 1};
    struct reading *reading = NULL;
    struct tg_error err = {0};

    assert_int_equal(source_find("files")->open(&request, &reading, &err), TG_OK);
    close_files(reading);
    request.replaces = true;
    assert_int_equal(source_find("files")->open(&request, &reading, &err), TG_SOURCE);
    assert_null(reading);
    assert_non_null(strstr(err.what, "no file matches '*.csv', 'more/*.csv' under '"));
    assert_non_null(strstr(err.what, *state));
    put_file(*state, "a.csv", "id\n");
    assert_int_equal(source_find("files")->open(&request, &reading, &err), TG_OK);
    close_files(reading);
}

/* The hints of the resource say what CSV fields are. */
static void test_hints(void **state)
{
    const struct option_value resource_values[] = {{"path", "a.csv"}};
    const struct tg_column column = {.name = "zip", .data_type = "text"};
    const struct source_request request = {.ctx = &ctx,
                                           .engine = engine,
                                           .folder = *state,
                                           .resource_values = resource_values,
                                           .resource_value_count = 1,
                                           .columns = &column,
                                           .column_count = 1};
    struct reading *reading = NULL;

    put_file(*state, "a.csv", "zip,n\n123,4\n");
    assert_int_equal(source_find("files")->open(&request, &reading, NULL), TG_OK);
    char *text = read_all(reading);
    assert_non_null(strstr(text, "zip=\"123\",n=4"));
    mem_free(text);
    close_files(reading);
}

static int work(void)
{
    struct reading *reading = NULL;
    struct page page = {.kind = PAGE_END};
    int rc = TG_OK;

    TRY(open_files(folder_of_torture, ".", "*", NULL, NULL, NULL, 0, &reading, NULL));
    do {
        page_release(&page);
        rc = next_page(reading, &page, NULL);
    } while (rc == TG_OK && page.kind != PAGE_END);
done:
    page_release(&page);
    close_files(reading);
    return rc;
}

static void test_out_of_memory(void **state)
{
    put_file(*state, "a.jsonl", "{\"id\":1}\n");
    put_file(*state, "b.json", "[{\"id\":1}]\n");
    folder_of_torture = *state;
    torture(work);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

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
        IN_FOLDER(test_ledger),
        IN_FOLDER(test_changed_while_read),
        IN_FOLDER(test_run_with_cursor),
        IN_FOLDER(test_no_files),
        IN_FOLDER(test_hints),
        IN_FOLDER(test_out_of_memory),
    };

    return cmocka_run_group_tests_name("extract/files", tests, start_engine, stop_engine);
}
