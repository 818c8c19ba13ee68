/*
 * normalize as a whole, against random documents: the tables hold what the documents held, however
 * these come in. Seeds are fixed; a failure prints the documents.
 *
 * match_row walks a document beside the row it became: every value must stand in its column (or in
 * one variant of it, in the form that coerce_cell gives it there), every list must be the rows that
 * name the row as their parent, and neither rows nor values may be left over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "batches.h"
#include "collect.h"
#include "documents.h"
#include "normalize/values/coerce.h"
#include "tests/torture.h"

enum { LOADS = 120, KEYS = 10, COLUMNS = 80, ROOM = 8 };

/* The document of a line, read as a page is: integers beyond 64 bits keep their digits. */
static yyjson_doc *read_line(const char *line)
{
    yyjson_doc *doc = yyjson_read(line, strcspn(line, "\n"), YYJSON_READ_BIGNUM_AS_RAW);
    assert_non_null(doc);
    return doc;
}

/* Fails; cmocka would cut the documents off. */
#define fail_by(lines, ...)                                                                        \
    do {                                                                                           \
        fputs((lines)->data, stderr);                                                              \
        fail_msg(__VA_ARGS__);                                                                     \
    } while (0)

/* ---- loads ---- */

struct load {
    struct context ctx;
    struct catalog catalog;
    struct settings settings;
    struct normalize_options options;
    struct batches batches;
    struct tg_error err;
    uint64_t next_id;
};

static int count_up(void *user, void *out, size_t len)
{
    struct load *load = user;
    unsigned char *bytes = out;
    for (size_t i = 0; i < len; i++)
        bytes[i] =
            i % 10 == 9 ? (unsigned char)++load->next_id : (unsigned char)(load->next_id >> 8);
    return TG_OK;
}

static void load_init(struct load *load, int max_nesting, size_t name_max)
{
    struct table *root;
    *load = (struct load){.batches = {.name_max = name_max}};
    context_init(&load->ctx);
    load->ctx.random = count_up;
    load->ctx.user = load;
    assert_int_equal(catalog_init(&load->catalog, "s", NULL), TG_OK);
    assert_int_equal(catalog_add(&load->catalog, "t", NULL, &root, NULL), TG_OK);
    assert_int_equal(settings_read(&load->catalog, &load->settings, NULL), TG_OK);
    load->options = (struct normalize_options){.ctx = &load->ctx,
                                               .catalog = &load->catalog,
                                               .root = root,
                                               .settings = &load->settings,
                                               .load_id = "1700000000.5",
                                               .names = {.bytes_max = name_max},
                                               .max_nesting = max_nesting,
                                               .propagate_root_id = true,
                                               .emit = batches_emit,
                                               .sink = &load->batches};
}

static void load_release(struct load *load)
{
    batches_release(&load->batches);
    settings_release(&load->settings);
    catalog_release(&load->catalog);
}

static int push(struct load *load, struct normalizer *normalizer, struct json_page *parser,
                const char *lines, size_t len)
{
    int rc = TG_OK;
    struct page page = {.kind = PAGE_END};
    char *text = mem_calloc(1, len + 2 * ROOM);
    assert_non_null(text);
    memcpy(text + ROOM, lines, len);
    TRY(json_page_lines(parser, text + ROOM, len, 1, &page, &load->err));
    TRY(normalizer_push(normalizer, &page, &load->err));
done:
    page_release(&page);
    mem_free(text);
    return rc;
}

/* Loads all lines, in pages of at least `page_bytes`. */
static void load_run(struct load *load, const struct buf *lines, size_t page_bytes)
{
    int rc = TG_OK;
    struct normalizer *normalizer = NULL;
    struct json_page *parser = NULL;
    struct tg_error *err = &load->err;
    batches_release(&load->batches);
    TRY(json_page_new(&parser, err));
    TRY(normalizer_new(&load->options, &normalizer, err));
    for (size_t from = 0, to = 0; from < lines->len; from = to) {
        to = lines->len - from > page_bytes ? from + page_bytes : lines->len;
        while (lines->data[to - 1] != '\n')
            to++;
        TRY(push(load, normalizer, parser, lines->data + from, to - from));
    }
    TRY(normalizer_finish(normalizer, err));
    TRY(batches_check(&load->batches, &load->catalog, err));
done:
    normalizer_free(normalizer);
    json_page_free(parser);
    if (rc != TG_OK)
        fail_by(lines, "%s: %s", err->where, err->what);
}

/* ---- documents beside tables ---- */

/* Which key has a tagged name of its own in a table, or which one used a name last, and in which
 * row; "" is the table of tables. */
struct claim {
    const char *table, *name, *key;
    const char *owner; /* the table whose rows it is of */
    size_t row;        /* 0: tagged */
    struct claim *next;
};

struct match {
    const struct load *load;
    struct arena arena;
    struct hasher hasher;
    struct claim *claims, *uses;
    size_t rows; /* found so far */
    struct tg_error err;
};

/* A row and what is known of it. */
struct place {
    const char *table, *path; /* its name, and the one before it was shortened or tagged */
    struct row_ref row;
    struct bytes root;
    size_t number; /* from 1 */
    size_t values; /* found so far */
    int depth_left;
};

/* An object within a row. */
struct level {
    const char *path;   /* normalised names down to here */
    const char *source; /* keys down to here, joined by '.' */
    const char *key;    /* the same, beyond doubt */
    int depth_left;
};

enum pass { PASS_VALUES, PASS_LISTS };

static const char *text_of(struct match *match, const char *format, const char *a, const char *b,
                           const char *c)
{
    const char *text = arena_printf(&match->arena, format, a, b, c);
    assert_non_null(text);
    return text;
}

static const char *joined(struct match *match, const char *left, const char *right)
{
    struct buf name = BUF_INIT;
    struct name_rules rules = match->load->options.names;
    assert_int_equal(name_join(&rules, &match->hasher, left, right, &name, NULL), TG_OK);
    const char *text = text_of(match, "%s%s%s", name.data, "", "");
    buf_release(&name);
    return text;
}

static struct claim *find_claim(struct claim *claims, const char *table, const char *name,
                                const char *key)
{
    for (; claims; claims = claims->next)
        if (strcmp(claims->table, table) == 0 && (!name || strcmp(claims->name, name) == 0) &&
            (!key || strcmp(claims->key, key) == 0))
            return claims;
    return NULL;
}

static void add_claim(struct match *match, struct claim **claims, struct claim new)
{
    struct claim *claim = arena_alloc(&match->arena, sizeof(*claim));
    assert_non_null(claim);
    *claim = new;
    claim->next = *claims;
    *claims = claim;
}

/* The name of `key`: `path`, or a tagged one from the first row on in which another key has that.
 */
static const char *claimed(struct match *match, const struct place *place, const char *table,
                           const char *path, const char *source, const char *key)
{
    size_t row = place->number;
    const char *name = joined(match, path, "");
    struct claim *tagged = find_claim(match->claims, table, NULL, key);
    struct claim *use = find_claim(match->uses, table, name, NULL);
    char tag[7];
    if (tagged)
        return tagged->name;
    if (!use)
        add_claim(match, &match->uses, (struct claim){table, name, key, place->table, row, NULL});
    bool same = use && strcmp(use->owner, place->table) == 0;
    if (!use || (same && (use->row != row || strcmp(use->key, key) == 0))) {
        if (use)
            *use = (struct claim){table, name, key, place->table, row, use->next};
        return name;
    }
    assert_int_equal(name_tag(&match->hasher, source, strlen(source), tag, NULL), TG_OK);
    name = joined(match, text_of(match, "%s%s%s", path, "_", tag), "");
    add_claim(match, &match->claims, (struct claim){table, name, key, place->table, 0, NULL});
    return name;
}

/* The text a value has as JSON once it is in a column of that type; "" if it does not fit. */
static void expected_text(const yyjson_val *value, const struct ArrowSchema *schema,
                          struct buf *out)
{
    struct type_spec spec;
    struct column column = {.len = 0};
    struct coerced coerced;
    struct buf scratch = BUF_INIT;
    struct ArrowArray array = {.release = NULL};
    bool fits;
    assert_int_equal(type_from_arrow(schema, &spec, NULL), TG_OK);
    assert_int_equal(coerce_cell(value, &spec, TEXT_DOCUMENT, &scratch, &coerced, &fits, NULL),
                     TG_OK);
    if (fits) {
        assert_int_equal(column_init_rows(&column, &spec, 1, NULL), TG_OK);
        assert_int_equal(coerce_store(&coerced, &column, 0, NULL), TG_OK);
        assert_int_equal(column_export(&column, 1, &array, NULL), TG_OK);
        assert_int_equal(value_json(schema, &array, 0, out, NULL), TG_OK);
        array_release(&array);
    }
    column_release(&column);
    buf_release(&scratch);
}

/* Where the value of a column stands: there, or in a variant. -1: nowhere, or in two places. */
static int64_t find_value(struct match *match, struct row_ref row, const char *column)
{
    int64_t found = row_find(row, column);
    for (int type = TYPE_TEXT; type <= TYPE_COUNT; type++) { /* the last one: a variant's */
        const char *name = type < TYPE_COUNT ? type_name((enum type)type) : "text__v_text";
        const char *suffix = text_of(match, "v_%s%s%s", name, "", "");
        int64_t variant = row_find(row, joined(match, column, suffix));
        if (variant >= 0 && found >= 0)
            return -1;
        found = variant >= 0 ? variant : found;
    }
    return found;
}

static int match_value(struct match *match, struct place *place, const char *column,
                       const yyjson_val *value)
{
    int rc = TG_OK;
    struct buf expected = BUF_INIT, actual = BUF_INIT;
    const struct emitted *batch = place->row.batch;
    int64_t at = find_value(match, place->row, column);
    place->values++;
    if (at < 0)
        return error_set(&match->err, TG_DATA, "%s.%s: no value, or two", place->table, column);
    expected_text(value, batch->schema.children[at], &expected);
    assert_int_equal(value_json(batch->schema.children[at], batch->array.children[at],
                                place->row.row, &actual, NULL),
                     TG_OK);
    if (strcmp(buf_string(&expected), buf_string(&actual)) != 0)
        rc = error_set(&match->err, TG_DATA, "%s.%s: %s instead of %s", place->table, column,
                       buf_string(&actual), buf_string(&expected));
    buf_release(&expected);
    buf_release(&actual);
    return rc;
}

static int match_row(struct match *match, struct place *place, const yyjson_val *value,
                     int depth_left);

static int match_list(struct match *match, const struct place *above, const char *table,
                      const char *path, const yyjson_val *list, int depth_left)
{
    int rc = TG_OK;
    struct bytes parent = row_bytes(above->row, "_dlt_id");
    struct place place = {.table = table, .path = path, .root = above->root};
    const yyjson_val *element = cell_first(list);
    size_t found = 0;
    while (row_next(&match->load->batches, table, &place.row)) {
        struct bytes own = row_bytes(place.row, "_dlt_parent_id");
        struct bytes root = row_bytes(place.row, "_dlt_root_id");
        if (bytes_compare(&own, &parent) != 0)
            continue;
        if (found == cell_len(list) || row_int64(place.row, "_dlt_list_idx") != (int64_t)found ||
            !root.text || bytes_compare(&root, &place.root) != 0)
            return error_set(&match->err, TG_DATA, "%s: row %zu of a list is another one", table,
                             found);
        TRY(match_row(match, &place, element, depth_left));
        element = cell_next(element);
        found++;
    }
    if (found < cell_len(list))
        rc = error_set(&match->err, TG_DATA, "%s: %zu rows are missing", table,
                       cell_len(list) - found);
done:
    return rc;
}

static int match_object(struct match *match, struct place *place, const struct level *level,
                        const yyjson_val *object, enum pass pass);

static int match_field(struct match *match, struct place *place, const struct level *level,
                       const char *key, size_t len, const yyjson_val *value, enum pass pass)
{
    struct buf name = BUF_INIT;
    struct name_rules rules = match->load->options.names;
    enum cell_kind kind = cell_kind(value);
    assert_int_equal(name_path(&rules, &match->hasher, key, len, &name, NULL), TG_OK);
    struct level below = {
        .path = text_of(match, "%s%s%s", level->path, level->path[0] ? "__" : "", name.data),
        .source = text_of(match, "%s%s%s", level->source, level->source[0] ? "." : "", key),
        .key = text_of(match, "%s\n%s%s", level->key, key, ""),
        .depth_left = level->depth_left - 1};
    const char *column = joined(match, level->path, name.data);
    buf_release(&name);
    if (kind == CELL_NULL)
        return TG_OK;
    if (kind < CELL_LIST || level->depth_left <= 0) {
        if (pass == PASS_LISTS)
            return TG_OK;
        column = claimed(match, place, place->table, column, below.source, below.key);
        return match_value(match, place, column, value);
    }
    if (cell_len(value) == 0)
        return TG_OK;
    if (kind == CELL_OBJECT)
        return match_object(match, place, &below, value, pass);
    const char *path = text_of(match, "%s__%s%s", place->path, below.path, "");
    bool in_root = strcmp(place->table, "t") == 0;
    const char *source =
        text_of(match, "%s%s%s", in_root ? "" : place->table, in_root ? "" : ".", below.source);
    const char *table = claimed(match, place, "", path, source,
                                text_of(match, "%s\n%s%s", place->table, below.key, ""));
    return pass == PASS_VALUES
               ? TG_OK
               : match_list(match, place, table, path, value, place->depth_left - 1);
}

static int match_object(struct match *match, struct place *place, const struct level *level,
                        const yyjson_val *object, enum pass pass)
{
    int rc = TG_OK;
    const yyjson_val *key = cell_first(object);
    for (size_t i = 0; i < cell_len(object); i++, key = cell_next(key + 1))
        TRY(match_field(match, place, level, key->uni.str, cell_len(key), key + 1, pass));
done:
    return rc;
}

static size_t count_values(struct row_ref row)
{
    size_t count = 0;
    for (int64_t i = 0; i < row.batch->schema.n_children; i++)
        count += strncmp(row.batch->schema.children[i]->name, "_dlt_", 5) != 0 &&
                 !array_is_null(row.batch->array.children[i], row.row);
    return count;
}

static int match_row(struct match *match, struct place *place, const yyjson_val *value,
                     int depth_left)
{
    int rc = TG_OK;
    enum cell_kind kind = cell_kind(value);
    struct level level = {"", "", "", depth_left - (kind == CELL_LIST)};
    place->values = 0;
    place->number = ++match->rows;
    place->depth_left = level.depth_left;
    for (enum pass pass = PASS_VALUES; pass <= PASS_LISTS; pass++) {
        if (kind == CELL_OBJECT)
            TRY(match_object(match, place, &level, value, pass));
        else if (kind == CELL_LIST)
            TRY(match_field(match, place, &level, "list", 4, value, pass));
        else
            TRY(match_field(match, place, &level, "value", 5, value, pass));
    }
    if (place->values != count_values(place->row))
        rc = error_set(&match->err, TG_DATA, "%s: a row holds %zu values, its document %zu",
                       place->table, count_values(place->row), place->values);
done:
    return rc;
}

static size_t count_rows(const struct load *load)
{
    size_t count = 0;
    for (size_t i = 0; i < load->batches.count; i++)
        count += (size_t)load->batches.items[i].array.length;
    return count;
}

/* All lines beside the rows of the root table, and nothing more than that. */
static void match_lines(struct match *match, const struct load *load, const struct buf *lines)
{
    int depth = load->options.max_nesting < 0 ? 1000 : load->options.max_nesting;
    struct place place = {.table = "t", .path = "t"};
    int rc = TG_OK;
    match->load = load;
    match->uses = NULL;
    match->rows = 0;
    for (const char *at = lines->data; *at && rc == TG_OK; at = strchr(at, '\n') + 1) {
        yyjson_doc *doc = read_line(at);
        assert_true(row_next(&load->batches, "t", &place.row));
        place.root = row_bytes(place.row, "_dlt_id");
        rc = match_row(match, &place, yyjson_doc_get_root(doc), depth);
        yyjson_doc_free(doc);
    }
    if (rc == TG_OK && match->rows != count_rows(load))
        rc = error_set(&match->err, TG_DATA, "%zu rows, and %zu in the documents", count_rows(load),
                       match->rows);
    if (rc != TG_OK)
        fail_by(lines, "%s", match->err.what);
}

static void match_release(struct match *match)
{
    arena_release(&match->arena);
    hasher_release(&match->hasher);
}

/* ---- properties ---- */

static const struct {
    int max_nesting;
    size_t name_max;
} limits[] = {{-1, 0}, {-1, 63}, {0, 0}, {-1, 24}, {1, 0}, {2, 0}, {3, 0}};

static void reassembles(bool collide)
{
    for (uint64_t seed = 0; seed < LOADS; seed++) {
        struct load load;
        struct documents documents = make_documents(seed, collide);
        size_t limit = seed % COUNT(limits);
        load_init(&load, limits[limit].max_nesting, limits[limit].name_max);
        struct match match = {.rows = 0};
        load_run(&load, &documents.text, SIZE_MAX);
        match_lines(&match, &load, &documents.text);
        match_release(&match);
        load_release(&load);
        buf_release(&documents.text);
    }
}

static void documents_reassemble(void **state)
{
    (void)state;
    reassembles(false);
}

static void documents_with_names_that_collide_reassemble(void **state)
{
    (void)state;
    reassembles(true);
}

/* The rows of a table are the same in both, whatever the order of columns. */
static void same_table(const struct load *a, const struct load *b, const char *table,
                       const struct buf *lines)
{
    struct row_ref row = {NULL, 0}, other = {NULL, 0};
    struct buf left = BUF_INIT, right = BUF_INIT;
    while (row_next(&a->batches, table, &row)) {
        const struct ArrowSchema *schema = &row.batch->schema;
        assert_true(row_next(&b->batches, table, &other));
        assert_int_equal(count_values(row), count_values(other));
        for (int64_t i = 0; i < schema->n_children; i++) {
            if (array_is_null(row.batch->array.children[i], row.row))
                continue;
            const char *name = schema->children[i]->name;
            int64_t at = row_find(other, name);
            buf_clear(&left);
            buf_clear(&right);
            assert_int_equal(
                value_json(schema->children[i], row.batch->array.children[i], row.row, &left, NULL),
                TG_OK);
            if (at >= 0)
                assert_int_equal(value_json(other.batch->schema.children[at],
                                            other.batch->array.children[at], other.row, &right,
                                            NULL),
                                 TG_OK);
            if (strcmp(buf_string(&left), buf_string(&right)) != 0)
                fail_by(lines, "%s.%s: %s and %s", table, name, buf_string(&left),
                        buf_string(&right));
        }
    }
    assert_false(row_next(&b->batches, table, &other));
    buf_release(&left);
    buf_release(&right);
}

static void same_tables(const struct load *a, const struct load *b, const struct buf *lines)
{
    assert_int_equal(a->catalog.table_count, b->catalog.table_count);
    for (size_t i = 0; i < a->catalog.table_count; i++)
        same_table(a, b, a->catalog.tables[i]->name, lines);
}

static void pages_make_no_difference(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < LOADS; seed++) {
        struct load whole, split;
        struct documents documents = make_documents(seed, true);
        load_init(&whole, -1, 0);
        load_init(&split, -1, 0);
        load_run(&whole, &documents.text, SIZE_MAX);
        load_run(&split, &documents.text, 1 + seed % 2 * 100);
        same_tables(&whole, &split, &documents.text);
        load_release(&whole);
        load_release(&split);
        buf_release(&documents.text);
    }
}

/* A value with the keys of each object in another order. */
static void write_shuffled(struct buf *out, const yyjson_val *value, uint64_t *seed)
{
    size_t count = cell_len(value);
    const yyjson_val *children[32];
    if (cell_kind(value) != CELL_OBJECT && cell_kind(value) != CELL_LIST) {
        if (cell_kind(value) == CELL_DECIMAL)
            buf_append(out, value->uni.str, cell_len(value));
        else
            cell_json(out, value, 0);
        return;
    }
    bool object = cell_kind(value) == CELL_OBJECT;
    const yyjson_val *child = cell_first(value);
    for (size_t i = 0; i < count; i++, child = cell_next(child + object)) {
        size_t at = object ? below(seed, i + 1) : i;
        children[i] = children[at];
        children[at] = child;
    }
    buf_char(out, object ? '{' : '[');
    for (size_t i = 0; i < count; i++) {
        buf_text(out, i > 0 ? "," : "");
        if (object) {
            cell_json(out, children[i], 0);
            buf_char(out, ':');
        }
        write_shuffled(out, children[i] + object, seed);
    }
    buf_char(out, object ? '}' : ']');
}

static struct buf shuffled(const struct buf *lines, uint64_t seed)
{
    struct buf out = BUF_INIT;
    for (const char *at = lines->data; *at; at = strchr(at, '\n') + 1) {
        yyjson_doc *doc = read_line(at);
        write_shuffled(&out, yyjson_doc_get_root(doc), &seed);
        buf_char(&out, '\n');
        yyjson_doc_free(doc);
    }
    assert_false(out.failed);
    return out;
}

static void order_of_keys_makes_no_difference(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < LOADS; seed++) {
        struct load plain, other;
        struct documents documents = make_documents(seed, false);
        struct buf lines = shuffled(&documents.text, seed);
        load_init(&plain, -1, 63);
        load_init(&other, -1, 63);
        load_run(&plain, &documents.text, SIZE_MAX);
        load_run(&other, &lines, SIZE_MAX);
        same_tables(&plain, &other, &lines);
        load_release(&plain);
        load_release(&other);
        buf_release(&lines);
        buf_release(&documents.text);
    }
}

/* Over the catalog as it was stored: documents that are known bring nothing new, and what they hold
 * lands where it did, even with their keys in another order. */
static void second_load_changes_no_schema(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < LOADS; seed++) {
        struct load load;
        struct buf before = BUF_INIT, after = BUF_INIT;
        struct documents documents = make_documents(seed, seed % 2);
        struct match match = {.rows = 0};
        struct buf lines = shuffled(&documents.text, seed);
        load_init(&load, limits[seed % COUNT(limits)].max_nesting, 63);
        load_run(&load, &documents.text, SIZE_MAX);
        match_lines(&match, &load, &documents.text);
        assert_int_equal(catalog_text(&load.catalog, &before, NULL), TG_OK);
        catalog_release(&load.catalog);
        assert_int_equal(catalog_read(&load.catalog, before.data, before.len, NULL), TG_OK);
        load.options.root = catalog_find(&load.catalog, "t");
        load_run(&load, &documents.text, SIZE_MAX);
        match_lines(&match, &load, &documents.text);
        match_release(&match);
        /* which of colliding keys have a name of their own, and so the types of their columns,
         * depends on what came first */
        if (seed % 2 == 0)
            load_run(&load, &lines, SIZE_MAX);
        assert_int_equal(catalog_text(&load.catalog, &after, NULL), TG_OK);
        if (seed % 2 == 0 && strcmp(before.data, after.data) != 0)
            fail_by(&lines, "the schema became %s", after.data);
        load_release(&load);
        buf_release(&lines);
        buf_release(&before);
        buf_release(&after);
        buf_release(&documents.text);
    }
}

/* ---- out of memory ---- */

/* A wide row under a long key, with a list that a contract keeps out, twice. */
static int load_wide_row(enum tg_row_ids row_ids)
{
    int rc = TG_OK;
    struct run run;
    struct buf line = BUF_INIT;
    struct type_spec spec = {.type = TYPE_BIGINT};
    TRY(run_init(&run));
    run.options.row_ids = row_ids;
    run.options.contract.modes[CONTRACT_TABLES] = CONTRACT_DISCARD_ROW;
    run.options.needs_key = true;
    for (int i = 0; i < KEYS; i++) {
        char name[16];
        struct table_column *column;
        snprintf(name, sizeof(name), "c%d", i);
        TRY(table_add_column(&run.catalog, run.root, name, &spec, &column, &run.err));
        column->primary_key = true;
    }
    buf_text(&line, "{\"list\":[1,{\"a\":2}]");
    for (int i = 0; i < COLUMNS; i++)
        buf_printf(&line, ",\"c%d\":%d", i, i);
    buf_text(&line, "}\n");
    TRY(buf_check(&line, &run.err));
    TRY(run_push(&run, line.data));
    TRY(run_push(&run, line.data));
    TRY(run_finish(&run));
done:
    buf_release(&line);
    run_release(&run);
    return rc;
}

static int load_by_key(void)
{
    return load_wide_row(TG_ROW_IDS_KEY);
}

static int load_by_content(void)
{
    return load_wide_row(TG_ROW_IDS_ROW);
}

static void out_of_memory(void **state)
{
    (void)state;
    torture(load_by_key);
    torture(load_by_content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_reassemble),
        cmocka_unit_test(documents_with_names_that_collide_reassemble),
        cmocka_unit_test(pages_make_no_difference),
        cmocka_unit_test(order_of_keys_makes_no_difference),
        cmocka_unit_test(second_load_changes_no_schema),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests_name("normalize/property", tests, NULL, NULL);
}
