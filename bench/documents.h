/*
 * The documents of the benchmarks: for each kind a function that appends one row and its newline.
 * All draw from one small generator of random numbers, so a build makes the same bytes every time.
 */
#ifndef TIDEGATE_BENCH_DOCUMENTS_H
#define TIDEGATE_BENCH_DOCUMENTS_H

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { DOCUMENT_BYTES_MAX = 64 * 1024, ADD_BYTES_MAX = 1024 };

struct documents {
    char *text; /* has room for DOCUMENT_BYTES_MAX more */
    size_t len;
    uint64_t random; /* DOCUMENTS_SEED to begin with */
};

#define DOCUMENTS_SEED UINT64_C(88172645463325252)

static inline uint32_t random_below(struct documents *out, uint32_t limit)
{
    out->random ^= out->random << 13;
    out->random ^= out->random >> 7;
    out->random ^= out->random << 17;
    return (uint32_t)((out->random >> 32) * limit >> 32);
}

__attribute__((format(printf, 2, 3))) static inline void add(struct documents *out,
                                                             const char *format, ...)
{
    va_list args;
    va_start(args, format);
    out->len += (size_t)vsnprintf(out->text + out->len, ADD_BYTES_MAX, format, args);
    va_end(args);
}

/* 2025-01-01 and on, a second per row, random milliseconds. */
static inline const char *timestamp(struct documents *out, int64_t id, char text[32])
{
    int64_t seconds = id % (28 * 86400);
    int month = (int)(id / (28 * 86400) % 12) + 1;
    snprintf(text, 32, "2025-%02d-%02dT%02d:%02d:%02d.%03dZ", month, (int)(seconds / 86400) + 1,
             (int)(seconds / 3600 % 24), (int)(seconds / 60 % 60), (int)(seconds % 60),
             (int)random_below(out, 1000));
    return text;
}

static inline const char *truth(struct documents *out)
{
    return random_below(out, 2) ? "true" : "false";
}

/* ---- clicks: 4 columns, some 100 bytes ---- */

struct click {
    uint32_t user, page;
    const char *section;
    char time[32];
};

static inline struct click make_click(struct documents *out, int64_t id)
{
    static const char *const sections[] = {"products", "search", "account", "help", "cart"};
    struct click click = {.user = 1 + random_below(out, 1000000)};
    click.page = random_below(out, 20000);
    click.section = sections[random_below(out, 5)];
    timestamp(out, id, click.time);
    return click;
}

static inline void add_click(struct documents *out, int64_t id)
{
    struct click click = make_click(out, id);
    add(out,
        "{\"id\": %" PRId64 ", \"user_id\": %" PRIu32
        ", \"timestamp\": \"%s\", \"page\": \"/%s/%" PRIu32 "\"}\n",
        id, click.user, click.time, click.section, click.page);
}

static inline void add_click_csv(struct documents *out, int64_t id)
{
    struct click click = make_click(out, id);
    add(out, "%" PRId64 ",%" PRIu32 ",%s,/%s/%" PRIu32 "\n", id, click.user, click.time,
        click.section, click.page);
}

/* ---- events: three levels, two lists, some 1,200 bytes ---- */

static inline void add_sha(struct documents *out)
{
    for (int i = 0; i < 5; i++)
        add(out, "%08" PRIx32, random_below(out, UINT32_MAX));
}

static inline void add_commit(struct documents *out)
{
    static const char *const verbs[] = {"fix", "add", "remove", "explain", "test"};
    uint32_t author = random_below(out, 100000);
    add(out, "{\"sha\": \"");
    add_sha(out);
    add(out,
        "\", \"author\": {\"email\": \"user%" PRIu32
        "@example.org\", \"name\": \"User Number %" PRIu32 "\"}, \"message\": \"%s the thing that "
        "ticket %" PRIu32 " is about, as discussed\", \"distinct\": %s, \"url\": "
        "\"https://api.example.org/repos/%" PRIu32 "/commits/%" PRIu32 "\"}",
        author, author, verbs[random_below(out, 5)], random_below(out, 100000), truth(out),
        random_below(out, 50000), random_below(out, UINT32_MAX));
}

static inline void add_event_parties(struct documents *out)
{
    uint32_t actor = random_below(out, 1000000), repo = random_below(out, 50000);
    uint32_t org = random_below(out, 5000);
    add(out,
        "\"actor\": {\"id\": %" PRIu32 ", \"login\": \"user%" PRIu32
        "\", \"url\": \"https://api.example.org/users/%" PRIu32 "\", \"org\": {\"id\": %" PRIu32
        ", \"login\": \"org%" PRIu32 "\", \"plan\": {\"name\": \"team\", \"seats\": %" PRIu32
        "}}}, ",
        actor, actor, actor, org, org, random_below(out, 500));
    add(out,
        "\"repo\": {\"id\": %" PRIu32 ", \"name\": \"org%" PRIu32 "/repository-%" PRIu32
        "\", \"url\": \"https://api.example.org/repos/%" PRIu32
        "\", \"description\": \"what somebody wrote about repository %" PRIu32
        ": where it came from, what it does, and why nobody should worry\"}, ",
        repo, org, repo, repo, repo);
}

static inline void add_event(struct documents *out, int64_t id)
{
    static const char *const types[] = {"PushEvent", "IssuesEvent", "WatchEvent", "ForkEvent"};
    char time[32];
    const char *type = types[random_below(out, 4)], *public = truth(out);
    add(out, "{\"id\": %" PRId64 ", \"type\": \"%s\", \"public\": %s, \"created_at\": \"%s\", ", id,
        type, public, timestamp(out, id, time));
    add_event_parties(out);
    add(out,
        "\"payload\": {\"push_id\": %" PRIu32 ", \"ref\": \"refs/heads/branch-%" PRIu32
        "\", \"head\": \"",
        random_below(out, UINT32_MAX), random_below(out, 100));
    add_sha(out);
    add(out, "\", \"size\": %" PRIu32 ", \"ratio\": 0.%" PRIu32 ", \"commits\": [",
        random_below(out, 20), 1 + random_below(out, 999));
    for (uint32_t i = 0, count = 1 + random_below(out, 3); i < count; i++) {
        add(out, "%s", i ? ", " : "");
        add_commit(out);
    }
    add(out, "]}, \"labels\": [");
    for (uint32_t i = 0, count = random_below(out, 4); i < count; i++)
        add(out, "%s\"label-%" PRIu32 "\"", i ? ", " : "", random_below(out, 100));
    add(out, "]}\n");
}

/* ---- flat: 10 columns, some 240 bytes ---- */

static inline void add_flat(struct documents *out, int64_t id)
{
    char created[32], updated[32];
    timestamp(out, id, created);
    timestamp(out, id + 3600, updated);
    add(out,
        "{\"id\": %" PRId64 ", \"user_id\": %" PRIu32 ", \"amount\": %" PRIu32 ".%02" PRIu32
        ", \"score\": %" PRIu32 ".5, \"country\": \"country-%" PRIu32 "\", \"status\": \"%s\"",
        id, random_below(out, 1000000), random_below(out, 10000), random_below(out, 99) + 1,
        random_below(out, 100), random_below(out, 200), random_below(out, 2) ? "open" : "closed");
    add(out,
        ", \"created_at\": \"%s\", \"updated_at\": \"%s\", \"active\": %s, \"verified\": %s}\n",
        created, updated, truth(out), truth(out));
}

/* ---- nested: an order with its customer, a list of items, a list of tags, some 500 bytes ---- */

static inline void add_order(struct documents *out, int64_t id)
{
    char time[32];
    uint32_t customer = random_below(out, 100000);
    add(out,
        "{\"id\": %" PRId64 ", \"created_at\": \"%s\", \"customer\": {\"id\": %" PRIu32
        ", \"name\": \"Customer Number %" PRIu32
        "\", \"address\": {\"street\": \"Main Street %" PRIu32
        "\", \"city\": \"Springfield\", \"zip\": \"%05" PRIu32 "\"}}, \"total\": %" PRIu32
        ".%02" PRIu32 ", \"paid\": %s, \"items\": [",
        id, timestamp(out, id, time), customer, customer, random_below(out, 500),
        random_below(out, 99999), random_below(out, 1000), random_below(out, 99) + 1, truth(out));
    for (uint32_t i = 0, count = 1 + random_below(out, 4); i < count; i++)
        add(out,
            "%s{\"sku\": \"SKU-%06" PRIu32 "\", \"quantity\": %" PRIu32 ", \"price\": %" PRIu32
            ".5}",
            i ? ", " : "", random_below(out, 1000000), 1 + random_below(out, 9),
            random_below(out, 100));
    add(out, "], \"tags\": [");
    for (uint32_t i = 0, count = random_below(out, 4); i < count; i++)
        add(out, "%s\"tag%" PRIu32 "\"", i ? ", " : "", random_below(out, 50));
    add(out, "]}\n");
}

/* ---- wide: 300 columns; sparse: 10 of 300 keys, in changing order ---- */

enum { WIDE_COLUMNS = 300, SPARSE_COLUMNS = 10 };

static inline void add_measure(struct documents *out, uint32_t column)
{
    add(out, ", \"column_%03" PRIu32 "\": ", column);
    switch (column % 4) {
    case 0: add(out, "%" PRIu32, random_below(out, 1000000)); break;
    case 1: add(out, "%" PRIu32 ".25", random_below(out, 10000)); break;
    case 2: add(out, "\"text %" PRIu32 "\"", random_below(out, 10000)); break;
    default: add(out, "%s", truth(out)); break;
    }
}

static inline void add_wide(struct documents *out, int64_t id)
{
    add(out, "{\"id\": %" PRId64, id);
    for (uint32_t i = 1; i < WIDE_COLUMNS; i++)
        add_measure(out, i);
    add(out, "}\n");
}

/* The keys of a row differ: each is drawn from a thirtieth of its own, from a random one on. */
static inline void add_sparse(struct documents *out, int64_t id)
{
    const uint32_t share = WIDE_COLUMNS / SPARSE_COLUMNS;
    uint32_t first = random_below(out, SPARSE_COLUMNS);
    add(out, "{\"id\": %" PRId64, id);
    for (uint32_t i = 0; i < SPARSE_COLUMNS; i++)
        add_measure(out, (first + i) % SPARSE_COLUMNS * share + random_below(out, share));
    add(out, "}\n");
}

/* ---- deep: 12 levels of objects, a list at every third, some 600 bytes ---- */

enum { DEEP_LEVELS = 12 };

static inline void add_deep(struct documents *out, int64_t id)
{
    add(out, "{\"id\": %" PRId64, id);
    for (uint32_t level = 1; level <= DEEP_LEVELS; level++)
        add(out, ", \"%s\": %s{\"name\": \"node %" PRIu32 "\", \"weight\": %" PRIu32 ".5",
            level % 3 ? "node" : "children", level % 3 ? "" : "[", random_below(out, 1000),
            random_below(out, 100));
    for (uint32_t level = DEEP_LEVELS; level > 0; level--)
        add(out, level % 3 ? "}" : "}]");
    add(out, "}\n");
}

/* ---- lists: 8 of 1 to 3 scalars or objects, some 300 bytes ---- */

static inline void add_lists(struct documents *out, int64_t id)
{
    add(out, "{\"id\": %" PRId64, id);
    for (uint32_t list = 0; list < 8; list++) {
        add(out, ", \"list_%" PRIu32 "\": [", list);
        for (uint32_t i = 0, count = 1 + random_below(out, 3); i < count; i++) {
            const char *comma = i ? ", " : "";
            uint32_t value = random_below(out, 100000);
            if (list % 4 == 0)
                add(out, "%s%" PRIu32, comma, value);
            else if (list % 4 == 1)
                add(out, "%s\"v%" PRIu32 "\"", comma, value);
            else
                add(out, "%s{\"k\": %" PRIu32 ", \"v\": %" PRIu32 "}", comma, i, value);
        }
        add(out, "]");
    }
    add(out, "}\n");
}

/* ---- texts: two of 1 to 20 KB, with escapes and characters of two to four bytes ---- */

static inline void add_text(struct documents *out)
{
    static const char *const words[] = {
        "lorem ",  "ipsum ",  "incremental ", "say \\\"hi\\\" ",
        "line\\n", "straße ", "data ",        "\\u00e9t\\u00e9 ",
        "a\\\\b ", "水 ",     "of ",          "document ",
        "tab\\t",  "😀 ",      "consectetur ", "and ",
    };
    size_t end = out->len + 1000 + random_below(out, 19000);
    while (out->len < end) {
        const char *word = words[random_below(out, 16)];
        size_t len = strlen(word);
        memcpy(out->text + out->len, word, len);
        out->len += len;
    }
}

static inline void add_texts(struct documents *out, int64_t id)
{
    add(out, "{\"id\": %" PRId64 ", \"title\": \"", id);
    add_text(out);
    add(out, "\", \"body\": \"");
    add_text(out);
    add(out, "\"}\n");
}

static const struct document_kind {
    const char *name;
    void (*add)(struct documents *out, int64_t id);
} document_kinds[] = {
    {"clicks", add_click}, {"csv", add_click_csv}, {"events", add_event},  {"flat", add_flat},
    {"nested", add_order}, {"wide", add_wide},     {"sparse", add_sparse}, {"deep", add_deep},
    {"lists", add_lists},  {"texts", add_texts},
};

/* NULL: there is none of that name. */
static inline const struct document_kind *document_kind_find(const char *name)
{
    for (size_t i = 0; i < sizeof(document_kinds) / sizeof(document_kinds[0]); i++)
        if (strcmp(document_kinds[i].name, name) == 0)
            return &document_kinds[i];
    return NULL;
}

#endif
