/*
 * Which rows of an Arrow batch are new.
 */
#ifndef TIDEGATE_EXTRACT_JUDGE_BATCH_H
#define TIDEGATE_EXTRACT_JUDGE_BATCH_H

#include "extract/cursor/judge.h"

/* Judges all rows of the page. Fills cursor->keep, and *kept with how many stay; the batch itself
 * is cut when its boundary rows have been hashed. */
int judge_batch(struct pass *pass, int64_t *kept, struct tg_error *err) TG_CHECK_RESULT;

#endif
