/*
 * Which files of a listing hold text that was loaded already, whatever they are called by now.
 */
#ifndef TIDEGATE_EXTRACT_KNOWN_H
#define TIDEGATE_EXTRACT_KNOWN_H

#include "extract/files/listing.h"

enum on_grown { GROWN_TAIL, GROWN_ALL, GROWN_FAIL };
enum same_content { SAME_LOAD, SAME_SKIP, SAME_FAIL };

struct known_rules {
    const struct bookmark *entries; /* sorted by path; borrowed by the listing */
    size_t count;
    enum on_grown on_grown;
    enum same_content same_content;
};

/* Says of each file of the listing what is to become of it: fate and reason, with what belongs to
 * them. `growth` of each is set before. */
int known_match(const struct context *ctx, const struct known_rules *rules, struct listing *listing,
                struct tg_error *err) TG_CHECK_RESULT;
/* The whole of the file comes, and with it why a run would not read it, or not all. */
void known_read_anyway(struct listed_file *file);

#endif
