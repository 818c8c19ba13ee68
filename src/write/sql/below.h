/*
 * Nested tables that another schema alone knows: their rows go with those that they are nested in.
 */
#ifndef TIDEGATE_WRITE_BELOW_H
#define TIDEGATE_WRITE_BELOW_H

#include "write/sql/chain.h"

/* Is there a table that the load's schema does not know, and that may be nested in one of which
 * rows go? By its name. */
bool below_asks(const struct delivery *delivery);
/* Those that `other` knows become targets of the load's chains. */
int below_add(struct delivery *delivery, const struct catalog *other,
              struct tg_error *err) TG_CHECK_RESULT;
/* Nested tables of `other` that are there, with their links, for a catalog that is not stored. */
int below_learn(struct catalog *catalog, const struct described *described,
                const struct catalog *other, struct tg_error *err) TG_CHECK_RESULT;

#endif
