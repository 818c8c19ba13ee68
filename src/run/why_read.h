/*
 * What a run would do now with the rows of a key: their source is read.
 */
#ifndef TIDEGATE_RUN_WHY_READ_H
#define TIDEGATE_RUN_WHY_READ_H

#include "run/pipeline.h"
#include "run/why_key.h"

enum { WHY_READ_ROWS_MAX = 20 };

struct why_reading {
    struct why_key *key;  /* of the table of `resource`; NULL: there is none yet */
    const char *key_text; /* as a person has written it */
    const char *resource;
    bool is_there; /* the destination has a row of the key */
    /* Hears of each row, and at the end of all of them: a word for programs, a sentence (cleared).
     */
    int (*tell)(void *user, const char *fact, struct buf *sentence, struct tg_error *err);
    void *user;
};

/* Reads all of the source, in a folder apart; nothing is written. TG_SOURCE and all else that
 * reading comes to; what would fail for a row of the key is told. */
int why_read(struct tg_pipeline *pipeline, const struct why_reading *reading,
             struct tg_error *err) TG_CHECK_RESULT;

#endif
