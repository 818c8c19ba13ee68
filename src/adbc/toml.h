/*
 * The part of TOML that driver manifests are written in: tables, keys (bare, quoted, dotted), and
 * values that are texts, whole numbers, true or false, and lists of them. What is beyond that is
 * an error that says so: nothing is guessed.
 */
#ifndef TIDEGATE_ADBC_TOML_H
#define TIDEGATE_ADBC_TOML_H

#include <stdbool.h>

#include "base/memory.h"

struct toml_entry {
    const char *key;   /* with the tables around it: "Driver.shared.linux_amd64" */
    const char *value; /* a text without its quotes, a number as it stands; NULL: a list */
    bool is_text;
    int line;
};

struct toml {
    struct arena arena;
    struct toml_entry *entries; /* in the order of the file */
    size_t count, cap;
};

/* Fills *out, to be released also after an error. TG_USAGE with the line. */
int toml_parse(const char *text, size_t len, struct toml *out,
               struct tg_error *err) TG_CHECK_RESULT;
/* NULL: there is none. */
const struct toml_entry *toml_find(const struct toml *toml, const char *key);
void toml_release(struct toml *toml);

#endif
