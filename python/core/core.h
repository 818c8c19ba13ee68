/*
 * The extension's own header: what its files share. Python objects are borrowed unless a function
 * says "new"; a function that returns int gives 0, or -1 with a Python error set.
 *
 * The library calls back on the thread that runs (and logs from any): whatever touches Python
 * between there and here holds the GIL by PyGILState_Ensure.
 */
#ifndef TIDEGATE_PYTHON_CORE_H
#define TIDEGATE_PYTHON_CORE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tidegate.h"
#include "tidegate_connection.h"

/* Adds the objects of a file to the module. */
int errors_init(PyObject *module);
int moments_init(PyObject *module);
int walk_init(PyObject *module);
int stream_init(PyObject *module);
int session_init(PyObject *module);
int resource_init(PyObject *module);
int table_init(PyObject *module);
int pipeline_init(PyObject *module);
int main_init(PyObject *module);

/* ---- errors.c ---- */

/* What the program's own code has raised inside a call of the library, until the call is back. */
struct raised {
    PyObject *type, *value, *traceback;
};
/* Takes the error that is set (the first one wins); `err` becomes a code with its text. Returns the
 * code: TG_CANCELLED for what is no Exception but a wish to stop, else `code`. */
int raised_take(struct raised *raised, int code, struct tg_error *err);
/* What `whose` raised where nothing can fail: an Exception is told on standard error. True: it is
 * none, but an interrupt or an exit, which is kept to be raised when the call is back. */
bool raised_aside(struct raised *raised, PyObject *whose);
/* Sets what was taken again, else the library's error. Returns NULL. */
PyObject *raised_restore(struct raised *raised, const struct tg_error *err);
void raised_clear(struct raised *raised);

/* ---- moments.c: datetime, date, time ---- */

enum moment { MOMENT_NONE, MOMENT_STAMP, MOMENT_DATE, MOMENT_TIME };
/* What kind of moment objects of this very type are. */
enum moment moment_of(const PyTypeObject *type);
/* Microseconds since 1970 (naive ones are taken as UTC), days since then, or microseconds since
 * midnight. */
int moment_value(PyObject *object, enum moment kind, int64_t *out);
/* New: a datetime of UTC, one without a zone, a date, a time, a timedelta. */
PyObject *moment_stamp(int64_t microseconds);
PyObject *moment_naive(int64_t microseconds);
PyObject *moment_date(int64_t days);
PyObject *moment_time(int64_t microseconds);
PyObject *moment_delta(int64_t microseconds);

/* ---- walk.c: values of Python become rows ---- */

struct walk;
/* `convert` makes of an object of a type that is not known here one that is, or raises TypeError.
 * Memory for the keys of one resource. NULL with an error. */
struct walk *walk_new(PyObject *convert);
void walk_free(struct walk *walk);
/* Another run begins, whose rows know no keys yet. */
void walk_begin(struct walk *walk);
/* One item of a resource: a row, or a page of them. */
int walk_item(struct walk *walk, struct tg_rows *rows, PyObject *item);
/* New, after an item that failed: a tuple of the way to the value that has (a list of keys and
 * indices, the innermost first) and that value. NULL with an error. */
PyObject *walk_failure(struct walk *walk);

/* ---- stream.c: Arrow, in and out ---- */

/* Whether it speaks the Arrow protocol; -1: an error. */
int is_stream(PyObject *object);
/* Moves its stream to *out. */
int stream_take(PyObject *object, struct ArrowArrayStream *out);
/* One without columns. */
void stream_of_nothing(struct ArrowArrayStream *out);
/* New: an object that hands the stream out, or fetches its rows; `owner`, a pipeline or a session,
 * lives as long as it does. */
PyObject *stream_give(struct ArrowArrayStream *stream, PyObject *owner);
/* Sets what a call of a stream has failed with. -1. */
int stream_failed(struct ArrowArrayStream *stream, int code);
int stream_schema_of(struct ArrowArrayStream *stream, struct ArrowSchema *out);

/* ---- tuples.c: a stream's rows as values of Python ---- */

struct tuples;
/* NULL with an error, of a column that has no rows here. The stream is borrowed. */
struct tuples *tuples_new(struct ArrowArrayStream *stream);
void tuples_free(struct tuples *rows);
/* New: a list of tuples, of at most so many rows (negative: of all); an empty one at the end. */
PyObject *tuples_fetch(struct tuples *rows, int64_t most);

/* ---- pipeline.c ---- */

/* Of a pipeline object: whether the library may be called for it; sets the error. */
bool pipeline_enter(PyObject *object);
/* Of a call that has ended: false with what was raised in it, or with the library's error. */
bool pipeline_leave(PyObject *object, int rc, const struct tg_error *err);
struct tg_pipeline *pipeline_handle(PyObject *object);
/* Where what is raised inside of a call of it is kept. */
struct raised *pipeline_raised(PyObject *object);
/* Whether it was made by this process, not by one that has forked it. */
bool pipeline_is_ours(PyObject *object);

/* ---- backfill.c: methods of a pipeline object ---- */

PyObject *backfill_plan(PyObject *pipeline, PyObject *dict);
PyObject *backfill_work(PyObject *pipeline, PyObject *args);

/* ---- reset.c: the same ---- */

PyObject *reset_resources(PyObject *pipeline, PyObject *args);

/* ---- session.c: statements of a program's own ---- */

/* New. */
PyObject *session_new(PyObject *pipeline);
/* The pipeline of a session; any other object itself. Borrowed. */
PyObject *session_pipeline(PyObject *object);

/* ---- fields.c: dicts become structs, structs become dicts ---- */

enum field_kind {
    FIELD_TEXT,
    FIELD_BOOL,
    FIELD_INT,
    FIELD_UINT64,
    FIELD_INT64,
    FIELD_DOUBLE,
    FIELD_SIZE
};

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset;
};
/* One of a struct's, by its own name. */
#define FIELD_OF(type, kind, name)                                                                 \
    {                                                                                              \
#name, kind, offsetof(struct type, name)                                                   \
    }
/* Sets the fields that the dict has; a key that is no field, and none of `others` (NULL-terminated,
 * may be NULL), is a TypeError. Texts are borrowed from the dict's. */
int fields_read(const struct field *fields, void *out, PyObject *dict, const char *const *others);
/* New: a dict of them all. */
PyObject *fields_write(const struct field *fields, const void *from);
/* Out of a dict: None where it has no such key. */
PyObject *get(PyObject *dict, const char *name);
/* Into a dict, a list: both take the value, also a NULL one (then an error is set). */
int put(PyObject *dict, const char *name, PyObject *value);
int append(PyObject *list, PyObject *value);
/* Structs of one kind that something of the library has: each by its index, NULL behind the last
 * one. */
struct listing {
    const char *name;
    const struct field *fields;
    const void *(*at)(const void *owner, size_t index);
};
/* Puts lists of dicts into a dict; `lists` end with one without a name. */
int lists_put(PyObject *dict, const struct listing *lists, const void *owner);
/* A value for a cursor: None, bool, int, float, str, datetime, date, bytes (which are JSON); texts
 * are borrowed. */
int value_read(PyObject *object, struct tg_value *out);
/* New. */
PyObject *value_write(const struct tg_value *value);

/* ---- resource.c: what a resource calls ---- */

/* Of a pipeline: where what its callbacks raise is kept, and the read that is at work, for what
 * Python asks of it meanwhile (NULL: none is). */
struct calls {
    struct raised raised;
    const struct tg_read *read;
    const void *entered; /* the reader whose code ran last */
};
/* Fills `resource` from the dict, its callbacks included. The texts are borrowed from the dict,
 * lists are in memory that `scratch` gets, which the caller frees with PyMem_Free. */
int resource_take(struct calls *calls, PyObject *dict, struct tg_resource *resource,
                  void **scratch);

/* The same of a dict of hints for a table. */
int hints_take(PyObject *dict, struct tg_resource *resource, void **scratch);

/* ---- table.c: which table rows are for ---- */

bool is_table(PyObject *object);
/* Rows that the read pushes from here on are for it. `known` is a dict, which keeps what has been
 * said of tables in the run. */
int table_take(PyObject *item, PyObject *known, const struct tg_read *read);

/* ---- given.c: a connection that Python has ---- */

/* Fills `out` from an object with `name`, `dialect` and `open()`; `release` gives up the reference
 * that is taken here. */
int connection_take(struct calls *calls, PyObject *object, struct tg_connection *out);

/* ---- report.c: what a run did; plan.c: what it would do ---- */

/* New: a dict. */
PyObject *report_write(const struct tg_result *result);
PyObject *plan_write(const struct tg_plan *plan);

#endif
