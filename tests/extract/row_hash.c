/*
 * Hashes of rows: of a key, of a whole row, in both forms, and as they were stored before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cursor_helper.h"
#include "extract/cursor/row_hash.h"

static void hash(const char *line, const char *const *key, size_t key_count, struct row_hash *out)
{
    struct text_page memory;
    struct page page;
    struct row_hasher hasher = {.key = key, .key_count = key_count};
    page_from_lines(&memory, line, &page);
    assert_int_equal(row_hash(&hasher, &page, (struct row_ref){page.rows[0], 0}, out, NULL), TG_OK);
    text_page_release(&memory, &page);
    row_hasher_release(&hasher);
}

/* The vectors are dlt's own (reference 6.4). */
static void hashes_are_those_of_dlt(void **state)
{
    (void)state;
    static const char *const id[] = {"id"}, *const two[] = {"id", "b"};
    struct row_hash out;
    hash("{\"b\":\"a\",\"id\":1}\n", id, 1, &out);
    assert_string_equal(out.text, "669czW83KR00ut4bv/U5");
    assert_string_equal(out.brief, "669czW83KR00");
    hash("{\"b\":\"a\",\"id\":1}\n", two, 2, &out);
    assert_string_equal(out.text, "ndvRJS8rm8iAiHfET37I");
    hash("{\"ts\":10,\"id\":1}\n", NULL, 0, &out);
    assert_string_equal(out.text, "QJiFUPDQcNAj5T+UDtSb");
}

static void a_key_that_is_missing_is_refused(void **state)
{
    (void)state;
    static const char *const id[] = {"id"};
    struct text_page memory;
    struct page page;
    struct row_hasher hasher = {.key = id, .key_count = 1};
    struct row_hash out;
    struct tg_error err = {0};
    page_from_lines(&memory, "{\"ts\":1}\n", &page);
    assert_int_equal(row_hash(&hasher, &page, (struct row_ref){page.rows[0], 0}, &out, &err),
                     TG_DATA);
    assert_non_null(strstr(err.what, "'id' is missing"));
    assert_int_equal(err.line, 1);
    text_page_release(&memory, &page);
    row_hasher_release(&hasher);
}

static void stored_rows_are_found(void **state)
{
    (void)state;
    static const char *const stored[] = {"669czW83KR00ut4bv/U5"}, *const id[] = {"id"};
    struct text_page memory;
    struct page page;
    struct row_hasher hasher = {.key = id, .key_count = 1};
    struct boundary boundary = {0};
    bool known[2] = {false, true};
    assert_int_equal(boundary_restore(&boundary, stored, 1, NULL), TG_OK);
    page_from_lines(&memory, "{\"id\":1}\n{\"id\":2}\n", &page);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(row_is_stored(&hasher, &page, (struct row_ref){page.rows[i], 0}, &boundary,
                                       &known[i], NULL),
                         TG_OK);
    assert_true(known[0] && !known[1]);
    boundary_release(&boundary);
    text_page_release(&memory, &page);
    row_hasher_release(&hasher);
}

/* dlt up to 1.28 and later, and tidegate before it knew of lists of one. */
static void a_key_of_one_field_is_known_in_both_ways_to_say_it(void **state)
{
    (void)state;
    static const char *const stored[] = {"669czW83KR00ut4bv/U5", "Lj3E34tIJ/ZxYHsNLfaH",
                                         "Lj3E34tIJ/Zx"};
    static const char *const id[] = {"id"};
    struct text_page memory;
    struct page page;
    page_from_lines(&memory, "{\"id\":1}\n{\"id\":2}\n", &page);
    for (size_t i = 0; i < 6; i++) {
        struct row_hasher hasher = {.key = id, .key_count = 1, .key_is_list = i % 2};
        struct boundary boundary = {0};
        const char *const *texts;
        bool known[2] = {false, true};
        assert_int_equal(boundary_restore(&boundary, &stored[i / 2], 1, NULL), TG_OK);
        for (size_t j = 0; j < 2; j++)
            assert_int_equal(row_is_stored(&hasher, &page, (struct row_ref){page.rows[j], 0},
                                           &boundary, &known[j], NULL),
                             TG_OK);
        assert_true(known[0] && !known[1]);
        assert_int_equal(boundary_texts(&boundary, &texts), 1);
        assert_string_equal(texts[0], stored[i % 2]);
        boundary_release(&boundary);
        row_hasher_release(&hasher);
    }
    text_page_release(&memory, &page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_those_of_dlt),
        cmocka_unit_test(a_key_that_is_missing_is_refused),
        cmocka_unit_test(stored_rows_are_found),
        cmocka_unit_test(a_key_of_one_field_is_known_in_both_ways_to_say_it),
    };
    return cmocka_run_group_tests_name("row_hash", tests, NULL, NULL);
}
