/*
 * Fuzz target: JSON -> rows -> tables, and the catalog that this makes.
 *
 * An input is six bytes of options, a line break, and the text of a page:
 *   1  bits: 1 elements of a list instead of lines, 2 root ids in nested tables, 4 order kept,
 *      8 bad rows are rejected
 *   2  from '0': max_table_nesting none, 0, 1, 2, 3, 8; six further: names of up to 20 bytes, 63
 *   3  from '@': the type that column "a" has before the load, as in enum type
 *   4  the same for column "b"
 *   5  from '0': the naming convention; five further: names are folded; ten: ids are row hashes
 *   6  from '0': the contract, two bits each for tables, columns, data_type
 *
 * Two pages make a load, and the same two another one over the catalog as it was stored. The first
 * may be refused as bad data, or by the contract. If it is not, all batches must be well-formed and
 * belong together, the catalog must survive being stored, and the second load must not change it,
 * unless keys have collided: those that got a name of their own then have it from the start.
 */
#include <stdio.h>

#include "tests/normalize/batches.h"
#include "dlt/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OPTION_BYTES = 7, ROOM = 8, ELEMENTS = 1, ROOT_IDS = 2, ORDER = 4, REJECTS = 8 };

struct input {
    bool elements, root_ids, order, rejects, folds_case, row_hashes;
    int max_nesting;
    size_t name_max;
    enum type types[2];
    enum naming naming;
    struct contract contract;
    const char *text;
    size_t len;
};

static struct input read_input(const uint8_t *data, size_t size)
{
    static const int nestings[] = {-1, 0, 1, 2, 3, 8};
    static const size_t name_maxima[] = {0, 20, 63};
    unsigned limits = (unsigned char)(data[1] - '0');
    unsigned names = (unsigned char)(data[4] - '0');
    unsigned contract = (unsigned char)(data[5] - '0');
    return (struct input){
        .elements = data[0] & ELEMENTS,
        .root_ids = data[0] & ROOT_IDS,
        .order = data[0] & ORDER,
        .rejects = data[0] & REJECTS,
        .max_nesting = nestings[limits % 6],
        .name_max = name_maxima[limits / 6 % 3],
        .types = {(enum type)((unsigned char)(data[2] - '@') % TYPE_COUNT),
                  (enum type)((unsigned char)(data[3] - '@') % TYPE_COUNT)},
        .naming = (enum naming)(names % NAMING_COUNT),
        .folds_case = names / NAMING_COUNT % 2,
        .row_hashes = names / NAMING_COUNT / 2 % 2,
        .contract = {.modes = {(enum contract_mode)(CONTRACT_EVOLVE + contract % 4),
                               (enum contract_mode)(CONTRACT_EVOLVE + contract / 4 % 4),
                               (enum contract_mode)(CONTRACT_EVOLVE + contract / 16 % 4)}},
        .text = (const char *)data + OPTION_BYTES,
        .len = size - OPTION_BYTES};
}

/* What no input may cause. */
static void require(bool holds, const char *what, const struct tg_error *err)
{
    if (holds)
        return;
    fprintf(stderr, "violated: %s: %d, %s: %s\n", what, err->code, err->where, err->what);
    abort();
}

static int count_up(void *user, void *out, size_t len)
{
    uint64_t *next = user;
    unsigned char *bytes = out;
    for (size_t i = 0; i < len; i++)
        bytes[i] = i % 10 == 9 ? (unsigned char)++*next : (unsigned char)(*next >> 8);
    return TG_OK;
}

static int add_root(struct catalog *catalog, const struct input *input, struct tg_error *err)
{
    int rc = TG_OK;
    static const char *const names[] = {"a", "b"};
    struct table *root;
    struct schema_hints hints = {.naming_said = true, .naming = input->naming, .max_nesting = -1};
    TRY(catalog_init(catalog, "fuzz", err));
    TRY(catalog_apply_settings(catalog, &hints, err));
    TRY(catalog_add(catalog, "t", NULL, &root, err));
    for (int i = 0; i < 2; i++) {
        struct type_spec spec = {.type = input->types[i]};
        if (spec.type != TYPE_NONE)
            TRY(table_add_column(catalog, root, names[i], &spec, NULL, err));
    }
done:
    return rc;
}

static int reject(void *sink, const struct reject *reject, struct tg_error *err)
{
    struct buf document = BUF_INIT;
    (void)sink;
    cell_json(&document, reject->document, 0);
    int rc = document.len > 0 && reject->table[0] && reject->reason[0]
                 ? TG_OK
                 : error_set(err, TG_INTERNAL, "rejected, but what, and why?");
    buf_release(&document);
    return rc;
}

static int push(struct normalizer *normalizer, struct json_page *parser, const struct input *input,
                const char *from, size_t len, struct tg_error *err)
{
    int rc = TG_OK;
    struct page page = {.kind = PAGE_END};
    char *text = mem_calloc(1, len + 2 * ROOM);
    if (!text)
        return error_nomem(err);
    memcpy(text + ROOM, from, len);
    TRY((input->elements ? json_page_elements : json_page_lines)(parser, text + ROOM, len, 1, &page,
                                                                 err));
    TRY(normalizer_push(normalizer, &page, err));
done:
    page_release(&page);
    mem_free(text);
    return rc;
}

/* Lines: one page up to the line break in the middle, and the rest. Elements: twice the same. */
static int load(struct catalog *catalog, const struct input *input, struct batches *batches,
                struct tg_error *err)
{
    int rc = TG_OK;
    struct normalizer *normalizer = NULL;
    struct json_page *parser = NULL;
    uint64_t next = 0;
    struct context ctx;
    struct settings settings = {.max_nesting = -1};
    const char *half = memchr(input->text + input->len / 2, '\n', input->len - input->len / 2);
    size_t first = half && !input->elements ? (size_t)(half - input->text) : input->len;
    size_t rest = input->elements ? 0 : first;
    context_init(&ctx);
    ctx.random = count_up;
    ctx.user = &next;
    TRY(settings_read(catalog, &settings, err));
    struct normalize_options options = {
        .ctx = &ctx,
        .catalog = catalog,
        .root = catalog_find(catalog, "t"),
        .settings = &settings,
        .load_id = "1700000000.5",
        .names = {.bytes_max = input->name_max, .naming = settings.naming},
        .folds_case = input->folds_case,
        .contract = input->contract,
        .max_nesting = input->max_nesting,
        .row_ids = input->row_hashes ? TG_ROW_IDS_ROW : TG_ROW_IDS_RANDOM,
        .propagate_root_id = input->root_ids,
        .keep_order = input->order,
        .reject_bad_rows = input->rejects,
        .reject_max = UINT64_MAX,
        .emit = batches_emit,
        .reject = reject,
        .sink = batches};
    batches->name_max = input->name_max;
    batches->gaps = input->rejects;
    for (int i = 0; i < CONTRACT_COUNT; i++)
        batches->gaps |= input->contract.modes[i] != CONTRACT_EVOLVE;
    TRY(json_page_new(&parser, err));
    TRY(normalizer_new(&options, &normalizer, err));
    TRY(push(normalizer, parser, input, input->text, first, err));
    TRY(push(normalizer, parser, input, input->text + rest, input->len - rest, err));
    TRY(normalizer_finish(normalizer, err));
done:
    normalizer_free(normalizer);
    json_page_free(parser);
    settings_release(&settings);
    return rc;
}

/* Whether a name ends like one that was tagged: "_" and 6 letters or digits. */
static bool is_tagged(const char *name)
{
    size_t len = strlen(name);
    return len > 7 && name[len - 7] == '_' &&
           strspn(name + len - 6, "abcdefghijklmnopqrstuvwxyz0123456789") == 6;
}

static bool has_tags(const struct catalog *catalog)
{
    for (size_t t = 0; t < catalog->table_count; t++) {
        const struct table *table = catalog->tables[t];
        if (table_is_system(table))
            continue;
        if (is_tagged(table->name))
            return true;
        for (size_t c = 0; c < table->column_count; c++)
            if (strncmp(table->columns[c].name, "_dlt_", 5) != 0 &&
                is_tagged(table->columns[c].name))
                return true;
    }
    return false;
}

static void check_load(struct catalog *catalog, const struct input *input, struct buf *text)
{
    struct tg_error err = {.code = TG_OK};
    struct catalog stored = {.name = NULL};
    struct batches batches = {.name_max = 0};
    struct buf again = BUF_INIT;
    int rc = load(catalog, input, &batches, &err);
    require(rc == TG_OK || rc == TG_DATA || (rc == TG_CONTRACT && batches.gaps), "load", &err);
    if (rc != TG_OK)
        goto done;
    require(batches_check(&batches, catalog, &err) == TG_OK, "batches", &err);
    require(catalog_text(catalog, text, &err) == TG_OK, "catalog", &err);
    batches_release(&batches);
    require(catalog_read(&stored, text->data, text->len, &err) == TG_OK, "stored", &err);
    require(load(&stored, input, &batches, &err) == TG_OK, "second load", &err);
    require(batches_check(&batches, &stored, &err) == TG_OK, "second batches", &err);
    require(catalog_text(&stored, &again, &err) == TG_OK, "second catalog", &err);
    require(has_tags(catalog) ||
                (again.len == text->len && memcmp(again.data, text->data, text->len) == 0),
            "the same documents changed the schema", &err);
done:
    buf_release(&again);
    batches_release(&batches);
    catalog_release(&stored);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct catalog catalog = {.name = NULL};
    struct tg_error err = {.code = TG_OK};
    struct buf text = BUF_INIT;
    if (size < OPTION_BYTES)
        return 0;
    struct input input = read_input(data, size);
    require(add_root(&catalog, &input, &err) == TG_OK, "catalog", &err);
    check_load(&catalog, &input, &text);
    buf_release(&text);
    catalog_release(&catalog);
    return 0;
}
