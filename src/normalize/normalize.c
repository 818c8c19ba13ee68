/*
 * The public face of normalize: one resource's pages in, batches of its tables out.
 *
 *   normalizer_push   PAGE_ROWS  -> shred_row for each row -> batches as they fill up
 *                     PAGE_ARROW -> typed_push -> one batch; or page_to_rows when it is not as the
 *                                   tables are, and then as above
 *   normalizer_finish -> what is left in the builders
 *
 * Memory is bound by the page and the batches: after a page every table that holds much is emitted.
 * The first error ends the load; nothing can be pushed after it.
 */
#include "normalize/change.h"
#include "normalize/normalize.h"

#include "normalize/emit.h"
#include "normalize/shred.h"
#include "normalize/typed.h"

enum { NESTING_MAX = 1000, BATCH_BYTES = 8 * 1024 * 1024 };

static const int64_t order_before_all = INT64_MIN / 2;

struct normalizer {
    struct outputs outputs;
    struct shredder shredder;
    struct typed typed;
    struct tg_rows *rows; /* of batches that become rows */
    bool failed;
};

int normalizer_new(const struct normalize_options *options, struct normalizer **out,
                   struct tg_error *err)
{
    int rc = TG_OK;
    struct output *output;
    struct shape *root;
    int depth = options->max_nesting;
    struct normalizer *normalizer = mem_calloc(1, sizeof(*normalizer));
    *out = NULL;
    if (!normalizer)
        return error_nomem(err);
    struct outputs *outputs = &normalizer->outputs;
    outputs->options = *options;
    if (options->batch_bytes == 0 || options->batch_bytes > BATCH_BYTES)
        outputs->options.batch_bytes = BATCH_BYTES;
    outputs->rules = (struct infer_rules){.detectors = options->settings->detectors,
                                          .now_us = context_now_us(options->ctx)};
    arena_init(&outputs->arena);
    TRY(output_new(outputs, options->root, options->root->name, &output, err));
    output->row_total = options->rows_before;
    if (depth < 0 || depth > NESTING_MAX)
        depth = NESTING_MAX;
    TRY(shape_new(outputs, output, depth, &root, err));
    normalizer->shredder.root = root; /* freed whatever happens next */
    TRY(shredder_init(&normalizer->shredder, outputs, root, err));
    *out = normalizer;
    normalizer = NULL;
done:
    normalizer_free(normalizer);
    return rc;
}

void normalizer_free(struct normalizer *normalizer)
{
    if (!normalizer)
        return;
    struct outputs *outputs = &normalizer->outputs;
    for (size_t i = 0; i < outputs->count; i++)
        output_release(outputs->items[i]);
    shape_free(normalizer->shredder.root);
    shredder_release(&normalizer->shredder);
    typed_release(&normalizer->typed);
    rows_free(normalizer->rows);
    mem_free(outputs->items);
    buf_release(&outputs->name);
    hasher_release(&outputs->hasher);
    arena_release(&outputs->arena);
    mem_free(normalizer);
}

static int push_rows(struct normalizer *normalizer, const struct page *page, struct tg_error *err)
{
    int rc = TG_OK;
    struct outputs *outputs = &normalizer->outputs;
    outputs->page = page;
    normalizer->shredder.rule = page->schema.release ? TEXT_TYPED : TEXT_DOCUMENT;
    if (page->schema.release)
        TRY(typed_declare(&normalizer->typed, outputs, normalizer->shredder.root, &page->schema,
                          err));
    for (size_t i = 0; i < page->row_count; i++) {
        rc = shred_row(&normalizer->shredder, page->rows[i], err);
        if (rc == TG_DATA || rc == TG_CONTRACT)
            rc = page_where(page, page->rows[i], rc, err);
        if (rc != TG_OK)
            goto done;
    }
    for (size_t i = 0; i < outputs->count; i++)
        if (output_bytes(outputs->items[i]) > outputs->options.batch_bytes)
            TRY(output_emit(outputs, outputs->items[i], err));
done:
    outputs->page = NULL;
    return rc;
}

static int push_arrow(struct normalizer *normalizer, struct page *page, struct tg_error *err)
{
    int rc = TG_OK;
    bool taken;
    struct shape *root = normalizer->shredder.root;
    TRY(output_emit(&normalizer->outputs, root->output, err)); /* rows keep their order */
    TRY(typed_push(&normalizer->typed, &normalizer->outputs, root, page, &taken, err));
    if (taken)
        goto done;
    if (!normalizer->rows)
        TRY(rows_new(&normalizer->rows, err));
    do {
        TRY(page_to_rows(page, normalizer->rows, err));
        TRY(push_rows(normalizer, page, err));
    } while (page_has_rest(page));
done:
    return rc;
}

static int reject_unread(struct normalizer *normalizer, const char *file, const struct bad_row *bad,
                         struct tg_error *err)
{
    static const yyjson_val nothing = {.tag = YYJSON_TYPE_NULL};
    struct outputs *outputs = &normalizer->outputs;
    struct tg_error place = {.code = TG_OK};
    error_set(&place, TG_DATA, "%s", bad->reason);
    if (bad->byte > 0)
        error_where(&place, TG_DATA, "byte %llu", (unsigned long long)bad->byte);
    if (bad->line > 0)
        error_at_line(&place, TG_DATA, bad->line);
    if (file)
        error_at(&place, TG_DATA, AT_FILE, file);
    const struct reject reject = {.table = normalizer->shredder.root->output->table->name,
                                  .reason = bad->reason,
                                  .place = place.where,
                                  .file = file,
                                  .line = bad->line,
                                  .byte = bad->byte,
                                  .text = bad->text,
                                  .document = &nothing};
    struct tg_error over = place;
    if (bad_row_count(outputs, &over) == TG_OK)
        return outputs->options.reject(outputs->options.sink, &reject, err);
    if (err)
        *err = over;
    return TG_DATA;
}

int normalizer_reject(struct normalizer *normalizer, const struct page *page, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < page_bad_count(page) && rc == TG_OK; i++)
        rc = reject_unread(normalizer, page->file, &page->bad->items[i], err);
    return rc;
}

/* The rows so far have a place behind those that come now, or the other way round. */
static int shift_order(struct normalizer *normalizer, bool precedes, struct tg_error *err)
{
    struct outputs *outputs = &normalizer->outputs;
    int64_t shift = precedes ? order_before_all : 0;
    int rc = TG_OK;
    if (outputs->order_shift != shift)
        TRY(output_emit(outputs, normalizer->shredder.root->output, err));
    outputs->order_shift = shift;
done:
    return rc;
}

int normalizer_push(struct normalizer *normalizer, struct page *page, struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_error own = {.code = TG_OK};
    err = err ? err : &own; /* a bad row's reason is taken from it */
    if (normalizer->failed)
        return error_set(err, TG_INTERNAL, "rows were pushed to a load that failed");
    TRY(context_check(normalizer->outputs.options.ctx, err));
    TRY(shift_order(normalizer, page->precedes, err));
    if (page->kind == PAGE_ROWS)
        TRY(push_rows(normalizer, page, err));
    else if (page->kind == PAGE_ARROW)
        TRY(push_arrow(normalizer, page, err));
done:
    normalizer->failed = rc != TG_OK;
    return rc;
}

int normalizer_column_type(struct normalizer *normalizer, const char *name, struct type_spec *out,
                           struct tg_error *err)
{
    return shape_column_type(&normalizer->outputs, normalizer->shredder.root, name, out, err);
}

static void report_cut(const struct outputs *outputs, const struct output *output)
{
    for (size_t i = 0; i < output->slot_count; i++)
        if (output->slots[i]->cut_count > 0)
            context_log(outputs->options.ctx, TG_LOG_WARNING, "normalize",
                        "table '%s': %llu values of column '%s' had digits of a second beyond "
                        "the column's, which were cut",
                        output->table->name, (unsigned long long)output->slots[i]->cut_count,
                        output->slots[i]->name);
}

static void report_left_out(const struct outputs *outputs, const struct output *output)
{
    for (size_t i = 0; i < output->slot_count; i++)
        if (output->slots[i]->left_out > 0)
            context_log(outputs->options.ctx, TG_LOG_WARNING, "contract",
                        "table '%s': %llu values that do not fit column '%s' (%s) were left out, "
                        "the schema contract keeps its type (discard_value)",
                        output->table->name, (unsigned long long)output->slots[i]->left_out,
                        output->slots[i]->name, type_name(output->slots[i]->column.spec.type));
}

size_t normalizer_room(const struct normalizer *normalizer)
{
    size_t slots = 0;
    const struct outputs *outputs = &normalizer->outputs;
    for (size_t i = 0; i < outputs->count; i++)
        slots += outputs->items[i]->row > 0 ? outputs->items[i]->slot_count : 0;
    return slots * BATCH_ROWS * sizeof(int64_t);
}

int normalizer_flush(struct normalizer *normalizer, struct tg_error *err)
{
    int rc = TG_OK;
    struct outputs *outputs = &normalizer->outputs;
    for (size_t i = 0; !normalizer->failed && i < outputs->count; i++)
        TRY(output_emit(outputs, outputs->items[i], err));
done:
    normalizer->failed |= rc != TG_OK;
    return rc;
}

int normalizer_materialize(struct normalizer *normalizer, struct tg_error *err)
{
    struct outputs *outputs = &normalizer->outputs;
    return output_emit_nothing(outputs, outputs->items[0], err);
}

int normalizer_finish(struct normalizer *normalizer, struct tg_error *err)
{
    int rc = TG_OK;
    struct outputs *outputs = &normalizer->outputs;
    if (normalizer->failed)
        return error_set(err, TG_INTERNAL, "a load that failed cannot be finished");
    for (size_t i = 0; i < outputs->count; i++)
        TRY(output_emit(outputs, outputs->items[i], err));
    for (size_t i = 0; i < outputs->count; i++)
        report_cut(outputs, outputs->items[i]);
    if (outputs->options.is_quiet)
        goto done;
    for (size_t i = 0; i < outputs->count; i++)
        report_left_out(outputs, outputs->items[i]);
    shape_report(outputs, normalizer->shredder.root);
done:
    normalizer->failed = rc != TG_OK;
    return rc;
}

uint64_t normalizer_row_count(const struct normalizer *normalizer)
{
    return normalizer->outputs.items[0]->row_total;
}
