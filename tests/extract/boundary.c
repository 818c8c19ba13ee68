#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cursor_helper.h"
#include "extract/cursor/boundary.h"
#include "tests/torture.h"

/* Hashes that are told apart by one letter: 20 or 12 of them. */
#define LONG_A  "aaaaaaaaaaaaaaaaaaaa"
#define LONG_B  "bbbbbbbbbbbbbbbbbbbb"
#define LONG_C  "cccccccccccccccccccc"
#define BRIEF_A "aaaaaaaaaaaa"
#define BRIEF_B "bbbbbbbbbbbb"
#define BRIEF_C "cccccccccccc"

static struct row_hash row_of(char letter)
{
    struct row_hash hash = {.text = ""};
    memset(hash.text, letter, HASH_ROW_TEXT);
    memset(hash.brief, letter, HASH_SHORT_TEXT);
    return hash;
}

static struct boundary restored(const char *const *texts, size_t count)
{
    struct boundary boundary = {0};
    assert_int_equal(boundary_restore(&boundary, texts, count, NULL), TG_OK);
    return boundary;
}

static bool finds(struct boundary *boundary, char letter)
{
    struct row_hash hash = row_of(letter);
    bool known;
    assert_int_equal(boundary_find(boundary, &hash, &known, NULL), TG_OK);
    return known;
}

static void adds(struct boundary *boundary, char letter)
{
    struct row_hash hash = row_of(letter);
    assert_int_equal(boundary_add(boundary, &hash, NULL), TG_OK);
}

static const char *texts_of(struct boundary *boundary)
{
    static char out[512];
    const char *const *texts;
    size_t count = boundary_texts(boundary, &texts);
    assert_true(count <= boundary_count(boundary));
    out[0] = '\0';
    for (size_t i = 0; i < count; i++)
        snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s%s", i ? " " : "", texts[i]);
    return out;
}

static void test_long(void **state)
{
    static const char *const stored[] = {LONG_B, LONG_A, LONG_A};
    struct boundary boundary = restored(stored, 3);
    (void)state;
    assert_true(finds(&boundary, 'a'));
    assert_false(finds(&boundary, 'c'));
    assert_string_equal(texts_of(&boundary), LONG_A " " LONG_B);
    adds(&boundary, 'c');
    adds(&boundary, 'c');
    assert_string_equal(texts_of(&boundary), LONG_A " " LONG_B " " LONG_C);
    boundary_restart(&boundary);
    assert_string_equal(texts_of(&boundary), "");
    assert_true(finds(&boundary, 'a')); /* recognised, though not kept */
    adds(&boundary, 'c');
    assert_string_equal(texts_of(&boundary), LONG_C);
    boundary_release(&boundary);
}

/* Converted when every member was seen; else all stay as they are, the new one too. */
static void test_brief(void **state)
{
    static const char *const stored[] = {BRIEF_A, BRIEF_B};
    struct boundary boundary = restored(stored, 2);
    (void)state;
    assert_true(finds(&boundary, 'a'));
    assert_false(finds(&boundary, 'c'));
    adds(&boundary, 'c');
    assert_string_equal(texts_of(&boundary), BRIEF_A " " BRIEF_B " " BRIEF_C);
    assert_true(finds(&boundary, 'b'));
    assert_true(finds(&boundary, 'b'));
    assert_string_equal(texts_of(&boundary), LONG_A " " LONG_B " " LONG_C);
    boundary_release(&boundary);
}

static void test_brief_and_moved(void **state)
{
    static const char *const stored[] = {BRIEF_A, BRIEF_B};
    struct boundary boundary = restored(stored, 2);
    (void)state;
    boundary_restart(&boundary);
    assert_true(finds(&boundary, 'a'));
    adds(&boundary, 'c');
    assert_string_equal(texts_of(&boundary), LONG_C);
    boundary_release(&boundary);
}

/* As dlt 1.26 leaves it after 1.31: the longer form it is, to all. */
static void test_mixed(void **state)
{
    static const char *const stored[] = {BRIEF_A, LONG_B};
    struct boundary boundary = restored(stored, 2);
    (void)state;
    assert_true(finds(&boundary, 'b'));
    adds(&boundary, 'c');
    assert_string_equal(texts_of(&boundary), BRIEF_A " " LONG_B " " LONG_C);
    assert_true(finds(&boundary, 'a'));
    assert_string_equal(texts_of(&boundary), LONG_A " " LONG_B " " LONG_C);
    boundary_release(&boundary);
}

static void test_both_forms_of_one_row(void **state)
{
    static const char *const stored[] = {BRIEF_A, LONG_A};
    struct boundary boundary = restored(stored, 2);
    (void)state;
    assert_true(finds(&boundary, 'a'));
    assert_string_equal(texts_of(&boundary), LONG_A);
    boundary_release(&boundary);
}

/* A text that is not written any more is replaced when its row comes. */
static void test_old_text(void **state)
{
    static const char *const stored[] = {LONG_C, LONG_B};
    struct boundary boundary = restored(stored, 2);
    struct row_hash hash = row_of('a');
    bool known;
    (void)state;
    assert_int_equal(boundary_find_text(&boundary, "zzzzzzzzzzzzzzzzzzzz", &hash, &known, NULL),
                     TG_OK);
    assert_false(known);
    assert_int_equal(boundary_find_text(&boundary, LONG_C, &hash, &known, NULL), TG_OK);
    assert_true(known);
    assert_string_equal(texts_of(&boundary), LONG_A " " LONG_B);
    boundary_release(&boundary);
}

static void test_other_lengths(void **state)
{
    static const char *const stored[] = {"", "a", "aaaaaaaaaaaaa", LONG_A "a", BRIEF_B};
    struct boundary boundary = restored(stored, 5);
    (void)state;
    assert_false(finds(&boundary, 'a'));
    assert_string_equal(texts_of(&boundary), BRIEF_B);
    boundary_release(&boundary);
    boundary = restored(NULL, 0);
    assert_string_equal(texts_of(&boundary), "");
    adds(&boundary, 'a');
    assert_string_equal(texts_of(&boundary), LONG_A);
    boundary_release(&boundary);
}

/* ---- by way of a cursor ---- */

/* One row at the value 1, whose key is a timestamp; how many rows were dropped. */
static int push_timestamp(struct cursor *cursor, int64_t us)
{
    struct tg_rows *rows = NULL;
    struct page page = {.kind = PAGE_ROWS, .first_row = 1, .read_count = 1};
    const yyjson_val **list;
    uint64_t dropped;
    assert_int_equal(rows_new(&rows, NULL), TG_OK);
    tg_rows_begin_object(rows);
    tg_rows_key(rows, "ts");
    tg_rows_int64(rows, 1);
    tg_rows_key(rows, "at");
    tg_rows_timestamp(rows, us);
    tg_rows_end_object(rows);
    assert_int_equal(rows_finish(rows, &list, &page.row_count, NULL), TG_OK);
    assert_int_equal(mem_grow(&page.rows, &page.row_cap, 1, sizeof(*list), NULL), TG_OK);
    page.rows[0] = page.first_cell = list[0];
    assert_int_equal(cursor_filter(cursor, &page, &dropped, NULL), TG_OK);
    page_release(&page);
    rows_free(rows);
    return (int)dropped;
}

/* The two forms of dlt (up to 1.28; since 1.29), and what tidegate 0.1 made of a timestamp. */
static void test_timestamps_of_dlt(void **state)
{
    static const struct {
        int64_t us;
        const char *text, *brief;
    } vectors[] = {
        {JAN_2024_US, "Ls2rKmgN2G3606kizSU3", "h/U5EKOHERSH"},
        {INT64_C(1704164645678901), "7M87XCm1x31eJ8EDr2yc", "pOY8g7h8JlbV"},
        {-500000, "u3DCIJih3sWCHfEe/Cxq", "vVhUr9lvY2Rf"},
    };
    static const char *const at[] = {"at"};
    struct cursor_options options = {
        .path = "ts", .hash = CURSOR_HASH_KEY, .key = at, .key_count = 1, .stored_last_json = "1"};
    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        const char *const forms[] = {vectors[i].text, vectors[i].brief};
        for (size_t form = 0; form < 2; form++) {
            options.stored_hashes = &forms[form];
            options.stored_hash_count = 1;
            struct cursor *cursor = cursor_of(&options);
            assert_int_equal(push_timestamp(cursor, vectors[i].us), 1);
            assert_false(cursor_moved(cursor)); /* a run that brings nothing writes nothing, */
            assert_string_equal(hashes_of(cursor), vectors[i].text);
            assert_int_equal(push_timestamp(cursor, 0), 0);
            assert_true(cursor_moved(cursor)); /* and the next converts */
            assert_int_equal(cursor_hashes(cursor, &(const char *const *){NULL}), 2);
            assert_non_null(strstr(hashes_of(cursor), vectors[i].text));
            cursor_free(cursor);
        }
    }
}

static void test_timestamps_of_0_1(void **state)
{
    static const char *const at[] = {"at"};
    char text[HASH_ROW_TEXT + 1];
    const char *stored = text;
    struct hasher hasher = {0};
    struct cursor *cursor;
    (void)state;
    assert_int_equal(
        hash_text(&hasher, "\"2024-01-01T00:00:00+00:00\"", 27, HASH_ROW_BYTES, text, NULL), TG_OK);
    cursor = cursor_of(&(struct cursor_options){.path = "ts",
                                                .hash = CURSOR_HASH_KEY,
                                                .key = at,
                                                .key_count = 1,
                                                .stored_last_json = "1",
                                                .stored_hashes = &stored,
                                                .stored_hash_count = 1});
    assert_int_equal(push_timestamp(cursor, JAN_2024_US), 1);
    assert_string_equal(hashes_of(cursor), "Ls2rKmgN2G3606kizSU3");
    cursor_free(cursor);
    hasher_release(&hasher);
}

/* What dlt 1.29 and later leave: recognised; converted only when every row came again. */
static void test_brief_hashes(void **state)
{
    static const char *const both[] = {"QJiFUPDQcNAj", "QJiFUPDQcNAk"};
    struct cursor_options options = {
        .path = "ts", .stored_last_json = "10", .stored_hashes = both, .stored_hash_count = 2};
    struct cursor *cursor = cursor_of(&options);
    const char *const *hashes;
    (void)state;
    assert_string_equal(kept_of(cursor, "{\"id\":1,\"ts\":10}\n{\"id\":2,\"ts\":10}\n"),
                        "{\"id\":2,\"ts\":10} ");
    assert_int_equal(cursor_hashes(cursor, &hashes), 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(strlen(hashes[i]), 12);
    assert_string_equal(kept_of(cursor, "{\"id\":1,\"ts\":11}\n"), "{\"id\":1,\"ts\":11} ");
    assert_int_equal(cursor_hashes(cursor, &hashes), 1);
    assert_int_equal(strlen(hashes[0]), 20);
    cursor_free(cursor);
    options.stored_hash_count = 1;
    cursor = cursor_of(&options);
    kept_of(cursor, "{\"id\":1,\"ts\":10}\n{\"id\":2,\"ts\":10}\n");
    assert_int_equal(cursor_hashes(cursor, &hashes), 2);
    assert_non_null(strstr(hashes_of(cursor), "QJiFUPDQcNAj5T+UDtSb"));
    assert_int_equal(strlen(hashes[0]) + strlen(hashes[1]), 40);
    cursor_free(cursor);
}

static int work(void)
{
    static const char *const stored[] = {BRIEF_A, LONG_B};
    struct boundary boundary = {0};
    struct row_hash hash = row_of('a');
    const char *const *texts;
    bool known;
    int rc = TG_OK;
    TRY(boundary_restore(&boundary, stored, 2, NULL));
    TRY(boundary_find(&boundary, &hash, &known, NULL));
    hash = row_of('c');
    TRY(boundary_add(&boundary, &hash, NULL));
    assert_int_equal(boundary_texts(&boundary, &texts), 3);
done:
    boundary_release(&boundary);
    return rc;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    torture(work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_brief),
        cmocka_unit_test(test_brief_and_moved),
        cmocka_unit_test(test_mixed),
        cmocka_unit_test(test_both_forms_of_one_row),
        cmocka_unit_test(test_old_text),
        cmocka_unit_test(test_other_lengths),
        cmocka_unit_test(test_timestamps_of_dlt),
        cmocka_unit_test(test_timestamps_of_0_1),
        cmocka_unit_test(test_brief_hashes),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("extract/boundary", tests, NULL, NULL);
}
