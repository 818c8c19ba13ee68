/*
 * What every connection must do with rows: types, names, streams into tables. Each kind of
 * connection is a line in kinds.h; what is expected of it is read from its dialect.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <math.h>

#include "tests/database/kinds.h"

/* ---- types ---- */

enum { TEXTS_MAX = 8 };

/* Values as texts, read by their type; the texts of TYPE_TEXT and its like as they are. */
struct column_type {
    struct type_spec spec;
    const char *values[TEXTS_MAX];
};

#define LONG_TEXT                                                                                  \
    "0123456789abcdefghijklmnopqrstuvwxyz-0123456789abcdefghijklmnopqrstuvwxyz-0123456789abcdefg"

static const struct column_type column_types[] = {
    {{.type = TYPE_TEXT},
     {"", "it's", "a \"b\" \\ c\\n", "two\nlines\t\r", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
      "NULL", LONG_TEXT, " "}},
    {{.type = TYPE_JSON}, {"{}", "[1,2]", "{\"a\":{\"b\":null}}", "\"it's\"", "12.50", "true"}},
    {{.type = TYPE_BINARY}, {"", "\x01", "\xff\xfe\x80", "it's", "\\x00", LONG_TEXT}},
    {{.type = TYPE_BIGINT},
     {"-9223372036854775808", "9223372036854775807", "0", "-1", "9007199254740993"}},
    {{.type = TYPE_BIGINT, .precision = 8}, {"-127", "127", "0"}},
    {{.type = TYPE_BIGINT, .precision = 16}, {"-32767", "32767", "0"}},
    {{.type = TYPE_BIGINT, .precision = 32}, {"-2147483647", "2147483647", "0"}},
    {{.type = TYPE_DOUBLE},
     {"0.1", "-1.7976931348623157e308", "5e-324", "-0.0", "123456789012345680", "nan", "inf",
      "-inf"}},
    {{.type = TYPE_BOOL}, {"1", "0"}},
    {{.type = TYPE_TIMESTAMP},
     {"-62135596800000000", "-1", "0", "1700000000123456", "253402300799999999"}},
    {{.type = TYPE_TIMESTAMP, .naive = true},
     {"-62135596800000000", "-1", "0", "1700000000123456", "253402300799999999"}},
    {{.type = TYPE_TIMESTAMP, .precision = PRECISION_SECONDS, .naive = true},
     {"-62135596800000000", "-1000000", "0", "253402300799000000"}},
    {{.type = TYPE_TIMESTAMP, .precision = 3, .naive = true}, {"-1000", "0", "1700000000123000"}},
    {{.type = TYPE_TIMESTAMP, .precision = 9, .naive = true}, {"-1", "0", "1700000000123456789"}},
    {{.type = TYPE_DATE}, {"-719162", "-1", "0", "2932896"}},
    {{.type = TYPE_TIME}, {"0", "1", "86399999999", "43200000000"}},
    {{.type = TYPE_DECIMAL, .precision = 4, .scale = 1}, {"-999.9", "999.9", "0.0", "0.1"}},
    {{.type = TYPE_DECIMAL, .precision = 18, .scale = 3},
     {"-999999999999999.999", "999999999999999.999", "0.001"}},
    {{.type = TYPE_DECIMAL},
     {"-99999999999999999999999999999.999999999", "0.000000001", "12345678901234567890.5"}},
    {{.type = TYPE_WEI},
     {"99999999999999999999999999999999999999", "-99999999999999999999999999999999999999", "0"}},
};

enum { COLUMN_TYPES = sizeof(column_types) / sizeof(column_types[0]) };

static size_t value_count(const struct column_type *type)
{
    size_t count = 0;
    while (count < TEXTS_MAX && type->values[count])
        count++;
    return count;
}

static void put_value(struct column *column, const struct type_spec *spec, size_t row,
                      const char *text)
{
    int128 decimal = 0;
    bool is_default = spec->precision == 0;
    int precision = spec->type == TYPE_WEI || is_default ? DECIMAL_PRECISION : spec->precision;
    int scale = spec->type == TYPE_WEI ? 0 : is_default ? DECIMAL_SCALE : spec->scale;
    switch (spec->type) {
    case TYPE_DOUBLE: column_set_double(column, row, strtod(text, NULL)); break;
    case TYPE_BOOL: column_set_bool(column, row, text[0] == '1'); break;
    case TYPE_DATE: column_set_date(column, row, (int32_t)strtol(text, NULL, 10)); break;
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
    case TYPE_TIME: column_set_int64(column, row, strtoll(text, NULL, 10)); break;
    case TYPE_DECIMAL:
    case TYPE_WEI:
        sample_ok(decimal_parse(text, strlen(text), precision, scale, &decimal, err));
        column_set_decimal(column, row, decimal);
        break;
    default: sample_ok(column_set_text(column, row, text, strlen(text), err));
    }
}

/* A NaN where the database has none is refused (no_nan_becomes_null). */
static bool is_left_out(const struct column_type *type, const char *text)
{
    return type->spec.type == TYPE_DOUBLE && strcmp(text, "nan") == 0 && con->dialect->nan_is_null;
}

/* Rows (id, v): a NULL before each value, and one at the end. */
static size_t value_batch(const struct column_type *type, struct ArrowArray *out)
{
    size_t rows = 2 * value_count(type) + 1;
    struct column columns[2] = {0};
    struct ArrowArray children[2];
    sample_ok(column_init(&columns[0], &(struct type_spec){.type = TYPE_BIGINT}, err));
    sample_ok(column_init(&columns[1], &type->spec, err));
    for (size_t row = 0; row < rows; row++) {
        column_set_int64(&columns[0], row, (int64_t)row);
        if (row % 2 == 1 && !is_left_out(type, type->values[row / 2]))
            put_value(&columns[1], &type->spec, row, type->values[row / 2]);
    }
    for (size_t c = 0; c < 2; c++)
        sample_ok(column_export(&columns[c], rows, &children[c], err));
    sample_ok(batch_make(children, 2, (int64_t)rows, out, err));
    return rows;
}

/* The first `count` rows are left out by offsets. */
static void slice(struct ArrowArray *batch, int64_t count)
{
    for (int64_t c = 0; c < batch->n_children; c++) {
        batch->children[c]->offset += count;
        batch->children[c]->length -= count;
        batch->children[c]->null_count = -1;
    }
    batch->length -= count;
}

static const char *const value_names[] = {"id", "v"};

/* An empty batch, the rows with their first three, and again without these. */
static void value_stream(const struct column_type *type, struct ArrowArrayStream *out)
{
    struct ArrowSchema schema;
    struct ArrowArray batches[4];
    const struct type_spec types[] = {{.type = TYPE_BIGINT}, type->spec};
    sample_ok(schema_make(value_names, types, 2, &schema, err));
    for (size_t i = 0; i < 4; i++) {
        int64_t rows = (int64_t)value_batch(type, &batches[i]);
        slice(&batches[i], i == 0 ? rows : i == 1 ? 0 : i == 2 ? 3 : rows - 1);
    }
    sample_ok(stream_from_arrays(&schema, batches, 4, out, err));
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n';
}

/* Equal but for the spaces of a JSON, and zeros behind the point of a number without any. */
static bool same_value(const struct column_type *type, const char *is, const char *was)
{
    /* Who has no NaN has no negative zero either. */
    if (type->spec.type == TYPE_DOUBLE && is && was && con->dialect->nan_is_null)
        return strtod(is, NULL) == strtod(was, NULL);
    if (type->spec.type == TYPE_WEI && is && was && strncmp(is, was, strlen(was)) == 0)
        return strspn(is + strlen(was), ".0") == strlen(is + strlen(was));
    if (type->spec.type == TYPE_BOOL && is && was && con->dialect->types_by_values)
        return strcmp(is, strcmp(was, "true") == 0 ? "1" : "0") == 0;
    if (type->spec.type != TYPE_JSON || !is || !was)
        return is && was ? strcmp(is, was) == 0 : is == was;
    for (;; is++, was++) {
        while (is_space(*is))
            is++;
        while (is_space(*was))
            was++;
        if (*is != *was || !*is)
            return *is == *was;
    }
}

/* Whether the dialect has a type of its own for it. Else it is kept as far as another goes, which
 * the dialect's own tests say. */
static bool is_kept(const struct column_type *type)
{
    struct buf word = BUF_INIT, again = BUF_INIT;
    con->dialect->type_sql(&type->spec, &word);
    struct type_spec spec = con->dialect->type_from_sql(buf_string(&word));
    bool same = spec.type == type->spec.type && spec.naive == type->spec.naive &&
                type_is_nanoseconds(&spec) == type_is_nanoseconds(&type->spec);
    buf_release(&word);
    buf_release(&again);
    return same;
}

/* The value of each row of a fetched (id, v) is that of the batch. */
static void check_values(const struct column_type *type, const struct text_rows *rows)
{
    struct ArrowSchema schema;
    struct ArrowArray batch;
    const struct type_spec types[] = {{.type = TYPE_BIGINT}, type->spec};
    sample_ok(schema_make(value_names, types, 2, &schema, err));
    size_t count = value_batch(type, &batch);
    assert_int_equal(rows->row_count, count + count - 3 + 1);
    for (size_t row = 0; row < rows->row_count; row++) {
        struct buf was = BUF_INIT;
        int64_t id = strtoll(text_cell(rows, row, 0), NULL, 10);
        const char *is = text_cell(rows, row, 1);
        sample_ok(value_text(schema.children[1], batch.children[1], id, &was, err));
        bool is_null = array_is_null(batch.children[1], id);
        if (is_kept(type) && !same_value(type, is, is_null ? NULL : buf_string(&was)))
            fail_msg("row %d of %s: '%s' came back as '%s'", (int)id, type_name(type->spec.type),
                     is_null ? "NULL" : buf_string(&was), is ? is : "NULL");
        buf_release(&was);
    }
    schema_release(&schema);
    array_release(&batch);
}

static void survives(const struct column_type *type, const char *table, const char *start)
{
    struct text_rows rows;
    struct ArrowArrayStream stream;
    struct ingest_target into = {strcmp(table, "t") == 0 ? dataset : NULL, table};
    create(start, value_names, (struct type_spec[]){{.type = TYPE_BIGINT}, type->spec}, 2);
    value_stream(type, &stream);
    struct tg_error problem = {0};
    if (connection_ingest(con, &into, &stream, &problem) != TG_OK)
        fail_msg("%s: %s", type_name(type->spec.type), problem.what);
    stream_release(&stream);
    /* A wei may have more digits than what a query of any number gives. */
    struct buf text = BUF_INIT;
    buf_printf(&text, "SELECT id, %s FROM %s ORDER BY id",
               type->spec.type == TYPE_WEI ? "CAST(v AS VARCHAR(200))" : "v",
               into.dataset ? "{t}" : "temporary");
    char *sql = in_dataset(buf_string(&text));
    sample_ok(connection_fetch(con, sql, &rows, err));
    mem_free(sql);
    buf_release(&text);
    check_values(type, &rows);
    text_rows_release(&rows);
}

static void types_survive(void **state)
{
    (void)state;
    for (size_t i = 0; i < COLUMN_TYPES; i++) {
        survives(&column_types[i], "t", "CREATE TABLE {t}");
        exec("DROP TABLE {t}");
    }
}

static void types_survive_in_temporary_tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < COLUMN_TYPES; i++) {
        survives(&column_types[i], "temporary", "CREATE TEMP TABLE temporary");
        exec("DROP TABLE temporary");
    }
}

/* The words by which a column was made are those that tell of it, in a form that reads again. */
static void types_are_described_as_they_are_written(void **state)
{
    (void)state;
    struct described described;
    const char *names[COLUMN_TYPES];
    struct type_spec types[COLUMN_TYPES];
    static char letters[COLUMN_TYPES][8];
    for (size_t i = 0; i < COLUMN_TYPES; i++) {
        snprintf(letters[i], sizeof(letters[i]), "c%zu", i);
        names[i] = letters[i];
        types[i] = column_types[i].spec;
    }
    create("CREATE TABLE {t}", names, types, COLUMN_TYPES);
    sample_ok(connection_describe(con, dataset, NULL, &described, err));
    assert_int_equal(described.tables[0].column_count, COLUMN_TYPES);
    for (size_t i = 0; i < COLUMN_TYPES; i++) {
        struct buf word = BUF_INIT, again = BUF_INIT;
        con->dialect->type_sql(&types[i], &word);
        struct type_spec spec =
            con->dialect->type_from_sql(described.tables[0].columns[i].sql_type);
        con->dialect->type_sql(&spec, &again);
        assert_string_equal(buf_string(&again), buf_string(&word));
        buf_release(&word);
        buf_release(&again);
    }
    described_release(&described);
}

/* ---- names ---- */

/* The longest that the dialect takes, at most 250 bytes of it. */
static const char *longest_name(void)
{
    static char name[251];
    size_t len = con->dialect->name_bytes_max < 250 ? con->dialect->name_bytes_max : 250;
    for (size_t i = 0; i < len; i++)
        name[i] = (char)('a' + i % 26);
    name[len] = '\0';
    return name;
}

/* As a table and as its column, through SQL, a stream and a description. */
static void survives_as_name(const char *name)
{
    struct described described;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct ArrowArrayStream stream;
    struct buf start = BUF_INIT;
    const struct type_spec type = {.type = TYPE_BIGINT};
    buf_text(&start, "CREATE TABLE ");
    sql_table(&start, con->dialect, dataset, name);
    create(buf_string(&start), &name, &type, 1);
    sample_ok(schema_make(&name, &type, 1, &schema, err));
    number_batch(5, 2, &batch);
    sample_ok(stream_from_arrays(&schema, &batch, 1, &stream, err));
    sample_ok(connection_ingest(con, &(struct ingest_target){dataset, name}, &stream, err));
    stream_release(&stream);
    sample_ok(connection_describe(con, dataset, NULL, &described, err));
    const struct described_table *table = described_find(&described, name);
    assert_non_null(table);
    assert_string_equal(table->name, name);
    assert_int_equal(table->column_count, 1);
    assert_string_equal(table->columns[0].name, name);
    described_release(&described);
    buf_clear(&start);
    buf_text(&start, "SELECT max(");
    sql_ident(&start, con->dialect, name);
    buf_text(&start, ") FROM ");
    sql_table(&start, con->dialect, dataset, name);
    struct text_rows rows;
    sample_ok(connection_fetch(con, buf_string(&start), &rows, err));
    assert_string_equal(text_cell(&rows, 0, 0), "6");
    text_rows_release(&rows);
    buf_release(&start);
}

static void names_survive(void **state)
{
    (void)state;
    const char *const names[] = {
        "Upper Case", "a \"quoted\" 'name'", "select", "semi;colon--", "\xc3\xa4\xe2\x82\xac",
        "per%cent_",  "back\\slash",         "1",      longest_name()};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        survives_as_name(names[i]);
}

static void case_of_names(void **state)
{
    (void)state;
    struct tg_error problem = {0};
    struct described described;
    exec("CREATE TABLE {person} (a BIGINT)");
    int rc = connection_exec(con, "SELECT 1", NULL, NULL);
    assert_int_equal(rc, TG_OK);
    char *sql = in_dataset("CREATE TABLE {Person} (a BIGINT)");
    rc = connection_exec(con, sql, NULL, &problem);
    mem_free(sql);
    assert_int_equal(rc == TG_OK, !con->dialect->folds_case);
    sample_ok(connection_describe(con, dataset, NULL, &described, err));
    assert_int_equal(described.folds_case, con->dialect->folds_case);
    assert_int_equal(described_find(&described, "PERSON") != NULL, con->dialect->folds_case);
    described_release(&described);
}

/* ---- streams into tables ---- */

static void columns_go_by_their_names(void **state)
{
    (void)state;
    struct ArrowArrayStream stream;
    const struct column_type text = {{.type = TYPE_TEXT}, {"one", "two"}};
    exec("CREATE TABLE {t} (more BIGINT, v VARCHAR(50), id BIGINT)");
    value_stream(&text, &stream);
    sample_ok(connection_ingest(con, &(struct ingest_target){dataset, "t"}, &stream, err));
    stream_release(&stream);
    expect("SELECT id, v, more FROM {t} WHERE id = 3", "3|two|~\n3|two|~\n");
}

/* The producer's error is the one that is told, and none of its rows is there. */
static void a_producer_that_fails_leaves_nothing(void **state)
{
    (void)state;
    enum { MORE_THAN_A_ROW_GROUP = 62 }; /* of DuckDB: what it has written before the end */
    static const int lefts[] = {0, 10, MORE_THAN_A_ROW_GROUP};
    number_table(3);
    for (int i = 0; i < 3; i++) {
        struct tg_error problem = {0};
        struct failing failing = {.left = lefts[i], .cancels = i == 1};
        struct ArrowArrayStream stream = {failing_schema, failing_next, stream_last_error,
                                          failing_release, &failing};
        transact(TRANSACT_BEGIN);
        int rc = connection_ingest(con, &(struct ingest_target){dataset, "t"}, &stream, &problem);
        assert_int_equal(rc, i == 1 ? TG_CANCELLED : TG_DATA);
        assert_string_equal(problem.what, "the file is cut off");
        transact(TRANSACT_ROLLBACK);
        expect("SELECT count(*) FROM {t}", "3\n");
    }
}

static void rows_that_do_not_fit(void **state)
{
    (void)state;
    struct tg_error problem = {0};
    struct ArrowArrayStream stream;
    exec("CREATE TABLE {t} (other_name BIGINT)");
    exec("CREATE TABLE {u} (id BIGINT, must BIGINT NOT NULL)");
    static const char *const tables[] = {"none", "t", "u"};
    static const char *const states[] = {"42P01", "42703", "23502"};
    for (size_t i = 0; i < 3; i++) {
        number_stream(10, &stream);
        transact(TRANSACT_BEGIN);
        assert_int_equal(
            connection_ingest(con, &(struct ingest_target){dataset, tables[i]}, &stream, &problem),
            TG_DESTINATION);
        stream_release(&stream);
        if (i != 1) /* DuckDB has no number for it */
            assert_string_equal(problem.sqlstate, states[i]);
        transact(TRANSACT_ROLLBACK);
    }
    expect("SELECT count(*) FROM {u}", "0\n");
}

/* Kept, or refused: never cut off. */
static void texts_with_a_nul(void **state)
{
    (void)state;
    struct ArrowSchema schema;
    struct ArrowArray child, batch;
    struct ArrowArrayStream stream;
    struct column column = {.len = 0};
    struct tg_error problem = {0};
    const struct type_spec type = {.type = TYPE_TEXT};
    create("CREATE TABLE {t}", (const char *[]){"v"}, &type, 1);
    sample_ok(column_init(&column, &type, err));
    sample_ok(column_set_text(&column, 0, "a\0b", 3, err));
    sample_ok(column_export(&column, 1, &child, err));
    sample_ok(batch_make(&child, 1, 1, &batch, err));
    sample_ok(schema_make((const char *[]){"v"}, &type, 1, &schema, err));
    sample_ok(stream_from_arrays(&schema, &batch, 1, &stream, err));
    transact(TRANSACT_BEGIN);
    int rc = connection_ingest(con, &(struct ingest_target){dataset, "t"}, &stream, &problem);
    stream_release(&stream);
    if (rc == TG_OK) {
        transact(TRANSACT_COMMIT);
        expect("SELECT octet_length(CAST(v AS BLOB)) FROM {t}", "3\n");
    } else {
        assert_int_equal(rc, TG_DATA);
        assert_non_null(strstr(problem.what, "'v'"));
        transact(TRANSACT_ROLLBACK);
        expect("SELECT count(*) FROM {t}", "0\n");
    }
}

static void no_nan_becomes_null(void **state)
{
    (void)state;
    struct ArrowSchema schema;
    struct ArrowArray child, batch;
    struct ArrowArrayStream stream;
    struct column column = {.len = 0};
    struct tg_error problem = {0};
    const struct type_spec type = {.type = TYPE_DOUBLE};
    create("CREATE TABLE {t}", (const char *[]){"v"}, &type, 1);
    sample_ok(column_init(&column, &type, err));
    column_set_double(&column, 0, NAN);
    sample_ok(column_export(&column, 1, &child, err));
    sample_ok(batch_make(&child, 1, 1, &batch, err));
    sample_ok(schema_make((const char *[]){"v"}, &type, 1, &schema, err));
    sample_ok(stream_from_arrays(&schema, &batch, 1, &stream, err));
    int rc = connection_ingest(con, &(struct ingest_target){dataset, "t"}, &stream, &problem);
    stream_release(&stream);
    assert_int_equal(rc, con->dialect->nan_is_null ? TG_DATA : TG_OK);
    if (con->dialect->nan_is_null)
        assert_non_null(strstr(problem.what, "'v' has a NaN"));
    expect("SELECT v FROM {t}", con->dialect->nan_is_null ? "" : "nan\n");
}

static const struct conformance_test tests[] = {
    TEST(types_survive),
    TEST(types_survive_in_temporary_tables),
    TEST(names_survive),
    TEST(case_of_names),
    TEST(columns_go_by_their_names),
    TEST(a_producer_that_fails_leaves_nothing),
    TEST(rows_that_do_not_fit),
    TEST(texts_with_a_nul),
    TEST(no_nan_becomes_null),
    TEST(types_are_described_as_they_are_written),
};

int main(int argc, char **argv)
{
    return conformance_run("database/conformance_rows", tests, sizeof(tests) / sizeof(tests[0]),
                           argc > 1 ? argv[1] : NULL);
}
