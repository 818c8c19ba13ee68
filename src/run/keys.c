/*
 * Keys that a source has, on their way into the package.
 *
 *   keys_new: make_table (the key columns of the root table, and no others) -> a normalizer of its
 *   own -> keys_add (a row that was rejected), keys_list (all that a source lists) -> emit_keys:
 *   package_append, into a part of the manifest that is no table
 *
 * So a key goes through the same types as those of rows: 1.0 is 1 in a column of integers, and a
 * time is a point in time. Fields that are no keys are left out, as a schema contract would have
 * it, and so are the ids of rows. A key that cannot be read could be any: it fails the load. From
 * how many files keys came is remembered (keys_remember), so that fewer of them are noticed.
 */
#include "run/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "normalize/normalize.h"

struct keys {
    struct keys_of of;
    char name[40];
    struct table *table;
    struct normalizer *normalizer;
    uint64_t files, last_file; /* from how many keys came, and the hash of the last one's name */
};

/* The key columns of a batch: nobody asks for ids of keys. Moves the array. */
static int keep_keys(const struct table *table, const struct ArrowSchema *schema,
                     struct ArrowArray *array, struct ArrowSchema *kept_schema,
                     struct ArrowArray *kept, struct tg_error *err)
{
    size_t count = 0;
    struct ArrowArray *children = mem_alloc((size_t)schema->n_children * sizeof(*children));
    struct ArrowSchema **columns = kept_schema->children;
    if (!children)
        return error_nomem(err);
    for (int64_t i = 0; i < schema->n_children; i++) {
        const struct table_column *column = table_find(table, schema->children[i]->name);
        if (!column || !(column->primary_key || column->incremental))
            continue;
        columns[count] = schema->children[i];
        array_move(array->children[i], &children[count++]);
    }
    kept_schema->n_children = (int64_t)count;
    int rc = batch_make(children, count, array->length, kept, err);
    kept->offset = array->offset;
    mem_free(children);
    return rc;
}

static int append_keys(const struct keys *keys, const struct ArrowSchema *schema,
                       struct ArrowArray *array, struct tg_error *err)
{
    int rc = TG_OK;
    struct ArrowArray kept = {0};
    struct ArrowSchema kept_schema = *schema; /* borrows its columns */
    kept_schema.children = mem_alloc((size_t)schema->n_children * sizeof(*kept_schema.children));
    if (!kept_schema.children)
        return error_nomem(err);
    TRY(keep_keys(keys->table, schema, array, &kept_schema, &kept, err));
    rc = package_append(keys->of.load->package, keys->name, &kept_schema, &kept, err);
done:
    mem_free(kept_schema.children);
    return rc;
}

static int note_learning(const struct keys *keys, struct manifest *manifest,
                         struct manifest_table *part, struct tg_error *err)
{
    int rc = TG_OK;
    const struct keys_of *of = &keys->of;
    if (!of->learns_source || *part->learns)
        return TG_OK;
    TRY(arena_keep(&manifest->arena, of->learns_source, &part->learns_source, err));
    TRY(arena_keep(&manifest->arena, of->learns_unit, &part->learns_unit, err));
    TRY(arena_keep(&manifest->arena, of->resource->incremental.cursor_path, &part->learns, err));
done:
    return rc;
}

static int emit_keys(void *sink, const char *table, const struct ArrowSchema *schema,
                     struct ArrowArray *array, struct tg_error *err)
{
    int rc = TG_OK;
    struct keys *keys = sink;
    struct manifest *manifest = NULL;
    struct manifest_table *part = NULL;
    if (strcmp(table, keys->table->name) != 0) { /* what is nested in a row is no key */
        array_release(array);
        return TG_OK;
    }
    TRY(load_package(keys->of.load, &manifest, err));
    TRY(manifest_add_table(manifest, keys->name, keys->of.resource->name, false, &part, err));
    part->is_keys = true;
    part->is_late = keys->of.is_late;
    part->descends = keys->of.is_late && keys->of.resource->incremental.last_value == TG_MIN;
    if (keys->of.cursor && !*part->cursor)
        TRY(arena_keep(&manifest->arena, keys->of.cursor->name, &part->cursor, err));
    TRY(note_learning(keys, manifest, part, err));
    TRY(append_keys(keys, schema, array, err));
done:
    array_release(array);
    return rc;
}

/* What is nested in a row is no key; and a row that came late without one is nobody's to find. */
static int refuse_key(void *sink, const struct reject *reject, struct tg_error *err)
{
    const struct keys *keys = sink;
    if (keys->of.is_late || strcmp(reject->table, keys->table->name) != 0)
        return TG_OK;
    return error_set(err, TG_DATA,
                     "its key cannot be read, so that nobody can tell which rows of table '%s' the "
                     "source has no more; nothing was written: %s",
                     keys->of.root->name, reject->reason);
}

/* It has the name of the root table, for messages: the catalog does not know it. */
static int add_column(struct keys *keys, const char *name, const struct type_spec *spec,
                      bool is_key, struct tg_error *err)
{
    struct table_column *made = NULL;
    int rc =
        table_add_column(&keys->of.load->session->catalog, keys->table, name, spec, &made, err);
    if (rc != TG_OK)
        return rc;
    made->primary_key = is_key;
    made->incremental = !is_key;
    made->nullable = !is_key;
    return TG_OK;
}

/* What goes along with the keys of rows that may have come late. A value that the root's column
 * would not hold is none. */
static int add_late_columns(struct keys *keys, struct tg_error *err)
{
    int rc = TG_OK;
    static const struct type_spec number = {.type = TYPE_BIGINT};
    if (keys->of.cursor)
        TRY(add_column(keys, LATE_CURSOR, &keys->of.cursor->spec, false, err));
    TRY(add_column(keys, LATE_BY, &number, true, err));
    if (keys->of.learns_source) {
        TRY(add_column(keys, LATE_CLASS, &number, true, err));
        TRY(add_column(keys, LATE_OUT, &number, true, err));
    }
done:
    return rc;
}

static int make_table(struct keys *keys, struct tg_error *err)
{
    int rc = TG_OK;
    struct catalog *catalog = &keys->of.load->session->catalog;
    const struct table *root = keys->of.root;
    snprintf(keys->name, sizeof(keys->name), "_tidegate_%s_%zu", keys->of.is_late ? "late" : "keys",
             keys->of.place);
    TRY(table_make(catalog, root->name, NULL, &keys->table, err));
    for (size_t i = 0; i < root->column_count; i++) {
        const struct table_column *column = &root->columns[i];
        if (column->primary_key && column->spec.type != TYPE_NONE)
            TRY(add_column(keys, column->name, &column->spec, true, err));
    }
    if (keys->of.is_late)
        TRY(add_late_columns(keys, err));
    table_saw_data(keys->table);
done:
    return rc;
}

int keys_new(const struct keys_of *of, struct keys **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct session *session = of->load->session;
    struct keys *keys = mem_calloc(1, sizeof(*keys));
    *out = NULL;
    if (!keys)
        return error_nomem(err);
    keys->of = *of;
    TRY(make_table(keys, err));
    const struct normalize_options options = {
        .ctx = &session->pipeline->ctx,
        .catalog = &session->catalog,
        .root = keys->table,
        .settings = &session->settings,
        .load_id = of->load->id,
        .names = session_names(session),
        .folds_case = session->destination.facts.folds_case,
        .fraction_max = session->destination.facts.fraction_max,
        .contract.modes = {[CONTRACT_TABLES] = CONTRACT_DISCARD_VALUE,
                           [CONTRACT_COLUMNS] = CONTRACT_DISCARD_VALUE,
                           [CONTRACT_DATA_TYPE] =
                               of->is_late ? CONTRACT_DISCARD_VALUE : CONTRACT_DISCARD_ROW},
        .max_nesting = -1,
        .is_keys = true,
        .needs_key = true,
        .reject_bad_rows = true,
        .reject_max = of->is_late ? INT64_MAX : 1,
        .is_quiet = true,
        .emit = emit_keys,
        .reject = refuse_key,
        .sink = keys,
    };
    TRY(normalizer_new(&options, &keys->normalizer, err));
    *out = keys;
    keys = NULL;
done:
    keys_free(keys);
    return rc;
}

static void note_file(struct keys *keys, const char *file)
{
    const uint64_t hash = file ? hash_xx64(file, strlen(file)) : keys->last_file;
    keys->files += hash != keys->last_file;
    keys->last_file = hash;
}

int keys_push(struct keys *keys, struct page *page, struct tg_error *err)
{
    note_file(keys, page->file);
    return normalizer_push(keys->normalizer, page, err);
}

static int push(void *user, struct page *page, struct tg_error *err)
{
    return keys_push(user, page, err);
}

int keys_add(struct keys *keys, const yyjson_val *row, struct tg_error *err)
{
    const yyjson_val *rows[] = {row};
    struct page page = {.kind = PAGE_ROWS, .rows = rows, .row_count = 1, .first_cell = row};
    struct tg_error why = {0};
    int rc = push(keys, &page, &why);
    return rc == TG_OK ? rc : error_set(err, rc, "a row is rejected, and %s", why.what);
}

int keys_list(struct keys *keys, struct page_stream *stream, struct tg_error *err)
{
    struct extract_counts counts;
    const struct extract_sink sink = {.push = push, .user = keys};
    struct context *ctx = &keys->of.load->session->pipeline->ctx;
    int rc = extract_run(ctx, stream, NULL, &sink, &counts, err);
    return rc == TG_OK ? rc : error_where(err, rc, "list of keys");
}

int keys_finish(struct keys *keys, uint64_t *count, struct tg_error *err)
{
    *count = normalizer_row_count(keys->normalizer);
    return normalizer_finish(keys->normalizer, err);
}

/* ---- the files that they came from ---- */

/* As the ledger names what has no cursor; again.c's entry has two hashes. */
static const char no_cursor[] = "";

static uint64_t files_before(const struct keys *keys)
{
    const struct ledger *ledger = &keys->of.load->session->ledger;
    for (size_t i = 0; i < ledger->boundary_count; i++) {
        const struct ledger_boundary *boundary = &ledger->boundaries[i];
        if (strcmp(boundary->resource, keys->of.resource->name) == 0 &&
            strcmp(boundary->cursor_path, no_cursor) == 0 && boundary->hash_count == 1)
            return strtoull(boundary->last_value, NULL, 10);
    }
    return 0;
}

static void warn_of_fewer(const struct keys *keys, uint64_t before)
{
    context_log(&keys->of.load->session->pipeline->ctx, TG_LOG_WARNING, "deletes",
                "resource '%s': keys came from %llu files of keys_path, %llu the last time: rows "
                "whose keys stood in those which are missing are taken for gone; look whether all "
                "of them are there",
                keys->of.resource->name, (unsigned long long)keys->files,
                (unsigned long long)before);
}

int keys_remember(const struct keys *keys, struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest *manifest = NULL;
    struct buf files = BUF_INIT;
    const uint64_t before = files_before(keys);
    if (keys->files < before)
        warn_of_fewer(keys, before);
    if (keys->files == 0)
        return TG_OK;
    buf_printf(&files, "%llu", (unsigned long long)keys->files);
    TRY(buf_check(&files, err));
    TRY(load_package(keys->of.load, &manifest, err));
    const char *files_word[] = {"files"};
    const struct manifest_boundary boundary = {.resource = keys->of.resource->name,
                                               .cursor_path = no_cursor,
                                               .last_value = buf_string(&files),
                                               .hashes = files_word,
                                               .hash_count = 1};
    TRY(manifest_add_boundary(manifest, &boundary, err));
done:
    buf_release(&files);
    return rc;
}

void keys_free(struct keys *keys)
{
    if (!keys)
        return;
    normalizer_free(keys->normalizer);
    mem_free(keys);
}
