/*
 * Files against the ledger: which text was loaded already, whatever its file is called by now.
 *
 * Data path: known_match -> match_own for each file: as it was by size and mtime, and not opened;
 * else by its text: the same, the same with more behind it, or another one. Files without an entry
 * of their own, or with another text than theirs (pending), are looked up by their heads and then
 * by the hash of their text: settle_moved (a text whose own file is gone), settle_continued (such a
 * one with more behind it), settle_copies (a text that another file has, too).
 *
 * An entry explains one file. A file that gave no row explains none, nothing can be loaded twice;
 * but what is added to it is read alone: rows before may have been rejected. An entry whose name
 * has another text now, and that explains none, is lost: the driver keeps it. Where a row waits for
 * its end, a file that is as it was is read once more. Entries of version 0.1 have no hash of their
 * text; they are compared by their ends, and renewed. Names are merged, heads and hashes sorted.
 */
#include "extract/files/known.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "extract/files/text.h"
#include "extract/formats/json_reader.h"

/* The hash of a text this long is worth keeping until its tail is read. */
enum { KEPT_TEXT_BYTES = 4 * 1024 * 1024, OLD_END_BYTES = 64 * 1024 };

/* An entry, to be found by its text. */
struct indexed {
    int64_t head_len;
    uint64_t head;
    int64_t bytes;
    const struct bookmark *entry;
    size_t next; /* at the first one of a text: where to look for one that is free */
};

/* A file that its own entry does not explain. */
struct pending {
    struct listed_file *file;
    const struct bookmark *own; /* the entry of its name; NULL: none */
    int64_t head_len;
    uint64_t head;
    int64_t bytes; /* of text; -1: not known before it is read */
    bool suspect;  /* another file, or an entry, begins like it */
    bool settled;
    size_t begins;        /* 1 + place of the longest free entry that it begins with; 0: none */
    struct bookmark text; /* its hashes, when suspect */
};

struct matching {
    const struct context *ctx;
    const struct known_rules *rules;
    struct listing *listing;
    bool *held; /* for each entry: it explains a file */
    struct indexed *index;
    size_t index_count;
    int64_t lens[HASH_HEAD_BYTES + 1]; /* of the entries' heads, each once */
    size_t len_count;
    struct pending *pending;
    size_t pending_count, pending_cap;
};

/* ---- One file and one entry ---------------------------------------------------------------- */

enum verdict { OTHER_TEXT, SAME_TEXT, MORE_TEXT, HALF_ROW };

static int64_t head_length(int64_t bytes)
{
    return bytes < HASH_HEAD_BYTES ? bytes : HASH_HEAD_BYTES;
}

static uint64_t head_of(const struct bookmark *entry)
{
    return strtoull(entry->head, NULL, 16);
}

/* Walks as far as the entry's text is that of the file. A last row without a line end may have been
 * read half, unless the line ends right behind it. */
static int compare(struct text_walk *content, const struct bookmark *entry, enum verdict *out,
                   struct tg_error *err)
{
    bool more, ends_line;
    int rc = TG_OK;
    *out = OTHER_TEXT;
    TRY(text_pass(content, head_length(entry->content_bytes), err));
    if (hash_stream_head(content->text, entry->content_bytes) != head_of(entry))
        goto done;
    TRY(text_pass(content, entry->content_bytes, err));
    if (!text_is_of(content, entry))
        goto done;
    const bool is_whole = text_ends_line(content);
    TRY(text_peek(content, &more, &ends_line, err));
    if (!more)
        *out = SAME_TEXT;
    else
        *out = is_whole || ends_line ? MORE_TEXT : HALF_ROW;
done:
    return rc;
}

static int half_row(const struct listed_file *file, struct tg_error *err)
{
    return error_set(
        err, TG_DATA,
        "file '%s' has grown, and its last row had no line end when it was loaded: it "
        "may have been read half; load the resource anew (--full-refresh --select NAME), "
        "or say on_grown: all, which loads every row of the file again",
        file->path);
}

static bool can_grow(const struct listed_file *file, const struct text_walk *content)
{
    size_t len;
    const char *head = hash_stream_head_bytes(content->text, &len);
    return file->growth == GROWS_BY_LINES ||
           (file->growth == GROWS_IF_LINES && json_has_lines(head, len));
}

/* The entry's text with more behind it. */
static int set_grown(const struct matching *m, struct listed_file *file,
                     const struct bookmark *entry, enum verdict verdict, struct text_walk *content,
                     struct tg_error *err)
{
    enum on_grown on_grown = m->rules->on_grown;
    bool grows = can_grow(file, content);
    file->entry = entry;
    file->reason = grows ? FILE_GROWN : FILE_REWRITTEN;
    if (!grows || on_grown == GROWN_ALL)
        return TG_OK;
    if (on_grown == GROWN_FAIL)
        return error_set(err, TG_SOURCE,
                         "file '%s' has grown since it was loaded (on_grown: fail); say on_grown: "
                         "tail to load what is new in it",
                         file->path);
    if (verdict == HALF_ROW)
        return half_row(file, err);
    file->fate = FILE_TAIL;
    file->lines = content->lines;
    if (entry->content_bytes >= KEPT_TEXT_BYTES) {
        file->text = content->text;
        content->text = NULL;
    }
    return TG_OK;
}

/* ---- Entries of version 0.1 ---------------------------------------------------------------- */

/* Its checksum: XXH3-64 of the first and last 64 KiB. */
static int old_checksum(const struct listed_file *file, char out[17], struct tg_error *err)
{
    int64_t tail = file->size > 2 * OLD_END_BYTES ? file->size - OLD_END_BYTES : OLD_END_BYTES;
    const int64_t from[2] = {0, tail};
    char *bytes = mem_alloc(2 * OLD_END_BYTES);
    size_t len = 0;
    int rc = TG_OK, fd = open(file->path, O_RDONLY | O_CLOEXEC);
    if (!bytes)
        TRY(error_nomem(err));
    if (fd < 0)
        TRY(error_errno(err, TG_SOURCE, errno, "file '%s' cannot be opened", file->path));
    for (int i = 0; i < 2; i++) {
        ssize_t got = pread(fd, bytes + len, OLD_END_BYTES, from[i]);
        if (got < 0)
            TRY(error_errno(err, TG_SOURCE, errno, "file '%s' cannot be read", file->path));
        len += (size_t)got;
    }
    snprintf(out, 17, "%016" PRIx64, hash_xx64(bytes, len));
done:
    if (fd >= 0)
        close(fd);
    mem_free(bytes);
    return rc;
}

/* By the old rule the file is as it was: its entry gets what entries have now. */
static int renew_old(const struct matching *m, struct listed_file *file, struct tg_error *err)
{
    struct text_walk content = {0};
    struct bookmark *made = arena_alloc(&m->listing->arena, sizeof(*made));
    int rc = TG_OK;
    if (!made)
        return error_nomem(err);
    TRY(text_open(file, &content, err));
    TRY(text_pass(&content, INT64_MAX, err));
    TRY(text_entry(content.text, file->name, &m->listing->arena, made, err));
    /* How many rows it gave, nobody knows; a file without text gave none. */
    made->rows = made->content_bytes > 0;
    file->fate = FILE_NOTED;
    file->reason = FILE_TOUCHED;
    file->entry = made;
done:
    text_close(&content);
    return rc;
}

static int match_old(const struct matching *m, struct listed_file *file,
                     const struct bookmark *entry, struct tg_error *err)
{
    char sum[17] = "";
    int rc = TG_OK;
    if (file->size == entry->size && file->mtime_us != entry->mtime_us)
        TRY(old_checksum(file, sum, err));
    if (file->size == entry->size &&
        (file->mtime_us == entry->mtime_us || strcmp(sum, entry->checksum) == 0))
        TRY(renew_old(m, file, err));
done:
    return rc;
}

/* ---- Which entries explain a file already ---------------------------------------------------- */

static bool is_held(const struct matching *m, const struct bookmark *entry)
{
    return m->held[entry - m->rules->entries];
}

static void hold(struct matching *m, const struct bookmark *entry)
{
    m->held[entry - m->rules->entries] = true;
}

/* ---- Files with an entry of their own ------------------------------------------------------ */

/* By its text: is it the one that was loaded under this name? */
static int match_text(const struct matching *m, struct listed_file *file,
                      const struct bookmark *entry, struct tg_error *err)
{
    struct text_walk content = {0};
    enum verdict verdict;
    int rc = TG_OK;
    TRY(text_open(file, &content, err));
    TRY(compare(&content, entry, &verdict, err));
    const bool reads_on =
        verdict == MORE_TEXT && m->rules->on_grown == GROWN_TAIL && can_grow(file, &content);
    if (entry->rows == 0 && !reads_on)
        goto done;
    if (verdict == SAME_TEXT) {
        file->fate = FILE_NOTED;
        file->reason = FILE_TOUCHED;
        file->entry = entry;
    } else if (verdict != OTHER_TEXT) {
        TRY(set_grown(m, file, entry, verdict, &content, err));
    }
done:
    text_close(&content);
    return rc;
}

static int add_pending(struct matching *m, struct listed_file *file, const struct bookmark *own,
                       struct tg_error *err)
{
    int rc = mem_grow(&m->pending, &m->pending_cap, m->pending_count + 1, sizeof(*m->pending), err);
    if (rc == TG_OK)
        m->pending[m->pending_count++] = (struct pending){.file = file, .own = own, .bytes = -1};
    return rc;
}

/* `own`: the entry of its name, NULL: none. Of a file that is as it was a row that waits is read
 * all the same: somebody has to be told. */
static int match_own(struct matching *m, struct listed_file *file, const struct bookmark *own,
                     struct tg_error *err)
{
    const bool is_old = own && !*own->content;
    const bool is_same = own && own->size == file->size && own->mtime_us == file->mtime_us;
    const bool waits = own && bookmark_waits(own);
    int rc = TG_OK;
    file->is_settled = is_same && waits;
    if (own && file->fate == FILE_SKIPPED)
        hold(m, own); /* it is there, whatever is in it */
    if (!file->is_file || file->fate == FILE_SKIPPED)
        return TG_OK;
    if (is_same && !is_old && !waits)
        file->fate = FILE_LEFT;
    else if (is_old)
        TRY(match_old(m, file, own, err));
    else if (own && own->content_bytes > 0)
        TRY(match_text(m, file, own, err));
    if (file->fate != FILE_WHOLE || file->reason != FILE_NEW) {
        hold(m, own);
        return TG_OK;
    }
    if (own && (is_old || own->rows > 0)) {
        file->reason = FILE_REWRITTEN;
        file->entry = own;
    }
    TRY(add_pending(m, file, own, err));
done:
    return rc;
}

/* Names and entries are both sorted. */
static int match_names(struct matching *m, struct tg_error *err)
{
    const struct known_rules *rules = m->rules;
    size_t next = 0;
    int rc = TG_OK;
    for (size_t i = 0; i < m->listing->count; i++) {
        struct listed_file *file = &m->listing->items[i];
        int order = 1;
        TRY(context_check(m->ctx, err));
        while (next < rules->count && (order = strcmp(rules->entries[next].key, file->name)) < 0)
            next++;
        bool found = next < rules->count && order == 0;
        TRY(match_own(m, file, found ? &rules->entries[next] : NULL, err));
    }
done:
    return rc;
}

/* ---- The index of texts -------------------------------------------------------------------- */

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static int compare_heads(int64_t len, uint64_t head, int64_t other_len, uint64_t other_head)
{
    return len != other_len ? ORDER(len, other_len) : ORDER(head, other_head);
}

/* The order of the index, before the names of the entries. */
static int compare_text(const struct indexed *a, const struct indexed *b, const char *content)
{
    int order = compare_heads(a->head_len, a->head, b->head_len, b->head);
    if (order == 0)
        order = ORDER(a->bytes, b->bytes);
    return order ? order : strcmp(a->entry->content, content);
}

static int compare_indexed(const void *left, const void *right)
{
    const struct indexed *a = left, *b = right;
    int order = compare_text(a, b, b->entry->content);
    return order ? order : strcmp(a->entry->key, b->entry->key);
}

static int make_index(struct matching *m, struct tg_error *err)
{
    const struct known_rules *rules = m->rules;
    m->index = mem_calloc(rules->count + 1, sizeof(*m->index));
    if (!m->index)
        return error_nomem(err);
    for (size_t i = 0; i < rules->count; i++) {
        const struct bookmark *entry = &rules->entries[i];
        if (!*entry->content || entry->rows == 0)
            continue;
        m->index[m->index_count++] = (struct indexed){.head_len = head_length(entry->content_bytes),
                                                      .head = head_of(entry),
                                                      .bytes = entry->content_bytes,
                                                      .entry = entry};
    }
    qsort(m->index, m->index_count, sizeof(*m->index), compare_indexed);
    for (size_t i = 0; i < m->index_count; i++) {
        m->index[i].next = i;
        if (i == 0 || m->index[i].head_len != m->index[i - 1].head_len)
            m->lens[m->len_count++] = m->index[i].head_len;
    }
    return TG_OK;
}

/* The first place in the index whose text is not before this one. */
static size_t lower_bound(const struct matching *m, int64_t head_len, uint64_t head, int64_t bytes,
                          const char *content)
{
    const struct indexed wanted = {.head_len = head_len, .head = head, .bytes = bytes};
    size_t low = 0, high = m->index_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_text(&m->index[middle], &wanted, content);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- Heads --------------------------------------------------------------------------------- */

/* Can the text of the file be, or begin with, one whose head is at `place`? */
static bool could_hold(const struct matching *m, const struct pending *pending, size_t place,
                       int64_t head_len, uint64_t head)
{
    const struct indexed *at = &m->index[place];
    return place < m->index_count && at->head_len == head_len && at->head == head &&
           (pending->bytes < 0 || at->bytes <= pending->bytes);
}

static int look_at_head(struct matching *m, struct pending *pending, struct tg_error *err)
{
    struct text_walk content = {0};
    bool more = false, ends_line;
    int rc = TG_OK;
    TRY(text_open(pending->file, &content, err));
    TRY(text_pass(&content, HASH_HEAD_BYTES, err));
    pending->head_len = hash_stream_bytes(content.text);
    pending->head = hash_stream_head(content.text, HASH_HEAD_BYTES);
    for (size_t i = 0; i < m->len_count && m->lens[i] <= pending->head_len; i++) {
        uint64_t head = hash_stream_head(content.text, m->lens[i]);
        size_t place = lower_bound(m, m->lens[i], head, 0, "");
        pending->suspect |= could_hold(m, pending, place, m->lens[i], head);
    }
    TRY(text_peek(&content, &more, &ends_line, err));
    pending->bytes = more ? -1 : pending->head_len;
    if (more && reader_is_plain(content.reader))
        pending->bytes = pending->file->size;
done:
    text_close(&content);
    return rc;
}

static int compare_pending(const void *left, const void *right)
{
    const struct pending *a = *(struct pending *const *)left;
    const struct pending *b = *(struct pending *const *)right;
    int order = compare_heads(a->head_len, a->head, b->head_len, b->head);
    return order ? order : ORDER(a->bytes, b->bytes);
}

/* Two files that begin alike and may be equally long. Those whose length is not known come first
 * among those with one head. */
static void suspect_twins(struct pending **sorted, size_t count)
{
    bool unknown = false;
    for (size_t i = 1; i < count; i++) {
        struct pending *a = sorted[i - 1], *b = sorted[i];
        bool alike = compare_heads(a->head_len, a->head, b->head_len, b->head) == 0;
        unknown = alike && (unknown || a->bytes < 0);
        if (!alike || a->head_len == 0 || (!unknown && a->bytes != b->bytes))
            continue;
        a->suspect = b->suspect = true;
    }
}

static int look_at_heads(struct matching *m, struct tg_error *err)
{
    struct pending **sorted = mem_calloc(m->pending_count, sizeof(struct pending *));
    int rc = TG_OK;
    if (!sorted)
        return error_nomem(err);
    for (size_t i = 0; i < m->pending_count; i++) {
        TRY(context_check(m->ctx, err));
        TRY(look_at_head(m, &m->pending[i], err));
        sorted[i] = &m->pending[i];
    }
    qsort(sorted, m->pending_count, sizeof(struct pending *), compare_pending);
    suspect_twins(sorted, m->pending_count);
done:
    mem_free(sorted);
    return rc;
}

/* ---- Texts --------------------------------------------------------------------------------- */

/* Walks over the whole text, and looks at each length at which it could be an entry's that explains
 * no file yet; in the index these lengths ascend. */
static int walk(struct matching *m, struct pending *pending, struct text_walk *content,
                struct tg_error *err)
{
    int rc = TG_OK;
    TRY(text_pass(content, HASH_HEAD_BYTES, err));
    for (size_t i = 0; i < m->len_count && m->lens[i] <= pending->head_len; i++) {
        uint64_t head = hash_stream_head(content->text, m->lens[i]);
        size_t place = lower_bound(m, m->lens[i], head, 0, "");
        for (; could_hold(m, pending, place, m->lens[i], head); place++) {
            const struct bookmark *entry = m->index[place].entry;
            char hash[HASH_STREAM_TEXT + 1];
            if (is_held(m, entry))
                continue;
            TRY(text_pass(content, entry->content_bytes, err));
            if (entry->content_bytes <= HASH_HEAD_BYTES)
                hash_stream_text_at(content->text, entry->content_bytes, hash);
            else if (hash_stream_bytes(content->text) == entry->content_bytes)
                hash_stream_text(content->text, hash);
            else
                break; /* the text is shorter, and all that follow are longer */
            if (strcmp(hash, entry->content) == 0)
                pending->begins = place + 1;
        }
    }
    TRY(text_pass(content, INT64_MAX, err));
done:
    return rc;
}

static int hash_text_of(struct matching *m, struct pending *pending, struct tg_error *err)
{
    struct text_walk content = {0};
    int rc = TG_OK;
    TRY(context_check(m->ctx, err));
    TRY(text_open(pending->file, &content, err));
    TRY(walk(m, pending, &content, err));
    TRY(text_entry(content.text, pending->file->name, &m->listing->arena, &pending->text, err));
done:
    text_close(&content);
    return rc;
}

/* The first place in the index of the very text, index_count: there is none. */
static size_t find_text(const struct matching *m, const struct pending *pending)
{
    const struct bookmark *text = &pending->text;
    size_t place = lower_bound(m, head_length(text->content_bytes), head_of(text),
                               text->content_bytes, text->content);
    if (place < m->index_count && strcmp(m->index[place].entry->content, text->content) == 0)
        return place;
    return m->index_count;
}

/* ---- What becomes of them ------------------------------------------------------------------ */

/* A text whose own file is not here any more, or has another text now. */
static void settle_moved(struct matching *m, struct pending *pending)
{
    size_t first = find_text(m, pending), place;
    if (first == m->index_count)
        return;
    for (place = m->index[first].next; place < m->index_count; place++)
        if (strcmp(m->index[place].entry->content, pending->text.content) != 0 ||
            !is_held(m, m->index[place].entry))
            break;
    m->index[first].next = place;
    if (place == m->index_count ||
        strcmp(m->index[place].entry->content, pending->text.content) != 0)
        return;
    hold(m, m->index[place].entry);
    pending->settled = true;
    pending->file->fate = FILE_NOTED;
    pending->file->reason = FILE_MOVED;
    pending->file->entry = m->index[place].entry;
}

/* Such a text, with more behind it. */
static int settle_continued(struct matching *m, struct pending *pending, struct tg_error *err)
{
    struct text_walk content = {0};
    const struct bookmark *entry;
    enum verdict verdict;
    int rc = TG_OK;
    if (pending->settled || !pending->begins || is_held(m, m->index[pending->begins - 1].entry))
        return TG_OK;
    entry = m->index[pending->begins - 1].entry;
    TRY(text_open(pending->file, &content, err));
    TRY(compare(&content, entry, &verdict, err));
    if ((verdict != MORE_TEXT && verdict != HALF_ROW) || !can_grow(pending->file, &content))
        goto done;
    hold(m, entry);
    pending->settled = true;
    TRY(set_grown(m, pending->file, entry, verdict, &content, err));
done:
    text_close(&content);
    return rc;
}

/* `twin`: the first file with this text; NULL: an entry has it. */
static int set_copied(struct matching *m, struct pending *pending, const struct listed_file *twin,
                      size_t place, struct tg_error *err)
{
    struct listed_file *file = pending->file;
    struct bookmark *made;
    file->reason = FILE_COPIED;
    file->twin = twin;
    file->entry = twin ? NULL : m->index[place].entry;
    if (m->rules->same_content != SAME_SKIP)
        return TG_OK;
    made = arena_alloc(&m->listing->arena, sizeof(*made));
    if (!made)
        return error_nomem(err);
    *made = pending->text;
    made->rows = twin ? 0 : m->index[place].entry->rows;
    file->fate = FILE_NOTED;
    file->entry = made;
    return TG_OK;
}

static int compare_texts(const void *left, const void *right)
{
    const struct pending *a = *(struct pending *const *)left;
    const struct pending *b = *(struct pending *const *)right;
    int order = strcmp(a->text.content, b->text.content);
    return order ? order : ORDER(a->file, b->file);
}

/* Texts that another file has, too: one that was loaded, or the first of several new ones. */
static int settle_copies(struct matching *m, struct tg_error *err)
{
    struct pending **sorted = mem_calloc(m->pending_count, sizeof(struct pending *));
    size_t count = 0, first = 0;
    int rc = TG_OK;
    if (!sorted)
        return error_nomem(err);
    for (size_t i = 0; i < m->pending_count; i++)
        if (m->pending[i].suspect && !m->pending[i].settled)
            sorted[count++] = &m->pending[i];
    if (count > 0)
        qsort(sorted, count, sizeof(struct pending *), compare_texts);
    for (size_t i = 0; i < count; i++) {
        size_t place = find_text(m, sorted[i]);
        if (strcmp(sorted[i]->text.content, sorted[first]->text.content) != 0)
            first = i;
        if (place < m->index_count)
            TRY(set_copied(m, sorted[i], NULL, place, err));
        else if (i != first)
            TRY(set_copied(m, sorted[i], sorted[first]->file, 0, err));
    }
done:
    mem_free(sorted);
    return rc;
}

/* A text whose name has another one now, and which no other file has: it may come back. */
static void find_lost(struct matching *m)
{
    for (size_t i = 0; i < m->pending_count; i++) {
        const struct bookmark *own = m->pending[i].own;
        if (own && *own->content && own->rows > 0 && !is_held(m, own))
            m->pending[i].file->lost = own;
    }
}

static int match_pending(struct matching *m, struct tg_error *err)
{
    int rc = TG_OK;
    if (m->pending_count == 0)
        return TG_OK;
    TRY(make_index(m, err));
    TRY(look_at_heads(m, err));
    for (size_t i = 0; i < m->pending_count; i++)
        if (m->pending[i].suspect)
            TRY(hash_text_of(m, &m->pending[i], err));
    for (size_t i = 0; i < m->pending_count; i++)
        if (m->pending[i].suspect)
            settle_moved(m, &m->pending[i]);
    for (size_t i = 0; i < m->pending_count; i++)
        TRY(settle_continued(m, &m->pending[i], err));
    TRY(settle_copies(m, err));
    find_lost(m);
done:
    return rc;
}

int known_match(const struct context *ctx, const struct known_rules *rules, struct listing *listing,
                struct tg_error *err)
{
    struct matching m = {.ctx = ctx, .rules = rules, .listing = listing};
    int rc = TG_OK;
    m.held = mem_calloc(rules->count + 1, sizeof(*m.held));
    if (!m.held)
        return error_nomem(err);
    TRY(match_names(&m, err));
    TRY(match_pending(&m, err));
done:
    mem_free(m.held);
    mem_free(m.index);
    mem_free(m.pending);
    return rc;
}

void known_read_anyway(struct listed_file *file)
{
    static const char *const why[] = {
        [FILE_WHOLE] = NULL,
        [FILE_TAIL] = "the line stands in the part of the file that was loaded before",
        [FILE_NOTED] = "the text of the file was loaded before, and is not read again",
        [FILE_LEFT] = "the file was loaded before, is known by its size and time, and is not read "
                      "again",
        [FILE_SKIPPED] = NULL,
        [FILE_STRAY] = NULL,
    };
    file->unread = file->fate == FILE_SKIPPED ? file->skipped_by : why[file->fate];
    file->unread_lines = file->fate == FILE_TAIL ? file->lines : 0;
    file->fate = FILE_WHOLE;
    file->lines = 0;
    hash_stream_free(file->text);
    file->text = NULL;
}
