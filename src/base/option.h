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
    OPTION_VALUES,   /* the same, or a list of such */
    OPTION_TEXTS,    /* one text, or a list of texts; handed over joined by '\n' */
    OPTION_TEXT_MAP, /* a mapping of free names to texts */
    OPTION_MAP,      /* a mapping that has a table of its own; handed over as JSON of texts */
    OPTION_MAPS,     /* a mapping of free names to mappings */
    OPTION_MAP_LIST, /* a list of mappings */
    OPTION_ANY       /* whatever it is; as JSON */
};

/* How the struct that an option fills holds its value. */
enum field_form {
    FIELD_CODE = 0, /* as its reader's own code has it */
    FIELD_TEXT,     /* const char *; NULL: not given */
    FIELD_TEXTS,    /* an array, its length beside it; NULL: not given. A program gives "a, b" */
    FIELD_BOOL,     /* bool */
    FIELD_FLAG,     /* enum tg_flag */
    FIELD_WORD,     /* an enum in the order of the words; the first is the default */
    FIELD_OPTIONAL_WORD, /* the same from 1 on; 0: not given */
    FIELD_SPELLED_WORD,  /* as FIELD_WORD, a bool beside it: given. A program gives the word */
    FIELD_SECOND_WORD,   /* bool: whether it is the second of two */
    FIELD_INT,           /* int; 0: not given */
    FIELD_COUNT,         /* uint64_t; 0: not given */
    FIELD_NUMBER,        /* int; 0: not given, -1: zero */
    FIELD_LEVELS,        /* int; -1: not given. From a program as FIELD_NUMBER */
    FIELD_VALUE,         /* struct tg_value; a list is TG_VALUE_JSON */
    FIELD_MAP,           /* a struct within, filled by the option's table */
    FIELD_SAME,          /* the option's table fills the same struct */
    FIELD_HINTS,         /* a JSON object that several keys make; NULL: none given */
    FIELD_POINTER        /* of a program alone */
};

/* Where the value is held, and where a struct of the C API gives it. */
struct field {
    enum field_form form;
    size_t offset, beside;
    size_t given, given_bytes; /* 0 bytes: it has no such field */
    const char *given_name;    /* "row_ids of struct tg_resource" */
};

enum { OPTION_WORDS_MAX = 128 };

struct option {
    const char *name; /* "x-*": every name that starts so */
    enum option_type type;
    bool required;
    bool secret;      /* printed as *** */
    bool append_only; /* means something for resources that append, and read on */
    /* It means something only where the option `with`, if that is said, is one of these words. */
    const char *with, *with_words;
    bool may_be_empty;   /* OPTION_TEXTS: a list without entries says something, */
    bool may_hold_empty; /* an empty text among others does */
    int min;             /* OPTION_INT: the least; the most is INT_MAX */
    const char *choices; /* "max min", of texts; NULL: any */
    /* In place of choices: those that a list of drivers has. */
    const char *(*words)(char out[OPTION_WORDS_MAX]);
    const char *fallback;       /* the default as text; NULL: none */
    const char *help;           /* one sentence */
    const struct option *table; /* of the mapping, or of each of them */
    const char *shorthand;      /* a scalar stands for {shorthand: scalar}; several names, separated
                                   by blanks: for all of them; NULL: not allowed */
    /* Of a write disposition: the key under which a stored table keeps what was said, in dlt's
     * words where dlt has it; NULL: not kept, or by its reader's own code. */
    const char *hint;
    bool names_columns; /* such texts are names of columns, kept in their normal form */
    struct field field;
};

#define OPTION_END                                                                                 \
    {                                                                                              \
        0                                                                                          \
    }

/* The choices of an option, separated by blanks; NULL: any text. */
static inline const char *option_choices(const struct option *option, char out[OPTION_WORDS_MAX])
{
    return option->words ? option->words(out) : option->choices;
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

/* Whether the text that it has says something else than its default. */
static inline bool option_is_said(const struct option *option, const char *text)
{
    return text && !(option->fallback && strcmp(text, option->fallback) == 0);
}

#endif
