/* catalog/name.c against dlt's own names: what dlt 1.26 makes of the same texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "catalog/name.h"
#include "tests/torture.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

struct vector {
    const char *text, *identifier, *path;
};

/* ---- Vectors: those of the reference first, then odd ones ---------------------------------- */

static const struct vector snake_case_vectors[] = {
    {"BigQuery", "big_query", "big_query"},
    {"HTTPRequest", "http_request", "http_request"},
    {"camelCaseXYZ", "camel_case_xyz", "camel_case_xyz"},
    {"+1", "x1", "x1"},
    {"-1", "_1", "_1"},
    {"1abc", "_1abc", "_1abc"},
    {"123BaNaNa", "_123_ba_na_na", "_123_ba_na_na"},
    {"BANaNA", "ba_na_na", "ba_na_na"},
    {"event-.!:*<>value", "event_x_value", "event_x_value"},
    {"1event_n'", "_1event_nx", "_1event_nx"},
    {"+-!$*@#=|:", "x_xa_lx", "x_xa_lx"},
    {"a_", "ax", "ax"},
    {"a___", "axxx", "a__x"},
    {"__a", "_a", "a"},
    {"_", "x", "x"},
    {"___", "xxx", "x"},
    {"é", "x", "x"},
    {"aéb", "a_b", "a_b"},
    {"Straße", "stra_e", "stra_e"},
    {"日本", "x", "x"},
    {"MyURL2Go", "my_url2_go", "my_url2_go"},
    {"iPhone15Pro", "i_phone15_pro", "i_phone15_pro"},
    {"ABC123Def", "abc123_def", "abc123_def"},
    {"Small___Love____Potion_____x", "small_love_potion_x", "small___love__potion___x"},
    {"_dlt_id", "_dlt_id", "_dlt_id"},
    {" a b\t", "a_b", "a_b"},
    {"a__b", "a_b", "a__b"},
    {"aB__Cd", "a_b_cd", "a_b__cd"},
    {"a__ __b", "a_b", "a__b"},
    {"__", "xx", "_empty"},
    {"٣abc", "_٣abc", "_٣abc"},
    {"a٣Ab", "a٣_ab", "a٣_ab"},
    {"𝟘a", "_𝟘a", "_𝟘a"},
    {"\xc2\xa0x\xe3\x80\x80", "x", "x"},
    {"\xc2\x85"
     "a",
     "a", "a"},
    {"a\xe2\x80\x8b", "ax", "ax"},
    {"1__2", "_1_2", "_1___2"},
    {"a__1b_", "a_1bx", "a___1bx"},
    {"_é_", "xxx", "xxx"},
    {"ÄÖ__Ü_", "xxxxx", "x__xx"},
    {"İ", "x", "x"},
    {"a▶b", "a_b", "a_b"},
    {"▶a▶ ▶", "_ax", "_ax"},
    {"a\"b'c", "a_b_c", "a_b_c"},
    {"a\nb\r\nc", "a_b_c", "a_b_c"},
};

static const struct vector direct_vectors[] = {
    {"BigQuery", "BigQuery", "BigQuery"},
    {"HTTPRequest", "HTTPRequest", "HTTPRequest"},
    {"camelCaseXYZ", "camelCaseXYZ", "camelCaseXYZ"},
    {"+1", "+1", "+1"},
    {"-1", "-1", "-1"},
    {"1abc", "1abc", "1abc"},
    {"123BaNaNa", "123BaNaNa", "123BaNaNa"},
    {"BANaNA", "BANaNA", "BANaNA"},
    {"event-.!:*<>value", "event-.!:*<>value", "event-.!:*<>value"},
    {"1event_n'", "1event_n_", "1event_n_"},
    {"+-!$*@#=|:", "+-!$*@#=|:", "+-!$*@#=|:"},
    {"a_", "a_", "a_"},
    {"a___", "a___", "a___"},
    {"__a", "__a", "__a"},
    {"_", "_", "_"},
    {"___", "___", "___"},
    {"é", "é", "é"},
    {"aéb", "aéb", "aéb"},
    {"Straße", "Straße", "Straße"},
    {"日本", "日本", "日本"},
    {"MyURL2Go", "MyURL2Go", "MyURL2Go"},
    {"iPhone15Pro", "iPhone15Pro", "iPhone15Pro"},
    {"ABC123Def", "ABC123Def", "ABC123Def"},
    {"Small___Love____Potion_____x", "Small___Love____Potion_____x",
     "Small___Love____Potion_____x"},
    {"_dlt_id", "_dlt_id", "_dlt_id"},
    {" a b\t", "a b", "a b"},
    {"a__b", "a__b", "a__b"},
    {"aB__Cd", "aB__Cd", "aB__Cd"},
    {"a__ __b", "a__ __b", "a__ __b"},
    {"__", "__", "__"},
    {"٣abc", "٣abc", "٣abc"},
    {"a٣Ab", "a٣Ab", "a٣Ab"},
    {"𝟘a", "𝟘a", "𝟘a"},
    {"\xc2\xa0x\xe3\x80\x80", "x", "x"},
    {"\xc2\x85"
     "a",
     "a", "a"},
    {"a\xe2\x80\x8b", "a\xe2\x80\x8b", "a\xe2\x80\x8b"},
    {"1__2", "1__2", "1__2"},
    {"a__1b_", "a__1b_", "a__1b_"},
    {"_é_", "_é_", "_é_"},
    {"ÄÖ__Ü_", "ÄÖ__Ü_", "ÄÖ__Ü_"},
    {"İ", "İ", "İ"},
    {"a▶b", "a_b", "a▶b"},
    {"▶a▶ ▶", "_a_ _", "a"},
    {"a\"b'c", "a_b_c", "a_b_c"},
    {"a\nb\r\nc", "a_b__c", "a_b__c"},
};

static const struct vector duck_case_vectors[] = {
    {"BigQuery", "BigQuery", "BigQuery"},
    {"HTTPRequest", "HTTPRequest", "HTTPRequest"},
    {"camelCaseXYZ", "camelCaseXYZ", "camelCaseXYZ"},
    {"+1", "+1", "+1"},
    {"-1", "-1", "-1"},
    {"1abc", "1abc", "1abc"},
    {"123BaNaNa", "123BaNaNa", "123BaNaNa"},
    {"BANaNA", "BANaNA", "BANaNA"},
    {"event-.!:*<>value", "event-.!:*<>value", "event-.!:*<>value"},
    {"1event_n'", "1event_n'", "1event_n'"},
    {"+-!$*@#=|:", "+-!$*@#=|:", "+-!$*@#=|:"},
    {"a_", "a_", "a_"},
    {"a___", "a_", "a___"},
    {"__a", "_a", "a"},
    {"_", "_", "_"},
    {"___", "_", "_"},
    {"é", "é", "é"},
    {"aéb", "aéb", "aéb"},
    {"Straße", "Straße", "Straße"},
    {"日本", "日本", "日本"},
    {"MyURL2Go", "MyURL2Go", "MyURL2Go"},
    {"iPhone15Pro", "iPhone15Pro", "iPhone15Pro"},
    {"ABC123Def", "ABC123Def", "ABC123Def"},
    {"Small___Love____Potion_____x", "Small_Love_Potion_x", "Small___Love__Potion___x"},
    {"_dlt_id", "_dlt_id", "_dlt_id"},
    {" a b\t", "a b", "a b"},
    {"a__b", "a_b", "a__b"},
    {"aB__Cd", "aB_Cd", "aB__Cd"},
    {"a__ __b", "a_ _b", "a__b"},
    {"__", "_", "_empty"},
    {"٣abc", "٣abc", "٣abc"},
    {"a٣Ab", "a٣Ab", "a٣Ab"},
    {"𝟘a", "𝟘a", "𝟘a"},
    {"\xc2\xa0x\xe3\x80\x80", "x", "x"},
    {"\xc2\x85"
     "a",
     "a", "a"},
    {"a\xe2\x80\x8b", "a\xe2\x80\x8b", "a\xe2\x80\x8b"},
    {"1__2", "1_2", "1__2"},
    {"a__1b_", "a_1b_", "a__1b_"},
    {"_é_", "_é_", "_é_"},
    {"ÄÖ__Ü_", "ÄÖ_Ü_", "ÄÖ__Ü_"},
    {"İ", "İ", "İ"},
    {"a▶b", "a▶b", "a▶b"},
    {"▶a▶ ▶", "▶a▶ ▶", "▶a▶ ▶"},
    {"a\"b'c", "a_b'c", "a_b'c"},
    {"a\nb\r\nc", "a_b_c", "a_b_c"},
};

static const struct vector sql_cs_v1_vectors[] = {
    {"BigQuery", "BigQuery", "BigQuery"},
    {"HTTPRequest", "HTTPRequest", "HTTPRequest"},
    {"camelCaseXYZ", "camelCaseXYZ", "camelCaseXYZ"},
    {"+1", "_1", "_1"},
    {"-1", "_1", "_1"},
    {"1abc", "_1abc", "_1abc"},
    {"123BaNaNa", "_123BaNaNa", "_123BaNaNa"},
    {"BANaNA", "BANaNA", "BANaNA"},
    {"event-.!:*<>value", "event_value", "event_value"},
    {"1event_n'", "_1event_n", "_1event_n"},
    {"+-!$*@#=|:", "_", "_"},
    {"a_", "a", "a"},
    {"a___", "a", "a___"},
    {"__a", "_a", "a"},
    {"_", "_", "_"},
    {"___", "_empty", "_"},
    {"é", "_", "_"},
    {"aéb", "a_b", "a_b"},
    {"Straße", "Stra_e", "Stra_e"},
    {"日本", "_", "_"},
    {"MyURL2Go", "MyURL2Go", "MyURL2Go"},
    {"iPhone15Pro", "iPhone15Pro", "iPhone15Pro"},
    {"ABC123Def", "ABC123Def", "ABC123Def"},
    {"Small___Love____Potion_____x", "Small_Love_Potion_x", "Small___Love__Potion___x"},
    {"_dlt_id", "_dlt_id", "_dlt_id"},
    {" a b\t", "a_b", "a_b"},
    {"a__b", "a_b", "a__b"},
    {"aB__Cd", "aB_Cd", "aB__Cd"},
    {"a__ __b", "a_b", "a__b"},
    {"__", "_empty", "_empty"},
    {"٣abc", "_٣abc", "_٣abc"},
    {"a٣Ab", "a٣Ab", "a٣Ab"},
    {"𝟘a", "_𝟘a", "_𝟘a"},
    {"\xc2\xa0x\xe3\x80\x80", "x", "x"},
    {"\xc2\x85"
     "a",
     "a", "a"},
    {"a\xe2\x80\x8b", "a", "a"},
    {"1__2", "_1_2", "_1___2"},
    {"a__1b_", "a_1b", "a___1b"},
    {"_é_", "_empty", "_empty"},
    {"ÄÖ__Ü_", "_empty", "_"},
    {"İ", "_", "_"},
    {"a▶b", "a_b", "a_b"},
    {"▶a▶ ▶", "_a", "_a"},
    {"a\"b'c", "a_b_c", "a_b_c"},
    {"a\nb\r\nc", "a_b_c", "a_b_c"},
};

static const struct vector sql_ci_v1_vectors[] = {
    {"BigQuery", "bigquery", "bigquery"},
    {"HTTPRequest", "httprequest", "httprequest"},
    {"camelCaseXYZ", "camelcasexyz", "camelcasexyz"},
    {"+1", "_1", "_1"},
    {"-1", "_1", "_1"},
    {"1abc", "_1abc", "_1abc"},
    {"123BaNaNa", "_123banana", "_123banana"},
    {"BANaNA", "banana", "banana"},
    {"event-.!:*<>value", "event_value", "event_value"},
    {"1event_n'", "_1event_n", "_1event_n"},
    {"+-!$*@#=|:", "_", "_"},
    {"a_", "a", "a"},
    {"a___", "a", "a___"},
    {"__a", "_a", "a"},
    {"_", "_", "_"},
    {"___", "_empty", "_"},
    {"é", "_", "_"},
    {"aéb", "a_b", "a_b"},
    {"Straße", "stra_e", "stra_e"},
    {"日本", "_", "_"},
    {"MyURL2Go", "myurl2go", "myurl2go"},
    {"iPhone15Pro", "iphone15pro", "iphone15pro"},
    {"ABC123Def", "abc123def", "abc123def"},
    {"Small___Love____Potion_____x", "small_love_potion_x", "small___love__potion___x"},
    {"_dlt_id", "_dlt_id", "_dlt_id"},
    {" a b\t", "a_b", "a_b"},
    {"a__b", "a_b", "a__b"},
    {"aB__Cd", "ab_cd", "ab__cd"},
    {"a__ __b", "a_b", "a__b"},
    {"__", "_empty", "_empty"},
    {"٣abc", "_٣abc", "_٣abc"},
    {"a٣Ab", "a٣ab", "a٣ab"},
    {"𝟘a", "_𝟘a", "_𝟘a"},
    {"\xc2\xa0x\xe3\x80\x80", "x", "x"},
    {"\xc2\x85"
     "a",
     "a", "a"},
    {"a\xe2\x80\x8b", "a", "a"},
    {"1__2", "_1_2", "_1___2"},
    {"a__1b_", "a_1b", "a___1b"},
    {"_é_", "_empty", "_empty"},
    {"ÄÖ__Ü_", "_empty", "_"},
    {"İ", "_", "_"},
    {"a▶b", "a_b", "a_b"},
    {"▶a▶ ▶", "_a", "_a"},
    {"a\"b'c", "a_b_c", "a_b_c"},
    {"a\nb\r\nc", "a_b_c", "a_b_c"},
};

/* Of other letters than those of ASCII. */
static const struct vector unicode_snake_case_vectors[] = {
    {"é", "é", "é"},
    {"aéb", "aéb", "aéb"},
    {"Straße", "straße", "straße"},
    {"日本", "日本", "日本"},
    {"٣abc", "_٣abc", "_٣abc"},
    {"a٣Ab", "a٣_ab", "a٣_ab"},
    {"𝟘a", "_𝟘a", "_𝟘a"},
    {"\xc2\xa0x\xe3\x80\x80", "x", "x"},
    {"\xc2\x85"
     "a",
     "a", "a"},
    {"a\xe2\x80\x8b", "ax", "ax"},
    {"_é_", "_éx", "_éx"},
    {"ÄÖ__Ü_", "äö_üx", "äö__üx"},
    {"İ", "i", "i"},
    {"a▶b", "a_b", "a_b"},
    {"▶a▶ ▶", "_ax", "_ax"},
};

/* Of all dlt's conventions for the same texts. */
static const struct vector *const vectors[NAMING_UNICODE_SNAKE_CASE] = {
    [NAMING_SNAKE_CASE] = snake_case_vectors, [NAMING_DIRECT] = direct_vectors,
    [NAMING_DUCK_CASE] = duck_case_vectors,   [NAMING_SQL_CS_V1] = sql_cs_v1_vectors,
    [NAMING_SQL_CI_V1] = sql_ci_v1_vectors,
};

/* ---- Checks -------------------------------------------------------------------------------- */

static void check(const struct name_rules *rules, bool path, const char *text, const char *expected)
{
    struct hasher hasher = {0};
    struct buf out = BUF_INIT;
    buf_text(&out, ">");
    int rc = path ? name_path(rules, &hasher, text, strlen(text), &out, NULL)
                  : name_identifier(rules, &hasher, text, strlen(text), &out, NULL);
    assert_int_equal(rc, TG_OK);
    if (strcmp(out.data + 1, expected) != 0)
        fail_msg("%s, %s of '%s': '%s' instead of '%s'", naming_text(rules->naming),
                 path ? "path" : "identifier", text, out.data + 1, expected);
    assert_int_equal(out.len, strlen(out.data));
    buf_release(&out);
    hasher_release(&hasher);
}

static void check_vector(enum naming naming, const struct vector *vector)
{
    struct name_rules rules = {.naming = naming};
    struct name_rules whole = {.naming = naming, .whole_paths = true};
    check(&rules, false, vector->text, vector->identifier);
    check(&rules, true, vector->text, vector->path);
    check(&whole, true, vector->text, vector->identifier);
}

static void conventions(void **state)
{
    (void)state;
    for (int naming = 0; naming < NAMING_UNICODE_SNAKE_CASE; naming++)
        for (size_t i = 0; i < COUNT(snake_case_vectors); i++)
            check_vector((enum naming)naming, &vectors[naming][i]);
    for (int naming = 0; naming < NAMING_VERBATIM; naming++) {
        struct name_rules rules = {.naming = (enum naming)naming};
        check(&rules, false, "", "_empty");
        check(&rules, false, " \n\xe3\x80\x80 ", "_empty");
        check(&rules, true, "", "_empty");
        check(&rules, true, " ", "_empty");
    }
}

static bool is_ascii(const char *text)
{
    while (*text && (unsigned char)*text < 0x80)
        text++;
    return !*text;
}

/* Of ASCII it makes what snake_case makes. */
static void unicode_snake_case(void **state)
{
    size_t same = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(snake_case_vectors); i++)
        if (is_ascii(snake_case_vectors[i].text)) {
            check_vector(NAMING_UNICODE_SNAKE_CASE, &snake_case_vectors[i]);
            same++;
        }
    assert_true(same >= 30);
    for (size_t i = 0; i < COUNT(unicode_snake_case_vectors); i++)
        check_vector(NAMING_UNICODE_SNAKE_CASE, &unicode_snake_case_vectors[i]);
}

/* What is no UTF-8 must not get far, nor hurt. */
static void broken_text(void **state)
{
    (void)state;
    struct name_rules rules = {0};
    check(&rules, false,
          "a\xff"
          "b",
          "a_b");
    check(&rules, false, "a\xe6\x97", "ax");
    check(&rules, false,
          "\xc1\xa1"
          "b",
          "_b");
    check(&rules, false, "\xf0\x80\x80\xb0", "x");
    rules.naming = NAMING_DIRECT;
    check(&rules, false, "a\xff'b", "a\xff_b");
}

/* dlt's own for ASCII; where characters take more bytes than one, dlt's names are longer. */
static void shortening(void **state)
{
    (void)state;
    static const char name[] = "this_is_a_very_long_identifier_name";
    static const struct {
        enum naming naming;
        size_t max;
        const char *text, *identifier, *path;
    } cases[] = {
        {NAMING_SNAKE_CASE, 20, name, "this_is7bcf8wer_name", "this_is7bcf8wer_name"},
        {NAMING_SNAKE_CASE, 63,
         "a_very_long_column_name_that_exceeds_the_sixty_three_characters_limit_of_postgres",
         "a_very_long_column_name_that_v6dgngcharacters_limit_of_postgres",
         "a_very_long_column_name_that_v6dgngcharacters_limit_of_postgres"},
        {NAMING_SNAKE_CASE, 35, name, name, name},
        {NAMING_SNAKE_CASE, 20, "ThisIsAVeryLong__IdentifierName and more", "this_isr0nrvand_more",
         "this_isr0nrvand_more"},
        {NAMING_DIRECT, 20, "ThisIsAVeryLong__IdentifierName and more", "ThisIsAr0nrvand more",
         "ThisIsAr0nrvand more"},
        {NAMING_DUCK_CASE, 20, name, "this_is7bcf8wer_name", "this_is7bcf8wer_name"},
        {NAMING_SQL_CS_V1, 20, "ThisIsAVeryLong__IdentifierName and more", "ThisIsAr0nrvand_more",
         "ThisIsAr0nrvand_more"},
        {NAMING_SQL_CI_V1, 20, "ThisIsAVeryLong__IdentifierName and more", "thisisar0nrvand_more",
         "thisisar0nrvand_more"},
        {NAMING_DUCK_CASE, 20, "日本語日本語", "日本語日本語", "日本語日本語"},
        {NAMING_DUCK_CASE, 17, "日本語日本語", "日本sdivta語", "日本sdivta語"},
        {NAMING_UNICODE_SNAKE_CASE, 63,
         "お客様のお名前とご住所とお電話番号を続けて書いたとても長い見出し",
         "お客様のお名前とごztqgvqたとても長い見出し",
         "お客様のお名前とごztqgvqたとても長い見出し"},
        {NAMING_UNICODE_SNAKE_CASE, 18, "日本語日本語", "日本語日本語", "日本語日本語"},
        {NAMING_UNICODE_SNAKE_CASE, 17, "日本語日本語", "日本sdivta語", "日本sdivta語"},
        {NAMING_SNAKE_CASE, 6, name, "7bcf8w", "7bcf8w"},
        {NAMING_SNAKE_CASE, 3, "abcd", "u2doaw", "u2doaw"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct name_rules rules = {.bytes_max = cases[i].max, .naming = cases[i].naming};
        check(&rules, false, cases[i].text, cases[i].identifier);
        check(&rules, true, cases[i].text, cases[i].path);
    }
}

static void tags(void **state)
{
    (void)state;
    struct hasher hasher = {0};
    char tag[7];
    assert_int_equal(name_tag(&hasher, "a", 1, tag, NULL), TG_OK);
    assert_string_equal(tag, "hcjeia");
    assert_int_equal(name_tag(&hasher, "日本", 6, tag, NULL), TG_OK);
    assert_string_equal(tag, "u08vmw");
    hasher_release(&hasher);
}

static void joins(void **state)
{
    (void)state;
    static const struct {
        enum naming naming;
        const char *left, *right, *joined;
    } cases[] = {
        {NAMING_SNAKE_CASE, "a", "b", "a__b"},
        {NAMING_SNAKE_CASE, "", "b", "b"},
        {NAMING_SNAKE_CASE, "a", " ", "a"},
        {NAMING_DIRECT, "a", "b", "a▶b"},
        {NAMING_SQL_CI_V1, "a", "b", "a__b"},
        {NAMING_SNAKE_CASE, "this_is_a_very_long_identifier_name", "b", "this_is285eeqname__b"},
        {NAMING_DIRECT, "this_is_a_very_long_identifier_name", "b", "this_ist1xyzaame▶b"},
    };
    struct hasher hasher = {0};
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct name_rules rules = {.bytes_max = 20, .naming = cases[i].naming};
        buf_clear(&out);
        assert_int_equal(name_join(&rules, &hasher, cases[i].left, cases[i].right, &out, NULL),
                         TG_OK);
        assert_string_equal(out.data, cases[i].joined);
    }
    buf_release(&out);
    hasher_release(&hasher);
}

/* As they are, but for what would part them. */
static void verbatim_names(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {" the \"Id\"\n", " the \"Id\"\n"}, {"it's__a.b", "it's__a.b"}, {"a▶b", "a_b"}};
    const struct name_rules rules = {.naming = NAMING_VERBATIM};
    struct hasher hasher = {0};
    struct buf out = BUF_INIT;
    struct tg_error err;
    for (size_t i = 0; i < COUNT(cases); i++) {
        buf_clear(&out);
        assert_int_equal(
            name_identifier(&rules, &hasher, cases[i][0], strlen(cases[i][0]), &out, &err), TG_OK);
        assert_string_equal(out.data, cases[i][1]);
    }
    buf_clear(&out);
    assert_int_equal(name_identifier(&rules, &hasher, "a\0b", 3, &out, &err), TG_OK);
    assert_string_equal(out.data, "a_b");
    buf_release(&out);
    hasher_release(&hasher);
}

static void names_of_conventions(void **state)
{
    (void)state;
    static const char *const names[] = {"snake_case",        "direct",    "duck_case",
                                        "sql_cs_v1",         "sql_ci_v1", "unicode_snake_case",
                                        "_tidegate_verbatim"};
    enum naming naming;
    for (int i = 0; i < NAMING_COUNT; i++) {
        char module[64];
        struct name_rules rules = {.naming = (enum naming)i};
        assert_string_equal(naming_text((enum naming)i), names[i]);
        assert_string_equal(name_separator(&rules),
                            i == NAMING_DIRECT || i == NAMING_VERBATIM ? "▶" : "__");
        assert_true(naming_find(names[i], strlen(names[i]), &naming));
        assert_int_equal(naming, i);
        snprintf(module, sizeof(module), "dlt.common.normalizers.naming.%s", names[i]);
        assert_true(naming_find(module, strlen(module), &naming));
        assert_int_equal(naming, i);
    }
    static const char *const others[] = {
        "", "snake", "snake_case ", "Direct", "my.snake_case", "dlt.common.normalizers.naming."};
    for (size_t i = 0; i < COUNT(others); i++)
        assert_false(naming_find(others[i], strlen(others[i]), &naming));
}

static int one_name(void)
{
    struct name_rules rules = {.bytes_max = 20};
    struct hasher hasher = {0};
    struct buf out = BUF_INIT;
    int rc = name_path(&rules, &hasher, "This is a very__long identifier", 31, &out, NULL);
    if (rc == TG_OK)
        rc = name_join(&rules, &hasher, "this_is_a_long", "name_of_a_child", &out, NULL);
    buf_release(&out);
    hasher_release(&hasher);
    return rc;
}

static void out_of_memory(void **state)
{
    (void)state;
    torture(one_name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conventions),    cmocka_unit_test(unicode_snake_case),
        cmocka_unit_test(broken_text),    cmocka_unit_test(shortening),
        cmocka_unit_test(tags),           cmocka_unit_test(joins),
        cmocka_unit_test(verbatim_names), cmocka_unit_test(names_of_conventions),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests_name("catalog/name", tests, NULL, NULL);
}
