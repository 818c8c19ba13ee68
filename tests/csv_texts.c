/*
 * Property: whatever texts a column of CSV files holds, over any number of files and loads, each of
 * them is at the destination, in the column or in one variant of it, and reads back as it was or in
 * a form that says the same. Random, the seeds fixed; a resource for each of them, so that a run
 * loads many. Where csv_columns.c reads unhinted columns by TEXT_HINTED, it fails at once.
 */
#include "tests/fixture.h"

#include <strings.h>

#include "base/time.h"
#include "data/batch.h"
#include "data/rows.h"

enum { RESOURCES = 40, LOADS = 3, FILES_MAX = 2, ROWS_MAX = 6, TEXTS_MAX = 5, ROWS = 64 };

static const char *const pool[] = {
    "7",
    "0",
    "-3",
    "12345",
    "01234",
    "007",
    "+5",
    " 5",
    "5 ",
    "-0",
    "0x1F",
    "1_000",
    "1 000",
    "1.5",
    "12.50",
    "1.0",
    "1e5",
    "1e400",
    "-1e-400",
    "nan",
    "inf",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "12345678901234567890123456789012345678901234",
    "true",
    "FALSE",
    "t",
    "yes",
    "1",
    "2024-01-02",
    "20240103",
    "20241399",
    "2024-01-02 03:04:05",
    "2024-01-02T03:04:05.123456",
    "2024-01-02T00:00:00",
    "2024-01-02T03:04:05+02:00",
    "2024-01-02T03:04:05.123456789",
    "01/02/2024",
    "10:30:00",
    "10:30:00.5",
    "abc",
    "na\xc3\xafve",
    "",
};

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static size_t below(uint64_t *state, size_t n)
{
    return (size_t)(next_random(state) % n);
}

/* A resource: the few texts that its column has, and all rows that were written. */
struct scenario {
    uint64_t seed;
    const char *texts[TEXTS_MAX];
    size_t text_count;
    const char *rows[ROWS];
    bool begins[ROWS]; /* a file, of which the last one of a load is read first */
    size_t row_count;
};

static void begin_scenario(struct scenario *scenario, uint64_t seed)
{
    *scenario = (struct scenario){.seed = seed};
    scenario->text_count = 1 + below(&scenario->seed, TEXTS_MAX);
    for (size_t i = 0; i < scenario->text_count; i++)
        scenario->texts[i] = pool[below(&scenario->seed, sizeof(pool) / sizeof(pool[0]))];
}

static void write_file(struct fixture *fixture, struct scenario *scenario, int number, int load,
                       size_t file)
{
    char path[400];
    snprintf(path, sizeof(path), "%s/r%d_%d%zu.csv", fixture->folder, number, load, file);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fprintf(out, "n,v\n");
    scenario->begins[scenario->row_count] = true;
    for (size_t rows = 1 + below(&scenario->seed, ROWS_MAX); rows > 0; rows--) {
        const char *text = scenario->texts[below(&scenario->seed, scenario->text_count)];
        fprintf(out, "%zu,%s\n", scenario->row_count, text);
        scenario->rows[scenario->row_count++] = text;
    }
    assert_int_equal(fclose(out), 0);
}

static void open_spec(struct fixture *fixture)
{
    const struct tg_pipeline_options options = {TG_PIPELINE_OPTIONS_INIT,
                                                .workdir = fixture->workdir};
    char path[320];
    snprintf(path, sizeof(path), "%s/spec.yaml", fixture->folder);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fprintf(out,
            "pipeline: test\ndestination: duckdb:///%s/test.duckdb\ndataset: d\n"
            "source: {type: files}\nresources:\n",
            fixture->folder);
    for (int i = 0; i < RESOURCES; i++)
        fprintf(out, "  r%d: {path: \"r%d_*.csv\"}\n", i, i);
    assert_int_equal(fclose(out), 0);
    assert_done(fixture, tg_pipeline_open(&fixture->pipeline, path, &options, &fixture->err));
}

/* ---- what says the same ---- */

/* -12.5e3, as JSON has it: what may be more than text. */
static bool is_plain_number(const char *text)
{
    yyjson_val value;
    const char *end = yyjson_read_number(text, &value, YYJSON_READ_NUMBER_AS_RAW, NULL, NULL);
    return (end && !*end) || strcasecmp(text, "nan") == 0 || strcasecmp(text, "inf") == 0;
}

static bool same_point(const char *a, const char *b)
{
    struct time_point left, right;
    return time_parse(a, strlen(a), &left) != TIME_NONE &&
           time_parse(b, strlen(b), &right) != TIME_NONE && left.us == right.us &&
           left.nanos == right.nanos;
}

/* Digits without the zeros behind the point. */
static bool same_digits(const char *text, const char *value)
{
    size_t len = strlen(value);
    while (strchr(value, '.') && (value[len - 1] == '0' || value[len - 1] == '.') &&
           len > strlen(text))
        len--;
    return is_plain_number(text) &&
           ((len == strlen(text) && memcmp(text, value, len) == 0) ||
            (strpbrk(text, ".e") && strtold(text, NULL) == strtold(value, NULL)));
}

static bool says_the_same(const char *text, const char *value, enum type type)
{
    switch (type) {
    case TYPE_BIGINT: /* 1e5, too, where integers that are there keep the column from a double */
        return strcmp(text, value) == 0 || (strpbrk(text, ".e") && same_digits(text, value));
    case TYPE_DOUBLE: /* a long double tells the integers apart that a double does not */
        return is_plain_number(text) &&
               (strtold(text, NULL) == strtod(value, NULL) || strpbrk(text, ".n")) &&
               (strtod(text, NULL) == strtod(value, NULL) || strcasecmp(text, value) == 0);
    case TYPE_DECIMAL: return same_digits(text, value);
    case TYPE_BOOL: return strcasecmp(text, value) == 0;
    case TYPE_DATE:
    case TYPE_TIMESTAMP:
    case TYPE_TIME: return same_point(text, value);
    default: return strcmp(text, value) == 0;
    }
}

/* ---- what is there ---- */

static void check_row(const struct scenario *scenario, int number, const struct ArrowSchema *schema,
                      const struct ArrowArray *batch, int64_t row)
{
    struct buf value = BUF_INIT;
    struct type_spec spec = {.type = TYPE_NONE};
    const char *column = "";
    size_t found = 0;
    int64_t n = -1;
    for (int64_t i = 0; i < schema->n_children; i++) {
        const struct ArrowSchema *child = schema->children[i];
        if (strcmp(child->name, "n") == 0)
            assert_true(value_int64(child, batch->children[i], row, &n));
        if (child->name[0] != 'v' || array_is_null(batch->children[i], row))
            continue;
        assert_int_equal(value_text(child, batch->children[i], row, &value, NULL), TG_OK);
        assert_int_equal(type_from_arrow(child, &spec, NULL), TG_OK);
        column = child->name;
        found++;
    }
    assert_true(n >= 0 && (size_t)n < scenario->row_count);
    const char *text = scenario->rows[n];
    bool is_null = text[0] == '\0';
    if (found == (is_null ? 0 : 1) &&
        (is_null || says_the_same(text, buf_string(&value), spec.type))) {
        buf_release(&value);
        return;
    }
    for (size_t i = 0; i < scenario->row_count; i++)
        print_error("%s%zu: '%s'\n", scenario->begins[i] ? "--\n" : "", i, scenario->rows[i]);
    fail_msg("r%d, row %d: '%s' is %zu values, '%s' in %s (%s)", number, (int)n, text, found,
             buf_string(&value), column, type_name(spec.type));
}

static void check_table(struct fixture *fixture, const struct scenario *scenario, int number)
{
    struct ArrowArrayStream stream = {.release = NULL};
    struct ArrowSchema schema;
    size_t rows = 0;
    char sql[64];
    snprintf(sql, sizeof(sql), "SELECT * FROM r%d", number);
    assert_done(fixture, tg_pipeline_query(fixture->pipeline, sql, &stream, &fixture->err));
    assert_done(fixture, stream_schema(&stream, TG_DATA, &schema, &fixture->err));
    for (;;) {
        struct ArrowArray batch;
        bool end;
        assert_done(fixture, stream_next(&stream, TG_DATA, &batch, &end, &fixture->err));
        if (end)
            break;
        for (int64_t row = 0; row < batch.length; row++)
            check_row(scenario, number, &schema, &batch, row);
        rows += (size_t)batch.length;
        array_release(&batch);
    }
    assert_int_equal(rows, scenario->row_count);
    schema_release(&schema);
    stream_release(&stream);
}

static void every_text_reads_back(void **state)
{
    struct fixture *fixture = *state;
    static struct scenario scenarios[RESOURCES];
    open_spec(fixture);
    for (int i = 0; i < RESOURCES; i++)
        begin_scenario(&scenarios[i], (uint64_t)i + 1);
    for (int load = 0; load < LOADS; load++) {
        for (int i = 0; i < RESOURCES; i++)
            for (size_t file = 1 + below(&scenarios[i].seed, FILES_MAX); file > 0; file--)
                write_file(fixture, &scenarios[i], i, load, file);
        fixture_run(fixture);
    }
    for (int i = 0; i < RESOURCES; i++)
        check_table(fixture, &scenarios[i], i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_text_reads_back, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("csv_texts", tests, NULL, NULL);
}
