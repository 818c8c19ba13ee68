/* Base64 both ways, whole and in parts; what is none is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/text/base64.h"
#include "tests/torture.h"

static void check_base64(const char *plain, size_t len, const char *padded)
{
    char text[64];
    size_t full = base64_encode((const unsigned char *)plain, len, true, text);
    assert_int_equal(full, strlen(padded));
    assert_memory_equal(text, padded, full);
    size_t bare = base64_encode((const unsigned char *)plain, len, false, text);
    assert_int_equal(bare, strcspn(padded, "="));
    assert_memory_equal(text, padded, bare);
    struct buf back = BUF_INIT;
    assert_int_equal(base64_decode(padded, full, &back, NULL), TG_OK);
    assert_int_equal(base64_decode(padded, bare, &back, NULL), TG_OK);
    assert_int_equal(back.len, 2 * len);
    if (len > 0) {
        assert_memory_equal(back.data, plain, len);
        assert_memory_equal(back.data + len, plain, len);
    }
    buf_release(&back);
}

static void test_both_ways(void **state)
{
    (void)state;
    check_base64("", 0, "");
    check_base64("f", 1, "Zg==");
    check_base64("fo", 2, "Zm8=");
    check_base64("foo", 3, "Zm9v");
    check_base64("foob", 4, "Zm9vYg==");
    check_base64("fooba", 5, "Zm9vYmE=");
    check_base64("foobar", 6, "Zm9vYmFy");
    check_base64("\xfb\xff\xbf\0", 4, "+/+/AA==");
    unsigned char all[48];
    char text[64];
    for (size_t i = 0; i < 48; i++)
        all[i] = (unsigned char)(i * 37);
    for (size_t len = 0; len <= 48; len++) {
        struct buf back = BUF_INIT;
        assert_int_equal(
            base64_decode(text, base64_encode(all, len, len % 2 == 0, text), &back, NULL), TG_OK);
        assert_int_equal(back.len, len);
        if (len > 0)
            assert_memory_equal(back.data, all, len);
        buf_release(&back);
    }
}

static void test_bad(void **state)
{
    (void)state;
    static const char *const texts[] = {"Z",    "Zm9vY", "Zg=",   "Zg===",   "Zm9v=",    "Zm9v====",
                                        "=",    "==",    "====",  "Z===",    "Zg==Zg==", "Zm 9",
                                        "Zm9-", "Zm9_",  "Zm9\n", "Zm9\xC3", "Zm=v"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct buf out = BUF_INIT;
        struct tg_error err = {0};
        if (base64_decode(texts[i], strlen(texts[i]), &out, &err) != TG_DATA)
            fail_msg("'%s' was taken", texts[i]);
        assert_int_equal(err.code, TG_DATA);
        buf_release(&out);
    }
}

/* In parts as at once. */
static void test_append(void **state)
{
    (void)state;
    static unsigned char bytes[3000];
    static char whole[4000];
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * i % 251);
    for (size_t len = 0; len < sizeof(bytes); len += 383) {
        buf_clear(&out);
        base64_append(&out, bytes, len);
        assert_int_equal(out.len, base64_encode(bytes, len, true, whole));
        assert_memory_equal(buf_string(&out), whole, out.len);
    }
    buf_release(&out);
}

static int decode(void)
{
    char text[4000];
    memset(text, 'A', sizeof(text));
    struct buf out = BUF_INIT;
    int rc = base64_decode(text, sizeof(text), &out, NULL);
    buf_release(&out);
    return rc;
}

static void test_torture(void **state)
{
    (void)state;
    torture(decode);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ways),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_torture),
    };
    return cmocka_run_group_tests_name("base/base64", tests, NULL, NULL);
}
