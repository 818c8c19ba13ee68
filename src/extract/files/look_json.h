/*
 * Where the rows of a JSON file stand, if that is inside of something else.
 */
#ifndef TIDEGATE_EXTRACT_LOOK_JSON_H
#define TIDEGATE_EXTRACT_LOOK_JSON_H

#include "base/buf.h"
#include "base/error.h"

/* An envelope: the path to its rows, as select takes it, and how many were seen; more may follow.
 * The path is empty where the file is none, or is cut or broken before anything shows it. */
struct envelope {
    struct buf path;
    size_t rows;
    bool is_cut;
};

/* Looks at the beginning of a file. TG_SOURCE, TG_DATA as for reader_read. */
int look_for_envelope(const char *path, struct envelope *out, struct tg_error *err) TG_CHECK_RESULT;

#endif
