/*
 * Errors: a code as the return value, and one caller-owned struct of fixed size (tidegate.h, struct
 * tg_error). error_set() is called once, where the thing happened; outer levels prepend their place
 * with error_where(). `err` may be NULL everywhere: the code alone then tells.
 */
#ifndef TIDEGATE_BASE_ERROR_H
#define TIDEGATE_BASE_ERROR_H

#include <stdarg.h>
#include <stdio.h>

#include "tidegate.h"

#define TG_CHECK_RESULT                  __attribute__((warn_unused_result))
#define TG_PRINTF(format_arg, first_arg) __attribute__((format(printf, format_arg, first_arg)))

/* Jumps to the function's one label `done:` when `call` fails; needs `int rc = TG_OK;`. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        rc = (call);                                                                               \
        if (rc != TG_OK)                                                                           \
            goto done;                                                                             \
    } while (0)

/* For the functions that programs call: an argument that must not be NULL. TG_USAGE names it. */
#define NEEDS(argument)                                                                            \
    do {                                                                                           \
        if (!(argument))                                                                           \
            return error_set(err, TG_USAGE, "%s was called with NULL as %s", __func__, #argument); \
    } while (0)

/* Empties `err`. */
void error_clear(struct tg_error *err);

/* Sets code and message (truncated to fit, never in the middle of a UTF-8 character), drops an
 * older place. Returns `code`. */
int error_set(struct tg_error *err, int code, const char *format, ...) TG_PRINTF(3, 4);

/* As error_set, with the text of `errnum` (errno's value) after a colon. */
int error_errno(struct tg_error *err, int code, int errnum, const char *format, ...)
    TG_PRINTF(4, 5);

/* The one way to say that memory ran out: TG_NOMEM, no allocation. */
int error_nomem(struct tg_error *err);

/* Prepends a place ("resource 'person'", "file 'a.jsonl', line 3") to where; parts are joined by ",
 * ". Returns err's code (or `code` when err is NULL), so that `return error_where(err, rc, ...)`
 * reads well. */
int error_where(struct tg_error *err, int code, const char *format, ...) TG_PRINTF(3, 4);

/* Puts a sentence and a colon before the message, which is somebody else's: a database's. Returns
 * as error_where does. */
int error_before(struct tg_error *err, int code, const char *sentence);

/* Parts of a place that struct tg_error has fields for. */
enum error_place {
    AT_RESOURCE,
    AT_TABLE,
    AT_COLUMN,
    AT_CURSOR, /* the path of its field */
    AT_KEY,    /* the keys down to it */
    AT_FILE
};

/* As error_where ("file 'a.jsonl'"), and fills the field, too, where no inner level has. */
int error_at(struct tg_error *err, int code, enum error_place place, const char *name);
/* Fills the field alone, for what `what` names already. */
int error_names(struct tg_error *err, int code, enum error_place place, const char *name);
/* What a program may tell it by. */
int error_reason(struct tg_error *err, int code, enum tg_reason reason);
/* What went wrong was below this key: its path goes before the one that is known. */
int error_below_key(struct tg_error *err, int code, const char *path);
int error_at_line(struct tg_error *err, int code, uint64_t line);
int error_at_row(struct tg_error *err, int code, uint64_t row);
/* "spec.yaml:3:1" */
int error_at_mark(struct tg_error *err, int code, const char *file, int line, int position);

#endif
