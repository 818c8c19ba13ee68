/*
 * Owns the decision on what is new, and the way of rows that are not loaded.
 *
 *   change_ask   a new table, column or type -> the mode that holds -> kept, left out, the row
 *                discarded, or TG_CONTRACT with the document that asked for it
 *   row_give_up  a discarded or bad row -> row_reject -> normalize_options.reject
 *
 * Who asks: output.c for tables, shape.c for columns, shred.c for types. What the modes are for a
 * table was resolved before (catalog/contract.c). Undoing what was stored of a row is shred.c's.
 */
#include "normalize/change.h"

#include <stdio.h>
#include <string.h>

#include "base/text/utf8.h"
#include "data/bad_rows.h"
#include "normalize/misfit.h"

enum { DOCUMENT_SHOWN_MAX = 300 };

static void describe(const struct change *change, char *out, size_t size)
{
    switch (change->entity) {
    case CONTRACT_TABLES: snprintf(out, size, "table '%s' is new", change->table); break;
    case CONTRACT_COLUMNS:
        snprintf(out, size, "column '%s' of table '%s' is new (%s)", change->column, change->table,
                 change->type);
        break;
    default:
        snprintf(out, size, "column '%s' of table '%s' is %s and the value is %s", change->column,
                 change->table, change->type_there, change->type);
    }
}

/* The row being walked as JSON, cut off when it is long. */
static void show_document(const struct outputs *outputs, char out[DOCUMENT_SHOWN_MAX + 4])
{
    struct buf text = BUF_INIT;
    cell_json(&text, outputs->row, 0);
    size_t len = text.failed ? 0 : text.len;
    bool cut = len > DOCUMENT_SHOWN_MAX;
    if (cut)
        len = utf8_cut(text.data, DOCUMENT_SHOWN_MAX);
    snprintf(out, DOCUMENT_SHOWN_MAX + 4, "%.*s%s", (int)len, buf_string(&text), cut ? "..." : "");
    buf_release(&text);
}

static int freeze(struct outputs *outputs, const struct change *change, const char *what,
                  struct tg_error *err)
{
    char document[DOCUMENT_SHOWN_MAX + 4];
    const char *entity = contract_entity_text(change->entity);
    show_document(outputs, document);
    error_set(err, TG_CONTRACT,
              "%s, and the schema contract freezes %s; document: %s; to let it in, set "
              "schema_contract: {%s: evolve}; to load the rest, set discard_row or "
              "discard_value there",
              what, entity, document, entity);
    return contract_blame(change->entity, change->table, change->column, err);
}

/* A key alone, of which no column changes: there is no contract that somebody has said. */
static int give_up_key(struct outputs *outputs, const struct change *change)
{
    struct buf told = BUF_INIT;
    const yyjson_val *value = change->column ? misfit_value(outputs, change->column) : NULL;
    if (value)
        cell_tell(&told, value);
    snprintf(outputs->discard_reason, sizeof(outputs->discard_reason),
             "%s does not fit column '%s' (%s) of table '%s'",
             value ? buf_string(&told) : change->type, change->column, change->type_there,
             change->table);
    buf_release(&told);
    outputs->discard_column = change->column;
    return ROW_DISCARDED;
}

int change_ask(struct outputs *outputs, const struct output *output, const struct change *change,
               bool *left_out, struct tg_error *err)
{
    char what[256];
    enum contract_mode mode = outputs->options.contract.modes[change->entity];
    *left_out = false;
    if (mode == CONTRACT_UNSAID || mode == CONTRACT_EVOLVE ||
        (change->entity == CONTRACT_COLUMNS && output->free_pass) ||
        (change->column && strncmp(change->column, "_dlt", 4) == 0))
        return TG_OK;
    describe(change, what, sizeof(what));
    if (mode == CONTRACT_FREEZE)
        return freeze(outputs, change, what, err);
    if (mode == CONTRACT_DISCARD_VALUE || change->entity == CONTRACT_TABLES) {
        *left_out = true;
        return TG_OK;
    }
    if (outputs->options.is_keys)
        return give_up_key(outputs, change);
    snprintf(outputs->discard_reason, sizeof(outputs->discard_reason),
             "%s, and the schema contract discards such rows (%s: %s)", what,
             contract_entity_text(change->entity), contract_mode_text(mode));
    outputs->discard_column = change->column;
    return ROW_DISCARDED;
}

/* Its text is the document's: as it stands there, where the source knows. */
static void find_place(struct outputs *outputs, const char *column, const yyjson_val *document,
                       struct row_place *place)
{
    const bool is_walked = column && document == outputs->row;
    const yyjson_val *value = is_walked ? misfit_value(outputs, column) : NULL;
    *place = (struct row_place){.text = NULL};
    if (outputs->page)
        page_place(outputs->page, outputs->root_row, document, value, place);
}

int row_reject(struct outputs *outputs, const char *table, const char *column, const char *reason,
               const yyjson_val *document, struct tg_error *err)
{
    struct tg_error where = {.code = TG_OK};
    struct row_place place;
    struct buf text = BUF_INIT;
    int rc = TG_OK;
    if (outputs->page)
        (void)!page_where(outputs->page, outputs->root_row, TG_DATA, &where);
    find_place(outputs, column, document, &place);
    if (place.text)
        bad_row_text(&text, place.text, place.text_len);
    TRY(buf_check(&text, err));
    const struct reject reject = {.table = table,
                                  .column = column,
                                  .reason = reason,
                                  .place = where.where,
                                  .file = outputs->page ? outputs->page->file : NULL,
                                  .line = place.line,
                                  .byte = place.byte,
                                  .text = place.text ? buf_string(&text) : NULL,
                                  .document = document};
    rc = outputs->options.reject(outputs->options.sink, &reject, err);
done:
    buf_release(&text);
    return rc;
}

int bad_row_count(struct outputs *outputs, struct tg_error *err)
{
    if (++outputs->bad_row_count <= outputs->options.reject_max)
        return TG_OK;
    return error_where(err, TG_DATA, "bad row %llu, beyond the limit of %llu (on_bad_row)",
                       (unsigned long long)outputs->bad_row_count,
                       (unsigned long long)outputs->options.reject_max);
}

static int reject_bad_row(struct outputs *outputs, const struct output *output,
                          struct tg_error *err)
{
    const struct tg_error bad = *err;
    int rc = bad_row_count(outputs, err);
    if (rc != TG_OK)
        return rc;
    error_clear(err);
    const char *column = bad.column[0] ? bad.column : NULL;
    return row_reject(outputs, output->table->name, column, bad.what, outputs->row, err);
}

int row_give_up(struct outputs *outputs, const struct output *output, int code,
                struct tg_error *err)
{
    if (code == ROW_DISCARDED)
        return row_reject(outputs, output->table->name, outputs->discard_column,
                          outputs->discard_reason, outputs->row, err);
    if (code == TG_DATA && outputs->options.reject_bad_rows)
        return reject_bad_row(outputs, output, err);
    return code;
}
