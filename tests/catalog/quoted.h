/* JSON for tests, written with apostrophes for quotes. */
#ifndef TIDEGATE_TESTS_CATALOG_QUOTED_H
#define TIDEGATE_TESTS_CATALOG_QUOTED_H

#include <stdio.h>
#include <string.h>

/* The text with quotes in the place of apostrophes; in `memory`, which must be large enough. */
static inline const char *quoted(char *memory, size_t size, const char *text)
{
    snprintf(memory, size, "%s", text);
    for (char *quote = memory; (quote = strchr(quote, '\''));)
        *quote = '"';
    return memory;
}

#endif
