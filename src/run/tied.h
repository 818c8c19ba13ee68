/*
 * Many rows at a cursor's last value, between the ledger, the cursor and the package.
 *
 *   tied_open -> cursor -> tied_store -> tied_close
 */
#ifndef TIDEGATE_RUN_TIED_H
#define TIDEGATE_RUN_TIED_H

#include "run/load.h"

/* What stands for all of their hashes, where one of them would be: as text. */
enum { TIED_WORD = 80 };
/* false: it is none. */
bool tied_read_word(const char *text, struct ties_total *out);

/* Those of one resource. Zero it before the first use; it stays where it is while it is open. */
struct tied {
    struct load *load;
    const struct resource *resource;
    struct ties *ties;
};
/* `stored`: what the ledger says that it has of them; `place`: the resource's in the load. */
int tied_open(struct tied *tied, struct load *load, const struct resource *resource, size_t place,
              const struct ties_total *stored, struct tg_error *err) TG_CHECK_RESULT;
void tied_close(struct tied *tied);
/* Puts those that are new into the package; `word` stands for all of them. */
int tied_store(const struct tied *tied, char word[TIED_WORD], struct tg_error *err) TG_CHECK_RESULT;

#endif
