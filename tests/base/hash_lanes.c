/* Four hashes at once, against the library's, whatever a lane held before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/hash_lanes.h"

static void lay(struct hash_lanes *lanes, const unsigned char *text, size_t len, size_t offset)
{
    size_t lane = lanes->count++;
    memcpy(lanes->block[lane], text, len);
    hash_lanes_end(lanes, lane, len, offset);
}

static void test_all_lengths(void **state)
{
    (void)state;
    struct hash_lanes lanes = {0};
    struct hasher hasher = {0};
    unsigned char text[HASH_BLOCK + 1];
    char got[HASH_LANES * HASH_ID_TEXT], expected[HASH_ID_TEXT + 1];
    for (size_t n = 0; n < 4 * HASH_BLOCK; n++) {
        size_t len[HASH_LANES], count = n % HASH_LANES + 1;
        for (size_t i = 0; i < sizeof(text); i++)
            text[i] = (unsigned char)(n * 31 + i * i * 57);
        for (size_t lane = 0; lane < count; lane++) {
            len[lane] = n < HASH_BLOCK ? n : (n * 37 + lane * 59) % HASH_BLOCK;
            lay(&lanes, text + lane % 2, len[lane], lane * HASH_ID_TEXT);
        }
        hash_lanes_run(&lanes, got);
        assert_int_equal(lanes.count, 0);
        for (size_t lane = 0; lane < count; lane++) {
            assert_int_equal(
                hash_text(&hasher, text + lane % 2, len[lane], HASH_ID_BYTES, expected, NULL),
                TG_OK);
            assert_memory_equal(got + lane * HASH_ID_TEXT, expected, HASH_ID_TEXT);
        }
    }
    hasher_release(&hasher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_lengths)};
    return cmocka_run_group_tests_name("base/hash_lanes", tests, NULL, NULL);
}
