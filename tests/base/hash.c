/* Hashes against dlt's own values, checksums of files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/memory.h"

static void check_hash(struct hasher *hasher, const char *text, size_t n, const char *expected)
{
    char out[32];
    struct tg_error err = {0};
    if (hash_text(hasher, text, strlen(text), n, out, &err) != TG_OK)
        fail_msg("%s", err.what);
    assert_string_equal(out, expected);
}

static void test_text_vectors(void **state)
{
    (void)state;
    struct hasher hasher = {0};
    for (int again = 0; again < 2; again++) {
        check_hash(&hasher, "{\"id\":1}", HASH_ID_BYTES, "z5jIxXIbUnmbKw");
        check_hash(&hasher, "z5jIxXIbUnmbKw_t__k_0", HASH_ID_BYTES, "iBepEDVe/1vuNA");
        check_hash(&hasher, "1", HASH_ROW_BYTES, "669czW83KR00ut4bv/U5");
        check_hash(&hasher, "[1,\"a\"]", HASH_ROW_BYTES, "ndvRJS8rm8iAiHfET37I");
        check_hash(&hasher, "{\"id\":1,\"ts\":10}", HASH_ROW_BYTES, "QJiFUPDQcNAj5T+UDtSb");
        check_hash(&hasher, "1_parent__child_0", HASH_ID_BYTES, "mvMThji/REOKKA");
        check_hash(&hasher, "mvMThji/REOKKA_parent__child__grandchild_0", HASH_ID_BYTES,
                   "KKZaBWTgbZd74A");
        check_hash(&hasher, "{\"c1\":\"bar\",\"c2\":{\"nc1\":\"bar\"},\"nk\":2}", HASH_ID_BYTES,
                   "S41QIpRa9Fwh0w");
        check_hash(&hasher,
                   "{\"c1\":\"foo\",\"c2\":{\"nc1\":\"foo_\xF0\x9F\x9A\x80updated\"},\"nk\":1}",
                   HASH_ID_BYTES, "Z/zzrOzuLRhhWw");
    }
    hasher_release(&hasher);
    hasher_release(&hasher);
    assert_null(hasher.shake);
}

static void check_hex(const unsigned char *bytes, size_t len, const char *expected)
{
    char hex[129] = "";
    for (size_t i = 0; i < len; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    assert_string_equal(hex, expected);
}

/* The standard's values for the empty text and others, and both digests taking turns. */
static void test_digests(void **state)
{
    (void)state;
    struct hasher hasher = {0};
    unsigned char out[64];
    for (int again = 0; again < 2; again++) {
        assert_int_equal(hash_shake128(&hasher, "", 0, out, 32, NULL), TG_OK);
        check_hex(out, 32, "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26");
        assert_int_equal(hash_sha3_256(&hasher, NULL, 0, out, NULL), TG_OK);
        check_hex(out, 32, "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a");
        assert_int_equal(hash_sha3_256(&hasher, "abc", 3, out, NULL), TG_OK);
        check_hex(out, 32, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
    }
    hasher_release(&hasher);
}

static void test_text_too_long(void **state)
{
    (void)state;
    struct hasher hasher = {0};
    struct tg_error err = {0};
    char out[200];
    assert_int_equal(hash_text(&hasher, "x", 1, 65, out, &err), TG_INTERNAL);
    assert_int_equal(hash_text(&hasher, "x", 1, 64, out, &err), TG_OK);
    assert_int_equal(strlen(out), 86);
    hasher_release(&hasher);
}

static void test_xx64(void **state)
{
    uint64_t wide[2];
    (void)state;
    assert_true(hash_xx64("", 0) == UINT64_C(0x2d06800538d394c2));
    assert_true(hash_xx64(NULL, 0) == UINT64_C(0x2d06800538d394c2));
    assert_true(hash_xx64("a", 1) != hash_xx64("b", 1));
    hash_xx128("", 0, wide);
    assert_true(wide[0] == UINT64_C(0x6001c324468d497f) && wide[1] == UINT64_C(0x99aa06d3014798d8));
}

static char *make_file(char *folder, const char *bytes, size_t len)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, 256, "%s/tidegate-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(folder));
    char *path = fs_join(folder, "odd 'name'");
    assert_int_equal(fs_write_file(path, bytes, len, NULL), TG_OK);
    return path;
}

static void test_file(void **state)
{
    (void)state;
    enum { LEN = 200000 };
    static const size_t lengths[] = {0, 1, 65536, 65537, LEN};
    char *bytes = mem_alloc(LEN);
    for (size_t i = 0; i < LEN; i++)
        bytes[i] = (char)(i * i >> 3);
    for (size_t i = 0; i < 5; i++) {
        char folder[256];
        char text[17];
        char expected[17];
        struct tg_error err = {0};
        char *path = make_file(folder, bytes, lengths[i]);
        assert_int_equal(hash_file(path, text, &err), TG_OK);
        snprintf(expected, sizeof(expected), "%016llx",
                 (unsigned long long)hash_xx64(bytes, lengths[i]));
        assert_string_equal(text, expected);
        mem_fail_at(1);
        assert_int_equal(hash_file(path, text, &err), TG_NOMEM);
        assert_int_equal(fs_remove(path, &err), TG_OK);
        assert_int_equal(hash_file(path, text, &err), TG_IO);
        assert_non_null(strstr(err.what, path));
        assert_int_equal(hash_file(folder, text, &err), TG_IO);
        assert_int_equal(rmdir(folder), 0);
        mem_free(path);
    }
    mem_free(bytes);
}

/* In whatever parts a text comes, its hash is the same; so is that of its beginning. */
static void test_streams(void **state)
{
    (void)state;
    static const size_t parts[] = {1, 7, 64, 4095, 4096, 4097, 10000};
    static char text[10000];
    char whole[HASH_STREAM_TEXT + 1], got[HASH_STREAM_TEXT + 1];
    struct hash_stream *stream;
    size_t len;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)('a' + i * i % 25);
    for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
        assert_int_equal(hash_stream_new(&stream, NULL), TG_OK);
        for (size_t at = 0; at < sizeof(text); at += parts[p])
            hash_stream_add(stream, text + at,
                            sizeof(text) - at < parts[p] ? sizeof(text) - at : parts[p]);
        assert_int_equal(hash_stream_bytes(stream), sizeof(text));
        hash_stream_text(stream, p == 0 ? whole : got);
        if (p > 0)
            assert_string_equal(got, whole);
        assert_true(hash_stream_head(stream, INT64_MAX) == hash_xx64(text, HASH_HEAD_BYTES));
        assert_true(hash_stream_head(stream, 5) == hash_xx64(text, 5));
        assert_memory_equal(hash_stream_head_bytes(stream, &len), text, HASH_HEAD_BYTES);
        assert_int_equal(len, HASH_HEAD_BYTES);
        hash_stream_text_at(stream, 4000, whole);
        hash_stream_free(stream);
        assert_int_equal(hash_stream_new(&stream, NULL), TG_OK);
        hash_stream_add(stream, text, 4000);
        hash_stream_text(stream, got);
        assert_string_equal(got, whole); /* as if no more had been added */
        hash_stream_free(stream);
        assert_int_equal(hash_stream_new(&stream, NULL), TG_OK);
        hash_stream_add(stream, text, sizeof(text));
        hash_stream_text(stream, whole);
        hash_stream_free(stream);
    }
    assert_int_equal(hash_stream_new(&stream, NULL), TG_OK);
    hash_stream_text(stream, got);
    assert_string_equal(got, "99aa06d3014798d86001c324468d497f"); /* XXH3-128 of nothing */
    hash_stream_free(stream);
    hash_stream_free(NULL);
}

/* What is added behind what was kept may be taken back, as often as one likes. */
static void test_kept(void **state)
{
    (void)state;
    char text[10000], got[HASH_STREAM_TEXT + 1], expected[HASH_STREAM_TEXT + 1];
    struct hash_stream *stream, *other;
    memset(text, 'x', sizeof(text));
    text[9999] = 'y';
    assert_int_equal(hash_stream_new(&stream, NULL), TG_OK);
    assert_int_equal(hash_stream_new(&other, NULL), TG_OK);
    hash_stream_add(stream, text, 5);
    hash_stream_go_back(stream); /* nothing was kept */
    assert_int_equal(hash_stream_bytes(stream), 0);
    hash_stream_add(stream, text, 700);
    hash_stream_keep(stream);
    for (int again = 0; again < 2; again++) {
        hash_stream_add(stream, "zzz", 3);
        hash_stream_add(stream, text, sizeof(text));
        hash_stream_go_back(stream);
        assert_int_equal(hash_stream_bytes(stream), 700);
    }
    hash_stream_add(stream, text + 700, sizeof(text) - 700);
    hash_stream_add(other, text, sizeof(text));
    hash_stream_text(stream, got);
    hash_stream_text(other, expected);
    assert_string_equal(got, expected);
    assert_true(hash_stream_head(stream, 4000) == hash_stream_head(other, 4000));
    hash_stream_free(stream);
    hash_stream_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_vectors),  cmocka_unit_test(test_digests),
        cmocka_unit_test(test_text_too_long), cmocka_unit_test(test_xx64),
        cmocka_unit_test(test_file),          cmocka_unit_test(test_streams),
        cmocka_unit_test(test_kept),
    };
    return cmocka_run_group_tests_name("base/hash", tests, NULL, NULL);
}
