/*
 * For tests of drivers: a scratch folder that is the current one, files in it, an environment.
 */
#ifndef TIDEGATE_TESTS_ADBC_PLACES_H
#define TIDEGATE_TESTS_ADBC_PLACES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/memory.h"

static char places_folder[256];
static const char *places_environment[8][2];

static inline const char *places_variable(const char *name)
{
    for (size_t i = 0; i < 8 && places_environment[i][0]; i++)
        if (strcmp(places_environment[i][0], name) == 0)
            return places_environment[i][1];
    return NULL;
}

/* Sets a variable of the environment that drivers are searched by; NULL: none is set any more. */
static inline void places_set(const char *name, const char *value)
{
    size_t i = 0;
    if (!name)
        memset(places_environment, 0, sizeof(places_environment));
    while (name && places_environment[i][0] && strcmp(places_environment[i][0], name) != 0)
        i++;
    if (name) {
        places_environment[i][0] = name;
        places_environment[i][1] = value;
    }
}

static inline int places_setup(void **state)
{
    const char *tmp = getenv("TMPDIR");
    (void)state;
    snprintf(places_folder, sizeof(places_folder), "%s/tidegate-XXXXXX", tmp ? tmp : "/tmp");
    places_set(NULL, NULL);
    return !mkdtemp(places_folder) || chdir(places_folder) != 0;
}

static inline int places_teardown(void **state)
{
    (void)state;
    return chdir("/") != 0 || fs_remove_tree(places_folder, NULL) != TG_OK;
}

static inline void places_write(const char *path, const char *text)
{
    char *folder = fs_dirname(path);
    assert_int_equal(fs_mkdirs(folder, NULL), TG_OK);
    mem_free(folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

#endif
