/*
 * Groups of a merge key: the rows that the cursor would drop, kept until it is known whether their
 * group has a row that passes.
 *
 * Data path: groups_pass -> the group's hash to the shelf `passed`; groups_hold -> hash and row to
 * held.c. groups_next: what is left of both goes to files, and one query over them (the engine
 * spills, too) gives the held rows of the groups that passed, as pages.
 *
 * Two values are of one group when they may become one at the destination: 7, 7.0 and "7"; a time
 * and its text. Taking too many rows along does no harm, leaving one out loses it.
 *
 * Which rows pass is cursor.c's.
 */
#include "extract/cursor/groups.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/time.h"
#include "extract/cursor/cursor_value.h"
#include "extract/cursor/held.h"

enum { SHARE = 16, INT_CHARS = 32 };

static const char *const passed_names[] = {"low", "high"};

struct groups {
    struct context *ctx;
    struct engine *engine;
    struct arena arena;
    const char *folder;
    const char **key;
    size_t key_count;
    struct held *held;
    struct shelf passed;
    uint64_t last[2]; /* the group of the row that passed before */
    bool replaying;
    struct buf text; /* scratch */
};

/* ---- groups as hashes ---- */

/* A number, a date or a timestamp in one spelling; other text as it is. */
static void put_text(struct buf *out, const char *text, size_t len)
{
    struct cursor_value value;
    int32_t days;
    while (len > 0 && (text[0] == ' ' || text[0] == '\t'))
        text++, len--;
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    cursor_value_set_text(&value, text, len);
    if (value.is_instant)
        buf_printf(out, "i%lld", (long long)value.int64);
    else if (time_parse_date(text, len, &days))
        buf_printf(out, "i%lld", (long long)days * 86400000000);
    else if (!cursor_value_set_number(&value, text, len))
        buf_char(out, 't'), buf_append(out, text, len);
    else if (value.kind == TG_VALUE_INT64)
        buf_printf(out, "n%lld", (long long)value.int64);
    else
        buf_printf(out, "n%.17g", value.real);
}

static void put_value(struct buf *out, const yyjson_val *cell)
{
    char digits[INT_CHARS];
    struct cursor_value value;
    if (!cell || cell_kind(cell) == CELL_NULL) {
        buf_char(out, '0');
    } else if (cell_kind(cell) == CELL_TEXT) {
        put_text(out, cell->uni.str, cell_len(cell));
    } else if (!cursor_value_set_cell(&value, cell)) {
        buf_char(out, 'j');
        cell_json(out, cell, CELL_JSON_SORTED);
    } else if (value.kind == TG_VALUE_TIMESTAMP) {
        buf_printf(out, "i%lld", (long long)value.int64);
    } else if (value.kind == TG_VALUE_DATE) {
        buf_printf(out, "i%lld", (long long)value.int64 * 86400000000);
    } else {
        if (value.kind == TG_VALUE_DOUBLE && fabs(value.real) < 1e15 &&
            value.real == floor(value.real))
            value = (struct cursor_value){.kind = TG_VALUE_INT64, .int64 = (int64_t)value.real};
        int len = value.kind == TG_VALUE_INT64
                      ? snprintf(digits, sizeof(digits), "%lld", (long long)value.int64)
                      : snprintf(digits, sizeof(digits), "%.17g", value.real);
        put_text(out, digits, (size_t)len);
    }
}

/* The field of that name, or of a nested object: "a__b" is what "b" in "a" will be called. */
static const yyjson_val *find_value(const yyjson_val *row, const char *name)
{
    const yyjson_val *cell = cell_find(row, name, strlen(name));
    for (const char *rest = name; !cell && (rest = strstr(rest, "__")); rest += 2) {
        const yyjson_val *outer = cell_find(row, name, (size_t)(rest - name));
        if (outer && rest > name && rest[2] != '\0')
            cell = find_value(outer, rest + 2);
    }
    return cell;
}

static int hash_group(struct groups *groups, const yyjson_val *row, uint64_t out[2],
                      struct tg_error *err)
{
    int rc = TG_OK;
    buf_clear(&groups->text);
    for (size_t i = 0; i < groups->key_count; i++) {
        put_value(&groups->text, find_value(row, groups->key[i]));
        buf_char(&groups->text, '\0');
    }
    TRY(buf_check(&groups->text, err));
    hash_xx128(groups->text.data, groups->text.len, out);
done:
    return rc;
}

/* ---- groups ---- */

int groups_new(const struct groups_options *options, struct groups **out, struct tg_error *err)
{
    struct groups *groups = mem_calloc(1, sizeof(*groups));
    size_t share = options->ctx->memory_bytes_max / SHARE;
    int rc = TG_OK;
    *out = NULL;
    if (!groups)
        return error_nomem(err);
    arena_init(&groups->arena);
    groups->ctx = options->ctx;
    groups->engine = options->engine;
    groups->folder = arena_strdup(&groups->arena, options->folder);
    groups->key = arena_alloc(&groups->arena, (options->key_count + 1) * sizeof(*groups->key));
    if (!groups->folder || !groups->key)
        TRY(error_nomem(err));
    for (size_t i = 0; i < options->key_count; i++, groups->key_count++) {
        groups->key[i] = arena_strdup(&groups->arena, options->key[i]);
        if (!groups->key[i])
            TRY(error_nomem(err));
    }
    TRY(held_new(groups->engine, groups->folder, share, &groups->held, err));
    TRY(shelf_init(&groups->passed,
                   &(struct shelf_options){.engine = groups->engine,
                                           .folder = groups->folder,
                                           .stem = "passed",
                                           .names = passed_names,
                                           .column_count = 2,
                                           .bytes_max = share / 4},
                   err));
    *out = groups;
done:
    if (rc != TG_OK)
        groups_free(groups);
    return rc;
}

void groups_free(struct groups *groups)
{
    if (!groups)
        return;
    held_free(groups->held);
    if (groups->folder && fs_remove_tree(groups->folder, NULL) != TG_OK)
        context_log(groups->ctx, TG_LOG_WARNING, "cursor",
                    "the folder '%s' of this run could not be removed", groups->folder);
    shelf_release(&groups->passed);
    buf_release(&groups->text);
    arena_release(&groups->arena);
    mem_free(groups);
}

int groups_pass(struct groups *groups, const yyjson_val *row, struct tg_error *err)
{
    uint64_t hash[2];
    int rc = TG_OK;
    TRY(hash_group(groups, row, hash, err));
    if (groups->passed.total > 0 && memcmp(hash, groups->last, sizeof(hash)) == 0)
        goto done; /* most come group by group */
    memcpy(groups->last, hash, sizeof(hash));
    TRY(shelf_add(&groups->passed, (const int64_t[]){(int64_t)hash[0], (int64_t)hash[1]}, NULL,
                  err));
done:
    return rc;
}

int groups_hold(struct groups *groups, const struct page *page, size_t index, struct tg_error *err)
{
    uint64_t hash[2];
    int rc = TG_OK;
    TRY(hash_group(groups, page->rows[index], hash, err));
    TRY(held_add(groups->held, page, index, hash, err));
done:
    return rc;
}

/* ---- the rows that go along ---- */

static int start_replay(struct groups *groups, struct tg_error *err)
{
    struct buf sql = BUF_INIT;
    int rc = TG_OK;
    groups->replaying = true;
    if (held_count(groups->held) == 0 || groups->passed.total == 0)
        return TG_OK;
    TRY(shelf_flush(&groups->passed, err));
    buf_text(&sql, "SELECT place, number, cells FROM ");
    TRY(held_relation(groups->held, &sql, err));
    buf_text(&sql, " AS held SEMI JOIN ");
    shelf_relation(&groups->passed, &sql);
    buf_text(&sql, " AS passed USING (low, high) ORDER BY sequence");
    TRY(buf_check(&sql, err));
    TRY(held_start(groups->held, sql.data, err));
done:
    buf_release(&sql);
    return rc;
}

int groups_next(struct groups *groups, struct page *page, struct tg_error *err)
{
    int rc = TG_OK;
    *page = (struct page){.kind = PAGE_END};
    if (!groups->replaying)
        TRY(start_replay(groups, err));
    TRY(held_next(groups->held, page, err));
    page->precedes = page->kind != PAGE_END;
done:
    return rc;
}
