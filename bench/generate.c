/*
 * Makes the benchmark's input, the same bytes every time.
 *
 *     generate clicks ROWS [FIRST_ID] > clicks.jsonl     flat: id, user_id, timestamp, page; some
 * 100 bytes a row generate csv ROWS [FIRST_ID]    > clicks.csv       the same rows generate events
 * ROWS            > events.jsonl     nested: three levels, two lists; some 1,200 bytes a row
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
             (int)(seconds / 3600 % 24), (int)(seconds / 60 % 60), (int)(seconds % 60),
             (int)random_below(1000));
    return out;
}

static void print_click(int64_t id, int csv)
{
    static const char *const sections[] = {"products", "search", "account", "help", "cart"};
    char time[32];
    uint32_t user = 1 + random_below(1000000), page = random_below(20000);
    const char *section = sections[random_below(5)];
    printf(csv ? "%" PRId64 ",%" PRIu32 ",%s,/%s/%" PRIu32 "\n"
               : "{\"id\": %" PRId64 ", \"user_id\": %" PRIu32
                 ", \"timestamp\": \"%s\", \"page\": \"/%s/%" PRIu32 "\"}\n",
           id, user, timestamp(id, time), section, page);
}

static void print_sha(void)
{
    for (int i = 0; i < 5; i++)
        printf("%08" PRIx32, random_below(UINT32_MAX));
}

static void print_commit(void)
{
    static const char *const verbs[] = {"fix", "add", "remove", "explain", "test"};
    uint32_t author = random_below(100000);
    printf("{\"sha\": \"");
    print_sha();
    printf("\", \"author\": {\"email\": \"user%" PRIu32
           "@example.org\", \"name\": \"User Number %" PRIu32
           "\"}, \"message\": \"%s the thing that ticket %" PRIu32
           " is about, as discussed\", \"distinct\": %s, \"url\": "
           "\"https://api.example.org/repos/%" PRIu32 "/commits/%" PRIu32 "\"}",
           author, author, verbs[random_below(5)], random_below(100000),
           random_below(2) ? "true" : "false", random_below(50000), random_below(UINT32_MAX));
}

static void print_event(int64_t id)
{
    static const char *const types[] = {"PushEvent", "IssuesEvent", "WatchEvent", "ForkEvent"};
    char time[32];
    uint32_t actor = random_below(1000000), repo = random_below(50000), org = random_below(5000);
    printf("{\"id\": %" PRId64 ", \"type\": \"%s\", \"public\": %s, \"created_at\": \"%s\", ", id,
           types[random_below(4)], random_below(2) ? "true" : "false", timestamp(id, time));
    printf("\"actor\": {\"id\": %" PRIu32 ", \"login\": \"user%" PRIu32
           "\", \"url\": \"https://api.example.org/users/%" PRIu32 "\", \"org\": {\"id\": %" PRIu32
           ", \"login\": \"org%" PRIu32 "\", \"plan\": {\"name\": \"team\", \"seats\": %" PRIu32
           "}}}, ",
           actor, actor, actor, org, org, random_below(500));
    printf("\"repo\": {\"id\": %" PRIu32 ", \"name\": \"org%" PRIu32 "/repository-%" PRIu32
           "\", \"url\": \"https://api.example.org/repos/%" PRIu32
           "\", \"description\": \"what somebody wrote about repository %" PRIu32
           ": where it came from, what it does, and why nobody should worry\"}, ",
           repo, org, repo, repo, repo);
    printf("\"payload\": {\"push_id\": %" PRIu32 ", \"ref\": \"refs/heads/branch-%" PRIu32
           "\", \"head\": \"",
           random_below(UINT32_MAX), random_below(100));
    print_sha();
    printf("\", \"size\": %" PRIu32 ", \"ratio\": 0.%" PRIu32 ", \"commits\": [", random_below(20),
           1 + random_below(999));
    for (uint32_t i = 0, count = 1 + random_below(3); i < count; i++) {
        printf("%s", i ? ", " : "");
        print_commit();
    }
    printf("]}, \"labels\": [");
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
