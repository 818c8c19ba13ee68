/* The tables of keys: no field of the public header goes unread, what rows say fits together. */
#include "tests/config/spec_file.h"

#include "base/buf.h"
#include "config/spec.h"

static const struct option *const all[] = {
    spec_options,   schema_options, contract_options, source_options, resource_options,
    column_options, schema_fields,  resource_fields,  column_fields,  NULL};

typedef void visit_fn(const struct option *option, const struct option *table, void *user);

/* Every row, of tables within tables too. */
static void visit(const struct option *table, visit_fn *fn, void *user)
{
    for (const struct option *option = table; option->name; option++) {
        fn(option, table, user);
        if (option->table)
            visit(option->table, fn, user);
    }
}

static void visit_all(visit_fn *fn, void *user)
{
    for (size_t i = 0; all[i]; i++)
        visit(all[i], fn, user);
}

struct wanted {
    const char *field; /* "name of struct tg_resource" */
    bool found;
};

static void find_field(const struct option *option, const struct option *table, void *user)
{
    struct wanted *wanted = user;
    const char *name = option->field.given_name;
    (void)table;
    wanted->found = wanted->found || (name && strcmp(name, wanted->field) == 0);
}

/* Blanks in place of comments. */
static void blank_comments(char *text)
{
    for (char *at = text; (at = strstr(at, "/*"));) {
        char *end = strstr(at, "*/") + 2;
        memset(at, ' ', (size_t)(end - at));
    }
}

static bool is_word(char c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Calls for the name of each member of the struct, which stands before a ';' or a ','. */
static size_t each_member(const char *header, const char *name, void (*fn)(const char *field))
{
    char start[80], field[200];
    size_t count = 0;
    snprintf(start, sizeof(start), "\n%s {", name);
    const char *at = strstr(header, start);
    assert_non_null(at);
    const char *end = strstr(at, "\n};");
    assert_non_null(end);
    for (; at < end; at++) {
        if (*at != ';' && *at != ',')
            continue;
        const char *last = at;
        while (last > header && !is_word(last[-1]))
            last--;
        const char *first = last;
        while (first > header && is_word(first[-1]))
            first--;
        snprintf(field, sizeof(field), "%.*s of %s", (int)(last - first), first, name);
        fn(field);
        count++;
    }
    return count;
}

/* Sizes are read before (src/api/sized.c). */
static void assert_read(const char *field)
{
    if (strncmp(field, "size of", 7) == 0 || strncmp(field, "column_size of", 14) == 0)
        return;
    struct wanted wanted = {.field = field};
    visit_all(find_field, &wanted);
    if (!wanted.found)
        fail_msg("no row of src/config/keys.c reads %s", field);
}

static void every_field_of_the_header_is_read(void **state)
{
    struct spec_file *spec = *state;
    struct buf header = BUF_INIT;
    static const char *const structs[] = {"struct tg_resource", "struct tg_column",
                                          "struct tg_schema_options", "struct tg_schema_contract"};
    assert_int_equal(fs_read_file("include/tidegate.h", &header, &spec->err), TG_OK);
    char *text = strdup(buf_string(&header));
    blank_comments(text);
    for (size_t i = 0; i < sizeof(structs) / sizeof(structs[0]); i++)
        assert_true(each_member(text, structs[i], assert_read) >= 3);
    free(text);
    buf_release(&header);
}

/* Zero of a program's struct is the default, and so is a zeroed struct of ours. */
static void default_is_first(const struct option *option, const struct option *table, void *user)
{
    enum field_form form = option->field.form;
    (void)table, (void)user;
    bool of_words = form == FIELD_WORD || form == FIELD_SPELLED_WORD || form == FIELD_OPTIONAL_WORD;
    if (of_words && !option->choices)
        fail_msg("'%s' has no words", option->name);
    of_words = of_words || form == FIELD_SECOND_WORD;
    if (of_words && option->fallback && option_choice(option->choices, option->fallback) != 0)
        fail_msg("the default of '%s' is not the first word", option->name);
    if (form == FIELD_SECOND_WORD)
        assert_int_equal(option_choice(option->choices, strchr(option->choices, ' ') + 1), 1);
}

static void the_default_is_the_first_word(void **state)
{
    (void)state;
    visit_all(default_is_first, NULL);
}

/* Also where the words are those of drivers. */
static void default_is_a_word(const struct option *option, const struct option *table, void *user)
{
    char words[OPTION_WORDS_MAX];
    const struct option *value = option->shorthand ? option_shorthand(option) : option;
    const char *list = option_choices(value, words);
    size_t *count = user;
    (void)table;
    if (!list || !option->fallback)
        return;
    if (option_choice(list, option->fallback) < 0)
        fail_msg("the default of '%s' is none of %s", option->name, list);
    *count += option->words || value->words;
}

static void a_default_is_one_of_the_words(void **state)
{
    (void)state;
    size_t of_drivers = 0;
    visit_all(default_is_a_word, &of_drivers);
    assert_int_equal(of_drivers, 2); /* write_disposition, and its strategy */
}

/* By the row's form, how many bytes at its offset it fills. */
static const size_t bytes_of[] = {[FIELD_TEXT] = sizeof(char *),
                                  [FIELD_TEXTS] = sizeof(char **),
                                  [FIELD_BOOL] = sizeof(bool),
                                  [FIELD_SECOND_WORD] = sizeof(bool),
                                  [FIELD_FLAG] = sizeof(enum tg_flag),
                                  [FIELD_WORD] = sizeof(int),
                                  [FIELD_OPTIONAL_WORD] = sizeof(int),
                                  [FIELD_SPELLED_WORD] = sizeof(int),
                                  [FIELD_INT] = sizeof(int),
                                  [FIELD_COUNT] = sizeof(uint64_t),
                                  [FIELD_NUMBER] = sizeof(int),
                                  [FIELD_LEVELS] = sizeof(int),
                                  [FIELD_VALUE] = sizeof(struct tg_value),
                                  [FIELD_POINTER] = sizeof(void *)};

static void assert_apart(const struct option *option, const struct option *table, void *user)
{
    const struct field *field = &option->field;
    (void)user;
    if (field->form == FIELD_CODE || field->form == FIELD_SAME || field->form == FIELD_HINTS ||
        field->form == FIELD_MAP)
        return;
    size_t bytes = bytes_of[field->form];
    bool spelled = field->form == FIELD_SPELLED_WORD || field->form == FIELD_TEXTS;
    if (field->given_bytes > 0 && field->given_bytes != (spelled ? sizeof(char *) : bytes))
        fail_msg("%s has %zu bytes, the form of its row %zu", field->given_name, field->given_bytes,
                 bytes);
    for (const struct option *other = table; other != option; other++)
        if (other->field.form != FIELD_CODE && other->field.form != FIELD_SAME &&
            other->field.offset < field->offset + bytes && field->offset <= other->field.offset)
            fail_msg("'%s' and '%s' fill the same bytes", option->name, other->name);
}

static void rows_fit_their_fields(void **state)
{
    (void)state;
    visit_all(assert_apart, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_of_the_header_is_read),
        cmocka_unit_test(the_default_is_the_first_word),
        cmocka_unit_test(a_default_is_one_of_the_words),
        cmocka_unit_test(rows_fit_their_fields),
    };
    return cmocka_run_group_tests_name("keys", tests, spec_setup, spec_teardown);
}
