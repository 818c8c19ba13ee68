/*
 * A resource: a dict of its options becomes a struct tg_resource, and its iterator of Python is
 * read page by page.
 *
 * Path: resource_take -> (the run) on_begin -> on_read: `open` gives an iterator, items until a
 * page is full -> walk.c, or an Arrow stream; `finish` after the last -> on_end, with what became
 * of the rows.
 *
 * Where a function looks at its cursor, an item is a page, so that the last value is right when the
 * function goes on. From the first item on with something said about its table (a mark) the items
 * come by `spread`, a step of Python, and with them objects of table.c.
 */
#include "core.h"

#include <string.h>

enum {
    PAGE_ROWS = 2000,
    SINGLE_ROWS = 1000 /* by turns, so many rows come one a turn, if they are yielded so */
};

/* What is yielded in the place of an item by one that waits for another resource. */
static PyObject *pause_mark;

/* What is drawn of one iterator. */
struct items {
    PyObject *iterator;
    PyObject *waiting; /* a stream that came after rows of the page before */
    uint64_t row;      /* the number of rows so far, where no stream was among them */
};

struct reader {
    struct calls *calls;
    PyObject *open;      /* open(start, last, end) gives an iterable */
    PyObject *finish;    /* finish() when no more is read, or None */
    PyObject *close;     /* close(outcome) when the run is over, or None */
    PyObject *advance;   /* advance(last, rows before, rows beyond) before each item, or None */
    PyObject *refuse;    /* of what cannot be a row: gives what is raised, or None */
    PyObject *list_keys; /* list_keys() gives an iterable of all keys that there are, or None */
    PyObject *last_value_func; /* of two values or one, or None */
    PyObject *enter;           /* enter() when its code is at work after another's, or None */
    PyObject *has_room;        /* has_room(): may an item be drawn? or None: always */
    PyObject *forward;         /* forward(item, which of its rows are new or None), or None */
    PyObject *marks;           /* a tuple of types, or None */
    PyObject *spread;          /* spread(such an item): gives an iterator of it and the rest */
    bool is_spread;            /* spread gives the items */
    bool frames_are_ready; /* the first item was one: each is made a stream where it comes from */
    PyObject *plain;       /* the type that items had last which need nothing of spread, or NULL */
    PyObject *passing;     /* an item that is judged */
    bool passing_is_stream;
    uint8_t *taken; /* of its rows */
    size_t taken_len, taken_cap;
    bool some_are_old;
    bool by_turns;
    bool is_unseen;     /* its items go on, and are no rows */
    PyObject *tables;   /* table.c: a dict, of a run */
    struct items items; /* of `open`, */
    struct items keys;  /* and of `list_keys` */
    struct walk *walk;
    struct tg_value last; /* what advance was told, */
    bool before, beyond;
    PyObject *last_object; /* and has as an object */
    PyObject *answer;      /* of last_value_func: its text is borrowed */
};

/* Takes `value`. */
static void replace(PyObject **to, PyObject *value)
{
    PyObject *before = *to;
    *to = value;
    Py_XDECREF(before);
}

/* ---- the cursor ---- */

static bool same_value(const struct tg_value *a, const struct tg_value *b)
{
    return a->kind == b->kind && a->int64 == b->int64 && a->real == b->real &&
           (a->text == b->text || (a->text && b->text && strcmp(a->text, b->text) == 0));
}

static int tell_last(struct reader *reader, const struct tg_read *read)
{
    const struct tg_value *last = &read->cursor->last;
    const bool before = read->rows_before > 0, beyond = read->rows_beyond > 0;
    if (reader->advance == Py_None || (reader->last_object && same_value(&reader->last, last) &&
                                       before == reader->before && beyond == reader->beyond))
        return 0;
    PyObject *object = value_write(last);
    PyObject *done =
        object ? PyObject_CallFunction(reader->advance, "Oii", object, before, beyond) : NULL;
    reader->last = *last;
    reader->before = before;
    reader->beyond = beyond;
    if (done && PyUnicode_Check(object)) /* the library's text may change: ours stays */
        reader->last.text = PyUnicode_AsUTF8AndSize(object, NULL);
    replace(&reader->last_object, object);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

static int on_last_value(void *user, const struct tg_value *values, size_t count,
                         struct tg_value *out, struct tg_error *err)
{
    struct reader *reader = user;
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *tuple = PyTuple_New((Py_ssize_t)count);
    for (size_t i = 0; tuple && i < count; i++) {
        PyObject *value = value_write(&values[i]);
        if (!value || PyTuple_SetItem(tuple, (Py_ssize_t)i, value) < 0)
            Py_CLEAR(tuple);
    }
    PyObject *answer =
        tuple ? PyObject_CallFunctionObjArgs(reader->last_value_func, tuple, NULL) : NULL;
    int rc = answer && value_read(answer, out) == 0
                 ? TG_OK
                 : raised_take(&reader->calls->raised, TG_SOURCE, err);
    replace(&reader->answer, answer);
    Py_XDECREF(tuple);
    PyGILState_Release(state);
    return rc;
}

/* ---- reading ---- */

static void close_items(struct items *items)
{
    Py_CLEAR(items->iterator);
    Py_CLEAR(items->waiting);
    items->row = 0;
}

/* What an earlier run has left is not read on. */
static void forget(struct reader *reader)
{
    close_items(&reader->items);
    close_items(&reader->keys);
    Py_CLEAR(reader->last_object);
    Py_CLEAR(reader->passing);
    walk_begin(reader->walk);
    Py_CLEAR(reader->tables);
    reader->is_spread = reader->frames_are_ready = false;
    reader->calls->entered = NULL;
}

static int on_begin(void *user, const struct tg_cursor *cursor, struct tg_error *err)
{
    PyGILState_STATE state = PyGILState_Ensure();
    forget(user);
    PyGILState_Release(state);
    (void)cursor;
    (void)err;
    return TG_OK;
}

/* Takes what is to be iterated, also NULL. */
static int take_iterator(struct items *items, PyObject *iterable)
{
    items->iterator = iterable ? PyObject_GetIter(iterable) : NULL;
    Py_XDECREF(iterable);
    return items->iterator ? 0 : -1;
}

/* With the first page, so that the program's code finds all that a read has. */
static int open_items(struct reader *reader, const struct tg_cursor *cursor)
{
    PyObject *start = value_write(&cursor->start);
    PyObject *last = value_write(&cursor->last);
    PyObject *end = value_write(&cursor->end);
    int rc = -1;
    if (start && last && end)
        rc = take_iterator(&reader->items,
                           PyObject_CallFunctionObjArgs(reader->open, start, last, end, NULL));
    Py_XDECREF(start);
    Py_XDECREF(last);
    Py_XDECREF(end);
    return rc;
}

/* What cannot be a row is told with its place: refuse(error, rows before the item, is it a page,
 * walk_failure) gives what is raised. */
static int refuse(struct reader *reader, uint64_t row, bool is_page)
{
    PyObject *type, *value, *traceback;
    bool is_its_own = PyErr_ExceptionMatches(PyExc_TypeError) ||
                      PyErr_ExceptionMatches(PyExc_ValueError) ||
                      PyErr_ExceptionMatches(PyExc_OverflowError);
    if (reader->refuse == Py_None || !is_its_own)
        return -1;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback)
        PyException_SetTraceback(value, traceback);
    PyObject *place = walk_failure(reader->walk);
    PyObject *told = NULL;
    if (place)
        told = PyObject_CallFunction(reader->refuse, "OKiO", value, (unsigned long long)row,
                                     is_page, place);
    if (told)
        PyErr_SetObject((PyObject *)Py_TYPE(told), told);
    Py_XDECREF(told);
    Py_XDECREF(place);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return -1;
}

/* One item: *count grows by its rows; a stream, which is a page of its own, fills the page. */
static int take_item(struct reader *reader, struct items *items, struct tg_read *read,
                     PyObject *item, size_t *count)
{
    PyTypeObject *type = Py_TYPE(item);
    uint64_t before = items->row;
    if (item == Py_None)
        return 0;
    if (is_stream(item)) {
        *count = PAGE_ROWS;
        return stream_take(item, &read->stream);
    }
    bool is_page = type == &PyList_Type; /* as the source made it */
    *count += is_page ? PAGE_ROWS : 1;
    items->row += is_page ? (uint64_t)PyList_Size(item) : 1;
    return walk_item(reader->walk, read->rows, item) < 0 ? refuse(reader, before, is_page) : 0;
}

/* New; NULL at the end, or with an error. */
static PyObject *next_item(struct reader *reader, struct items *items, const struct tg_read *read)
{
    PyObject *item = items->waiting;
    items->waiting = NULL;
    if (item)
        return item;
    return items == &reader->items && tell_last(reader, read) < 0 ? NULL
                                                                  : PyIter_Next(items->iterator);
}

/* ---- what goes on to other resources ---- */

/* Calls a function without arguments that may be None; new. */
static PyObject *call_if_there(PyObject *function)
{
    return function == Py_None ? Py_NewRef(Py_None) : PyObject_CallFunctionObjArgs(function, NULL);
}

/* The program's code is to find itself at work. */
static int enter(struct reader *reader)
{
    if (reader->calls->entered == reader)
        return 0;
    PyObject *done = call_if_there(reader->enter);
    reader->calls->entered = done ? reader : NULL;
    Py_XDECREF(done);
    return done ? 0 : -1;
}

/* -1: an error. */
static int has_room(struct reader *reader)
{
    PyObject *answer = call_if_there(reader->has_room);
    int has = !answer ? -1 : answer == Py_None || PyObject_IsTrue(answer);
    Py_XDECREF(answer);
    return has;
}

/* The item that was judged, if there is one. */
static int hand_on(struct reader *reader)
{
    PyObject *item = reader->passing;
    reader->passing = NULL;
    if (!item)
        return 0;
    PyObject *taken =
        !reader->some_are_old
            ? Py_NewRef(Py_None)
            : PyBytes_FromStringAndSize((const char *)reader->taken, (Py_ssize_t)reader->taken_len);
    PyObject *done =
        taken ? PyObject_CallFunctionObjArgs(reader->forward, item, taken, NULL) : NULL;
    Py_DECREF(item);
    Py_XDECREF(taken);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

/* A stream comes in batches, each a page: how many of them is known behind the last one. */
static int note_judged(struct reader *reader, const struct tg_judged *judged)
{
    const size_t need = reader->taken_len + judged->count;
    if (need > reader->taken_cap) {
        uint8_t *more = PyMem_Realloc(reader->taken, need * 2);
        if (!more)
            return PyErr_NoMemory(), -1;
        reader->taken = more;
        reader->taken_cap = need * 2;
    }
    for (size_t i = 0; i < judged->count; i++)
        reader->taken[reader->taken_len + i] = judged->taken ? judged->taken[i] : 1;
    reader->taken_len = need;
    reader->some_are_old |= judged->taken != NULL;
    return reader->passing_is_stream ? 0 : hand_on(reader);
}

static int call_finish(struct reader *reader)
{
    if (hand_on(reader) < 0)
        return -1;
    PyObject *done = call_if_there(reader->finish);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

static int on_judged(const struct tg_read *read, const struct tg_judged *judged,
                     struct tg_error *err)
{
    struct reader *reader = read->user;
    if (!judged->ended && reader->forward == Py_None)
        return TG_OK;
    PyGILState_STATE state = PyGILState_Ensure();
    reader->calls->read = read;
    bool fails = judged->ended ? enter(reader) < 0 || call_finish(reader) < 0
                               : note_judged(reader, judged) < 0;
    int rc = fails ? raised_take(&reader->calls->raised, TG_SOURCE, err) : TG_OK;
    reader->calls->read = NULL;
    PyGILState_Release(state);
    return rc;
}

/* ---- pages ---- */

/* Those whose items others take, or who look at their cursor, give one a page. */
static size_t page_rows(const struct reader *reader, const struct items *items)
{
    const bool singly = reader->advance != Py_None || reader->forward != Py_None ||
                        (reader->by_turns && items->row < SINGLE_ROWS);
    return items == &reader->items && singly ? 1 : PAGE_ROWS;
}

/* A row, a page or a stream; where others take it, too, it is theirs once it was judged. */
static int take_or_pass(struct reader *reader, struct items *items, struct tg_read *read,
                        PyObject *item, size_t *count)
{
    if (items == &reader->items && reader->forward != Py_None && item != Py_None) {
        reader->passing = Py_NewRef(item);
        reader->passing_is_stream = false;
        reader->taken_len = 0;
        reader->some_are_old = false;
    }
    if (reader->is_unseen) {
        *count += item != Py_None;
        return hand_on(reader);
    }
    int rc = take_item(reader, items, read, item, count);
    reader->passing_is_stream = read->stream.release != NULL;
    return rc;
}

/* It is no row, and goes to nobody else. */
static int turn_to(struct reader *reader, PyObject *table, const struct tg_read *read)
{
    if (reader->is_unseen)
        return 0;
    if (!reader->tables)
        reader->tables = PyDict_New();
    return reader->tables ? table_take(table, reader->tables, read) : -1;
}

static bool is_frame(PyTypeObject *type)
{
    static const char *const signs[] = {"__arrow_c_stream__", "__arrow_c_array__",
                                        "collect_schema"};
    for (size_t i = 0; type != &PyDict_Type && i < sizeof(signs) / sizeof(signs[0]); i++)
        if (PyObject_HasAttrString((PyObject *)type, signs[i]))
            return true;
    return false;
}

/* Whether it has something said about its table, is several streams in one, or a frame behind rows;
 * -1: an error. */
static int needs_spread(struct reader *reader, PyObject *item)
{
    PyTypeObject *type = Py_TYPE(item);
    if (type == &PyDict_Type || (PyObject *)type == reader->plain || reader->is_spread ||
        reader->marks == Py_None)
        return 0;
    if (type == &PyList_Type)
        return PyList_Size(item) > 0 && is_frame(Py_TYPE(PyList_GetItem(item, 0)));
    int is_marked = PySequence_Contains(reader->marks, (PyObject *)type);
    if (is_marked != 0)
        return is_marked;
    if (!is_frame(type)) { /* looking in vain takes time: once is enough */
        replace(&reader->plain, Py_NewRef((PyObject *)type));
        return 0;
    }
    reader->frames_are_ready |= reader->items.row == 0;
    return !reader->frames_are_ready;
}

/* From then on a function of Python gives what it makes of the items. */
static int take_over(struct reader *reader, PyObject *item)
{
    PyObject *rest = PyObject_CallFunctionObjArgs(reader->spread, item, NULL);
    if (!rest)
        return -1;
    replace(&reader->items.iterator, rest);
    reader->is_spread = true;
    return 0;
}

static int read_page(struct reader *reader, struct items *items, struct tg_read *read)
{
    size_t count = 0;
    const size_t page = page_rows(reader, items);
    while (count < page) {
        PyObject *item = next_item(reader, items, read);
        if (!item && PyErr_Occurred())
            return -1;
        if (!item) {
            read->done = true;
            return 0;
        }
        if (item == pause_mark) {
            Py_DECREF(item);
            return 0;
        }
        int rc = items == &reader->items ? needs_spread(reader, item) : 0;
        if (rc > 0) {
            rc = take_over(reader, item);
        } else if (rc == 0 && count > 0 && is_stream(item)) {
            items->waiting = item;
            return 0;
        } else if (rc == 0) {
            rc = is_table(item) ? turn_to(reader, item, read)
                                : take_or_pass(reader, items, read, item, &count);
        }
        Py_DECREF(item);
        if (rc < 0)
            return -1;
    }
    return 0;
}

static int read_items(struct reader *reader, struct tg_read *read)
{
    if (PyErr_CheckSignals() < 0 || enter(reader) < 0 || hand_on(reader) < 0 ||
        (!reader->items.iterator && open_items(reader, read->cursor) < 0))
        return -1;
    int room = has_room(reader);
    return room > 0 ? read_page(reader, &reader->items, read) : room;
}

static int on_read(struct tg_read *read, struct tg_error *err)
{
    struct reader *reader = read->user;
    PyGILState_STATE state = PyGILState_Ensure();
    reader->calls->read = read;
    int rc =
        read_items(reader, read) < 0 ? raised_take(&reader->calls->raised, TG_SOURCE, err) : TG_OK;
    reader->calls->read = NULL;
    PyGILState_Release(state);
    return rc;
}

static int on_list_keys(struct tg_read *read, struct tg_error *err)
{
    struct reader *reader = read->user;
    PyGILState_STATE state = PyGILState_Ensure();
    reader->calls->read = read;
    bool fails = PyErr_CheckSignals() < 0;
    if (!reader->keys.iterator)
        walk_begin(reader->walk); /* other rows, which know no keys of the resource's own */
    fails = fails || (!reader->keys.iterator &&
                      take_iterator(&reader->keys,
                                    PyObject_CallFunctionObjArgs(reader->list_keys, NULL)) < 0);
    fails = fails || read_page(reader, &reader->keys, read) < 0;
    int rc = fails ? raised_take(&reader->calls->raised, TG_SOURCE, err) : TG_OK;
    reader->calls->read = NULL;
    PyGILState_Release(state);
    return rc;
}

static void on_end(void *user, enum tg_outcome outcome)
{
    static const char *const names[] = {"committed", "sealed", "given_up"};
    struct reader *reader = user;
    struct tg_error err = {0};
    PyGILState_STATE state = PyGILState_Ensure();
    forget(reader);
    PyObject *done = reader->close == Py_None
                         ? Py_NewRef(Py_None)
                         : PyObject_CallFunction(reader->close, "s", names[outcome]);
    if (!done)
        (void)raised_take(&reader->calls->raised, TG_SOURCE, &err);
    Py_XDECREF(done);
    PyGILState_Release(state);
}

static void on_release(void *user)
{
    struct reader *reader = user;
    PyGILState_STATE state = PyGILState_Ensure();
    Py_XDECREF(reader->open);
    Py_XDECREF(reader->close);
    Py_XDECREF(reader->advance);
    Py_XDECREF(reader->refuse);
    Py_XDECREF(reader->list_keys);
    Py_XDECREF(reader->last_value_func);
    Py_XDECREF(reader->finish);
    Py_XDECREF(reader->enter);
    Py_XDECREF(reader->has_room);
    Py_XDECREF(reader->forward);
    Py_XDECREF(reader->marks);
    Py_XDECREF(reader->spread);
    Py_XDECREF(reader->plain);
    Py_XDECREF(reader->answer);
    forget(reader);
    PyMem_Free(reader->taken);
    walk_free(reader->walk);
    PyMem_Free(reader);
    PyGILState_Release(state);
}

/* ---- out of the dict ---- */

#define OF(kind, name)                                                                             \
    {                                                                                              \
#name, kind, offsetof(struct tg_resource, name)                                            \
    }

static const struct field fields[] = {
    OF(FIELD_TEXT, name),
    OF(FIELD_TEXT, table_name),
    OF(FIELD_INT, write_disposition),
    OF(FIELD_TEXT, primary_key),
    OF(FIELD_TEXT, merge_key),
    OF(FIELD_BOOL, append_on_missing_key),
    OF(FIELD_TEXT, cursor_path),
    OF(FIELD_INT, last_value),
    OF(FIELD_INT, on_cursor_value_missing),
    OF(FIELD_INT, max_table_nesting),
    OF(FIELD_INT, row_ids),
    OF(FIELD_BOOL, reject_bad_rows),
    OF(FIELD_UINT64, reject_max),
    OF(FIELD_TEXT, description),
    OF(FIELD_TEXT, hints),
    OF(FIELD_TEXT, source),
    OF(FIELD_INT, commit_safe),
    OF(FIELD_INT, on_commit_safe_wait),
    OF(FIELD_TEXT, commit_safe_wait),
    OF(FIELD_TEXT, merge_strategy),
    OF(FIELD_BOOL, skip_unchanged_rows),
    OF(FIELD_TEXT, validity_column_names),
    OF(FIELD_TEXT, row_version_column_name),
    OF(FIELD_TEXT, active_record_timestamp),
    OF(FIELD_TEXT, boundary_timestamp),
    OF(FIELD_BOOL, allow_empty),
    OF(FIELD_TEXT, source_filter),
    OF(FIELD_TEXT, destination_scope),
    OF(FIELD_TEXT, merge_scope),
    OF(FIELD_TEXT, range),
    OF(FIELD_TEXT, range_column_name),
    OF(FIELD_TEXT, range_limit),
    OF(FIELD_BOOL, deduplicated),
    OF(FIELD_BOOL, range_start_open),
    OF(FIELD_BOOL, range_end_closed),
    OF(FIELD_INT, row_order),
    OF(FIELD_TEXT, lag),
    OF(FIELD_TEXT, cursor_primary_key),
    OF(FIELD_TEXT, cursor_type),
    OF(FIELD_TEXT, cursor_format),
    OF(FIELD_TEXT, turns_with),
    OF(FIELD_BOOL, no_table),
    OF(FIELD_BOOL, materialize),
    {"contract_tables", FIELD_INT, offsetof(struct tg_resource, schema_contract.tables)},
    {"contract_columns", FIELD_INT, offsetof(struct tg_resource, schema_contract.columns)},
    {"contract_data_type", FIELD_INT, offsetof(struct tg_resource, schema_contract.data_type)},
    {"limit_rows_deleted", FIELD_TEXT, offsetof(struct tg_resource, limits.rows_deleted)},
    {"limit_tables_added", FIELD_TEXT, offsetof(struct tg_resource, limits.tables_added)},
    {"limit_columns_added", FIELD_TEXT, offsetof(struct tg_resource, limits.columns_added)},
    {"limit_type_changes", FIELD_TEXT, offsetof(struct tg_resource, limits.type_changes)},
    {"deletes_detect", FIELD_INT, offsetof(struct tg_resource, deletes.detect)},
    {"deletes_apply", FIELD_INT, offsetof(struct tg_resource, deletes.apply)},
    {"deletes_limit", FIELD_TEXT, offsetof(struct tg_resource, deletes.limit)},
    {"deletes_allow_empty", FIELD_BOOL, offsetof(struct tg_resource, deletes.allow_empty)},
    {0},
};
#undef OF
#define OF(kind, name)                                                                             \
    {                                                                                              \
#name, kind, offsetof(struct tg_column, name)                                              \
    }

static const struct field column_fields[] = {
    OF(FIELD_TEXT, name),        OF(FIELD_TEXT, data_type),  OF(FIELD_INT, nullable),
    OF(FIELD_INT, precision),    OF(FIELD_INT, scale),       OF(FIELD_INT, timezone),
    OF(FIELD_BOOL, hard_delete), OF(FIELD_TEXT, dedup_sort), OF(FIELD_BOOL, unique),
    OF(FIELD_BOOL, partition),   OF(FIELD_BOOL, cluster),    OF(FIELD_BOOL, sort),
    OF(FIELD_TEXT, description), OF(FIELD_TEXT, hints),      {0},
};

static const struct field option_fields[] = {
    {"name", FIELD_TEXT, offsetof(struct tg_option, name)},
    {"text", FIELD_TEXT, offsetof(struct tg_option, text)},
    {0},
};

/* Lists of structs. */
static const struct list {
    const char *name;
    const struct field *fields;
    size_t item_size, items_at, count_at;
} lists[] = {
    {"columns", column_fields, sizeof(struct tg_column), offsetof(struct tg_resource, columns),
     offsetof(struct tg_resource, column_count)},
    {"options", option_fields, sizeof(struct tg_option), offsetof(struct tg_resource, options),
     offsetof(struct tg_resource, option_count)},
    {"source_options", option_fields, sizeof(struct tg_option),
     offsetof(struct tg_resource, source_options),
     offsetof(struct tg_resource, source_option_count)},
};
enum { LIST_COUNT = sizeof(lists) / sizeof(lists[0]) };

static const char *const others[] = {
    "enter",     "has_room", "forward", "by_turns",        "is_unseen",     "open",
    "finish",    "close",    "advance", "last_value_func", "convert",       "refuse",
    "list_keys", "columns",  "options", "source_options",  "initial_value", "end_value",
    "marks",     "spread",   NULL};

/* All lists in one piece of memory, which the caller frees. */
static int read_lists(PyObject *dict, struct tg_resource *resource, void **scratch)
{
    size_t size = 1;
    for (size_t i = 0; i < LIST_COUNT; i++) {
        PyObject *list = get(dict, lists[i].name);
        size += list == Py_None ? 0 : (size_t)PyList_Size(list) * lists[i].item_size;
    }
    char *at = *scratch = PyErr_Occurred() ? NULL : PyMem_Calloc(1, size);
    if (!at)
        return PyErr_Occurred() ? -1 : (PyErr_NoMemory(), -1);
    for (size_t i = 0; i < LIST_COUNT; i++) {
        PyObject *list = get(dict, lists[i].name);
        Py_ssize_t count = list == Py_None ? 0 : PyList_Size(list);
        memcpy((char *)resource + lists[i].items_at, &at, sizeof(at));
        memcpy((char *)resource + lists[i].count_at, &count, sizeof(count));
        for (Py_ssize_t k = 0; k < count; k++, at += lists[i].item_size)
            if (fields_read(lists[i].fields, at, PyList_GetItem(list, k), NULL) < 0)
                return -1;
    }
    return 0;
}

static struct reader *reader_new(struct calls *calls, PyObject *dict)
{
    struct reader *reader = PyMem_Calloc(1, sizeof(*reader));
    struct walk *walk = reader ? walk_new(get(dict, "convert")) : NULL;
    if (!walk) {
        PyMem_Free(reader);
        return PyErr_Occurred() ? NULL : (struct reader *)(void *)PyErr_NoMemory();
    }
    reader->calls = calls;
    reader->walk = walk;
    reader->open = Py_NewRef(get(dict, "open"));
    reader->finish = Py_NewRef(get(dict, "finish"));
    reader->enter = Py_NewRef(get(dict, "enter"));
    reader->has_room = Py_NewRef(get(dict, "has_room"));
    reader->forward = Py_NewRef(get(dict, "forward"));
    reader->marks = Py_NewRef(get(dict, "marks"));
    reader->spread = Py_NewRef(get(dict, "spread"));
    reader->by_turns = get(dict, "by_turns") == Py_True;
    reader->is_unseen = get(dict, "is_unseen") == Py_True;
    reader->close = Py_NewRef(get(dict, "close"));
    reader->advance = Py_NewRef(get(dict, "advance"));
    reader->refuse = Py_NewRef(get(dict, "refuse"));
    reader->list_keys = Py_NewRef(get(dict, "list_keys"));
    reader->last_value_func = Py_NewRef(get(dict, "last_value_func"));
    return reader;
}

int hints_take(PyObject *dict, struct tg_resource *resource, void **scratch)
{
    static const char *const columns[] = {"columns", NULL};
    *scratch = NULL;
    tg_resource_init(resource);
    return fields_read(fields, resource, dict, columns) < 0 ||
                   read_lists(dict, resource, scratch) < 0
               ? -1
               : 0;
}

int resource_take(struct calls *calls, PyObject *dict, struct tg_resource *resource, void **scratch)
{
    *scratch = NULL;
    tg_resource_init(resource);
    if (fields_read(fields, resource, dict, others) < 0 ||
        read_lists(dict, resource, scratch) < 0 ||
        value_read(get(dict, "initial_value"), &resource->initial_value) < 0 ||
        value_read(get(dict, "end_value"), &resource->end_value) < 0)
        return -1;
    if (get(dict, "open") == Py_None) /* a driver reads */
        return 0;
    struct reader *reader = reader_new(calls, dict);
    if (!reader)
        return -1;
    resource->user = reader;
    resource->begin = on_begin;
    resource->read = on_read;
    resource->judged = on_judged;
    resource->end = on_end;
    resource->release = on_release;
    resource->list_keys = reader->list_keys == Py_None ? NULL : on_list_keys;
    resource->last_value_func = reader->last_value_func == Py_None ? NULL : on_last_value;
    return 0;
}

int resource_init(PyObject *module)
{
    pause_mark = PyObject_CallNoArgs((PyObject *)&PyBaseObject_Type);
    return pause_mark ? PyModule_AddObjectRef(module, "PAUSE", pause_mark) : -1;
}
