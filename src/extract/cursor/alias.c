/*
 * A field that the cursor calls by its normalised name: updated_at, where documents say updatedAt.
 *
 *   alias_settle (a page) -> for each field that is a name: has a row, or the batch, the very name?
 *   Then it is meant, once and for all. Else the first key that is normalised to it is (take_alias)
 *
 * As long as neither is there each page is looked through, so each key is normalised where it is
 * not the one that the row before has in its place. Rows that have the very name after all are
 * still found by it.
 */
#include "extract/cursor/alias.h"

#include <string.h>

#include "extract/cursor/judge.h"

static bool is_field(const struct cursor_field *field, const char *name, size_t len)
{
    const struct path_step *step = field->path.steps;
    return step->len == len && memcmp(step->name, name, len) == 0;
}

/* Is it the name that the key is normalised to? */
static int try_key(const struct cursor *cursor, const struct cursor_field *field, const char *key,
                   size_t len, bool *found, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf normal = BUF_INIT;
    TRY(cursor->names.normal(cursor->names.user, key, len, &normal, err));
    TRY(buf_check(&normal, err));
    *found = is_field(field, buf_string(&normal), normal.len);
done:
    buf_release(&normal);
    return rc;
}

/* The key stands in the place of the name from here on. */
static int take_alias(struct cursor *cursor, struct cursor_field *field, const char *key,
                      size_t len, struct tg_error *err)
{
    struct path_step *step = arena_alloc(&cursor->arena, sizeof(*step));
    const char *name = arena_strndup(&cursor->arena, key, len);
    if (!step || !name)
        return error_nomem(err);
    *step = (struct path_step){.kind = STEP_NAME, .name = name, .len = len};
    field->path.steps = step;
    field->is_alias = field->settled = true;
    return TG_OK;
}

/* ---- rows ---- */

static bool has_field(const struct cursor_field *field, const struct page *page)
{
    const struct path_step *step = field->path.steps;
    for (size_t i = 0; i < page->row_count; i++)
        if (cell_find(page->rows[i], step->name, step->len))
            return true;
    return false;
}

static bool same_key(const yyjson_val *key, const yyjson_val *other)
{
    return cell_len(key) == cell_len(other) &&
           memcmp(key->uni.str, other->uni.str, cell_len(key)) == 0;
}

static int look_in_row(struct cursor *cursor, struct cursor_field *field, const yyjson_val *row,
                       const yyjson_val *before, struct tg_error *err)
{
    int rc = TG_OK;
    const yyjson_val *key = row + 1, *other = before ? before + 1 : NULL;
    size_t others = before ? cell_len(before) : 0;
    for (size_t i = 0; i < cell_len(row) && !field->settled; i++, key = cell_next(key + 1)) {
        bool found = false, is_known = i < others && same_key(key, other);
        if (!is_known)
            TRY(try_key(cursor, field, key->uni.str, cell_len(key), &found, err));
        if (found)
            TRY(take_alias(cursor, field, key->uni.str, cell_len(key), err));
        if (i < others)
            other = cell_next(other + 1);
    }
done:
    return rc;
}

static int look_in_rows(struct cursor *cursor, struct cursor_field *field, const struct page *page,
                        struct tg_error *err)
{
    int rc = TG_OK;
    const yyjson_val *before = NULL;
    field->settled = has_field(field, page);
    for (size_t i = 0; i < page->row_count && !field->settled; i++) {
        TRY(look_in_row(cursor, field, page->rows[i], before, err));
        before = page->rows[i];
    }
done:
    return rc;
}

/* ---- batches ---- */

static int look_in_batch(struct cursor *cursor, struct cursor_field *field,
                         const struct ArrowSchema *schema, struct tg_error *err)
{
    int rc = TG_OK;
    for (int64_t i = 0; i < schema->n_children && !field->settled; i++) {
        const char *name = schema->children[i]->name;
        field->settled = name && is_field(field, name, strlen(name));
    }
    for (int64_t i = 0; i < schema->n_children && !field->settled; i++) {
        bool found = false;
        const char *name = schema->children[i]->name ? schema->children[i]->name : "";
        TRY(try_key(cursor, field, name, strlen(name), &found, err));
        if (found)
            TRY(take_alias(cursor, field, name, strlen(name), err));
    }
done:
    return rc;
}

int alias_settle(struct cursor *cursor, const struct page *page, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; cursor->names.normal && i < cursor->field_count; i++) {
        struct cursor_field *field = &cursor->fields[i];
        if (field->settled || !field->path.is_name)
            continue;
        if (page->kind == PAGE_ROWS)
            TRY(look_in_rows(cursor, field, page, err));
        else if (page->kind == PAGE_ARROW)
            TRY(look_in_batch(cursor, field, &page->schema, err));
    }
done:
    return rc;
}
