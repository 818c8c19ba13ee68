/*
 * Moments: datetime, date and time of Python to numbers, and back.
 *
 * The limited API has no way into a datetime, and seven attributes cost as much as the whole row
 * does. Its layout is read instead (ten bytes, in the order of a pickle), after a test at import
 * that it is what it is taken for; where it is not, __reduce__ gives the same ten bytes.
 */
#include "core.h"

#include <string.h>

#define SECOND_US INT64_C(1000000)
#define DAY_US    (86400 * SECOND_US)

/* As CPython lays them out (3.11 to 3.13 at least). */
#define HEAD                                                                                       \
    PyObject object;                                                                               \
    Py_hash_t hash;                                                                                \
    char has_zone

struct stamp_layout {
    HEAD;
    unsigned char bytes[10];
    unsigned char fold;
    PyObject *zone;
};
struct time_layout {
    HEAD;
    unsigned char bytes[6];
    unsigned char fold;
    PyObject *zone;
};
struct date_layout {
    HEAD;
    unsigned char bytes[4];
};
#undef HEAD

static struct {
    PyObject *stamp, *date, *time; /* types */
    PyObject *utc, *epoch, *naive_epoch, *epoch_date, *delta;
    bool layout_holds;
    /* the zone that came last, and its offset where it is a fixed one */
    PyObject *zone;
    int64_t zone_us;
} moments;

enum moment moment_of(const PyTypeObject *type)
{
    const PyObject *object = (const PyObject *)type;
    if (object == moments.stamp)
        return MOMENT_STAMP;
    if (object == moments.date)
        return MOMENT_DATE;
    return object == moments.time ? MOMENT_TIME : MOMENT_NONE;
}

/* ---- numbers ---- */

/* Days since 1970 of a day in the Gregorian calendar: years begin in March, so that the day that
 * may be missing is their last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t of_march = (month + 9) % 12;
    int64_t years = year - (month < 3);
    int64_t before = years * 365 + years / 4 - years / 100 + years / 400;
    return before + (of_march * 306 + 5) / 10 + day - 1 - 719468;
}

static int64_t day_of(const unsigned char *bytes)
{
    return days_of(bytes[0] << 8 | bytes[1], bytes[2], bytes[3]);
}

static int64_t time_of(const unsigned char *bytes)
{
    int64_t seconds = bytes[0] * 3600 + bytes[1] * 60 + bytes[2];
    return seconds * SECOND_US + (bytes[3] << 16 | bytes[4] << 8 | bytes[5]);
}

/* ---- zones ---- */

static int delta_us(PyObject *delta, int64_t *out)
{
    static const char *const names[] = {"days", "seconds", "microseconds"};
    int64_t parts[3];
    for (size_t i = 0; i < 3; i++) {
        PyObject *part = PyObject_GetAttrString(delta, names[i]);
        parts[i] = part ? PyLong_AsLongLong(part) : -1;
        Py_XDECREF(part);
        if (PyErr_Occurred())
            return -1;
    }
    *out = parts[0] * DAY_US + parts[1] * SECOND_US + parts[2];
    return 0;
}

/* A zone object of datetime.timezone has one offset; others are asked for each moment. */
static int zone_offset(PyObject *object, PyObject *zone, int64_t *out)
{
    *out = 0;
    if (zone == moments.utc)
        return 0;
    if (zone == moments.zone) {
        *out = moments.zone_us;
        return 0;
    }
    PyObject *delta = PyObject_CallMethod(object, "utcoffset", NULL);
    int rc = !delta ? -1 : delta == Py_None ? 0 : delta_us(delta, out);
    if (rc == 0 && Py_TYPE(zone) == Py_TYPE(moments.utc)) {
        PyObject *before = moments.zone;
        moments.zone = Py_NewRef(zone);
        moments.zone_us = *out;
        Py_XDECREF(before);
    }
    Py_XDECREF(delta);
    return rc;
}

/* ---- out of an object ---- */

/* By __reduce__: (type, (bytes[, zone])). */
static int reduced(PyObject *object, unsigned char *bytes, Py_ssize_t len, PyObject **zone)
{
    PyObject *reduced = PyObject_CallMethod(object, "__reduce__", NULL);
    PyObject *args = reduced ? PyTuple_GetItem(reduced, 1) : NULL;
    PyObject *first = args ? PyTuple_GetItem(args, 0) : NULL;
    char *text;
    Py_ssize_t text_len;
    int rc = first ? PyBytes_AsStringAndSize(first, &text, &text_len) : -1;
    if (rc == 0 && text_len == len) {
        memcpy(bytes, text, (size_t)len);
        bytes[len == 10 ? 2 : 0] &= 0x7F; /* of the month, or the hour, a bit may be the fold */
        *zone = PyTuple_Size(args) > 1 ? Py_NewRef(PyTuple_GetItem(args, 1)) : NULL;
    } else if (rc == 0) {
        PyErr_SetString(PyExc_TypeError, "a date or time that reduces to something else");
        rc = -1;
    }
    Py_XDECREF(reduced);
    return rc;
}

static int stamp_value(PyObject *object, int64_t *out)
{
    unsigned char copy[10];
    const unsigned char *bytes = copy;
    PyObject *zone = NULL, *own = NULL;
    int64_t offset = 0;
    if (moments.layout_holds) {
        const struct stamp_layout *stamp = (const struct stamp_layout *)(void *)object;
        bytes = stamp->bytes;
        zone = stamp->has_zone ? stamp->zone : NULL;
    } else if (reduced(object, copy, 10, &own) < 0) {
        return -1;
    }
    zone = own ? own : zone;
    int rc = zone && zone != Py_None ? zone_offset(object, zone, &offset) : 0;
    *out = day_of(bytes) * DAY_US + time_of(bytes + 4) - offset;
    Py_XDECREF(own);
    return rc;
}

static int date_value(PyObject *object, int64_t *out)
{
    unsigned char copy[4];
    const unsigned char *bytes = copy;
    PyObject *zone = NULL;
    if (moments.layout_holds)
        bytes = ((const struct date_layout *)(void *)object)->bytes;
    else if (reduced(object, copy, 4, &zone) < 0)
        return -1;
    *out = day_of(bytes);
    Py_XDECREF(zone);
    return 0;
}

static int time_value(PyObject *object, int64_t *out)
{
    unsigned char copy[6];
    const unsigned char *bytes = copy;
    PyObject *zone = NULL;
    if (moments.layout_holds)
        bytes = ((const struct time_layout *)(void *)object)->bytes;
    else if (reduced(object, copy, 6, &zone) < 0)
        return -1;
    *out = time_of(bytes);
    Py_XDECREF(zone);
    return 0;
}

int moment_value(PyObject *object, enum moment kind, int64_t *out)
{
    if (kind == MOMENT_STAMP)
        return stamp_value(object, out);
    return kind == MOMENT_DATE ? date_value(object, out) : time_value(object, out);
}

/* ---- into an object ---- */

PyObject *moment_delta(int64_t microseconds)
{
    return PyObject_CallFunction(moments.delta, "iiL", 0, 0, (long long)microseconds);
}

static PyObject *after(PyObject *epoch, int64_t microseconds)
{
    PyObject *delta = moment_delta(microseconds);
    PyObject *sum = delta ? PyNumber_Add(epoch, delta) : NULL;
    Py_XDECREF(delta);
    return sum;
}

PyObject *moment_stamp(int64_t microseconds)
{
    return after(moments.epoch, microseconds);
}

PyObject *moment_naive(int64_t microseconds)
{
    return after(moments.naive_epoch, microseconds);
}

PyObject *moment_time(int64_t microseconds)
{
    int64_t seconds = microseconds / SECOND_US;
    return PyObject_CallFunction(moments.time, "iiii", (int)(seconds / 3600),
                                 (int)(seconds / 60 % 60), (int)(seconds % 60),
                                 (int)(microseconds % SECOND_US));
}

PyObject *moment_date(int64_t days)
{
    PyObject *delta = PyObject_CallFunction(moments.delta, "L", (long long)days);
    PyObject *sum = delta ? PyNumber_Add(moments.epoch_date, delta) : NULL;
    Py_XDECREF(delta);
    return sum;
}

/* ---- at import ---- */

static bool has_size(PyObject *type, size_t size)
{
    PyObject *basic = PyObject_GetAttrString(type, "__basicsize__");
    bool same = basic && PyLong_AsSize_t(basic) == size;
    Py_XDECREF(basic);
    PyErr_Clear();
    return same;
}

/* 2024-02-29 23:58:57.654321 is 1709251137654321, with the zone or without; the bytes of a layout
 * that is another would make another number of it. */
static int test_layout(void)
{
    const int64_t expected = INT64_C(1709251137654321);
    PyObject *delta = PyObject_CallFunction(moments.delta, "iiL", 0, 0, (long long)expected);
    PyObject *aware = delta ? PyNumber_Add(moments.epoch, delta) : NULL;
    PyObject *naive =
        PyObject_CallFunction(moments.stamp, "iiiiiii", 2024, 2, 29, 23, 58, 57, 654321);
    PyObject *day = PyObject_CallFunction(moments.date, "iii", 2024, 2, 29);
    PyObject *hour = PyObject_CallFunction(moments.time, "iiii", 23, 58, 57, 654321);
    int64_t values[4] = {0};
    int rc = aware && naive && day && hour ? 0 : -1;
    moments.layout_holds = has_size(moments.stamp, sizeof(struct stamp_layout)) &&
                           has_size(moments.date, sizeof(struct date_layout)) &&
                           has_size(moments.time, sizeof(struct time_layout));
    if (rc == 0 && moments.layout_holds)
        rc = stamp_value(aware, &values[0]) || stamp_value(naive, &values[1]) ||
                     date_value(day, &values[2]) || time_value(hour, &values[3])
                 ? -1
                 : 0;
    moments.layout_holds = moments.layout_holds && values[0] == expected && values[1] == expected &&
                           values[2] == 19782 && values[3] == expected % DAY_US;
    Py_XDECREF(delta);
    Py_XDECREF(aware);
    Py_XDECREF(naive);
    Py_XDECREF(day);
    Py_XDECREF(hour);
    return rc;
}

/* For tests: whether the layout is read, and not to read it. */
static PyObject *moment_layout(PyObject *module, PyObject *use)
{
    (void)module;
    if (use != Py_None && test_layout() < 0)
        return NULL;
    if (use == Py_False)
        moments.layout_holds = false;
    return PyBool_FromLong(moments.layout_holds);
}

static PyMethodDef methods[] = {
    {"datetime_layout", moment_layout, METH_O,
     "Whether the bytes of a datetime are read where they lie; False: not from now on."},
    {0},
};

int moments_init(PyObject *module)
{
    PyObject *datetime = PyImport_ImportModule("datetime");
    PyObject *zones = datetime ? PyObject_GetAttrString(datetime, "timezone") : NULL;
    if (!zones)
        goto fail;
    moments.stamp = PyObject_GetAttrString(datetime, "datetime");
    moments.date = PyObject_GetAttrString(datetime, "date");
    moments.time = PyObject_GetAttrString(datetime, "time");
    moments.delta = PyObject_GetAttrString(datetime, "timedelta");
    moments.utc = PyObject_GetAttrString(zones, "utc");
    if (!moments.stamp || !moments.date || !moments.time || !moments.delta || !moments.utc)
        goto fail;
    moments.epoch =
        PyObject_CallFunction(moments.stamp, "iiiiiiiO", 1970, 1, 1, 0, 0, 0, 0, moments.utc);
    moments.naive_epoch = PyObject_CallFunction(moments.stamp, "iii", 1970, 1, 1);
    moments.epoch_date = PyObject_CallFunction(moments.date, "iii", 1970, 1, 1);
    if (!moments.epoch || !moments.naive_epoch || !moments.epoch_date || test_layout() < 0)
        goto fail;
    Py_DECREF(zones);
    Py_DECREF(datetime);
    return PyModule_AddFunctions(module, methods);
fail:
    Py_XDECREF(zones);
    Py_XDECREF(datetime);
    return -1;
}
