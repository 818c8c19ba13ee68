/*
 * How fast JSON text becomes batches of tables: no package, no destination. And what an id or a
 * hash costs per row.
 *
 *     shred [--rounds N] [--size MB] [KIND...]
 *
 * Each round makes three passes over the same pages: yyjson alone (the page already written as a
 * list), json_page_lines (the tape: yyjson, and every row proven to stand on its line), and the
 * whole way (json_page_lines -> normalizer_push -> batches, released as they come). Speeds are of
 * text per second of the thread's CPU time, the median of the rounds. `both` is the whole way as a
 * run goes it, from a file that a second thread parses ahead (read_ahead.c), by the clock.
 *
 * This is the one program here that includes src/: the hot loop has no public face.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <yyjson.h>

#include "documents.h"
#include "extract/formats/json_reader.h"
#include "extract/read_ahead.h"
#include "dlt/store.h"
#include "normalize/id.h"
#include "normalize/normalize.h"

enum {
    PAGE_BYTES = 512 * 1024, /* as src/extract/formats/json_reader.c has them */
    FRONT_ROOM = 1,
    BACK_ROOM = 4,
    ROUNDS_MAX = 99,
    LINE_BYTES_MAX = 32 << 20,
    HASH_ROWS = 1 << 20
};

#define LOAD_ID "1795337589.6824691"

#define MUST(call)                                                                                 \
    do {                                                                                           \
        if ((call) != TG_OK)                                                                       \
            die(#call, &err);                                                                      \
    } while (0)

static void die(const char *what, const struct tg_error *err)
{
    fprintf(stderr, "shred: %s: %s%s%s\n", what, err->where, err->where[0] ? ": " : "", err->what);
    exit(1);
}

static double seconds(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void *must_alloc(size_t size)
{
    void *memory = malloc(size);
    if (!memory) {
        fprintf(stderr, "shred: no memory\n");
        exit(1);
    }
    return memory;
}

/* ---- the input ---- */

struct input {
    char *text;
    size_t len;
    uint64_t row_count;
};

static struct input make_input(const struct document_kind *kind, size_t bytes)
{
    struct documents rows = {.random = DOCUMENTS_SEED};
    int64_t id = 0;
    rows.text = must_alloc(bytes + DOCUMENT_BYTES_MAX);
    while (rows.len < bytes)
        kind->add(&rows, ++id);
    return (struct input){rows.text, rows.len, (uint64_t)id};
}

/* The length of the page at `start`: whole lines, PAGE_BYTES of them and no more if they fit. */
static size_t page_len(const struct input *input, size_t start)
{
    size_t left = input->len - start;
    if (left <= PAGE_BYTES)
        return left;
    const char *newline = memrchr(input->text + start, '\n', PAGE_BYTES);
    return (size_t)(newline + 1 - (input->text + start));
}

/* ---- the passes ---- */

struct pass {
    double cpu, wall;
};

static struct pass begin(void)
{
    return (struct pass){seconds(CLOCK_THREAD_CPUTIME_ID), seconds(CLOCK_MONOTONIC)};
}

static void end(struct pass *pass)
{
    pass->cpu = seconds(CLOCK_THREAD_CPUTIME_ID) - pass->cpu;
    pass->wall = seconds(CLOCK_MONOTONIC) - pass->wall;
}

/* Only yyjson: pages are written as lists outside of the time. */
static struct pass parse_alone(const struct input *input, char *memory)
{
    struct pass total = {0, 0};
    yyjson_alc *allocator = yyjson_alc_dyn_new();
    for (size_t start = 0, len; start < input->len; start += len) {
        len = page_len(input, start);
        memory[0] = '[';
        memcpy(memory + 1, input->text + start, len);
        for (char *p = memory; (p = memchr(p, '\n', (size_t)(memory + len - p))) != NULL;)
            *p = ',';
        memory[len] = ']'; /* in place of the last newline */
        struct pass pass = begin();
        yyjson_doc *doc =
            yyjson_read_opts(memory, len + 1, YYJSON_READ_BIGNUM_AS_RAW, allocator, NULL);
        if (!doc) {
            fprintf(stderr, "shred: the input is malformed\n");
            exit(1);
        }
        yyjson_doc_free(doc);
        end(&pass);
        total.cpu += pass.cpu;
        total.wall += pass.wall;
    }
    yyjson_alc_dyn_free(allocator);
    return total;
}

/* Pages to rows, and with a normalizer on to batches. */
static struct pass run_pages(const struct input *input, char *memory, struct normalizer *normalizer)
{
    struct tg_error err = {0};
    struct json_page *parser;
    struct page page = {0};
    uint64_t row = 1;
    MUST(json_page_new(&parser, &err));
    struct pass pass = begin();
    for (size_t start = 0, len; start < input->len; start += len) {
        char *text = memory + FRONT_ROOM;
        len = page_len(input, start);
        memcpy(text, input->text + start, len); /* reading a file is that, too */
        MUST(json_page_lines(parser, text, len, row, &page, &err));
        row += page.row_count;
        if (normalizer)
            MUST(normalizer_push(normalizer, &page, &err));
    }
    if (normalizer)
        MUST(normalizer_finish(normalizer, &err));
    end(&pass);
    page_release(&page);
    json_page_free(parser);
    return pass;
}

/* The same from a file that is parsed ahead by a second thread. */
static struct pass run_file(const char *path, struct normalizer *normalizer)
{
    struct tg_error err = {0};
    struct reader *text;
    struct page_stream *pages;
    struct page page = {0};
    const struct json_options options = {.line_bytes_max = LINE_BYTES_MAX, .name = path};
    struct pass pass = begin();
    MUST(reader_open(path, &text, &err));
    MUST(json_reader_open(text, &options, &pages, &err));
    MUST(read_ahead_open(pages, 1, SIZE_MAX, &pages, &err));
    for (;;) {
        MUST(pages->next(pages, &page, &err));
        if (page.kind == PAGE_END)
            break;
        MUST(normalizer_push(normalizer, &page, &err));
    }
    MUST(normalizer_finish(normalizer, &err));
    end(&pass);
    page_stream_close(pages);
    page_release(&page);
    return pass;
}

/* The input as a file that is gone with the program. */
static void write_input(const struct input *input, char path[64])
{
    FILE *file = tmpfile();
    if (!file || fwrite(input->text, 1, input->len, file) != input->len || fflush(file) != 0) {
        fprintf(stderr, "shred: cannot write a temporary file\n");
        exit(1);
    }
    /* it stays open, and so on disk, until the program ends */
    snprintf(path, 64, "/proc/self/fd/%d", fileno(file));
}

struct emitted {
    uint64_t batches, rows;
};

static int release_batch(void *sink, const char *table, const struct ArrowSchema *schema,
                         struct ArrowArray *array, struct tg_error *err)
{
    struct emitted *emitted = sink;
    (void)table, (void)schema, (void)err;
    emitted->batches++;
    emitted->rows += (uint64_t)array->length;
    array_release(array);
    return TG_OK;
}

/* A new catalog each time: what is new costs, too. From the file at `path`, or by one thread where
 * that is NULL. */
static struct pass shred(const struct input *input, const char *path, char *memory,
                         struct emitted *emitted)
{
    struct tg_error err = {0};
    struct context ctx;
    struct catalog catalog = {0};
    struct settings settings = {0};
    struct normalizer *normalizer;
    struct normalize_options options = {.ctx = &ctx,
                                        .catalog = &catalog,
                                        .settings = &settings,
                                        .load_id = LOAD_ID,
                                        .max_nesting = -1,
                                        .emit = release_batch,
                                        .sink = emitted};
    *emitted = (struct emitted){0, 0};
    context_init(&ctx);
    MUST(catalog_init(&catalog, "bench", &err));
    MUST(settings_read(&catalog, &settings, &err));
    MUST(catalog_add(&catalog, "t", NULL, &options.root, &err));
    MUST(normalizer_new(&options, &normalizer, &err));
    struct pass pass = path ? run_file(path, normalizer) : run_pages(input, memory, normalizer);
    if (normalizer_row_count(normalizer) != input->row_count) {
        fprintf(stderr, "shred: rows were lost\n");
        exit(1);
    }
    normalizer_free(normalizer);
    settings_release(&settings);
    catalog_release(&catalog);
    return pass;
}

/* ---- the table of speeds ---- */

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof(*values), compare);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static const struct shred_case {
    const char *kind;
    double target; /* MB/s */
} shred_cases[] = {
    {"flat", 450}, {"nested", 350}, {"wide", 150},  {"sparse", 150},
    {"deep", 150}, {"lists", 150},  {"texts", 150},
};

static void measure(const struct shred_case *shred_case, size_t bytes, int rounds)
{
    struct input input = make_input(document_kind_find(shred_case->kind), bytes);
    char *memory = must_alloc(PAGE_BYTES + FRONT_ROOM + BACK_ROOM);
    struct emitted emitted;
    double alone[ROUNDS_MAX], parse[ROUNDS_MAX], whole[ROUNDS_MAX], both[ROUNDS_MAX];
    double tape_share[ROUNDS_MAX], parse_share[ROUNDS_MAX], ratio[ROUNDS_MAX];
    double mb = (double)input.len / 1e6;
    char path[64];
    write_input(&input, path);
    for (int i = 0; i < rounds; i++) {
        alone[i] = parse_alone(&input, memory).cpu;
        parse[i] = run_pages(&input, memory, NULL).cpu;
        whole[i] = shred(&input, NULL, memory, &emitted).cpu;
        both[i] = shred(&input, path, memory, &emitted).wall;
        /* of one round: all three saw the same machine */
        tape_share[i] = (parse[i] - alone[i]) / whole[i];
        parse_share[i] = parse[i] / whole[i];
        ratio[i] = whole[i] / alone[i];
    }
    double cpu = median(whole, rounds);
    double rows = (double)input.row_count;
    printf("%-8s %6.0f %6.0f %6.0f %7.0f %5.0f%% %6.0f%% %6.2f %8.0f %9.1f %7.0f\n",
           shred_case->kind, mb / cpu, mb / median(both, rounds), mb / median(parse, rounds),
           mb / median(alone, rounds), 100 * median(tape_share, rounds),
           100 * median(parse_share, rounds), median(ratio, rounds), cpu / rows * 1e9,
           (double)emitted.rows / rows, shred_case->target);
    fflush(stdout);
    free(memory);
    free(input.text);
}

/* ---- ids and hashes ---- */

static void random_ids(struct tg_error *err)
{
    struct context ctx;
    char id[HASH_ID_TEXT];
    context_init(&ctx);
    for (int i = 0; i < HASH_ROWS; i++)
        if (id_random(&ctx, id, err) != TG_OK)
            die("id_random", err);
}

static void nested_ids(struct tg_error *err)
{
    static const char table[] = "orders__items";
    struct id_queue queue = {0};
    char text[HASH_LANES * HASH_ID_TEXT];
    (void)err;
    for (int i = 0; i < HASH_ROWS; i++) {
        id_queue_add(&queue, "w7nsKDcfWJ4uOg", HASH_ID_TEXT, table, sizeof(table) - 1,
                     (uint64_t)i % 4, queue.lanes.count * HASH_ID_TEXT);
        if (id_queue_is_full(&queue))
            id_queue_run(&queue, text);
    }
}

static void long_nested_ids(struct tg_error *err)
{
    struct hasher hasher = {0};
    char id[HASH_ID_TEXT];
    for (int i = 0; i < HASH_ROWS; i++)
        if (id_nested(&hasher, "w7nsKDcfWJ4uOg", HASH_ID_TEXT, "orders__items", (uint64_t)i % 4, id,
                      err) != TG_OK)
            die("id_nested", err);
    hasher_release(&hasher);
}

static void key_hashes(struct tg_error *err)
{
    static const char key[] = "{\"id\":123}";
    struct hasher hasher = {0};
    char id[HASH_ID_TEXT];
    for (int i = 0; i < HASH_ROWS; i++)
        if (id_hash(&hasher, key, sizeof(key) - 1, id, err) != TG_OK)
            die("id_hash", err);
    hasher_release(&hasher);
}

/* Of one flat document: its JSON with sorted keys, and the hash of that. */
static void row_hashes(struct tg_error *err)
{
    struct input input = make_input(document_kind_find("flat"), 1);
    yyjson_doc *doc = yyjson_read(input.text, input.len, 0);
    struct hasher hasher = {0};
    struct buf json = BUF_INIT;
    char id[HASH_ID_TEXT];
    for (int i = 0; i < HASH_ROWS; i++) {
        buf_clear(&json);
        if (id_row_json(yyjson_doc_get_root(doc), &json, err) != TG_OK ||
            id_hash(&hasher, json.data, json.len, id, err) != TG_OK)
            die("id_row_json", err);
    }
    buf_release(&json);
    hasher_release(&hasher);
    yyjson_doc_free(doc);
    free(input.text);
}

/* Each makes HASH_ROWS of them. */
static const struct hash_case {
    const char *name;
    void (*make)(struct tg_error *err);
} hash_cases[] = {
    {"random id", random_ids},
    {"nested id, four at once", nested_ids},
    {"nested id, one of a long key", long_nested_ids},
    {"key hash", key_hashes},
    {"row hash of a flat document", row_hashes},
};

static void measure_hash(const struct hash_case *hash_case, int rounds)
{
    struct tg_error err = {0};
    double times[ROUNDS_MAX];
    for (int i = 0; i < rounds; i++) {
        struct pass pass = begin();
        hash_case->make(&err);
        end(&pass);
        times[i] = pass.cpu;
    }
    printf("%-30s %6.0f\n", hash_case->name, median(times, rounds) / HASH_ROWS * 1e9);
}

/* ---- the program ---- */

struct arguments {
    int rounds;
    size_t bytes;
    char **kinds; /* NULL ends them; none: all, and the hashes */
};

static bool read_arguments(char **argv, struct arguments *out)
{
    *out = (struct arguments){.rounds = 5, .bytes = 64 << 20};
    for (argv++; *argv && (*argv)[0] == '-'; argv += 2) {
        long number = argv[1] ? strtol(argv[1], NULL, 10) : 0;
        if (strcmp(*argv, "--rounds") == 0 && number > 0 && number <= ROUNDS_MAX)
            out->rounds = (int)number;
        else if (strcmp(*argv, "--size") == 0 && number > 0 && number <= 4096)
            out->bytes = (size_t)number << 20;
        else
            return false;
    }
    out->kinds = argv;
    return true;
}

static bool is_wanted(const struct arguments *arguments, const char *kind)
{
    for (char **wanted = arguments->kinds; *wanted; wanted++)
        if (strcmp(*wanted, kind) == 0)
            return true;
    return !*arguments->kinds;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    (void)argc;
    if (!read_arguments(argv, &arguments)) {
        fprintf(stderr, "usage: shred [--rounds N] [--size MB] [KIND...]\n");
        return 2;
    }
    printf("MB/s of text on one thread; both: with a thread that parses ahead; tape: what "
           "json_page_lines adds to yyjson; ratio: to yyjson\n");
    printf("%-8s %6s %6s %6s %7s %6s %7s %6s %8s %9s %7s\n", "kind", "MB/s", "both", "parse",
           "yyjson", "tape", "parsing", "ratio", "ns/row", "out/row", "target");
    for (size_t i = 0; i < sizeof(shred_cases) / sizeof(shred_cases[0]); i++)
        if (is_wanted(&arguments, shred_cases[i].kind))
            measure(&shred_cases[i], arguments.bytes, arguments.rounds);
    if (*arguments.kinds)
        return 0;
    printf("\n%-30s %6s\n", "hash", "ns/row");
    for (size_t i = 0; i < sizeof(hash_cases) / sizeof(hash_cases[0]); i++)
        measure_hash(&hash_cases[i], arguments.rounds);
    return 0;
}
