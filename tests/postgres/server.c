/*
 * The codec against a server: tables of random rows and of edges go out, are decoded, encoded, and
 * come in again, and the server compares; texts, JSON and doubles are those that the server makes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "postgres/client.h"
#include "tests/postgres/copy.h"

enum { COLUMNS_MAX = 24, ROWS = 3000 };

struct sample {
    const char *type;
    const char *random; /* SQL: a value; `i` is the row */
    const char *edges;  /* values, as the rows of a VALUES list */
};

/* Types that go in as they came, in binary. */
static const struct sample binary[] = {
    {"boolean", "random() < 0.5", "(true), (false)"},
    {"smallint", "random() * 65535 - 32768", "(-32768), (32767)"},
    {"integer", "random() * 4294967295 - 2147483648", "(-2147483648), (2147483647), (0)"},
    {"bigint", "(random() * 1e18)::bigint * 9 - i",
     "(-9223372036854775808), (9223372036854775807)"},
    {"double precision", "(random() - 0.5) * 10::float8 ^ (random() * 600 - 300)",
     "('NaN'), ('Infinity'), ('-Infinity'), ('-0'), ('5e-324'), ('1.7976931348623157e308')"},
    {"numeric(38,10)", "digits(28)::numeric / 10000000000 * sign(random() - 0.5)::int",
     "('9999999999999999999999999999.9999999999'), ('-0.0000000001'), (0), (10000), (0.0001)"},
    {"numeric(9,0)", "digits(9)::numeric", "(-999999999), (0)"},
    {"numeric(5,-3)", "digits(8)::numeric - 500", "(99999000), (-1000)"},
    {"numeric(156,78)", "digits(38)::numeric",
     "(-99999999999999999999999999999999999999), (0), (10000)"},
    {"text", "repeat(chr(i % 500 + 32), i % 9)",
     "(''), (E'\\\\ \\n\\r\\t\\b'), ('\xf0\x9f\xa6\x86')"},
    {"varchar(10)", "left(digits(10), i % 11)", "('0123456789'), ('')"},
    {"char(5)", "left(digits(5), i % 6)", "('01234'), ('')"},
    {"name", "digits(20)", "('')"},
    {"bytea", "decode(md5(i::text), 'hex')", "(''), ('\\x00'), ('\\x5c6e00ff')"},
    {"uuid", "gen_random_uuid()", "('00000000-0000-0000-0000-000000000000')"},
    {"json", "format('{\"a\":  %s, \"a\": [null]}', i)::json", "('null'), ('\"\"')"},
    {"jsonb", "jsonb_build_object('i', i, 'x', array[1, null])", "('null'), ('1e5')"},
    {"xml", "('<a>' || i || '</a>')::xml", "('')"},
    {"date", "'4713-01-01 BC'::date + (random() * 2147000000)::int",
     "('infinity'), ('-infinity'), ('4714-11-24 BC'), ('5874897-12-31'), ('0001-01-01')"},
    {"time", "'00:00'::time + random() * interval '1 day'",
     "('00:00'), ('24:00'), "
     "('23:59:59.999999')"},
    {"timestamp", "'4713-01-01 BC'::timestamp + random() * interval '290000 years'",
     "('infinity'), ('-infinity'), ('4714-11-24 00:00:00 BC'), ('1969-12-31 23:59:59.999999')"},
    {"timestamp(0)", "now()::timestamp - random() * interval '90 years'", "('infinity')"},
    {"timestamptz", "now() - random() * interval '3000 years'",
     "('infinity'), ('-infinity'), ('294246-12-31 23:59:59.999999+00')"},
    {"timestamptz(3)", "now() - random() * interval '90 years'", "('-infinity')"},
};

/* Types that the server reads from their texts. */
static const struct sample texts[] = {
    {"real", "(random() - 0.5) * 10::float8 ^ (random() * 60 - 30)",
     "('NaN'), ('Infinity'), ('-Infinity'), ('1e-45'), ('3.4028235e38'), ('0.1')"},
    {"text", "repeat(chr(i % 500 + 32), i % 9)",
     "(''), (E'\\\\N'), (E'\\\\.'), (E'a\\\\\\n\\r\\t')"},
    {"bytea", "decode(md5(i::text), 'hex')", "(''), ('\\x5c6e00ff')"},
    {"date", "'4713-01-01 BC'::date + (random() * 2147000000)::int", "('infinity'), ('-infinity')"},
    {"timestamptz", "now() - random() * interval '3000 years'", "('infinity'), ('-infinity')"},
    {"timestamp", "'4713-01-01 BC'::timestamp + random() * interval '290000 years'",
     "('infinity')"},
    {"oid", "(random() * 4294967295)::bigint", "(4294967295)"},
    {"\"char\"", "chr(i % 127 + 1)", "('')"},
    {"interval",
     "make_interval(0, (random() * 99 - 50)::int, 0, (random() * 99 - 50)::int, 0, 0, "
     "random() * 1e6 - 5e5)",
     "('0'), ('-1 us'), ('1 mon -1 day'), ('-178000000 years'), ('-1 hour 1 second')"},
    {"timetz", "('12:00:' || i % 60 || '.25+' || i % 15)::timetz",
     "('24:00:00-15:59:59'), ('00:00:00.000001+05:30')"},
    {"inet", "'10.0.0.0/8'::inet + (random() * 16777215)::int",
     "('::'), ('::1'), ('1::'), ('::ffff:1.2.3.4'), ('1:0:0:2:0:0:0:3/64'), ('0.0.0.0/0')"},
    {"cidr", "set_masklen(('10.' || i % 256 || '.0.0')::cidr, 16)", "('::/0'), ('2001:db8::/32')"},
    {"macaddr", "left(md5(i::text), 12)::macaddr", "('ff:ff:ff:ff:ff:ff')"},
    {"macaddr8", "left(md5(i::text), 16)::macaddr8", "('00:00:00:00:00:00:00:00')"},
    {"bit(9)", "(i % 512)::bit(9)", "('000000000')"},
    {"varbit", "substring((i % 512)::bit(9)::varbit from 1 for i % 10)",
     "(''), ('11111111'), ('111111111')"},
    {"money", "(random() * 1e6)::numeric(12,2)::money", "('-92233720368547758.08')"},
    {"int4range", "int4range(i, i + (random() * 9)::int)", "('empty'), ('(,)'), ('[1,)')"},
    {"mood", "(CASE WHEN i % 2 = 0 THEN 'sad' ELSE 'happy' END)::mood", "('sad')"},
};

/* ---- out, through, and in ---- */

/* Tables `source` and `back` with a column c0, c1... for each type; the random rows are full, the
 * edges stand in their own column alone. */
static void make_tables(const struct sample *samples, size_t count)
{
    struct buf columns = BUF_INIT, values = BUF_INIT;
    for (size_t i = 0; i < count; i++) {
        buf_printf(&columns, "%sc%zu %s", i ? ", " : "", i, samples[i].type);
        buf_printf(&values, "%s%s", i ? ", " : "", samples[i].random);
    }
    mem_free(ask_server("SELECT setseed(0.25)"));
    run_sql("DROP TABLE IF EXISTS source, back CASCADE; CREATE TABLE source (%s); "
            "CREATE TABLE back (LIKE source)",
            columns.data);
    run_sql("INSERT INTO source SELECT %s FROM generate_series(1, %d) i", values.data, ROWS);
    for (size_t i = 0; i < count; i++)
        run_sql("INSERT INTO source (c%zu) VALUES %s", i, samples[i].edges);
    buf_release(&columns);
    buf_release(&values);
}

/* What a query of all columns gives: its text, and its fields. */
static void ask_for(size_t count, const struct known_types *known, struct buf *query,
                    struct pg_field *fields)
{
    static char names[COLUMNS_MAX][24];
    buf_text(query, "SELECT ");
    for (size_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof(names[i]), "c%zu", i);
        look_up("source", names[i], &fields[i]);
        const char *pattern = pg_type_reading(&known->types, fields[i].oid);
        const char *hole = strstr(pattern, "{column}");
        buf_printf(query, "%s%.*s%s%s AS %s", i ? ", " : "", (int)(hole - pattern), pattern,
                   names[i], hole + strlen("{column}"), names[i]);
    }
    buf_text(query, " FROM source");
    run_sql("DROP VIEW IF EXISTS result; CREATE VIEW result AS %s", query->data);
    for (size_t i = 0; i < count; i++)
        look_up("result", names[i], &fields[i]);
}

static void send(struct pg_encoder *encoder, struct pg_decoder *decoder, struct buf *out)
{
    struct ArrowArray batch;
    struct buf chunk = BUF_INIT;
    struct tg_error err = {0};
    if (pg_decoder_take(decoder, &batch, &err) != TG_OK)
        fail_msg("%s: %s", err.where, err.what);
    for (int64_t row = 0; row < batch.length; buf_clear(&chunk)) {
        if (pg_encoder_batch(encoder, &batch, &row, &chunk, &err) != TG_OK)
            fail_msg("%s: %s", err.where, err.what);
        buf_append(out, chunk.data, chunk.len);
    }
    buf_release(&chunk);
    array_release(&batch);
}

/* The bytes of a COPY as those of the one that goes in. */
static void pass(const struct known_types *known, const struct pg_field *fields,
                 const struct pg_field *targets, size_t count, const struct buf *bytes, bool text,
                 struct buf *out)
{
    struct pg_decoder *decoder;
    struct pg_encoder *encoder;
    struct ArrowSchema schema;
    struct tg_error err = {0};
    bool end = false;
    size_t len = bytes->len;
    assert_int_equal(pg_decoder_new(&known->types, fields, count, &decoder, NULL), TG_OK);
    assert_int_equal(pg_decoder_schema(decoder, &schema, NULL), TG_OK);
    assert_int_equal(pg_encoder_new(&schema, targets, count, &encoder, NULL), TG_OK);
    assert_int_equal(pg_encoder_is_text(encoder), text);
    assert_int_equal(pg_encoder_header(encoder, out, NULL), TG_OK);
    for (; !end; len = 0) {
        if (pg_decoder_copy(decoder, bytes->data, len, &end, &err) != TG_OK)
            fail_msg("%s: %s", err.where, err.what);
        send(encoder, decoder, out);
    }
    assert_int_equal(pg_encoder_trailer(encoder, out, NULL), TG_OK);
    pg_decoder_free(decoder);
    pg_encoder_free(encoder);
    schema_release(&schema);
}

static void assert_no_rows(const char *sql)
{
    char *answer = ask_server(sql);
    if (answer[0] != '\0')
        fail_msg("differs: %s", answer);
    mem_free(answer);
}

static uint32_t mood_oid(void)
{
    char *answer = ask_server("SELECT 'mood'::regtype::oid");
    uint32_t oid = (uint32_t)strtoul(answer, NULL, 10);
    mem_free(answer);
    return oid;
}

static void there_and_back(const struct sample *samples, size_t count, bool text)
{
    struct pg_field fields[COLUMNS_MAX], targets[COLUMNS_MAX];
    struct buf query = BUF_INIT, bytes = BUF_INIT, again = BUF_INIT;
    struct known_types known;
    assert_true(count <= COLUMNS_MAX);
    make_tables(samples, count);
    know_type(text ? mood_oid() : 23, &known);
    ask_for(count, &known, &query, fields);
    for (size_t i = 0; i < count; i++)
        look_up("back", fields[i].name, &targets[i]);
    copy_out(query.data, &bytes);
    pass(&known, fields, targets, count, &bytes, text, &again);
    char *said = copy_in("back", text, &again);
    assert_string_equal(said, "");
    mem_free(said);
    assert_no_rows("SELECT s::text FROM source s EXCEPT ALL SELECT b::text FROM back b");
    assert_no_rows("SELECT b::text FROM back b EXCEPT ALL SELECT s::text FROM source s");
    char *rows = ask_server("SELECT count(*) > 3000 FROM back");
    assert_string_equal(rows, "t");
    mem_free(rows);
    mem_free(known.text);
    buf_release(&query);
    buf_release(&bytes);
    buf_release(&again);
}

static void binary_there_and_back(void **state)
{
    (void)state;
    there_and_back(binary, sizeof(binary) / sizeof(binary[0]), false);
}

static void text_there_and_back(void **state)
{
    (void)state;
    there_and_back(texts, sizeof(texts) / sizeof(texts[0]), true);
}

/* ---- as the server writes it ---- */

/* Two columns that hold the same: `ours` by a hint, `theirs` as the server has made it. */
static void compare(const char *query, const struct type_spec *hint)
{
    struct pg_field fields[2];
    struct pg_decoder *decoder;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct buf bytes = BUF_INIT;
    struct tg_error err = {0};
    run_sql("DROP VIEW IF EXISTS pairs; CREATE VIEW pairs AS %s", query);
    look_up("pairs", "ours", &fields[0]);
    look_up("pairs", "theirs", &fields[1]);
    fields[0].wanted = hint;
    copy_out("SELECT ours, theirs FROM pairs", &bytes);
    assert_int_equal(pg_decoder_new(NULL, fields, 2, &decoder, NULL), TG_OK);
    assert_int_equal(pg_decoder_schema(decoder, &schema, NULL), TG_OK);
    if (decode_all_rows(decoder, &bytes, &batch, &err) != TG_OK)
        fail_msg("%s: %s: %s", query, err.where, err.what);
    assert_true(batch.length > 0);
    for (int64_t row = 0; row < batch.length; row++) {
        struct buf ours = BUF_INIT, theirs = BUF_INIT;
        assert_int_equal(value_text(schema.children[0], batch.children[0], row, &ours, NULL),
                         TG_OK);
        assert_int_equal(value_text(schema.children[1], batch.children[1], row, &theirs, NULL),
                         TG_OK);
        if (strcmp(buf_string(&ours), buf_string(&theirs)) != 0)
            fail_msg("'%s' instead of '%s': %s", buf_string(&ours), buf_string(&theirs), query);
        buf_release(&ours);
        buf_release(&theirs);
    }
    pg_decoder_free(decoder);
    schema_release(&schema);
    array_release(&batch);
    buf_release(&bytes);
}

static const struct type_spec as_text = {.type = TYPE_TEXT};

static void compare_texts(const struct sample *sample)
{
    char query[1000];
    if (strstr("boolean real double precision money int4range mood bytea", sample->type))
        return;
    snprintf(query, sizeof(query),
             "SELECT ours, format('%%s', ours) AS theirs FROM (SELECT (%s)::%s AS ours FROM "
             "generate_series(1, 500) i UNION ALL SELECT column1::%s FROM (VALUES %s) v) t",
             sample->random, sample->type, sample->type, sample->edges);
    compare(query, &as_text);
}

static void texts_are_the_server_s(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(binary) / sizeof(binary[0]); i++)
        compare_texts(&binary[i]);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        compare_texts(&texts[i]);
}

/* Up to 90 digits on either side of the point, and far beyond. */
static void numerics_of_any_size(void **state)
{
    static const struct type_spec real = {.type = TYPE_DOUBLE};
    static const char numbers[] =
        "SELECT (repeat('-', i % 2) || digits(1 + i % 90) || '.' || repeat('0', i % 7) || "
        "digits(i % 83))::numeric AS ours FROM generate_series(1, 1200) i "
        "UNION ALL SELECT ('1e' || i * 37)::numeric FROM generate_series(-300, 300) i "
        "UNION ALL SELECT column1::numeric FROM (VALUES ('NaN'), ('Infinity'), ('-Infinity'), "
        "('0'), ('0.000'), ('9007199254740993'), ('9007199254740993.' || repeat('0', 400) || '1')) "
        "v";
    char query[2000];
    (void)state;
    snprintf(query, sizeof(query), "SELECT ours, ours::text AS theirs FROM (%s) t", numbers);
    compare(query, &as_text);
    snprintf(query, sizeof(query),
             "SELECT ours, ours::float8 AS theirs FROM (%s) t WHERE abs(ours) < 1e308 AND "
             "(abs(ours) > 1e-307 OR ours = 0) OR ours = 'NaN'",
             numbers);
    compare(query, &real);
}

/* Each type's array: empty, of two dimensions, with NULL. */
static void compare_arrays(const struct sample *sample)
{
    char query[2000];
    if (strstr("real double precision money int4range mood", sample->type))
        return;
    snprintf(
        query, sizeof(query),
        "SELECT ours, to_json(ours)::text AS theirs FROM (SELECT ARRAY[(%s)::%s, NULL] AS ours "
        "FROM generate_series(1, 200) i UNION ALL SELECT ARRAY[column1::%s] FROM (VALUES %s) "
        "v UNION ALL SELECT ARRAY[[column1::%s, NULL], [NULL, column1::%s]] FROM (VALUES %s) w "
        "UNION ALL SELECT '{}'::%s[]) t",
        sample->random, sample->type, sample->type, sample->edges, sample->type, sample->type,
        sample->edges, sample->type);
    compare(query, NULL);
}

static void arrays_are_the_server_s(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(binary) / sizeof(binary[0]); i++)
        compare_arrays(&binary[i]);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        compare_arrays(&texts[i]);
    compare("SELECT ARRAY[x, NULL] AS ours, to_json(ARRAY[x, NULL])::text AS theirs FROM (VALUES "
            "(1.5::float8), ('NaN'), ('-Infinity'), (0.1), (-2)) v (x)",
            NULL);
    compare("SELECT ARRAY[x] AS ours, to_json(ARRAY[x])::text AS theirs FROM (VALUES "
            "(0.1::real), ('Infinity'), (-1.5)) v (x)",
            NULL);
}

/* ---- as a query's stream ---- */

static void columns_that_the_server_writes(void **state)
{
    struct context ctx;
    struct pg_client *client;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct tg_error err = {0};
    struct buf row = BUF_INIT;
    bool end;
    (void)state;
    context_init(&ctx);
    assert_int_equal(pg_open(&ctx, postgres_uri(), false, &client, &err), TG_OK);
    if (pg_query(client, &ctx,
                 "SELECT 7 AS id, int4range(1, 5) AS span, (1.5)::money AS price, ROW(1, 'a') AS "
                 "pair",
                 NULL, &stream, &err) != TG_OK)
        fail_msg("%s", err.what);
    assert_int_equal(stream_schema(&stream, TG_SOURCE, &schema, &err), TG_OK);
    assert_int_equal(stream_next(&stream, TG_SOURCE, &batch, &end, &err), TG_OK);
    assert_string_equal(schema.children[0]->format, "l");
    for (int64_t i = 0; i < batch.n_children; i++) {
        assert_int_equal(value_text(schema.children[i], batch.children[i], 0, &row, NULL), TG_OK);
        buf_char(&row, '|');
    }
    assert_string_equal(row.data, "7|[1,5)|1.500000000|{\"f1\":1,\"f2\":\"a\"}|");
    buf_release(&row);
    array_release(&batch);
    schema_release(&schema);
    stream_release(&stream);
    pg_close(client);
}

/* ---- a database of SQL_ASCII ---- */

/* The URI of another database of the server. */
static void name_database(const char *name, char out[600])
{
    const char *uri = postgres_uri();
    snprintf(out, 600, "%.*s/%s", (int)(strrchr(uri, '/') - uri), uri, name);
}

static void ask_for_bad_text(const char *uri)
{
    struct context ctx;
    struct pg_client *client;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct tg_error err = {0};
    bool end;
    context_init(&ctx);
    assert_int_equal(pg_open(&ctx, uri, false, &client, &err), TG_OK);
    assert_int_equal(pg_query(client, &ctx,
                              "SELECT * FROM (VALUES ('caf\xc3\xa9'), (E'caf\\351')) v (it)", NULL,
                              &stream, &err),
                     TG_OK);
    assert_int_equal(stream_schema(&stream, TG_SOURCE, &schema, &err), TG_OK);
    assert_int_equal(stream_next(&stream, TG_SOURCE, &batch, &end, &err), TG_DATA);
    assert_non_null(strstr(err.what, "is not valid UTF-8"));
    assert_string_equal(err.column, "it");
    assert_int_equal(err.row, 2);
    schema_release(&schema);
    stream_release(&stream);
    pg_close(client);
}

static void texts_of_no_encoding(void **state)
{
    char uri[600], name[80];
    (void)state;
    snprintf(name, sizeof(name), "ascii_%ld", (long)getpid());
    run_sql("CREATE DATABASE %s ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' "
            "LC_CTYPE 'C'",
            name);
    name_database(name, uri);
    ask_for_bad_text(uri);
    run_sql("DROP DATABASE %s WITH (FORCE)", name);
}

static int setup(void **state)
{
    (void)state;
    run_sql(
        "CREATE TYPE mood AS ENUM ('sad', 'happy');"
        "CREATE FUNCTION digits(int) RETURNS text LANGUAGE sql VOLATILE AS $$"
        "SELECT string_agg(floor(random() * 10)::int::text, '') FROM generate_series(1, $1) $$");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binary_there_and_back),          cmocka_unit_test(text_there_and_back),
        cmocka_unit_test(texts_are_the_server_s),         cmocka_unit_test(numerics_of_any_size),
        cmocka_unit_test(arrays_are_the_server_s),        cmocka_unit_test(texts_of_no_encoding),
        cmocka_unit_test(columns_that_the_server_writes),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
