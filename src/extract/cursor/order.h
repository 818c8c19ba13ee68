/*
 * Texts that only look ordered: "9" comes after "10", 12/31/2023 after 01/02/2024.
 */
#ifndef TIDEGATE_EXTRACT_ORDER_H
#define TIDEGATE_EXTRACT_ORDER_H

#include <stdbool.h>
#include <stddef.h>

/* What both texts are ("numbers", "dates") when their order as that is the opposite of their order
 * by bytes; NULL: it is not, or they are none. A date that may be read with its day or its month
 * first counts only if it is the opposite either way. */
const char *order_contradicts(const char *a, size_t a_len, const char *b, size_t b_len);

#endif
