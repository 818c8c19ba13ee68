/*
 * Owns row ids. Root rows: id_random, from the context's pool, or id_hash. Nested rows: SHAKE-128
 * of "<parent id>_<table>_<index>", 10 bytes, so that a row has the same id whenever it is read
 * again; XXH3 of the same where the root row's id is another one then (id_below_random).
 *
 *   id_queue_add  lays the padded message of one row beside up to three others; id_queue_text
 *                 does so with the text that a root row's id is the hash of
 *   id_queue_run  hashes them at once (base/hash_lanes.c), into the id column
 *   id_nested     the same for a message longer than one block, by the hash library
 *
 * Which rows need an id, and when it must be there, is shred.c's business.
 */
#include "normalize/id.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text/base64.h"

int id_random(struct context *ctx, char out[HASH_ID_TEXT], struct tg_error *err)
{
    int rc = TG_OK;
    unsigned char bytes[HASH_ID_BYTES];
    TRY(context_random(ctx, bytes, sizeof(bytes), err));
    base64_encode(bytes, sizeof(bytes), false, out);
done:
    return rc;
}

void id_below_random(const char parent[HASH_ID_TEXT], uint64_t table, uint64_t index,
                     char out[HASH_ID_TEXT])
{
    unsigned char message[HASH_ID_TEXT + sizeof(table) + sizeof(index)];
    uint64_t hash[2];
    memcpy(message, parent, HASH_ID_TEXT);
    memcpy(message + HASH_ID_TEXT, &table, sizeof(table));
    memcpy(message + HASH_ID_TEXT + sizeof(table), &index, sizeof(index));
    hash_xx128(message, sizeof(message), hash);
    base64_encode((const unsigned char *)hash, HASH_ID_BYTES, false, out);
}

/* ---- the queue ---- */

static size_t write_index(uint64_t index, unsigned char *out)
{
    unsigned char digits[20];
    size_t len = 0;
    if (index < 10) {
        *out = (unsigned char)('0' + index);
        return 1;
    }
    do {
        digits[len++] = (unsigned char)('0' + index % 10);
        index /= 10;
    } while (index > 0);
    for (size_t i = 0; i < len; i++)
        out[i] = digits[len - 1 - i];
    return len;
}

void id_queue_add(struct id_queue *queue, const char *parent, size_t parent_len, const char *table,
                  size_t table_len, uint64_t index, size_t offset)
{
    size_t lane = queue->lanes.count++;
    unsigned char *block = queue->lanes.block[lane];
    size_t len = parent_len;
    if (parent_len == HASH_ID_TEXT)
        memcpy(block, parent, HASH_ID_TEXT); /* without a call */
    else
        memcpy(block, parent, parent_len);
    if (queue->lanes.used[lane] == 0 || queue->parent_len[lane] != parent_len) {
        block[len] = '_';
        memcpy(block + len + 1, table, table_len);
        block[len + 1 + table_len] = '_';
        queue->parent_len[lane] = parent_len;
    }
    len += table_len + 2;
    len += write_index(index, block + len);
    hash_lanes_end(&queue->lanes, lane, len, offset);
}

void id_queue_text(struct id_queue *queue, const char *text, size_t len, size_t offset)
{
    size_t lane = queue->lanes.count++;
    memcpy(queue->lanes.block[lane], text, len);
    hash_lanes_end(&queue->lanes, lane, len, offset);
}

/* ---- hashes of any text ---- */

int id_hash(struct hasher *hasher, const char *text, size_t len, char out[HASH_ID_TEXT],
            struct tg_error *err)
{
    unsigned char bytes[HASH_ID_BYTES];
    int rc = hash_shake128(hasher, text, len, bytes, sizeof(bytes), err);
    if (rc == TG_OK)
        base64_encode(bytes, sizeof(bytes), false, out);
    return rc;
}

int id_row_json(const yyjson_val *row, struct buf *out, struct tg_error *err)
{
    enum { FLAGS = CELL_JSON_MARKERS | CELL_JSON_SORTED };
    if (cell_kind(row) != CELL_OBJECT) {
        buf_text(out, "{\"value\":");
        cell_json(out, row, FLAGS);
        buf_char(out, '}');
        return buf_check(out, err);
    }
    size_t count = cell_len(row);
    const yyjson_val **keys = mem_alloc((count + 1) * sizeof(const yyjson_val *));
    if (!keys)
        return error_nomem(err);
    const yyjson_val *key = cell_first(row);
    for (size_t i = 0; i < count; i++, key = cell_next(key + 1))
        keys[i] = key;
    qsort(keys, count, sizeof(const yyjson_val *), json_compare_keys);
    buf_char(out, '{');
    for (size_t i = 0, written = 0; i < count; i++) {
        if (cell_len(keys[i]) >= 4 && memcmp(keys[i]->uni.str, "_dlt", 4) == 0)
            continue;
        buf_text(out, written++ > 0 ? "," : "");
        json_string(out, keys[i]->uni.str, cell_len(keys[i]));
        buf_char(out, ':');
        cell_json(out, keys[i] + 1, FLAGS);
    }
    buf_char(out, '}');
    mem_free(keys);
    return buf_check(out, err);
}

int id_nested(struct hasher *hasher, const char *parent, size_t parent_len, const char *table,
              uint64_t index, char out[HASH_ID_TEXT], struct tg_error *err)
{
    int rc = TG_OK;
    struct buf message = BUF_INIT;
    unsigned char digits[20];
    buf_append(&message, parent, parent_len);
    buf_char(&message, '_');
    buf_text(&message, table);
    buf_char(&message, '_');
    buf_append(&message, digits, write_index(index, digits));
    TRY(buf_check(&message, err));
    TRY(id_hash(hasher, message.data, message.len, out, err));
done:
    buf_release(&message);
    return rc;
}
