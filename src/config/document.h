/*
 * Documents: the values of a YAML text with their places, and the problems found in them.
 */
#ifndef TIDEGATE_DOCUMENT_H
#define TIDEGATE_DOCUMENT_H

#include "base/buf.h"
#include "base/memory.h"
#include "base/text/redact.h"

/* Where a text stands, in characters from 1. A column of 0 is the line as a whole. */
struct place {
    int line, column;
    int width;   /* how many characters of that line to underline */
    bool hidden; /* the line is not to be shown: a secret is in it */
};

enum node_kind {
    NODE_NULL,
    NODE_SCALAR,
    NODE_LIST,
    NODE_MAP,
    NODE_BROKEN /* a problem with it is recorded; there is nothing more to say */
};

struct node {
    enum node_kind kind;
    bool quoted;             /* a scalar in quotes: a text, whatever it looks like */
    bool secret;             /* came out of a file: not to be shown */
    struct place place;      /* of a scalar; else that of the key, or of what is around it */
    const char *text;        /* of a scalar; once expanded, environment and files put in */
    const char *name;        /* its key, when it stands in a map */
    struct place name_place; /* in a list: of the first text in it */
    struct node *items;      /* of a list, or the values of a map */
    size_t item_count;
};

enum { PROBLEMS_MAX = 5 };

struct document {
    struct arena *arena; /* borrowed; owns all texts and nodes */
    const char *path;    /* as the user wrote it; NULL: no file, but what a program says */
    const char *folder;  /* `${file:...}` starts here */
    const char *text;    /* of the file */
    size_t len;
    size_t node_count;
    bool too_large; /* a problem that makes all others meaningless */
    struct node root;
    struct problem {
        struct place place;
        const char *what;
    } problems[PROBLEMS_MAX]; /* in the order of their places */
    size_t problem_count;     /* found; the first PROBLEMS_MAX are kept */
    const char *said;         /* a key of the root that a program says; NULL: none */
    const struct tg_option
        *variables; /* what ${NAME} stands for, before the environment is asked */
    size_t variable_count;
    struct secrets *secrets; /* borrowed; learns those that are met */
    struct tg_error *err;    /* for what is no problem of the spec: out of memory */
};

/* Records a problem. Returns TG_OK (reading goes on, to find more), or TG_NOMEM. */
int document_problem(struct document *doc, const struct place *place, const char *format, ...)
    TG_PRINTF(3, 4) TG_CHECK_RESULT;

/* All problems as one TG_SPEC: the first one's place is the error's, the others bring theirs along,
 * and what does not fit is counted. What a program says is TG_USAGE, without places. TG_OK when
 * there are none. */
int document_report(const struct document *doc, struct tg_error *err) TG_CHECK_RESULT;

/* Reads doc->text into doc->root; arena, path, folder, text, len, secrets and err are set by the
 * caller. Texts are as they are written. What is wrong with the text is recorded. TG_NOMEM. */
int document_parse(struct document *doc) TG_CHECK_RESULT;
/* Puts into all texts of it what ${...} stands for, but for those of environments. As above. */
int document_expand(struct document *doc) TG_CHECK_RESULT;
/* Keeps for a secret what came out of a file, what has the name of one, and what stands at the
 * place of one. TG_NOMEM. */
int document_learn(struct document *doc, const struct node *node) TG_CHECK_RESULT;
/* Puts environment and files into the text of a scalar and sets node->text and node->secret. In
 * config.c, which alone may look at the environment. TG_NOMEM. */
int config_expand(struct document *doc, struct node *node, const char *text,
                  size_t len) TG_CHECK_RESULT;

/* The value of a key; NULL: not given. `map` may be NULL or no map. */
const struct node *node_find(const struct node *map, const char *name);
/* Numbers by YAML 1.2's core schema; false: not one (quoted scalars never are). */
bool node_int(const struct node *node, int64_t *out);
bool node_bool(const struct node *node, bool *out);
/* A number, or the text as it stands. */
struct tg_value node_value(const struct node *node);
/* A text, or the texts of a list (NULL: none), as an array that ends with NULL and has room for
 * `more`. In the arena. TG_NOMEM. */
int node_texts(struct arena *arena, const struct node *node, size_t more, const char ***out,
               size_t *count, struct tg_error *err) TG_CHECK_RESULT;
/* The value as JSON, by the same rules. */
void node_json(const struct node *node, struct buf *out);

#endif
