/* Values of a cursor as literals: by the column's type, and where there is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "database/literal.h"

#define INT(value)                                                                                 \
    {                                                                                              \
        .kind = TG_VALUE_INT64, .int64 = (value)                                                   \
    }
#define REAL(value)                                                                                \
    {                                                                                              \
        .kind = TG_VALUE_DOUBLE, .real = (value)                                                   \
    }
#define TEXT(value)                                                                                \
    {                                                                                              \
        .kind = TG_VALUE_TEXT, .text = (value)                                                     \
    }
#define STAMP(value)                                                                               \
    {                                                                                              \
        .kind = TG_VALUE_TIMESTAMP, .int64 = (value)                                               \
    }
#define DATE(value)                                                                                \
    {                                                                                              \
        .kind = TG_VALUE_DATE, .int64 = (value)                                                    \
    }

struct sample {
    struct tg_value value;
    struct type_spec column;
    const char *sql; /* NULL: none */
};

static const struct type_spec bigint = {.type = TYPE_BIGINT}, real = {.type = TYPE_DOUBLE},
                              decimal = {.type = TYPE_DECIMAL, .precision = 10, .scale = 2},
                              text = {.type = TYPE_TEXT}, date = {.type = TYPE_DATE},
                              stamp = {.type = TYPE_TIMESTAMP},
                              naive = {.type = TYPE_TIMESTAMP, .naive = true},
                              nanos = {.type = TYPE_TIMESTAMP, .precision = 9, .naive = true};

static void check(const struct dialect *dialect, const struct sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct buf out = BUF_INIT;
        const struct sample *sample = &samples[i];
        bool said = sql_literal(&out, dialect, &sample->value, &sample->column);
        if (said != (sample->sql != NULL))
            fail_msg("sample %zu: %s", i, buf_string(&out));
        assert_string_equal(buf_string(&out), sample->sql ? sample->sql : "");
        buf_release(&out);
    }
}

static void numbers(void **state)
{
    (void)state;
    const struct sample samples[] = {
        {INT(-5), bigint, "-5"},
        {INT(INT64_MIN), decimal, "-9223372036854775808"},
        {INT(INT64_MAX), real, "9223372036854775807"},
        {REAL(0.1), real, "CAST('0.10000000000000001' AS DOUBLE)"},
        {REAL(1e300), decimal, "CAST('1.0000000000000001e+300' AS DOUBLE)"},
        {TEXT("5"), bigint, NULL},
        {STAMP(5), bigint, NULL},
        {INT(5), text, NULL},
        {INT(5), {.type = TYPE_BOOL}, NULL},
        {INT(5), {.type = TYPE_NONE}, NULL},
    };
    check(&dialect_duckdb, samples, sizeof(samples) / sizeof(samples[0]));
}

static void times(void **state)
{
    (void)state;
    const struct sample samples[] = {
        {STAMP(1), stamp, "CAST('1970-01-01T00:00:00.000001+00:00' AS TIMESTAMP WITH TIME ZONE)"},
        {STAMP(-1), naive, "CAST('1969-12-31T23:59:59.999999' AS TIMESTAMP)"},
        {STAMP(0), date, "CAST('1970-01-01T00:00:00' AS TIMESTAMP)"},
        {DATE(-1), date, "CAST('1969-12-31' AS DATE)"},
        {DATE(1), stamp, "CAST('1970-01-02T00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)"},
        {TEXT("2024-02-29"), naive, "CAST('2024-02-29T00:00:00' AS TIMESTAMP)"},
        {TEXT("2024-02-29T01:00:00+02:00"), stamp,
         "CAST('2024-02-28T23:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)"},
        {TEXT("2024-02-29T01:00:00.0000001"), naive, NULL}, /* cut to microseconds */
        {TEXT("soon"), naive, NULL},
        {TEXT("01:02:03"), naive, NULL},
        {INT(5), naive, NULL},
        /* what not every database can spell */
        {STAMP(INT64_MAX), naive, NULL},
        {STAMP(INT64_MIN), stamp, NULL},
        {STAMP(INT64_C(-62135596800000000)), naive, "CAST('0001-01-01T00:00:00' AS TIMESTAMP)"},
        {STAMP(INT64_C(-62135596800000001)), naive, NULL},
        {STAMP(INT64_C(253402300799999999)), naive,
         "CAST('9999-12-31T23:59:59.999999' AS TIMESTAMP)"},
        {STAMP(INT64_C(253402300800000000)), naive, NULL},
        {STAMP(INT64_C(-62135596800000000)), nanos, NULL},
        {DATE(INT64_MAX), date, NULL},
        {DATE(INT32_MAX), stamp, NULL},
    };
    check(&dialect_duckdb, samples, sizeof(samples) / sizeof(samples[0]));
}

static void texts(void **state)
{
    (void)state;
    struct dialect sorted = dialect_duckdb;
    sorted.byte_order = " COLLATE \"C\"";
    const struct sample samples[] = {
        {TEXT("it's"), text, "'it''s'"},
        {TEXT(""), text, "''"},
        {TEXT("2024-01-02"), text, "'2024-01-02'"},
        {TEXT("2024-01-02T03:04:05Z"), text, NULL}, /* compared as an instant */
        {TEXT("{}"), {.type = TYPE_JSON}, NULL},
    };
    const struct sample collated[] = {{TEXT("a"), text, "'a' COLLATE \"C\""}};
    check(&dialect_duckdb, samples, sizeof(samples) / sizeof(samples[0]));
    check(&sorted, collated, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(times),
        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests_name("literal", tests, NULL, NULL);
}
