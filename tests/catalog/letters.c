/* Names in the letters of all scripts: each step, and names as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "catalog/letters.h"
#include "catalog/name.h"
#include "tests/torture.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

typedef void step(const char *text, size_t len, struct buf *out);

static void check(step *take, const char *text, const char *expected)
{
    struct buf out = BUF_INIT;
    take(text, strlen(text), &out);
    if (strcmp(buf_string(&out), expected) != 0)
        fail_msg("'%s' is '%s', not '%s'", text, buf_string(&out), expected);
    buf_release(&out);
}

static void test_compose(void **state)
{
    (void)state;
    check(letters_compose, "", "");
    check(letters_compose,
          "Gro\xcc\x88\xc3\x9f"
          "e",
          "Größe");
    check(letters_compose, "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "한");
    check(letters_compose, "x\xcc\x81", "x\xcc\x81"); /* there is no such character */
    check(letters_compose, "o\xcc\x88\xff", "o\xcc\x88\xff");
    check(letters_compose, "\xf0\x9d\x85\xa0", "\xf0\x9d\x85\x98\xf0\x9d\x85\xa5\xf0\x9d\x85\xae");
}

static void test_reduce(void **state)
{
    (void)state;
    check(letters_reduce, "a b-c", "a_b_c");
    check(letters_reduce, "価格（円）・税込", "価格_円_税込");
    check(letters_reduce, "हिन्दी नाम", "हिन्दी_नाम");
    check(letters_reduce,
          "a\xff\xfe"
          "b",
          "a_b");
    check(letters_reduce, "😀名", "_名");
    check(letters_reduce, "ⅷ〇々ー", "ⅷ〇々ー");
}

static void test_split(void **state)
{
    (void)state;
    check(letters_split, "aBcDEf", "a_Bc_D_Ef");
    check(letters_split, "_Ab_Cd", "_Ab_Cd");
    check(letters_split, "ИмяПользователя", "Имя_Пользователя");
    check(letters_split, "ΌνομαΧρήστη", "Όνομα_Χρήστη");
    check(letters_split, "名前Name", "名前_Name");
    check(letters_split, "名前ID", "名前ID");
    check(letters_split,
          "ax\xcc\x81"
          "Bc",
          "ax\xcc\x81_Bc");
    check(letters_split,
          "AX\xcc\x81"
          "b",
          "A_X\xcc\x81"
          "b");
    check(letters_split, "a𝐀", "a𝐀"); /* it has no small letter */
}

static void test_lower(void **state)
{
    (void)state;
    check(letters_lower, "GRÖẞE Straße ΣΑΣ ǅ İ I 𝐀 名", "größe straße σασ ǆ i i 𝐀 名");
    check(letters_lower,
          "A\xff"
          "B",
          "a\xff"
          "b");
}

static void test_beyond_ascii(void **state)
{
    static const char *const lost[] = {"名前", "_é_", "Имя", "★名", "नि"};
    static const char *const kept[] = {"",      "a", "名前a", "名前1", "٣",
                                       "名前٣", "★", "_",     " ",     "\xff"};
    (void)state;
    for (size_t i = 0; i < COUNT(lost); i++)
        assert_true(letters_are_beyond_ascii(lost[i], strlen(lost[i])));
    for (size_t i = 0; i < COUNT(kept); i++)
        assert_false(letters_are_beyond_ascii(kept[i], strlen(kept[i])));
    assert_true(name_loses_letters(&(struct name_rules){.naming = NAMING_SNAKE_CASE}, "名前", 6));
    assert_true(name_loses_letters(&(struct name_rules){.naming = NAMING_SQL_CI_V1}, "名前", 6));
    assert_false(name_loses_letters(&(struct name_rules){.naming = NAMING_DIRECT}, "名前", 6));
    assert_false(
        name_loses_letters(&(struct name_rules){.naming = NAMING_UNICODE_SNAKE_CASE}, "名前", 6));
}

/* What they become, and that a name of a name is the same. */
static void test_names(void **state)
{
    static const char *const names[][2] = {
        {"名前", "名前"},
        {"住所", "住所"},
        {"Größe", "größe"},
        {"Gro\xcc\x88\xc3\x9f"
         "e",
         "größe"},
        {"GRÖSSE (cm)", "grösse_cmx"},
        {"Straße-Nr.", "straße_nrx"},
        {"Prénom de l'élève", "prénom_de_l_élève"},
        {"ИмяПользователя", "имя_пользователя"},
        {"사용자 이름", "사용자_이름"},
        {"ชื่อ", "ชื่อ"},
        {"اسم المستخدم", "اسم_المستخدم"},
        {"İstanbul", "istanbul"},
        {"2つ目", "_2つ目"},
        {"😀", "x"},
        {"@名", "a名"},
        {"🙂名🙂前🙂", "_名_前x"},
    };
    const struct name_rules rules = {.naming = NAMING_UNICODE_SNAKE_CASE};
    struct hasher hasher = {0};
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(names); i++) {
        struct buf out = BUF_INIT;
        const char *text = names[i / 2][i % 2], *expected = names[i / 2][1];
        assert_int_equal(name_path(&rules, &hasher, text, strlen(text), &out, NULL), TG_OK);
        assert_string_equal(buf_string(&out), expected);
        buf_release(&out);
    }
    hasher_release(&hasher);
}

static int name_once(void)
{
    const struct name_rules rules = {.naming = NAMING_UNICODE_SNAKE_CASE, .bytes_max = 12};
    struct hasher hasher = {0};
    struct buf out = BUF_INIT;
    int rc = name_path(&rules, &hasher, "お名前Größe", strlen("お名前Größe"), &out, NULL);
    buf_release(&out);
    hasher_release(&hasher);
    return rc;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    torture(name_once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compose),       cmocka_unit_test(test_reduce),
        cmocka_unit_test(test_split),         cmocka_unit_test(test_lower),
        cmocka_unit_test(test_beyond_ascii),  cmocka_unit_test(test_names),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("catalog/letters", tests, NULL, NULL);
}
