/*
 * Which columns of a table or a query a resource reads.
 */
#ifndef TIDEGATE_EXTRACT_SQL_CHOSEN_H
#define TIDEGATE_EXTRACT_SQL_CHOSEN_H

#include "extract/source.h"

/* By its options; where keys are asked for, these. */
bool is_chosen(const struct resource_request *request, const char *name);

#endif
