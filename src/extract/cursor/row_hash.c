/*
 * What tells one row at the boundary from another: the hash of its key, or of the whole row.
 *
 * Data path: row_is_stored (row_forms where many are stored) for each row at the start value,
 * row_hash for each row at the last one: the row as JSON (put_key, cell_json, cursor_batch_json) ->
 * base/hash.
 *
 * Only typed timestamps and decimals tell the two forms apart: a row without one has the longer
 * hash's beginning for its shorter hash.
 */
#include "extract/cursor/row_hash.h"

#include <string.h>

#include "extract/cursor/cursor_arrow.h"

void row_hasher_release(struct row_hasher *hasher)
{
    hasher_release(&hasher->hasher);
    buf_release(&hasher->json);
}

int row_where(const struct page *page, struct row_ref ref, int code, struct tg_error *err)
{
    if (ref.cell)
        return page_where(page, ref.cell, code, err);
    return page_where_at(page, (uint64_t)ref.index, code, err);
}

/* The values of the key: one alone, or several as a list. */
static int put_key(struct row_hasher *hasher, const yyjson_val *row, int flags,
                   struct tg_error *err)
{
    struct buf *json = &hasher->json;
    if (hasher->key_count > 1)
        buf_char(json, '[');
    for (size_t i = 0; i < hasher->key_count; i++) {
        const char *name = hasher->key[i];
        const yyjson_val *value = cell_find(row, name, strlen(name));
        if (!value)
            return error_set(err, TG_DATA, "field '%s' is not in the row", name);
        if (i > 0)
            buf_char(json, ',');
        cell_json(json, value, flags);
    }
    if (hasher->key_count > 1)
        buf_char(json, ']');
    return TG_OK;
}

/* A field of the key that the row lacks; NULL: none. */
static const char *lacking(const struct row_hasher *hasher, const struct page *page,
                           struct row_ref ref)
{
    for (size_t i = 0; i < hasher->key_count; i++) {
        const char *name = hasher->key[i];
        if (ref.cell ? !cell_find(ref.cell, name, strlen(name)) : !cursor_batch_has(page, name))
            return name;
    }
    return NULL;
}

/* What a batch lacks no row of it has. */
static int refuse_lacking(const struct page *page, struct row_ref ref, const char *name,
                          struct tg_error *err)
{
    struct buf has = BUF_INIT;
    page_fields(page, ref.cell, &has);
    error_set(
        err, TG_DATA,
        "the primary key field '%s' is missing, by which rows at the last value of the cursor "
        "are told apart (%s); correct primary_key%s",
        name, buf_string(&has), ref.cell ? ", or the row" : "");
    buf_release(&has);
    if (ref.cell)
        return row_where(page, ref, TG_DATA, err);
    return page->file ? error_at(err, TG_DATA, AT_FILE, page->file) : TG_DATA;
}

static int hash_form(struct row_hasher *hasher, const struct page *page, struct row_ref ref,
                     int form, char out[HASH_ROW_TEXT + 1], struct tg_error *err)
{
    struct buf *json = &hasher->json;
    int flags = CELL_JSON_SORTED | form;
    int rc = TG_OK;
    bool is_list_of_one = hasher->key_count == 1 && hasher->key_is_list;
    const char *lacks = NULL;
    buf_clear(json);
    buf_text(json, is_list_of_one ? "[" : "");
    if (!ref.cell)
        TRY(cursor_batch_json(page, ref.index, hasher->key, hasher->key_count, flags, json, err));
    else if (hasher->key_count > 0)
        TRY(put_key(hasher, ref.cell, flags, err));
    else
        cell_json(json, ref.cell, flags);
    buf_text(json, is_list_of_one ? "]" : "");
    TRY(buf_check(json, err));
    TRY(hash_text(&hasher->hasher, buf_string(json), json->len, HASH_ROW_BYTES, out, err));
done:
    lacks = rc == TG_DATA ? lacking(hasher, page, ref) : NULL;
    if (lacks)
        return refuse_lacking(page, ref, lacks, err);
    return rc == TG_OK ? TG_OK : row_where(page, ref, rc, err);
}

static bool json_varies(const struct page *page, struct row_ref ref)
{
    return ref.cell ? cell_json_varies(ref.cell) : cursor_batch_json_varies(page);
}

int row_hash(struct row_hasher *hasher, const struct page *page, struct row_ref ref,
             struct row_hash *out, struct tg_error *err)
{
    char brief[HASH_ROW_TEXT + 1];
    int rc = TG_OK;
    TRY(hash_form(hasher, page, ref, CELL_JSON_ZULU | CELL_JSON_PYTHON, out->text, err));
    memcpy(brief, out->text, sizeof(brief));
    if (json_varies(page, ref))
        TRY(hash_form(hasher, page, ref, CELL_JSON_INSTANTS | CELL_JSON_PYTHON, brief, err));
    memcpy(out->brief, brief, HASH_SHORT_TEXT);
    out->brief[HASH_SHORT_TEXT] = '\0';
done:
    return rc;
}

/* How tidegate 0.1 wrote typed values before it wrote them as dlt does: a batch's decimals as
 * numbers; and timestamps with +00:00. */
static const int older_forms[] = {CELL_JSON_ZULU, 0};

/* dlt hashes the key `id` as 1, the key [id] as [1]; whoever wrote it may have said it that way. */
static int is_stored_otherwise(struct row_hasher *hasher, const struct page *page,
                               struct row_ref ref, const struct row_hash *hash,
                               struct boundary *boundary, bool *known, struct tg_error *err)
{
    struct row_hash other;
    int rc = TG_OK;
    hasher->key_is_list = !hasher->key_is_list;
    rc = row_hash(hasher, page, ref, &other, err);
    hasher->key_is_list = !hasher->key_is_list;
    if (rc == TG_OK)
        rc = boundary_find_text(boundary, other.text, hash, known, err);
    if (rc == TG_OK && !*known)
        rc = boundary_find_text(boundary, other.brief, hash, known, err);
    return rc;
}

int row_is_stored(struct row_hasher *hasher, const struct page *page, struct row_ref ref,
                  struct boundary *boundary, bool *known, struct tg_error *err)
{
    char text[HASH_ROW_TEXT + 1];
    struct row_hash hash;
    int rc = TG_OK;
    TRY(row_hash(hasher, page, ref, &hash, err));
    TRY(boundary_find(boundary, &hash, known, err));
    for (size_t i = 0; !*known && i < 2 && json_varies(page, ref); i++) {
        TRY(hash_form(hasher, page, ref, older_forms[i], text, err));
        TRY(boundary_find_text(boundary, text, &hash, known, err));
    }
    if (!*known && hasher->key_count == 1)
        TRY(is_stored_otherwise(hasher, page, ref, &hash, boundary, known, err));
done:
    return rc;
}

int row_forms(struct row_hasher *hasher, const struct page *page, struct row_ref ref, bool all,
              struct tie out[ROW_FORMS], size_t *count, struct tg_error *err)
{
    char text[HASH_ROW_TEXT + 1];
    struct row_hash hash;
    int rc = TG_OK;
    *count = 0;
    TRY(row_hash(hasher, page, ref, &hash, err));
    *count += tie_of_text(hash.text, &out[*count]);
    if (all)
        *count += tie_of_text(hash.brief, &out[*count]);
    for (size_t i = 0; all && i < 2 && json_varies(page, ref); i++) {
        TRY(hash_form(hasher, page, ref, older_forms[i], text, err));
        *count += tie_of_text(text, &out[*count]);
    }
done:
    return rc;
}
