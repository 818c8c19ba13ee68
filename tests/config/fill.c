/* Structs filled by option tables: every form, from a map and from a struct of a program. */
#include "tests/config/spec_file.h"

#include <stddef.h>

#include "config/spec.h"

/* What a table fills, and what a program would fill it from. */
struct point {
    int x, y;
};
struct shape {
    const char *text;
    const char **texts;
    size_t text_count;
    bool on, second, spelled_said;
    enum tg_flag flag;
    int word, optional, spelled, whole, number, levels;
    uint64_t count;
    struct tg_value value;
    struct point point;
    const char *hints;
    void *pointer;
};
struct given_point {
    int x, y;
};
struct given {
    const char *text, *texts, *spelled, *hints;
    bool on, second;
    enum tg_flag flag;
    int word, optional, whole, number, levels;
    uint64_t count;
    struct tg_value value;
    struct given_point point;
    void *pointer; /* the last: an older program has none */
};

#define BOTH(form_, member, from_)                                                                 \
    .form = FIELD_##form_, .offset = offsetof(struct shape, member),                               \
    .given = offsetof(struct given, from_), .given_bytes = sizeof(((struct given *)0)->from_),     \
    .given_name = #from_ " of struct given"
#define POINT(member)                                                                              \
    .form = FIELD_INT, .offset = offsetof(struct point, member),                                   \
    .given = offsetof(struct given_point, member), .given_bytes = sizeof(int)

static const struct option point_options[] = {
    {.name = "x", .type = OPTION_INT, .field = {POINT(x)}},
    {.name = "y", .type = OPTION_INT, .min = -5, .field = {POINT(y)}},
    OPTION_END,
};
static const struct option same_options[] = {
    {.name = "action", .choices = "no yes", .field = {BOTH(SECOND_WORD, second, second)}},
    {.name = "limit", .type = OPTION_INT, .min = 1, .field = {BOTH(COUNT, count, count)}},
    OPTION_END,
};
static const struct option link_options[] = {
    {.name = "to"}, {.name = "by", .type = OPTION_TEXTS}, OPTION_END};
static const struct option shape_options[] = {
    {.name = "text", .field = {BOTH(TEXT, text, text)}},
    {.name = "texts",
     .type = OPTION_TEXTS,
     .choices = "a b c",
     .may_be_empty = true,
     .field = {BOTH(TEXTS, texts, texts), .beside = offsetof(struct shape, text_count)}},
    {.name = "on", .type = OPTION_BOOL, .field = {BOTH(BOOL, on, on)}},
    {.name = "flag", .type = OPTION_BOOL, .field = {BOTH(FLAG, flag, flag)}},
    {.name = "word", .choices = "red green", .field = {BOTH(WORD, word, word)}},
    {.name = "optional",
     .choices = "red green",
     .field = {BOTH(OPTIONAL_WORD, optional, optional)}},
    {.name = "spelled",
     .choices = "red green",
     .field = {BOTH(SPELLED_WORD, spelled, spelled),
               .beside = offsetof(struct shape, spelled_said)}},
    {.name = "whole", .type = OPTION_INT, .field = {BOTH(INT, whole, whole)}},
    {.name = "number", .type = OPTION_INT, .field = {BOTH(NUMBER, number, number)}},
    {.name = "levels", .type = OPTION_INT, .field = {BOTH(LEVELS, levels, levels)}},
    {.name = "value", .type = OPTION_VALUE, .field = {BOTH(VALUE, value, value)}},
    {.name = "point",
     .type = OPTION_MAP,
     .table = point_options,
     .shorthand = "x y",
     .field = {BOTH(MAP, point, point)}},
    {.name = "rule",
     .type = OPTION_MAP,
     .table = same_options,
     .shorthand = "action",
     .field = {.form = FIELD_SAME}},
    {.name = "links",
     .type = OPTION_MAP_LIST,
     .table = link_options,
     .field = {.form = FIELD_HINTS, .offset = offsetof(struct shape, hints)}},
    {.name = "x-*", .type = OPTION_ANY, .field = {BOTH(HINTS, hints, hints)}},
    {.name = "by_hand"},
    OPTION_END,
};
static const struct option shape_fields[] = {
    {.name = "pointer", .field = {BOTH(POINTER, pointer, pointer)}},
    OPTION_END,
};

struct reading {
    struct arena arena;
    struct secrets secrets;
    struct tg_error err;
    struct document doc;
    struct shape shape;
};

/* Reads, checks and fills; the document holds the problems. */
static int read_shape(struct reading *reading, const char *text)
{
    int rc = TG_OK;
    const struct option *const tables[] = {shape_options, NULL};
    *reading = (struct reading){.shape.levels = -1};
    arena_init(&reading->arena);
    reading->doc = (struct document){.arena = &reading->arena,
                                     .path = "spec",
                                     .folder = ".",
                                     .text = text,
                                     .len = strlen(text),
                                     .secrets = &reading->secrets,
                                     .err = &reading->err};
    TRY(document_parse(&reading->doc));
    TRY(document_expand(&reading->doc));
    TRY(document_check(&reading->doc, &reading->doc.root, "it", tables));
    if (reading->doc.problem_count == 0)
        TRY(fill_from_map(&reading->doc, &reading->doc.root, shape_options, &reading->shape));
done:
    return rc;
}

static void reading_release(struct reading *reading)
{
    secrets_release(&reading->secrets);
    arena_release(&reading->arena);
}

static const char full_map[] =
    "text: t\ntexts: [a, c]\n\"on\": true\nflag: false\nword: green\noptional: green\n"
    "spelled: green\nwhole: 7\nnumber: 0\nlevels: 0\nvalue: 1.5\npoint: {x: 3, y: -5}\n"
    "rule: {action: \"yes\", limit: 9}\nx-b: [1]\nlinks: [{to: a}, {by: [c, d], to: b}, {by: "
    "e}]\nx-a: true\n"
    "by_hand: z\n";

static void a_map_fills_every_form(void **state)
{
    struct reading reading;
    const struct shape *shape = &reading.shape;
    (void)state;
    assert_int_equal(read_shape(&reading, full_map), TG_OK);
    assert_string_equal(shape->text, "t");
    assert_int_equal(shape->text_count, 2);
    assert_string_equal(shape->texts[1], "c");
    assert_true(shape->on && shape->second && shape->spelled_said);
    assert_int_equal(shape->flag, TG_NO);
    assert_int_equal(shape->word, 1);
    assert_int_equal(shape->optional, 2);
    assert_int_equal(shape->spelled, 1);
    assert_int_equal(shape->whole, 7);
    assert_int_equal(shape->number, -1);
    assert_int_equal(shape->levels, 0);
    assert_int_equal(shape->count, 9);
    assert_true(shape->value.kind == TG_VALUE_DOUBLE && shape->value.real == 1.5);
    assert_int_equal(shape->point.x, 3);
    assert_int_equal(shape->point.y, -5);
    assert_string_equal(shape->hints,
                        "{\"links\":[{\"to\":\"a\"},{\"to\":\"b\",\"by\":[\"c\",\"d\"]},"
                        "{\"by\":[\"e\"]}],\"x-b\":[1],\"x-a\":true}");
    reading_release(&reading);
}

static void what_is_not_given_stays(void **state)
{
    struct reading reading;
    const struct shape untouched = {.levels = -1};
    (void)state;
    assert_int_equal(read_shape(&reading, "by_hand: z\n"), TG_OK);
    assert_memory_equal(&reading.shape, &untouched, sizeof(untouched));
    reading_release(&reading);
    assert_int_equal(read_shape(&reading, "texts: []\nnumber: 4\n"), TG_OK);
    assert_non_null(reading.shape.texts);
    assert_int_equal(reading.shape.text_count, 0);
    assert_int_equal(reading.shape.number, 4);
    reading_release(&reading);
}

static void a_scalar_stands_for_what_it_is_short_for(void **state)
{
    struct reading reading;
    (void)state;
    assert_int_equal(read_shape(&reading, "point: 4\nrule: \"yes\"\n"), TG_OK);
    assert_int_equal(reading.shape.point.x, 4);
    assert_int_equal(reading.shape.point.y, 4);
    assert_true(reading.shape.second);
    assert_int_equal(reading.shape.count, 0);
    reading_release(&reading);
}

static void numbers_out_of_range_have_a_place(void **state)
{
    struct reading reading;
    (void)state;
    static const struct {
        const char *text, *what;
    } cases[] = {{"rule: {action: \"no\", limit: 0}\n", "'limit' is 1 or more, not 0"},
                 {"point: {x: 0, y: -6}\n", "'y' is -5 or more, not -6"},
                 {"whole: 3000000000\n", "'whole' is 0 or more, not 3000000000"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(read_shape(&reading, cases[i].text), TG_OK);
        assert_int_equal(reading.doc.problem_count, 1);
        assert_memory_equal(reading.doc.problems[0].what, cases[i].what, strlen(cases[i].what));
        reading_release(&reading);
    }
}

/* ---- from a struct ---- */

static struct given full_struct(void)
{
    static int thing;
    return (struct given){.text = "t",
                          .texts = " a , c",
                          .spelled = "green",
                          .hints = "{\"x-a\":1}",
                          .on = true,
                          .second = true,
                          .flag = TG_NO,
                          .word = 1,
                          .optional = 2,
                          .whole = 7,
                          .number = -1,
                          .levels = TG_NO_NESTING,
                          .count = 9,
                          .value = {.kind = TG_VALUE_TEXT, .text = "v"},
                          .point = {3, -5},
                          .pointer = &thing};
}

static int take(struct arena *arena, const struct given *given, size_t bytes, struct shape *out,
                struct tg_error *err)
{
    *out = (struct shape){.levels = -1};
    int rc = fill_from_struct(arena, given, bytes, shape_options, out, err);
    return rc == TG_OK ? fill_from_struct(arena, given, bytes, shape_fields, out, err) : rc;
}

static void a_struct_fills_every_form(void **state)
{
    struct arena arena;
    struct shape shape;
    struct tg_error err = {0};
    char text[] = "t", value[] = "v";
    struct given given = full_struct();
    (void)state;
    arena_init(&arena);
    given.text = text;
    given.value.text = value;
    assert_int_equal(take(&arena, &given, sizeof(given), &shape, &err), TG_OK);
    text[0] = value[0] = 'X'; /* copied */
    assert_string_equal(shape.text, "t");
    assert_int_equal(shape.text_count, 2);
    assert_string_equal(shape.texts[0], "a");
    assert_true(shape.on && shape.second && shape.spelled_said);
    assert_int_equal(shape.flag, TG_NO);
    assert_int_equal(shape.word, 1);
    assert_int_equal(shape.optional, 2);
    assert_int_equal(shape.spelled, 1);
    assert_int_equal(shape.whole, 7);
    assert_int_equal(shape.number, -1);
    assert_int_equal(shape.levels, 0);
    assert_int_equal(shape.count, 9);
    assert_string_equal(shape.value.text, "v");
    assert_int_equal(shape.point.x, 3);
    assert_int_equal(shape.point.y, -5);
    assert_string_equal(shape.hints, "{\"x-a\":1}");
    assert_ptr_equal(shape.pointer, given.pointer);
    arena_release(&arena);
}

static void a_zeroed_struct_says_nothing(void **state)
{
    struct arena arena;
    struct shape shape;
    struct tg_error err = {0};
    const struct given given = {0};
    const struct shape untouched = {.levels = -1};
    (void)state;
    arena_init(&arena);
    assert_int_equal(take(&arena, &given, sizeof(given), &shape, &err), TG_OK);
    assert_memory_equal(&shape, &untouched, sizeof(untouched));
    arena_release(&arena);
}

/* What an older program does not know of is not read: what lies behind its struct is its own. */
static void a_shorter_struct_is_read_to_its_end(void **state)
{
    struct arena arena;
    struct shape shape;
    struct tg_error err = {0};
    struct given *given = malloc(offsetof(struct given, pointer));
    const struct given full = full_struct();
    (void)state;
    arena_init(&arena);
    memcpy(given, &full, offsetof(struct given, pointer));
    assert_int_equal(take(&arena, given, offsetof(struct given, pointer), &shape, &err), TG_OK);
    assert_null(shape.pointer);
    assert_int_equal(shape.point.y, -5);
    assert_int_equal(take(&arena, &full, offsetof(struct given, pointer) + 1, &shape, &err), TG_OK);
    assert_null(shape.pointer); /* half a field is none */
    free(given);
    arena_release(&arena);
}

static void what_only_a_struct_says_wrongly_is_usage(void **state)
{
    struct arena arena;
    struct shape shape;
    (void)state;
    const struct {
        struct given given;
        const char *what;
    } cases[] = {
        {{.word = 2},
         "word of struct given is 2, which is none of its values; was the struct "
         "zeroed?"},
        {{.word = -1},
         "word of struct given is -1, which is none of its values; was the struct "
         "zeroed?"},
        {{.optional = 3},
         "optional of struct given is 3, which is none of its values; was the "
         "struct zeroed?"},
        {{.flag = (enum tg_flag)3},
         "flag of struct given is 3, which is none of its values; was "
         "the struct zeroed?"},
        {{.levels = -2}, "levels is a number of levels, or TG_NO_NESTING"},
        {{.spelled = "gren"},
         "'gren' is none of the words for 'spelled' (red green); did you mean 'green'?"},
        {{.texts = "a, d"}, "'d' is none of the words for 'texts' (a b c)"},
    };
    arena_init(&arena);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tg_error err = {0};
        assert_int_equal(take(&arena, &cases[i].given, sizeof(struct given), &shape, &err),
                         TG_USAGE);
        assert_string_equal(err.what, cases[i].what);
    }
    arena_release(&arena);
}

/* ---- out of memory ---- */

static int map_tortured(void)
{
    struct reading reading;
    int rc = read_shape(&reading, full_map);
    reading_release(&reading);
    return rc;
}

static int struct_tortured(void)
{
    struct arena arena;
    struct shape shape;
    struct tg_error err = {0};
    const struct given given = full_struct();
    arena_init(&arena);
    int rc = TG_OK;
    for (int i = 0; rc == TG_OK && i < 200; i++)
        rc = take(&arena, &given, sizeof(given), &shape, &err);
    arena_release(&arena);
    return rc;
}

static void what_was_said_comes_back_as_json(void **state)
{
    static const char *const names[] = {"a", "b \"c\""};
    const struct shape said = {.text = "t",
                               .texts = (const char **)names,
                               .text_count = 2,
                               .on = true,
                               .flag = TG_NO,
                               .word = 1};
    const struct shape unsaid = {0};
    static const struct {
        const char *option, *json;
    } wanted[] = {{"text", "\"t\""},
                  {"texts", "[\"a\",\"b \\\"c\\\"\"]"},
                  {"on", "true"},
                  {"flag", "false"},
                  {"word", "\"green\""}};
    struct buf json = BUF_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        const struct option *option = option_find(shape_options, wanted[i].option);
        assert_false(field_is_said(option, &unsaid));
        assert_true(field_is_said(option, &said));
        buf_clear(&json);
        field_json(option, &said, &json);
        assert_string_equal(buf_string(&json), wanted[i].json);
    }
    assert_false(field_is_said(option_find(shape_options, "by_hand"), &said));
    buf_release(&json);
}

static void filling_survives_torture(void **state)
{
    (void)state;
    torture(map_tortured);
    torture(struct_tortured);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_fills_every_form),
        cmocka_unit_test(what_is_not_given_stays),
        cmocka_unit_test(a_scalar_stands_for_what_it_is_short_for),
        cmocka_unit_test(numbers_out_of_range_have_a_place),
        cmocka_unit_test(a_struct_fills_every_form),
        cmocka_unit_test(a_zeroed_struct_says_nothing),
        cmocka_unit_test(a_shorter_struct_is_read_to_its_end),
        cmocka_unit_test(what_only_a_struct_says_wrongly_is_usage),
        cmocka_unit_test(what_was_said_comes_back_as_json),
        cmocka_unit_test(filling_survives_torture),
    };
    return cmocka_run_group_tests_name("fill", tests, NULL, NULL);
}
