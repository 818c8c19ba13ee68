/*
 * What the log of a run says at each step of it.
 */
#ifndef TIDEGATE_TELL_H
#define TIDEGATE_TELL_H

#include "run/load.h"

void tell_begins(const struct load *load);
/* `cursor` NULL: it has none. */
void tell_reads(const struct session *session, const struct resource *resource,
                const struct tg_cursor *cursor);
void tell_read(const struct session *session, const struct resource_counts *counts);
void tell_sealed(const struct load *load);
/* What was written, by table; `result` has it. Where nothing was: so. */
void tell_written(const struct load *load, const struct tg_result *result);
void tell_settled(const struct session *session, const char *load_id);

#endif
