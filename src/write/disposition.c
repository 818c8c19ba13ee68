/*
 * The dispositions that this build has, by their words.
 *
 * Path: disposition_find (a spec's words) and disposition_get (a stored table's) -> one driver,
 * which everybody then asks for its facts. Messages and the reference list the words with
 * disposition_words and disposition_strategies.
 *
 * What a disposition does stands in dispositions/NAME.c; the build lists these files.
 */
#include "write/disposition.h"

#include <stdio.h>
#include <string.h>

#define DISPOSITION(name) extern const struct disposition_driver disposition_##name;
#include "dispositions.def"
#undef DISPOSITION

static const struct disposition_driver *const drivers[] = {
#define DISPOSITION(name) &disposition_##name,
#include "dispositions.def"
#undef DISPOSITION
};

enum { DRIVER_COUNT = sizeof(drivers) / sizeof(drivers[0]) };

const struct disposition_driver *disposition_find(const char *word, const char *strategy)
{
    for (size_t i = 0; i < DRIVER_COUNT; i++) {
        const struct disposition_driver *driver = drivers[i];
        bool same = !driver->strategy ||
                    (strategy ? strcmp(driver->strategy, strategy) == 0 : driver->is_usual);
        if (strcmp(disposition_word(driver->word), word) == 0 && same)
            return driver;
    }
    return NULL;
}

int disposition_get(const struct table *table, const struct disposition_driver **out,
                    struct tg_error *err)
{
    char words[OPTION_WORDS_MAX];
    const char *word =
        disposition_word(table->disposition ? table->disposition : DISPOSITION_APPEND);
    const char *strategy =
        table->disposition == DISPOSITION_REPLACE ? table->replace_strategy : table->merge_strategy;
    *out = disposition_find(word, strategy);
    if (*out)
        return TG_OK;
    return error_set(err, TG_USAGE,
                     "table '%s' is to be loaded by '%s', which there is not; use one of %s",
                     table->name, strategy ? strategy : word, disposition_words(words));
}

const char *disposition_strategy(const struct disposition_driver *driver)
{
    return driver->is_usual ? NULL : driver->strategy;
}

const char *disposition_name(const struct disposition_driver *driver)
{
    const char *strategy = disposition_strategy(driver);
    return strategy ? strategy : disposition_word(driver->word);
}

static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = words; at && *at; at += strspn(at, " ")) {
        size_t here = strcspn(at, " ");
        if (here == len && strncmp(at, word, len) == 0)
            return true;
        at += here;
    }
    return false;
}

bool disposition_takes(const struct disposition_driver *driver, const char *option)
{
    return has_word(driver->options, option);
}

/* ---- lists for people ---- */

bool disposition_has_strategy(const struct disposition_driver *driver)
{
    return driver->strategy != NULL;
}

bool disposition_needs_key(const struct disposition_driver *driver)
{
    return driver->needs_key;
}

bool disposition_adds_rows(const struct disposition_driver *driver)
{
    return driver->adds_rows;
}

/* Several dispositions may have a strategy of that name. */
static void add_word(char out[OPTION_WORDS_MAX], const char *word)
{
    size_t len = strlen(out);
    if (has_word(out, word))
        return;
    snprintf(out + len, OPTION_WORDS_MAX - len, "%s%s", len > 0 ? " " : "", word);
}

const char *disposition_words_if(bool (*holds)(const struct disposition_driver *driver),
                                 char out[OPTION_WORDS_MAX])
{
    out[0] = '\0';
    for (enum disposition word = DISPOSITION_APPEND; word <= DISPOSITION_SKIP; word++) {
        const struct disposition_driver *usual = disposition_find(disposition_word(word), NULL);
        if (usual && (!holds || holds(usual)))
            add_word(out, disposition_word(word));
    }
    return out;
}

const char *disposition_words(char out[OPTION_WORDS_MAX])
{
    return disposition_words_if(NULL, out);
}

const char *disposition_strategies_with(const char *option, char out[OPTION_WORDS_MAX])
{
    out[0] = '\0';
    for (size_t i = 0; i < DRIVER_COUNT; i++)
        if (drivers[i]->strategy && (!option || disposition_takes(drivers[i], option)))
            add_word(out, drivers[i]->strategy);
    return out;
}

const char *disposition_word_with(const char *option)
{
    for (size_t i = 0; i < DRIVER_COUNT; i++)
        if (disposition_takes(drivers[i], option))
            return disposition_word(drivers[i]->word);
    return "";
}

const char *disposition_strategies_if(bool (*holds)(const struct disposition_driver *driver),
                                      char out[OPTION_WORDS_MAX])
{
    out[0] = '\0';
    for (size_t i = 0; i < DRIVER_COUNT; i++)
        if (drivers[i]->strategy && holds(drivers[i]))
            add_word(out, drivers[i]->strategy);
    return out;
}

const char *disposition_strategies_of(const char *word, char out[OPTION_WORDS_MAX])
{
    out[0] = '\0';
    for (size_t i = 0; i < DRIVER_COUNT; i++)
        if (drivers[i]->strategy && strcmp(disposition_word(drivers[i]->word), word) == 0)
            add_word(out, drivers[i]->strategy);
    return out;
}

const char *disposition_strategies(char out[OPTION_WORDS_MAX])
{
    return disposition_strategies_with(NULL, out);
}
