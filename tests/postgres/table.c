/*
 * docs/postgresql-types.md against a server: every line of its tables is done. The example of a
 * line is asked for as pg_type_reading says, decoded, written as a package's Parquet, read by the
 * engine, encoded, and sent to a column of its own type.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "duckdb/engine.h"
#include "tests/postgres/copy.h"

enum { CELLS = 5 };

struct line {
    int number;
    char cells[CELLS][200];
};

static struct context ctx;
static struct engine *engine;

/* A cell without the spaces around it, and without its backquotes. */
static void keep_cell(const char *start, const char *end, char out[200])
{
    while (start < end && *start == ' ')
        start++;
    while (end > start && end[-1] == ' ')
        end--;
    if (end - start >= 2 && *start == '`' && end[-1] == '`') {
        start++;
        end--;
    }
    snprintf(out, 200, "%.*s", (int)(end - start), start);
}

/* The cells of a line of a table; how many. */
static int read_cells(const char *text, struct line *out)
{
    int count = 0;
    const char *start = NULL;
    bool quoted = false;
    for (const char *p = text; *p; p++) {
        quoted ^= *p == '`';
        if (*p != '|' || quoted)
            continue;
        if (start && count < CELLS)
            keep_cell(start, p, out->cells[count++]);
        start = p + 1;
    }
    return count;
}

/* Calls `check` for each line of the table whose last column is headed `last`; how many. */
static int each_line(const char *last, void (*check)(const struct line *line))
{
    FILE *file = fopen("docs/postgresql-types.md", "r");
    char text[1000];
    struct line line = {.number = 0};
    int count = 0, wanted = 0;
    assert_non_null(file);
    while (fgets(text, sizeof(text), file)) {
        line.number++;
        int cells = text[0] == '|' ? read_cells(text, &line) : 0;
        if (cells == 0)
            wanted = 0;
        else if (!wanted)
            wanted = strcmp(line.cells[cells - 1], last) == 0 ? 1 : -1;
        else if (wanted == 1 && strncmp(line.cells[0], "---", 3) != 0) {
            check(&line);
            count++;
        }
    }
    fclose(file);
    return count;
}

/* ---- a line's example ---- */

/* What a test of a line holds on to. */
struct trial {
    const struct line *line;
    struct known_types known;
    struct pg_field field;
    struct pg_decoder *decoder;
    struct buf bytes;
};

/* Table `source` with the example, and a decoder for what a query of it gives. */
static void begin(struct trial *trial, const struct line *line)
{
    char quoted[400], reading[200], query[300], *to = quoted;
    struct pg_field own;
    *trial = (struct trial){.line = line};
    for (const char *p = line->cells[1]; *p; p++) {
        if (*p == '\'')
            *to++ = '\'';
        *to++ = *p;
    }
    *to = '\0';
    run_sql(
        "DROP TABLE IF EXISTS source, back CASCADE;"
        "CREATE TABLE source (it %s); CREATE TABLE back (it %s); INSERT INTO source VALUES ('%s')",
        line->cells[0], line->cells[0], quoted);
    look_up("source", "it", &own);
    know_type(own.oid, &trial->known);
    const char *pattern = pg_type_reading(&trial->known.types, own.oid);
    const char *hole = strstr(pattern, "{column}");
    assert_non_null(hole);
    snprintf(reading, sizeof(reading), "%.*sit%s", (int)(hole - pattern), pattern, hole + 8);
    run_sql("CREATE VIEW result AS SELECT %s AS it FROM source", reading);
    look_up("result", "it", &trial->field);
    assert_int_equal(pg_decoder_new(&trial->known.types, &trial->field, 1, &trial->decoder, NULL),
                     TG_OK);
    snprintf(query, sizeof(query), "SELECT %s FROM source", reading);
    copy_out(query, &trial->bytes);
}

static void end(struct trial *trial)
{
    pg_decoder_free(trial->decoder);
    buf_release(&trial->bytes);
    mem_free(trial->known.text);
}

static void describe(const struct ArrowSchema *schema, char out[64])
{
    struct type_spec spec;
    (void)!type_from_arrow(schema, &spec, NULL);
    struct type_spec full = type_decimal(&spec);
    snprintf(out, 64, "%s(%d,%d)", type_name(spec.type), full.precision, full.scale);
    if (spec.type != TYPE_DECIMAL)
        snprintf(out, 64, "%s%s", type_name(spec.type), spec.naive ? ", naive" : "");
}

/* The first cell of a query's first row, as text. */
static char *ask_engine(const char *sql)
{
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct buf text = BUF_INIT;
    bool is_end;
    assert_int_equal(engine_query(engine, sql, &stream, NULL), TG_OK);
    assert_int_equal(stream_schema(&stream, TG_IO, &schema, NULL), TG_OK);
    assert_int_equal(stream_next(&stream, TG_IO, &batch, &is_end, NULL), TG_OK);
    assert_false(is_end);
    assert_int_equal(value_text(schema.children[0], batch.children[0], 0, &text, NULL), TG_OK);
    array_release(&batch);
    schema_release(&schema);
    stream_release(&stream);
    return text.data ? buf_take(&text) : mem_strdup("");
}

static void package_file(char out[300])
{
    const char *folder = getenv("TMPDIR");
    snprintf(out, 300, "%s/table-%ld.parquet", folder ? folder : "/tmp", (long)getpid());
}

/* ---- the way back ---- */

/* Reads the package and writes it to a column of the line's type. */
static void write_back(const struct trial *trial, char **said)
{
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct pg_field target;
    struct buf bytes = BUF_INIT;
    char sql[400], path[300];
    bool text = false, is_end;
    package_file(path);
    snprintf(sql, sizeof(sql), "SELECT it FROM read_parquet('%s')", path);
    look_up("back", "it", &target);
    assert_int_equal(engine_query(engine, sql, &stream, NULL), TG_OK);
    assert_int_equal(stream_schema(&stream, TG_IO, &schema, NULL), TG_OK);
    assert_int_equal(stream_next(&stream, TG_IO, &batch, &is_end, NULL), TG_OK);
    struct tg_error err = {0};
    if (encode_all_rows(&schema, &batch, &target, 1, &text, &bytes, &err) != TG_OK)
        fail_msg("line %d: %s", trial->line->number, err.what);
    *said = copy_in("back", text, &bytes);
    array_release(&batch);
    schema_release(&schema);
    stream_release(&stream);
    buf_release(&bytes);
}

static void check_back(const struct trial *trial)
{
    char *said = NULL;
    write_back(trial, &said);
    const char *cell = trial->line->cells[4];
    bool refused = said[0] != '\0';
    if (refused != (strcmp(cell, "refused") == 0))
        fail_msg("line %d: the server says '%s'", trial->line->number, said);
    mem_free(said);
    if (refused)
        return;
    char *now = ask_server("SELECT it::text FROM back");
    char *before = ask_server("SELECT it::text FROM source");
    if (strcmp(cell, "same") != 0 || strcmp(before, now) != 0)
        fail_msg("line %d: '%s' came back as '%s'", trial->line->number, before, now);
    mem_free(now);
    mem_free(before);
}

static void check_landing(const struct line *line)
{
    struct trial trial;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct parquet_result result;
    struct tg_error err = {0};
    char column[64], path[300], sql[400];
    begin(&trial, line);
    assert_int_equal(pg_decoder_schema(trial.decoder, &schema, NULL), TG_OK);
    describe(schema.children[0], column);
    if (strcmp(line->cells[2], "json") == 0 && strcmp(column, "text") == 0)
        snprintf(column, sizeof(column), "json"); /* in memory they are one */
    if (strcmp(column, line->cells[2]) != 0)
        fail_msg("line %d: the column is %s", line->number, column);
    if (decode_all_rows(trial.decoder, &trial.bytes, &batch, &err) != TG_OK)
        fail_msg("line %d: %s", line->number, err.what);
    package_file(path);
    assert_int_equal(engine_write_parquet(engine, &schema, &batch, 1, path, &result, NULL), TG_OK);
    snprintf(sql, sizeof(sql), "SELECT CAST(it AS VARCHAR) FROM read_parquet('%s')", path);
    char *shown = ask_engine(sql);
    if (strcmp(shown, line->cells[3]) != 0)
        fail_msg("line %d: DuckDB shows '%s'", line->number, shown);
    mem_free(shown);
    check_back(&trial);
    remove(path);
    schema_release(&schema);
    end(&trial);
}

static void check_refusal(const struct line *line)
{
    struct trial trial;
    struct ArrowArray batch;
    struct tg_error err = {0};
    begin(&trial, line);
    if (decode_all_rows(trial.decoder, &trial.bytes, &batch, &err) != TG_DATA ||
        !strstr(err.what, line->cells[2]) || strcmp(err.column, "it") != 0 || err.row != 1)
        fail_msg("line %d: '%s'", line->number, err.what);
    end(&trial);
}

/* ---- the tests ---- */

static void what_lands(void **state)
{
    (void)state;
    assert_true(each_line("back", check_landing) > 60);
}

static void what_is_refused(void **state)
{
    (void)state;
    assert_true(each_line("the error says", check_refusal) >= 5);
}

static int setup(void **state)
{
    (void)state;
    context_init(&ctx);
    run_sql("CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE DOMAIN price AS numeric(8,2);"
            "CREATE TYPE pair AS (a integer, b text)");
    return engine_new(&ctx, "tmp", &engine, NULL);
}

static int teardown(void **state)
{
    (void)state;
    engine_free(engine);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lands),
        cmocka_unit_test(what_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
