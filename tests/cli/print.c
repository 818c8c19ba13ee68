/*
 * cli/print.c: streams as aligned tables, CSV and JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "cli/print.h"
#include "data/batch.h"
#include "tests/torture.h"

static const char *const names[] = {"id", "name", "price"};
static const struct type_spec types[] = {
    {.type = TYPE_BIGINT}, {.type = TYPE_TEXT}, {.type = TYPE_DECIMAL, .precision = 9, .scale = 2}};

struct row {
    int64_t id;
    const char *name; /* NULL: NULL, in price too */
    int price;        /* hundredths */
};

static int make_batch(const struct row *rows, size_t count, struct ArrowArray *out)
{
    struct column columns[3] = {{.len = 0}, {.len = 0}, {.len = 0}};
    struct ArrowArray children[3] = {{.release = NULL}, {.release = NULL}, {.release = NULL}};
    int rc = TG_OK;
    for (int i = 0; i < 3; i++)
        TRY(column_init(&columns[i], &types[i], NULL));
    for (size_t i = 0; i < count; i++) {
        column_set_int64(&columns[0], i, rows[i].id);
        if (!rows[i].name)
            continue;
        TRY(column_set_text(&columns[1], i, rows[i].name, strlen(rows[i].name), NULL));
        column_set_decimal(&columns[2], i, rows[i].price);
    }
    for (int i = 0; i < 3; i++)
        TRY(column_export(&columns[i], count, &children[i], NULL));
    TRY(batch_make(children, 3, (int64_t)count, out, NULL));
done:
    for (int i = 0; i < 3; i++) {
        column_release(&columns[i]);
        array_release(&children[i]);
    }
    return rc;
}

/* A stream of `batch_count` batches with the same rows. */
static int make_stream(const struct row *rows, size_t count, size_t batch_count,
                       struct ArrowArrayStream *out)
{
    struct ArrowSchema schema = {.release = NULL};
    struct ArrowArray batches[8] = {{.release = NULL}};
    int rc = TG_OK;
    out->release = NULL;
    TRY(schema_make(names, types, 3, &schema, NULL));
    for (size_t i = 0; i < batch_count; i++)
        TRY(make_batch(rows, count, &batches[i]));
    TRY(stream_from_arrays(&schema, batches, batch_count, out, NULL));
done:
    schema_release(&schema);
    for (size_t i = 0; i < batch_count; i++)
        array_release(&batches[i]);
    return rc;
}

/* What is printed, to be freed. */
static char *print(struct ArrowArrayStream *stream, enum format format)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    struct tg_error err = {0};
    assert_non_null(out);
    if (print_stream(stream, format, NULL, out, &err) != TG_OK)
        fail_msg("%s", err.what);
    assert_null(stream->release);
    fclose(out);
    return text;
}

static void check(const struct row *rows, size_t count, size_t batch_count, enum format format,
                  const char *expected)
{
    struct ArrowArrayStream stream;
    char *text;
    assert_int_equal(make_stream(rows, count, batch_count, &stream), TG_OK);
    text = print(&stream, format);
    assert_string_equal(text, expected);
    free(text);
}

static const struct row people[] = {
    {1, "Ann", 1250}, {-20, NULL, 0}, {300, "B\xc3\xb6rge,\t\"x\"\n", -1}, {4, "", 100000000}};

static void tables(void **state)
{
    (void)state;
    check(people, 4, 1, FORMAT_TABLE,
          " id  name                price\n"
          "---  -------------  ----------\n"
          "  1  Ann                 12.50\n"
          "-20  NULL                 NULL\n"
          "300  B\xc3\xb6rge,\\t\"x\"\\n       -0.01\n"
          "  4                 1000000.00\n"
          "(4 rows)\n");
    check(people, 1, 1, FORMAT_TABLE,
          "id  name  price\n"
          "--  ----  -----\n"
          " 1  Ann   12.50\n"
          "(1 row)\n");
    check(people, 0, 0, FORMAT_TABLE, "id  name  price\n--  ----  -----\n(0 rows)\n");
    check(people, 0, 2, FORMAT_TABLE, "id  name  price\n--  ----  -----\n(0 rows)\n");
}

static void csv(void **state)
{
    (void)state;
    check(people, 4, 1, FORMAT_CSV,
          "id,name,price\n"
          "1,Ann,12.50\n"
          "-20,,\n"
          "300,\"B\xc3\xb6rge,\t\"\"x\"\"\n\",-0.01\n"
          "4,\"\",1000000.00\n");
    check(people, 0, 0, FORMAT_CSV, "id,name,price\n");
}

static void json(void **state)
{
    (void)state;
    check(people, 3, 1, FORMAT_JSON,
          "[\n"
          "{\"id\":1,\"name\":\"Ann\",\"price\":12.50},\n"
          "{\"id\":-20,\"name\":null,\"price\":null},\n"
          "{\"id\":300,\"name\":\"B\xc3\xb6rge,\\t\\\"x\\\"\\n\",\"price\":-0.01}\n"
          "]\n");
    check(people, 0, 1, FORMAT_JSON, "[]\n");
    check(people, 1, 2, FORMAT_JSON,
          "[\n"
          "{\"id\":1,\"name\":\"Ann\",\"price\":12.50},\n"
          "{\"id\":1,\"name\":\"Ann\",\"price\":12.50}\n"
          "]\n");
}

static void long_values_are_whole(void **state)
{
    struct row rows[2] = {{1, NULL, 0}, {2, "x", 0}};
    char controls[101] = "", escaped[401] = "", rule[401] = "", expected[2000];
    (void)state;
    memset(controls, '\x1b', 100);
    memset(rule, '-', 400);
    for (int i = 0; i < 100; i++)
        memcpy(escaped + 4 * i, "\\x1b", 4);
    rows[0].name = controls;
    snprintf(expected, sizeof(expected),
             "id  name%396s  price\n--  %s  -----\n 1  %s   0.00\n 2  x%399s   0.00\n(2 rows)\n",
             "", rule, escaped, "");
    check(rows, 2, 1, FORMAT_TABLE, expected);
}

/* A terminal of so many columns that shows what is written to *out. */
static int open_terminal(unsigned short columns, FILE **out)
{
    struct termios mode;
    const struct winsize size = {.ws_row = 24, .ws_col = columns};
    int screen = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(screen >= 0 && grantpt(screen) == 0 && unlockpt(screen) == 0);
    int terminal = open(ptsname(screen), O_RDWR | O_NOCTTY);
    assert_true(terminal >= 0 && ioctl(terminal, TIOCSWINSZ, &size) == 0);
    assert_int_equal(tcgetattr(terminal, &mode), 0);
    mode.c_oflag &= ~(tcflag_t)OPOST;
    assert_int_equal(tcsetattr(terminal, TCSANOW, &mode), 0);
    *out = fdopen(terminal, "w");
    return screen;
}

/* What it shows up to `end`, to be freed; closes both. */
static char *read_terminal(int screen, FILE *out, const char *end)
{
    fflush(out);
    char *text = calloc(1, 4096);
    for (size_t len = 0; !strstr(text, end);) {
        ssize_t more = read(screen, text + len, 4095 - len);
        assert_true(more > 0);
        len += (size_t)more;
    }
    fclose(out);
    close(screen);
    return text;
}

static char *print_on_terminal(const struct row *rows, size_t count, unsigned short columns)
{
    FILE *out;
    struct ArrowArrayStream stream;
    struct tg_error err = {0};
    int screen = open_terminal(columns, &out);
    assert_int_equal(make_stream(rows, count, 1, &stream), TG_OK);
    assert_int_equal(print_stream(&stream, FORMAT_TABLE, NULL, out, &err), TG_OK);
    return read_terminal(screen, out, "rows)\n");
}

static void a_terminal_has_so_much_room(void **state)
{
    static const struct row rows[] = {{1, "a name that is long", 100},
                                      {2, "\xe5\x90\x8d\xe5\x89\x8d", 5}};
    static const struct {
        unsigned short columns;
        const char *wanted;
    } cases[] = {
        {30, "id  name                 price\n"
             "--  -------------------  -----\n"
             " 1  a name that is long   1.00\n"
             " 2  \xe5\x90\x8d\xe5\x89\x8d                  0.05\n"
             "(2 rows)\n"},
        {29, "id  name                price\n"
             "--  ------------------  -----\n"
             " 1  a name that is lo\xe2\x80\xa6   1.00\n"
             " 2  \xe5\x90\x8d\xe5\x89\x8d                 0.05\n"
             "(2 rows)\n"},
        {18, "-- row 1\n"
             "id     1\n"
             "name   a name tha\xe2\x80\xa6\n"
             "price  1.00\n"
             "-- row 2\n"
             "id     2\n"
             "name   \xe5\x90\x8d\xe5\x89\x8d\n"
             "price  0.05\n"
             "(2 rows)\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text = print_on_terminal(rows, 2, cases[i].columns);
        assert_string_equal(text, cases[i].wanted);
        free(text);
    }
}

/* By what words take there: of two columns each, and of four where they are escaped. */
static void sentences_end_their_lines_between_words(void **state)
{
#define NAME "\xe5\x90\x8d\xe5\x89\x8d"
    FILE *out;
    (void)state;
    int screen = open_terminal(12, &out);
    print_sentence(out, "a %s %s bc \x1b\x1b\x1b %s", NAME, NAME, "longer-than-a-line");
    print_sentence(out, "end");
    char *text = read_terminal(screen, out, "end\n");
    assert_string_equal(text, "a " NAME " " NAME "\n"
                              "bc\n"
                              "\\x1b\\x1b\\x1b\n"
                              "longer-than-a-line\n"
                              "end\n");
    free(text);
#undef NAME
}

/* More rows than the table looks ahead: later, wider values push their line, nothing is lost. */
static void long_tables_keep_their_widths(void **state)
{
    struct row rows[2000];
    struct ArrowArrayStream stream;
    char *text, *last;
    size_t lines = 0;
    (void)state;
    for (int i = 0; i < 2000; i++)
        rows[i] = (struct row){i, i == 1999 ? "wide" : "a", 0};
    assert_int_equal(make_stream(rows, 2000, 6, &stream), TG_OK);
    text = print(&stream, FORMAT_TABLE);
    for (const char *p = text; (p = strchr(p, '\n')); p++)
        lines++;
    assert_int_equal(lines, 2 + 12000 + 1);
    last = strstr(text, "(12000 rows)\n");
    assert_non_null(last);
    assert_memory_equal(last - 18, "1999  wide   0.00\n", 18);
    free(text);
}

static void a_table_without_columns(void **state)
{
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct ArrowArrayStream stream;
    char *text;
    (void)state;
    assert_int_equal(schema_make(NULL, NULL, 0, &schema, NULL), TG_OK);
    assert_int_equal(batch_make(NULL, 0, 2, &batch, NULL), TG_OK);
    assert_int_equal(stream_from_arrays(&schema, &batch, 1, &stream, NULL), TG_OK);
    text = print(&stream, FORMAT_TABLE);
    assert_string_equal(text, "(2 rows)\n");
    free(text);
}

static void a_full_disk_is_left_to_the_caller(void **state)
{
    FILE *full = fopen("/dev/full", "w");
    struct tg_error err = {0};
    (void)state;
    if (!full)
        skip();
    for (int format = FORMAT_TABLE; format <= FORMAT_JSON; format++) {
        struct ArrowArrayStream stream;
        assert_int_equal(make_stream(people, 4, 1, &stream), TG_OK);
        assert_int_equal(print_stream(&stream, (enum format)format, NULL, full, &err), TG_OK);
        assert_null(stream.release);
        assert_true(fflush(full) != 0 || ferror(full));
        clearerr(full);
    }
    fclose(full);
}

/* An empty line would be no row to those who read it. */
static void a_lone_null_is_no_empty_line(void **state)
{
    static const char *const name[] = {"name"};
    struct column column = {.len = 0};
    struct ArrowSchema schema;
    struct ArrowArray child = {.release = NULL}, batch;
    struct ArrowArrayStream stream;
    char *text;
    (void)state;
    assert_int_equal(column_init(&column, &types[1], NULL), TG_OK);
    assert_int_equal(column_set_text(&column, 1, "a", 1, NULL), TG_OK);
    assert_int_equal(column_export(&column, 3, &child, NULL), TG_OK);
    assert_int_equal(schema_make(name, &types[1], 1, &schema, NULL), TG_OK);
    assert_int_equal(batch_make(&child, 1, 3, &batch, NULL), TG_OK);
    assert_int_equal(stream_from_arrays(&schema, &batch, 1, &stream, NULL), TG_OK);
    text = print(&stream, FORMAT_CSV);
    assert_string_equal(text, "name\n\"\"\na\n\"\"\n");
    free(text);
    column_release(&column);
}

static void some_columns_alone_are_printed(void **state)
{
    static const char *const columns[] = {"price", "gone", "id", NULL};
    struct ArrowArrayStream stream;
    struct tg_error err = {0};
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    (void)state;
    assert_non_null(out);
    assert_int_equal(make_stream(people, 1, 1, &stream), TG_OK);
    assert_int_equal(print_stream(&stream, FORMAT_CSV, columns, out, &err), TG_OK);
    fclose(out);
    assert_string_equal(text, "id,price\n1,12.50\n");
    free(text);
}

static int print_format(enum format format)
{
    FILE *out = fopen("/dev/null", "w");
    struct tg_error err = {0};
    struct ArrowArrayStream stream;
    int rc = make_stream(people, 4, 1, &stream);
    assert_non_null(out);
    if (rc == TG_OK)
        rc = print_stream(&stream, format, NULL, out, &err);
    fclose(out);
    return rc;
}

static int print_table(void)
{
    return print_format(FORMAT_TABLE);
}

static int print_csv(void)
{
    return print_format(FORMAT_CSV);
}

static int print_json_lines(void)
{
    return print_format(FORMAT_JSON);
}

static void survives_a_lack_of_memory(void **state)
{
    (void)state;
    torture(print_table);
    torture(print_csv);
    torture(print_json_lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables),
        cmocka_unit_test(csv),
        cmocka_unit_test(json),
        cmocka_unit_test(long_values_are_whole),
        cmocka_unit_test(a_terminal_has_so_much_room),
        cmocka_unit_test(sentences_end_their_lines_between_words),
        cmocka_unit_test(long_tables_keep_their_widths),
        cmocka_unit_test(a_table_without_columns),
        cmocka_unit_test(a_full_disk_is_left_to_the_caller),
        cmocka_unit_test(a_lone_null_is_no_empty_line),
        cmocka_unit_test(some_columns_alone_are_printed),
        cmocka_unit_test(survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests_name("cli/print", tests, NULL, NULL);
}
