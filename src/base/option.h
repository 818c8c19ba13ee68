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
    OPTION_VALUE,    /* a scalar whose own type counts: 1, 1.5, "text", a timestamp */
    OPTION_TEXTS,    /* one text, or a list of texts; handed over joined by '\n' */
    OPTION_TEXT_MAP, /* a mapping of free names to texts */
    OPTION_MAP,      /* a mapping that has a table of its own */
    OPTION_MAPS,     /* a mapping of free names to mappings */
    OPTION_MAP_LIST, /* a list of mappings */
    OPTION_ANY       /* whatever it is; as JSON */
};

struct option {
    const char *name; /* "x-*": every name that starts so */
    enum option_type type;
    bool required;
    bool secret;                /* printed as *** */
    bool append_only;           /* means something for resources that append, and read on */
    bool may_be_empty;          /* OPTION_TEXTS: a list without entries says something */
    const char *choices;        /* "append replace merge", of texts; NULL: any */
    const char *fallback;       /* the default as text; NULL: none */
    const char *help;           /* one sentence */
    const struct option *table; /* of the mapping, or of each of them */
    const char *shorthand;      /* a scalar stands for {shorthand: scalar}; several names, separated
                                   by blanks: for all of them; NULL: not allowed */
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
