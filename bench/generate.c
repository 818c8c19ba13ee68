/*
 * Makes the benchmark's input, the same bytes every time.
 *
 *     generate clicks ROWS [FIRST_ID] > clicks.jsonl     flat: id, user_id, timestamp, page; some 100 bytes a row
 *     generate csv ROWS [FIRST_ID]    > clicks.csv       the same rows
 *     generate events ROWS            > events.jsonl     nested: three levels, two lists on each; some 900 bytes a row
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t random_state = 88172645463325252u;

static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 32) * limit >> 32);
}

/* 2025-01-01 and on, a second and a bit per row. */
static const char *timestamp(int64_t id, char out[32])
{
    int64_t seconds = id % (28 * 86400);
    int month = (int)(id / (28 * 86400) % 12) + 1;
    snprintf(out, 32, "2025-%02d-%02dT%02d:%02d:%02d.%03dZ", month, (int)(seconds / 86400) + 1,
             (int)(seconds / 3600 % 24), (int)(seconds / 60 % 60), (int)(seconds % 60), (int)random_below(1000));
    return out;
}

static void print_click(int64_t id, int csv)
{
    static const char *const sections[] = {"products", "search", "account", "help", "cart"};
    char time[32];
    uint32_t user = 1 + random_below(1000000), page = random_below(20000);
    const char *section = sections[random_below(5)];
    printf(csv ? "%" PRId64 ",%" PRIu32 ",%s,/%s/%" PRIu32 "\n"
               : "{\"id\": %" PRId64 ", \"user_id\": %" PRIu32 ", \"timestamp\": \"%s\", \"page\": \"/%s/%" PRIu32 "\"}\n",
           id, user, timestamp(id, time), section, page);
}

static void print_item(void)
{
    static const char *const tags[] = {"new", "sale", "gift", "fragile", "heavy"};
    printf("{\"sku\": \"SKU-%05" PRIu32 "\", \"quantity\": %" PRIu32 ", \"price\": %" PRIu32 ".%02" PRIu32 ", \"tags\": [",
           random_below(100000), 1 + random_below(9), random_below(500), random_below(100));
    for (uint32_t i = 0, count = 1 + random_below(3); i < count; i++)
        printf("%s\"%s\"", i ? ", " : "", tags[random_below(5)]);
    printf("], \"discounts\": [");
    for (uint32_t i = 0, count = random_below(2); i < count; i++)
        printf("{\"code\": \"C%03" PRIu32 "\", \"percent\": %" PRIu32 "}", random_below(1000), random_below(50));
    printf("]}");
}

static void print_event(int64_t id)
{
    static const char *const types[] = {"order", "refund", "visit", "signup"};
    char time[32];
    printf("{\"id\": %" PRId64 ", \"type\": \"%s\", \"created_at\": \"%s\", \"public\": %s, ", id, types[random_below(4)],
           timestamp(id, time), random_below(2) ? "true" : "false");
    printf("\"actor\": {\"id\": %" PRIu32 ", \"login\": \"user%" PRIu32 "\", \"org\": {\"id\": %" PRIu32
           ", \"name\": \"Organisation number %" PRIu32 "\"}}, ",
           random_below(1000000), random_below(1000000), random_below(5000), random_below(5000));
    printf("\"note\": \"a line of text that somebody wrote about event %" PRId64 ", of no further use\", \"items\": [", id);
    for (uint32_t i = 0, count = 1 + random_below(6); i < count; i++) {
        printf("%s", i ? ", " : "");
        print_item();
    }
    printf("], \"labels\": [");
    for (uint32_t i = 0, count = random_below(4); i < count; i++)
        printf("%s\"label-%" PRIu32 "\"", i ? ", " : "", random_below(100));
    printf("]}\n");
}

int main(int argc, char **argv)
{
    static char buffer[1 << 20];
    int64_t rows = argc > 2 ? strtoll(argv[2], NULL, 10) : 0;
    int64_t first = argc > 3 ? strtoll(argv[3], NULL, 10) : 1;
    const char *kind = argc > 1 ? argv[1] : "";
    int is_events = strcmp(kind, "events") == 0, is_csv = strcmp(kind, "csv") == 0;
    if (rows < 1 || (!is_events && !is_csv && strcmp(kind, "clicks") != 0)) {
        fprintf(stderr, "usage: generate clicks|csv|events ROWS [FIRST_ID]\n");
        return 2;
    }
    setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
    if (is_csv)
        printf("id,user_id,timestamp,page\n");
    for (int64_t id = first; id < first + rows; id++) {
        if (is_events)
            print_event(id);
        else
            print_click(id, is_csv);
    }
    return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
