/*
 * Rows that came late, on their way into the package.
 *
 *   late_new (is there a key, and does the source hand over what is new?) -> late_begin: the
 *   cursor's column in the root table -> note (the cursor's call, a row): its key, where it stands
 *   and how late it would be, as a row of their own -> flush: keys.c, which types and stores them
 *   late_tell: what the destination has said of them, and the lag that would have taken them
 *
 * Nothing is done before the first such row. Of rows that are left out the first LEFT_OUT_MAX are
 * looked at: a source that hands over all it has in each run would else pay for it in each run.
 */
#include "run/late.h"

#include <string.h>

#include "extract/cursor/path.h"
#include "run/keys.h"
#include "run/learned.h"
#include "run/range.h"
#include "write/disposition.h"

enum { LEFT_OUT_MAX = 100000, PAGE_MAX = 4096, KEY_MAX = 32 };

struct late {
    struct late_of of;
    const struct table_column *cursor; /* the root's; NULL: it has none that compares */
    struct cursor_value reached;       /* borrowed from the cursor */
    bool is_off;                       /* none of its rows is looked at, */
    bool is_over;                      /* or no more of those that are left out */
    bool learns;                       /* with lag: auto */
    enum lag_unit learns_unit;
    const char *hard_delete; /* a field of rows that delete; NULL: there is none */
    struct keys *keys;
    struct tg_rows *rows;
    size_t pending;
    uint64_t left_out; /* that were looked at */
    bool is_cut;       /* there were more */
    enum lag_unit unit;
};

/* ---- who takes part ---- */

int late_new(const struct resource *resource, struct late **out, struct tg_error *err)
{
    uint32_t share;
    const size_t key = resource->primary_key_count;
    const bool hands_over = resource->driver->hands_over;
    const bool learns = lag_is_auto(resource->incremental.lag, &share);
    const bool takes_part = (hands_over || learns) && key > 0 && key <= KEY_MAX &&
                            !resource->incremental.last_value_func;
    *out = NULL;
    if (!takes_part)
        return TG_OK;
    *out = mem_calloc(1, sizeof(**out));
    if (!*out)
        return error_nomem(err);
    (*out)->is_over = !hands_over;
    (*out)->learns = learns;
    for (size_t i = 0; i < resource->column_count; i++)
        if (resource->columns[i].hard_delete)
            (*out)->hard_delete = resource->columns[i].name;
    return rows_new(&(*out)->rows, err);
}

void late_free(struct late *late)
{
    if (!late)
        return;
    keys_free(late->keys);
    rows_free(late->rows);
    mem_free(late);
}

static bool has_typed_key(const struct table *root)
{
    bool has_key = false;
    for (size_t i = 0; i < root->column_count; i++) {
        if (root->columns[i].primary_key && root->columns[i].spec.type == TYPE_NONE)
            return false;
        has_key |= root->columns[i].primary_key;
    }
    return has_key;
}

/* The column that has what the cursor compares, as it compares it. A path with more to it than
 * names has none; texts that are taken for something else are not in that order where they are. */
static int find_cursor(struct late *late, struct tg_error *err)
{
    const struct incremental *incremental = &late->of.resource->incremental;
    const char *name = NULL;
    if (incremental->cursor_type || incremental->field_count > 1 ||
        strpbrk(path_field(incremental->cursor_path), "$[*"))
        return TG_OK;
    int rc = range_column(late->of.load->session, late->of.resource, &name, err);
    const struct table_column *found = rc == TG_OK ? table_find(late->of.root, name) : NULL;
    late->cursor = found && found->spec.type != TYPE_NONE ? found : NULL;
    return rc;
}

int late_begin(struct late *late, const struct late_of *of, const struct cursor_value *reached,
               struct tg_error *err)
{
    if (!late)
        return TG_OK;
    late->of = *of;
    late->is_off = !reached || of->root->discarded || !has_typed_key(of->root);
    late->is_over |= late->is_off;
    if (late->is_off)
        return TG_OK;
    late->reached = *reached;
    late->learns_unit = learned_unit(reached);
    return find_cursor(late, err);
}

/* ---- a row ---- */

/* false: it has no such value, or one that is no key. */
static bool find_in_batch(const struct page *page, int64_t index, const char *name,
                          struct buf *scratch, yyjson_val *out)
{
    for (int64_t i = 0; i < page->schema.n_children; i++)
        if (page->schema.children[i]->name && strcmp(page->schema.children[i]->name, name) == 0)
            return value_cell(page->schema.children[i], page->array.children[i],
                              page->array.offset + index, scratch, out, NULL) == TG_OK;
    return false;
}

static bool find_key(const struct page *page, const yyjson_val *row, int64_t index,
                     const char *name, struct buf *scratch, yyjson_val *out)
{
    const yyjson_val *cell = row ? cell_find(row, name, strlen(name)) : NULL;
    if (row ? !cell : !find_in_batch(page, index, name, scratch, out))
        return false;
    if (cell)
        *out = *cell;
    const enum cell_kind kind = cell_kind(out);
    return kind != CELL_NULL && kind != CELL_LIST && kind != CELL_OBJECT;
}

static void push_value(struct tg_rows *rows, const struct cursor_value *value)
{
    switch (value->kind) {
    case TG_VALUE_INT64: tg_rows_int64(rows, value->int64); break;
    case TG_VALUE_DOUBLE: tg_rows_double(rows, value->real); break;
    case TG_VALUE_TIMESTAMP: tg_rows_timestamp(rows, value->int64); break;
    case TG_VALUE_DATE: tg_rows_date(rows, (int32_t)value->int64); break;
    case TG_VALUE_TEXT: tg_rows_text(rows, value->text, value->len); break;
    default: tg_rows_null(rows); break;
    }
}

/* A row that deletes is not there afterwards, however often it is read. */
static bool deletes(const struct late *late, const struct page *page, const yyjson_val *row,
                    int64_t index)
{
    yyjson_val value;
    struct buf scratch = BUF_INIT;
    const bool is_said = late->hard_delete &&
                         find_key(page, row, index, late->hard_delete, &scratch, &value) &&
                         (cell_kind(&value) != CELL_BOOL || yyjson_get_bool(&value));
    buf_release(&scratch);
    return is_said;
}

static void push_number(struct tg_rows *rows, const char *name, int64_t number)
{
    tg_rows_key(rows, name);
    tg_rows_int64(rows, number);
}

static void push_row(struct late *late, const yyjson_val *key, const struct cursor_value *here,
                     bool is_left_out, bool teaches)
{
    const struct resource *resource = late->of.resource;
    struct tg_rows *rows = late->rows;
    int64_t by = 0;
    const enum lag_unit unit = lag_between(&late->reached, here, &by);
    late->unit = unit != LAG_NO_UNIT ? unit : late->unit;
    tg_rows_begin_object(rows);
    for (size_t i = 0; i < resource->primary_key_count; i++) {
        tg_rows_key(rows, resource->primary_key[i]);
        rows_push_cell(rows, &key[i]);
    }
    if (late->cursor) {
        tg_rows_key(rows, LATE_CURSOR);
        push_value(rows, here);
    }
    push_number(rows, LATE_BY, by);
    if (late->learns) {
        teaches = teaches && unit == late->learns_unit;
        push_number(rows, LATE_CLASS, teaches ? (int64_t)learned_class(unit, by) : -1);
        push_number(rows, LATE_OUT, is_left_out);
    }
    tg_rows_end_object(rows);
    late->pending++;
}

static int flush(struct late *late, struct tg_error *err)
{
    int rc = TG_OK;
    struct page page = {.kind = PAGE_ROWS, .first_row = 1};
    if (late->pending == 0)
        return TG_OK;
    if (!late->keys) {
        struct keys_of of = {late->of.load,  late->of.resource, late->of.root,
                             late->of.place, .is_late = true,   .cursor = late->cursor};
        if (late->learns) {
            of.learns_source = resource_source_key(late->of.load->session, late->of.resource);
            of.learns_unit = learned_unit_word(late->learns_unit);
        }
        TRY(keys_new(&of, &late->keys, err));
    }
    TRY(rows_finish(late->rows, &page.rows, &page.row_count, err));
    page.first_cell = page.rows[0];
    page.read_count = page.row_count;
    TRY(keys_push(late->keys, &page, err));
    rows_clear(late->rows);
    late->pending = 0;
done:
    return rc;
}

static int note(void *user, const struct page *page, const yyjson_val *cell, int64_t index,
                const struct cursor_value *here, bool is_left_out, struct tg_error *err)
{
    struct late *late = user;
    const struct resource *resource = late->of.resource;
    yyjson_val key[KEY_MAX];
    struct buf scratch[KEY_MAX] = {BUF_INIT};
    bool has_key = true;
    /* A row of a file that was read by an earlier run was late then. */
    if (late->is_off || (is_left_out && late->of.reads_again && page->file_is_known))
        return TG_OK;
    if (is_left_out) {
        late->is_cut = late->is_over = late->left_out == LEFT_OUT_MAX;
        if (late->is_over)
            return TG_OK;
        late->left_out++;
    }
    for (size_t i = 0; has_key && i < resource->primary_key_count; i++)
        has_key = find_key(page, cell, index, resource->primary_key[i], &scratch[i], &key[i]);
    if (has_key)
        push_row(late, key, here, is_left_out, late->learns && !deletes(late, page, cell, index));
    for (size_t i = 0; i < resource->primary_key_count; i++)
        buf_release(&scratch[i]);
    return late->pending >= PAGE_MAX ? flush(late, err) : TG_OK;
}

struct lateness late_hears(struct late *late)
{
    return late ? (struct lateness){note, late, &late->is_over, late->learns}
                : (struct lateness){NULL, NULL, NULL, false};
}

int late_finish(struct late *late, struct resource_counts *counts, struct tg_error *err)
{
    int rc = TG_OK;
    uint64_t rows = 0;
    if (!late)
        return TG_OK;
    TRY(flush(late, err));
    if (late->keys)
        TRY(keys_finish(late->keys, &rows, err));
    counts->late_unit = late->unit;
    counts->late_is_cut = late->is_cut;
done:
    return rc;
}

/* ---- rows that are added ---- */

bool late_recalls(const struct resource *resource)
{
    return resource->incremental.lag && resource->disposition->adds_rows &&
           resource->incremental.end_value.kind == TG_VALUE_NONE;
}

int late_recall(struct load *load, const struct resource *resource, struct manifest_table *root,
                struct tg_error *err)
{
    const char *column = NULL;
    int rc = range_column(load->session, resource, &column, err);
    return rc == TG_OK
               ? arena_keep(&package_manifest(load->package)->arena, column, &root->recalls, err)
               : rc;
}

/* ---- what came of it ---- */

static void tell(const struct load *load, const struct resource_counts *counts,
                 const struct write_table_counts *written)
{
    const char *name = counts->resource->name, *lag = counts->resource->incremental.lag;
    char text[LAG_TEXT], remedy[160] = "";
    uint32_t share;
    lag_print(counts->late_unit, written->late_by_most, text);
    if (counts->late_unit != LAG_NO_UNIT)
        snprintf(remedy, sizeof(remedy), "; 'lag: %s' would have taken %s%s%.40s%s%s", text,
                 written->rows_late == 1 ? "it" : "them", lag ? " (it is " : "", lag ? lag : "",
                 lag_is_auto(lag, &share) ? ", which learns from it" : "", lag ? ")" : "");
    context_log(
        &load->session->pipeline->ctx, TG_LOG_WARNING, "cursor",
        "resource '%s': %s%llu %s late: before the last value of the cursor '%s', and not "
        "at the destination under %s key%s",
        name, counts->late_is_cut ? "at least " : "", (unsigned long long)written->rows_late,
        written->rows_late == 1 ? "row was left out that came" : "rows were left out that came",
        counts->resource->incremental.cursor_path, written->rows_late == 1 ? "its" : "their",
        remedy);
}

void late_tell(const struct load *load)
{
    for (size_t i = 0; i < load->resource_count; i++)
        for (size_t w = 0; w < load->written.count; w++)
            if (load->written.counts[w].rows_late > 0 && load->resources[i].table &&
                strcmp(load->written.counts[w].table, load->resources[i].table) == 0)
                tell(load, &load->resources[i], &load->written.counts[w]);
}
