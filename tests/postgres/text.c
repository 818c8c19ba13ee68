/*
 * src/postgres/values/text.c: values as text and JSON, from bytes as the server sends them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "postgres/values/text.h"

struct sample {
    uint32_t oid;
    const char *bytes;
    size_t len;
    const char *text; /* NULL: the bytes are refused */
    const char *json;
};

#define BYTES(literal) literal, sizeof(literal) - 1

static const struct sample samples[] = {
    {16, BYTES("\1"), "true", "true"},
    {16, BYTES(""), NULL, NULL},
    {18, BYTES("a"), "a", "\"a\""},
    {18, BYTES("\0"), "", "\"\""},
    {18, BYTES("\351"), "\\351", "\"\\\\351\""},
    {21, BYTES("\200\0"), "-32768", "-32768"},
    {23, BYTES("\177\377\377\377"), "2147483647", "2147483647"},
    {23, BYTES("\177\377\377"), NULL, NULL},
    {20, BYTES("\200\0\0\0\0\0\0\0"), "-9223372036854775808", "-9223372036854775808"},
    {26, BYTES("\377\377\377\377"), "4294967295", "\"4294967295\""},
    {700, BYTES("\75\314\314\315"), "0.1", "0.1"},
    {701, BYTES("\77\360\0\0\0\0\0\0"), "1", "1"},
    {701, BYTES("\177\370\0\0\0\0\0\0"), "NaN", "\"NaN\""},
    {701, BYTES("\377\360\0\0\0\0\0\0"), "-Infinity", "\"-Infinity\""},
    {1700, BYTES("\0\2\0\0\0\0\0\2\0\14\15\254"), "12.35", "12.35"},
    {1700, BYTES("\0\0\0\0\300\0\0\0"), "NaN", "\"NaN\""},
    {25, BYTES("a\"b"), "a\"b", "\"a\\\"b\""},
    {17, BYTES("\0\377"), "\\x00ff", "\"\\\\x00ff\""},
    {114, BYTES("{\"a\": 1}"), "{\"a\": 1}", "{\"a\": 1}"},
    {3802, BYTES("\1[1]"), "[1]", "[1]"},
    {3802, BYTES("\2[1]"), NULL, NULL},
    {3802, BYTES(""), NULL, NULL},
    {2950, BYTES("\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17"),
     "00010203-0405-0607-0809-0a0b0c0d0e0f", "\"00010203-0405-0607-0809-0a0b0c0d0e0f\""},
    {1082, BYTES("\0\0\0\0"), "2000-01-01", "\"2000-01-01\""},
    {1082, BYTES("\177\377\377\377"), "infinity", "\"infinity\""},
    {1082, BYTES("\200\0\0\0"), "-infinity", "\"-infinity\""},
    {1082, BYTES("\377\332\227\247"), "4714-11-24 BC", "\"4714-11-24 BC\""},
    {1082, BYTES("\177\377\377\376"), NULL, NULL},
    {1114, BYTES("\0\0\0\0\0\0\0\1"), "2000-01-01 00:00:00.000001",
     "\"2000-01-01T00:00:00.000001\""},
    {1184, BYTES("\377\377\377\377\377\377\377\377"), "1999-12-31 23:59:59.999999+00",
     "\"1999-12-31T23:59:59.999999+00:00\""},
    {1114, BYTES("\200\0\0\0\0\0\0\1"), "290279-12-22 19:59:05.224193 BC", NULL},
    {1184, BYTES("\177\377\377\377\377\377\377\377"), "infinity", "\"infinity\""},
    {1083, BYTES("\0\0\0\24\35\327\140\0"), "24:00:00", "\"24:00:00\""},
    {1083, BYTES("\0\0\0\24\35\327\140\1"), NULL, NULL},
    {1266, BYTES("\0\0\0\0\0\0\0\0\377\377\263\170"), "00:00:00+05:26:32", NULL},
    {1186, BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "PT0S", "\"PT0S\""},
    {1186, BYTES("\377\377\377\377\377\377\377\377\0\0\0\1\0\0\0\15"), "P1Y1M1DT-0.000001S",
     "\"P1Y1M1DT-0.000001S\""},
    {869, BYTES("\2\30\0\4\12\0\0\1"), "10.0.0.1/24", "\"10.0.0.1/24\""},
    {869, BYTES("\2\40\0\4\12\0\0\1"), "10.0.0.1", "\"10.0.0.1\""},
    {650, BYTES("\2\40\1\4\12\0\0\1"), "10.0.0.1/32", "\"10.0.0.1/32\""},
    {869, BYTES("\2\41\0\4\12\0\0\1"), NULL, NULL},
    {869, BYTES("\3\200\0\20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"), "::1", "\"::1\""},
    {829, BYTES("\10\0\53\1\2\3"), "08:00:2b:01:02:03", "\"08:00:2b:01:02:03\""},
    {829, BYTES("\10\0\53\1\2"), NULL, NULL},
    {1560, BYTES("\0\0\0\5\250"), "10101", "\"10101\""},
    {1562, BYTES("\0\0\0\0"), "", "\"\""},
    {1560, BYTES("\0\0\0\11\250"), NULL, NULL},
    {1007, BYTES("\0\0\0\0\0\0\0\0\0\0\0\27"), "[]", "[]"},
    {1007, BYTES("\0\0\0\1\0\0\0\1\0\0\0\27\0\0\0\2\0\0\0\1\0\0\0\4\0\0\0\1\377\377\377\377"),
     "[1,null]", "[1,null]"},
    {1009, BYTES("\0\0\0\2\0\0\0\0\0\0\0\31\0\0\0\2\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1a\0\0\0\1b"),
     "[[\"a\"],[\"b\"]]", "[[\"a\"],[\"b\"]]"},
    /* an element is missing, is too many, is too long; dimensions that no value has */
    {1007, BYTES("\0\0\0\1\0\0\0\1\0\0\0\27\0\0\0\2\0\0\0\1\0\0\0\4\0\0\0\1"), NULL, NULL},
    {1007, BYTES("\0\0\0\1\0\0\0\1\0\0\0\27\0\0\0\1\0\0\0\1\0\0\0\4\0\0\0\1\0"), NULL, NULL},
    {1007, BYTES("\0\0\0\1\0\0\0\1\0\0\0\27\0\0\0\1\0\0\0\1\0\0\0\5\0\0\0\1"), NULL, NULL},
    {1007, BYTES("\0\0\0\1\0\0\0\1\0\0\0\27\177\377\377\377\0\0\0\1"), NULL, NULL},
    {1009, BYTES("\0\0\0\1\0\0\0\0\0\0\0\31\0\0\0\2\0\0\0\1\0\0\0\1x\0\0"), NULL, NULL},
    {1007, BYTES("\377\377\377\377\0\0\0\1\0\0\0\27"), NULL, NULL},
    {1007, BYTES("\0\0\0\7\0\0\0\1\0\0\0\27"), NULL, NULL},
    {1007, BYTES("\0\0"), NULL, NULL},
};

static void check(const struct sample *sample, bool json)
{
    struct pg_type type;
    struct buf out = BUF_INIT;
    struct tg_error err = {0};
    pg_type_find(NULL, sample->oid, -1, &type);
    int rc = json ? pg_json(NULL, &type, sample->bytes, sample->len, &out, &err)
                  : pg_text(NULL, &type, sample->bytes, sample->len, &out, &err);
    const char *expected = json ? sample->json : sample->text;
    if (rc != (expected ? TG_OK : TG_DATA) || (expected && strcmp(buf_string(&out), expected) != 0))
        fail_msg("%s: %d '%s' (%s) instead of '%s'", type.name, rc, buf_string(&out), err.what,
                 expected ? expected : "an error");
    buf_release(&out);
}

static void values_as_text_and_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        check(&samples[i], false);
        if (samples[i].json || !samples[i].text)
            check(&samples[i], true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_as_text_and_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
