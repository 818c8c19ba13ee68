/* src/extract/formats/encoding.c: texts in other encodings, whole and in parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/text/utf8.h"
#include "extract/formats/encoding.h"

/* In parts of every size, as a file comes. */
static void check(enum encoding encoding, const char *in, size_t len, const char *expected)
{
    for (size_t step = 1; step <= len; step++) {
        char out[256];
        size_t made = 0, used = 0;
        for (size_t given = 0; given < len;) {
            size_t taken;
            given = len - given < step ? len : given + step;
            made += encoding_decode(encoding, in + used, given - used, given == len, out + made,
                                    &taken);
            used += taken;
        }
        assert_int_equal(used, len);
        out[made] = '\0';
        assert_string_equal(out, expected);
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_int_equal(encoding_find("UTF-8"), ENCODING_UTF8);
    assert_int_equal(encoding_find("latin-1"), ENCODING_LATIN1);
    assert_int_equal(encoding_find("ISO-8859-1"), ENCODING_LATIN1);
    assert_int_equal(encoding_find("windows-1252"), ENCODING_WINDOWS1252);
    assert_int_equal(encoding_find("utf-16"), ENCODING_UTF16);
    assert_int_equal(encoding_find("ebcdic"), ENCODING_COUNT);
}

static void test_told(void **state)
{
    (void)state;
    assert_int_equal(encoding_of(ENCODING_AUTO,
                                 "\xff\xfe"
                                 "a",
                                 3),
                     ENCODING_UTF16LE);
    assert_int_equal(encoding_of(ENCODING_AUTO, "\xfe\xff", 2), ENCODING_UTF16BE);
    assert_int_equal(encoding_of(ENCODING_AUTO, "a", 1), ENCODING_UTF8);
    assert_int_equal(encoding_of(ENCODING_AUTO, "", 0), ENCODING_UTF8);
    assert_int_equal(encoding_of(ENCODING_UTF16, "\0a", 2), ENCODING_UTF16BE);
    assert_int_equal(encoding_of(ENCODING_UTF16, "a\0", 2), ENCODING_UTF16LE);
    assert_int_equal(encoding_of(ENCODING_UTF16, "\xfe\xff", 2), ENCODING_UTF16BE);
    assert_int_equal(encoding_of(ENCODING_LATIN1, "\xff\xfe", 2), ENCODING_LATIN1);
}

static void test_bytes(void **state)
{
    (void)state;
    check(ENCODING_UTF8, "a\xc3\xa4\xff", 4, "a\xc3\xa4\xff");
    check(ENCODING_LATIN1, "a\xe4\x80\xff", 4, "a\xc3\xa4\xc2\x80\xc3\xbf");
    check(ENCODING_WINDOWS1252, "\x80\x85\x9f\xe4\x81", 5,
          "\xe2\x82\xac\xe2\x80\xa6\xc5\xb8\xc3\xa4\xc2\x81");
}

static void test_units(void **state)
{
    (void)state;
    check(ENCODING_UTF16LE,
          "\xff\xfe"
          "a\0\xe4\0\xac\x20\x3d\xd8\x00\xde",
          12,
          "\xef\xbb\xbf"
          "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    check(ENCODING_UTF16BE, "\0a\xd8\x3d\xde\x00", 6, "a\xf0\x9f\x98\x80");
}

/* What is no character is no UTF-8 either, for readers to find it there. */
static void test_broken_units(void **state)
{
    static const char *const broken[] = {"a\0\x3d\xd8",
                                         "\x00\xde"
                                         "a\0",
                                         "a\0b\0c",
                                         "\x3d\xd8"
                                         "a\0"};
    const size_t lens[] = {4, 4, 5, 4};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char out[64];
        size_t used, len = encoding_decode(ENCODING_UTF16LE, broken[i], lens[i], true, out, &used);
        assert_int_equal(used, lens[i]);
        assert_non_null(memchr(out, i == 1 ? 'a' : out[0], len));
        assert_false(utf8_is_valid(out, len));
    }
}

static void test_lengths(void **state)
{
    static const char text[] = "\xef\xbb\xbf"
                               "a\xc3\xa4\xf0\x9f\x98\x80\r\n";
    (void)state;
    assert_int_equal(encoding_length(ENCODING_UTF8, text, sizeof(text) - 1), 12);
    assert_int_equal(encoding_length(ENCODING_LATIN1, "a\xc3\xa4\n", 4), 3);
    assert_int_equal(encoding_length(ENCODING_UTF16LE, text, sizeof(text) - 1), 14);
    assert_int_equal(encoding_length(ENCODING_UTF16BE, "a\xff", 2), 3);         /* half a unit */
    assert_int_equal(encoding_length(ENCODING_UTF16LE, "a\xed\xa0\xbd", 4), 4); /* of a pair */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),        cmocka_unit_test(test_told),
        cmocka_unit_test(test_bytes),        cmocka_unit_test(test_units),
        cmocka_unit_test(test_broken_units), cmocka_unit_test(test_lengths),
    };
    return cmocka_run_group_tests_name("extract/encoding", tests, NULL, NULL);
}
