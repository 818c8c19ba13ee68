/*
 * Options as data: one entry of a table gives a key's name, type, choices, default and help; the
 * spec's parser, its messages, its reference and its JSON Schema all read it. A driver gets the
 * values as texts in the order of its own table.
 */
#ifndef TIDEGATE_BASE_OPTION_H
#define TIDEGATE_BASE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum option_type {
    OPTION_TEXT,
    OPTION_BOOL, /* "true" or "false" */
    OPTION_INT,
    OPTION_VALUE, /* a scalar whose own type counts: 1, 1.5, "text", a timestamp */
    OPTION_TEXTS, /* one text, or a list of texts; handed over joined by '\n' */
    OPTION_MAP,   /* a mapping that has a table of its own */
    OPTION_MAPS   /* a mapping of free names to mappings */
};

struct option {
    const char *name;
    enum option_type type;
    bool required;
    bool secret;                /* printed as *** */
    const char *choices;        /* "append replace merge"; NULL: any */
    const char *fallback;       /* the default as text; NULL: none */
    const char *help;           /* one sentence */
    const struct option *table; /* of an OPTION_MAP or OPTION_MAPS */
    const char
        *shorthand; /* OPTION_MAP: a scalar stands for {shorthand: scalar}; NULL: not allowed */
};

#define OPTION_END                                                                                 \
    {                                                                                              \
        0                                                                                          \
    }

/* What was given for one option. */
struct option_value {
    const char *name;
    const char *text;
};

/* The text given (or the default filled in by the parser), or NULL. */
static inline const char *option_text(const struct option_value *values, size_t count,
                                      const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(values[i].name, name) == 0)
            return values[i].text;
    return NULL;
}

#endif
