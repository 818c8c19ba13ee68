/*
 * What follows from the facts: do rows change, which field can be a cursor, which way of loading
 * fits, and does what the spec says contradict any of it.
 *
 *   judge -> is_too_little | find_changes -> find_gone -> choose_cursor -> choose_way
 *         -> find_faults of the present way -> the verdict, the lines (lines.c)
 *
 * Each step leaves its reasons. Where nothing contradicts the spec it stays as it is: a replace is
 * always right, and whoever keeps history wants it. A function of its question alone.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "advice/advice.h"
#include "base/text/same.h"

enum { REASONS_MAX = 24, SMALL = 10, LOADS_MIN = 3 };

/* Do rows change once they are there? */
enum changes { CHANGES_UNKNOWN, CHANGES_NO, CHANGES_LIKELY, CHANGES_YES };

struct judging {
    const struct question *question;
    const struct present *present;
    const struct facts *facts;
    struct arena *arena;
    struct tg_advice_reason *reasons;
    size_t reason_count;
    enum changes changes;
    bool gone;
    const struct fact_field *cursor;
    struct way way;
    bool has_fault;
    bool failed; /* no memory */
};

static void TG_PRINTF(3, 4) say(struct judging *j, const char *about, const char *format, ...)
{
    char text[1000];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    const char *copy = arena_strdup(j->arena, text);
    j->failed |= !copy;
    if (copy && j->reason_count < REASONS_MAX)
        j->reasons[j->reason_count++] = (struct tg_advice_reason){about, copy};
}

struct digits {
    char text[32];
};

/* 12345678 -> "12,345,678" */
static struct digits digits(uint64_t count)
{
    char plain[24];
    struct digits out;
    size_t len = (size_t)snprintf(plain, sizeof(plain), "%llu", (unsigned long long)count), at = 0;
    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out.text[at++] = ',';
        out.text[at++] = plain[i];
    }
    out.text[at] = '\0';
    return out;
}
#define DIGITS(count) digits(count).text

static const char *rows_word(uint64_t count)
{
    return count == 1 ? "row" : "rows";
}

static const char *be(uint64_t count)
{
    return count == 1 ? "was" : "were";
}

static const struct fact_field *find_field(const struct facts *facts, const char *path)
{
    if (path && strncmp(path, "$.", 2) == 0)
        path += 2;
    for (size_t i = 0; path && i < facts->field_count; i++)
        if (facts->fields[i].path && strcmp(facts->fields[i].path, path) == 0)
            return &facts->fields[i];
    return NULL;
}

/* ---- is there enough? ---- */

static bool is_too_little(struct judging *j)
{
    const struct facts *facts = j->facts;
    if (facts->rows[0] == 0)
        say(j, "rows", "the source has no row: nothing can be told");
    else if (facts->rows[0] == 1)
        say(j, "rows", "the source has one row: nothing can be told of it");
    else if (facts->contents == 1)
        say(j, "rows", "all %s rows are equal: nothing tells them apart", DIGITS(facts->rows[0]));
    else if (facts->rows[0] < SMALL && facts->key_count == 0)
        say(j, "rows", "the source has %s rows, which is too few to tell by them what is unique",
            DIGITS(facts->rows[0]));
    else
        return false;
    return true;
}

/* ---- do rows change? ---- */

static bool was_read_again(const struct facts *facts)
{
    return facts->twice && facts->rows[1] > 0;
}

static void tell_readings(struct judging *j)
{
    const struct facts *facts = j->facts;
    const uint64_t fresh = facts->changed + facts->came;
    if (facts->twice && facts->rows[1] == 0)
        say(j, "rows",
            "the second reading gave no row: the source can be read but once, or all rows are "
            "gone since");
    if (facts->cut)
        say(j, "rows",
            "the source has more than the %s rows that were read: rows that are in one "
            "reading alone say nothing",
            DIGITS(facts->rows[0]));
    if (!was_read_again(facts))
        return;
    if (fresh + facts->gone == 0)
        say(j, "changes",
            "the two readings are equal: what changes between runs is not to be seen in them "
            "(--wait lets time pass between them)");
    else if (!facts->cut)
        say(j, "rows", "of the %s %s of the second reading %s %s new or changed, %llu%%",
            DIGITS(facts->rows[1]), rows_word(facts->rows[1]), DIGITS(fresh), be(fresh),
            (unsigned long long)(fresh * 100 / facts->rows[1]));
}

/* Whether or not a cursor can go by it. */
static const struct fact_field *find_changed_at(const struct facts *facts)
{
    for (size_t i = 0; i < facts->field_count; i++)
        if (says_changed(&facts->fields[i]))
            return &facts->fields[i];
    return NULL;
}

/* An update is known to be one where rows that come as they are count as unchanged. */
static bool has_updates(const struct judging *j)
{
    return j->present->updates && j->present->way.skips_unchanged &&
           j->question->past.counts_unchanged && j->question->past.updated > 0;
}

/* Old rows were looked for, and none was found that differed. Of rows that are to go when the
 * source has them no more a few loads tell nothing. */
static bool has_no_updates(const struct judging *j)
{
    const struct past *past = &j->question->past;
    return j->present->updates && !j->present->way.detects_absent && past->counts_unchanged &&
           past->loads >= LOADS_MIN && past->updated == 0 && past->deleted == 0 &&
           past->inserted + past->unchanged > 0;
}

static void find_changes(struct judging *j)
{
    const struct facts *facts = j->facts;
    const struct past *past = &j->question->past;
    const struct fact_field *changed_at = find_changed_at(facts);
    if (facts->changed > 0) {
        j->changes = CHANGES_YES;
        say(j, "changes", "%s %s changed between the readings", DIGITS(facts->changed),
            rows_word(facts->changed));
    } else if (has_updates(j)) {
        j->changes = CHANGES_YES;
        say(j, "changes", "the last %s loads updated %s %s", DIGITS(past->loads),
            DIGITS(past->updated), rows_word(past->updated));
    } else if (has_no_updates(j)) {
        j->changes = CHANGES_NO;
        say(j, "changes", "in the last %s loads no row changed one that was there",
            DIGITS(past->loads));
    } else if (changed_at) {
        j->changes = CHANGES_LIKELY;
        say(j, "changes", "rows change, as far as the name of '%s' can be trusted",
            changed_at->path);
    }
}

static void find_gone(struct judging *j)
{
    const struct facts *facts = j->facts;
    j->gone = was_read_again(facts) && !facts->cut && facts->key_count > 0 && facts->gone > 0;
    if (j->gone)
        say(j, "changes", "%s %s vanished between the readings", DIGITS(facts->gone),
            rows_word(facts->gone));
    else if (was_read_again(facts) && !facts->cut && facts->gone > 0)
        say(j, "changes",
            "%s %s %s in the first reading alone, and %s in the second: without a key nobody "
            "can tell whether they changed, or went and came",
            DIGITS(facts->gone), rows_word(facts->gone), be(facts->gone), DIGITS(facts->came));
}

static void tell_past(struct judging *j)
{
    const struct past *past = &j->question->past;
    const uint64_t fresh = past->inserted + past->updated;
    if (past->loads == 0)
        return;
    say(j, "history",
        "the last %s%s read %s %s: %s inserted, %s updated, %s unchanged; %llu%% new or "
        "changed",
        past->loads == 1 ? "load" : DIGITS(past->loads), past->loads == 1 ? "" : " loads",
        DIGITS(past->read), rows_word(past->read), DIGITS(past->inserted), DIGITS(past->updated),
        DIGITS(past->unchanged),
        (unsigned long long)(past->read > fresh ? fresh * 100 / past->read : 100));
}

/* ---- key and cursor ---- */

static void tell_key(struct judging *j)
{
    const struct facts *facts = j->facts;
    const struct fact_field *const *key = facts->key;
    if (j->present->source_knows_key)
        say(j, "key", "%s is the key that the source says", j->present->key_text);
    else if (facts->key_count == 1)
        say(j, "key", "'%s' is unique in %s rows, and never NULL", key[0]->path,
            DIGITS(facts->rows[0]));
    else if (facts->key_count == 2)
        say(j, "key", "'%s' and '%s' together are unique in %s rows, and never NULL", key[0]->path,
            key[1]->path, DIGITS(facts->rows[0]));
    else
        say(j, "key", "no field is unique whose name would say that it is a key, and no pair");
}

static bool is_time(const struct fact_field *field)
{
    return field->spec.type == TYPE_TIMESTAMP || field->spec.type == TYPE_DATE;
}

/* Of the rows that changed, or came, none would be missed. */
static bool catches_all(const struct facts *facts, const struct fact_field *field)
{
    return field->changed_beyond == facts->changed &&
           (facts->cut || field->came_beyond == facts->came);
}

/* 0: it cannot be one. */
static int cursor_rank(const struct judging *j, const struct fact_field *field)
{
    const struct facts *facts = j->facts;
    const bool named = says_changed(field);
    const bool is_key = facts->key_count == 1 && facts->key[0] == field;
    if (!field_orders(field, facts->rows[0]) || !catches_all(facts, field))
        return 0;
    if (facts->changed > 0)
        return 2 + 2 * named + is_time(field);
    if (j->changes >= CHANGES_LIKELY)
        return named ? 2 + is_time(field) : 0;
    if (named)
        return 4;
    if (field->below > 0 || (facts->rows[0] < SMALL && !is_key))
        return 0;
    return is_time(field) ? 3 : is_key && field->spec.type == TYPE_BIGINT ? 2 : 0;
}

/* Why a name that promises it is not taken. */
static void tell_unfit(struct judging *j, const struct fact_field *field)
{
    if (field->ahead)
        say(j, "cursor",
            "'%s' cannot be one: its greatest value, %s, lies ahead, and a run that has got there "
            "reads nothing any more",
            field->path, field->greatest);
    else if (field->nulls > 0)
        say(j, "cursor", "'%s' cannot be one: it is NULL in %s %s", field->path,
            DIGITS(field->nulls), rows_word(field->nulls));
}

static void tell_cursor(struct judging *j)
{
    const struct facts *facts = j->facts;
    const struct fact_field *cursor = j->cursor;
    if (!cursor && j->changes >= CHANGES_LIKELY)
        say(j, "cursor", "no field moves on when a row changes, so that all rows have to be read");
    else if (!cursor)
        say(j, "cursor", "no field rises with each row, in the order of delivery");
    for (size_t i = 0; i < facts->field_count; i++)
        if (says_changed(&facts->fields[i]))
            tell_unfit(j, &facts->fields[i]);
    if (!cursor)
        return;
    say(j, "cursor", "'%s' is never NULL, %s; its greatest value, %s, has %s %s", cursor->path,
        cursor->below == 0 ? "and rises in the order of delivery"
                           : "though not in the order of delivery",
        cursor->greatest, DIGITS(cursor->ties), rows_word(cursor->ties));
    if (facts->changed > 0)
        say(j, "cursor",
            facts->changed == 1 ? "it moved on in the %s row that changed"
                                : "it moved on in all %s rows that changed",
            DIGITS(facts->changed));
}

static void choose_cursor(struct judging *j)
{
    int best = 0;
    for (size_t i = 0; i < j->facts->field_count; i++) {
        int rank = cursor_rank(j, &j->facts->fields[i]);
        if (rank > best)
            j->cursor = &j->facts->fields[i];
        best = rank > best ? rank : best;
    }
    tell_cursor(j);
}

/* ---- the way ---- */

static void take_key(struct judging *j)
{
    const struct way *present = &j->present->way;
    if (j->present->source_knows_key)
        return;
    /* One that is said, and not wrong, stays. */
    j->way.key_count = present->key_count > 0 ? present->key_count : j->facts->key_count;
    for (size_t i = 0; i < j->way.key_count; i++)
        j->way.key[i] = present->key_count > 0 ? present->key[i] : j->facts->key[i]->path;
}

static bool has_key(const struct judging *j)
{
    return j->facts->key_count > 0 || j->present->source_knows_key;
}

static void choose_merge(struct judging *j, bool by_cursor)
{
    j->way.disposition = "merge";
    j->way.strategy = j->present->updates ? j->present->way.strategy : NULL;
    take_key(j);
    j->way.cursor = by_cursor && j->cursor ? j->cursor->path : NULL;
    j->way.skips_unchanged = !j->way.cursor;
    j->way.detects_absent =
        j->present->lists_keys || ((j->gone || j->present->way.detects_absent) && !j->way.cursor);
}

static void choose_immutable(struct judging *j)
{
    if (j->cursor) {
        j->way = (struct way){.disposition = "append", .cursor = j->cursor->path};
    } else if (has_key(j)) {
        j->way = (struct way){.disposition = "merge", .strategy = "insert-only"};
        take_key(j);
    } else {
        j->way = (struct way){.disposition = j->present->knows_files ? "append" : "replace"};
    }
}

static void choose_way(struct judging *j)
{
    if (j->changes >= CHANGES_LIKELY && has_key(j))
        choose_merge(j, true);
    else if (j->changes >= CHANGES_LIKELY)
        j->way.disposition = "replace";
    else if (j->changes == CHANGES_NO)
        choose_immutable(j);
    else if (has_key(j))
        choose_merge(j, false);
    else
        j->way.disposition = j->present->knows_files ? "append" : "replace";
    if (j->changes == CHANGES_UNKNOWN && has_key(j) && j->cursor)
        say(j, "cursor",
            "if rows never change, append with incremental: {cursor: %s} reads none of them twice",
            j->cursor->path);
}

/* ---- what contradicts the spec ---- */

#define FAULT(j, ...)                                                                              \
    do {                                                                                           \
        (j)->has_fault = true;                                                                     \
        say((j), "spec", __VA_ARGS__);                                                             \
    } while (0)

static bool is(const struct judging *j, const char *disposition)
{
    return strcmp(j->present->way.disposition, disposition) == 0;
}

static void find_cursor_faults(struct judging *j)
{
    const struct facts *facts = j->facts;
    const char *path = j->present->way.cursor;
    const struct fact_field *field = find_field(facts, path);
    if (!field || j->present->has_window || j->present->descends)
        return;
    if (field->nulls > 0 && !j->present->lets_missing)
        FAULT(j, "'%s', the cursor, is NULL in %s %s, at which a run stops", path,
              DIGITS(field->nulls), rows_word(field->nulls));
    if (field->ahead)
        FAULT(j,
              "'%s', the cursor, has a value that lies ahead, %s: once a run has got there the "
              "next ones read nothing any more",
              path, field->greatest);
    if (!field_orders(field, facts->rows[0]))
        return;
    if (field->changed_beyond < facts->changed)
        FAULT(j,
              "'%s', the cursor, did not move on in %s of the %s %s that changed: a run would "
              "not read them",
              path, DIGITS(facts->changed - field->changed_beyond), DIGITS(facts->changed),
              rows_word(facts->changed));
    if (!facts->cut && field->came_beyond < facts->came)
        FAULT(j,
              "%s of the %s new %s came with a '%s' below the one that was reached: a run "
              "would not read them",
              DIGITS(facts->came - field->came_beyond), DIGITS(facts->came), rows_word(facts->came),
              path);
}

static void find_key_faults(struct judging *j)
{
    const struct facts *facts = j->facts;
    const struct way *present = &j->present->way;
    const struct fact_field *field =
        present->key_count == 1 ? find_field(facts, present->key[0]) : NULL;
    if (!field || j->present->source_knows_key || !j->present->updates)
        return;
    if (field->nulls > 0)
        FAULT(j, "'%s', the primary_key, is NULL in %s %s, at which a run stops", field->path,
              DIGITS(field->nulls), rows_word(field->nulls));
    if (field->nulls + field->distinct >= facts->rows[0])
        return;
    const uint64_t more = facts->rows[0] - field->nulls - field->distinct;
    say(j, "key", "%s %s the '%s' of another one: of each the last one read stays", DIGITS(more),
        more == 1 ? "row has" : "rows have", field->path);
    j->has_fault |= facts->key_count > 0;
}

static void find_append_faults(struct judging *j)
{
    const struct present *present = j->present;
    const struct facts *facts = j->facts;
    const bool reads_again = !present->way.cursor && !present->knows_files;
    if (reads_again && (facts->same + facts->changed > 0 || !facts->twice))
        FAULT(j, "append without a cursor adds all rows once more in each run");
    else if (reads_again && was_read_again(facts))
        say(j, "spec", "each reading gives other rows, and append adds each of them once");
    else if (j->changes >= CHANGES_LIKELY && has_key(j))
        FAULT(j, "append adds a row that has changed beside the old one");
    else if (!present->way.cursor && present->knows_files)
        say(j, "spec", "append leaves out the files that were loaded");
}

static void find_merge_faults(struct judging *j)
{
    const struct present *present = j->present;
    const struct facts *facts = j->facts;
    const bool reads_all = !present->way.cursor;
    if (j->changes == CHANGES_NO)
        FAULT(j, "merge looks for old rows that give way, and there were none");
    if (j->gone && reads_all && !present->way.detects_absent)
        FAULT(j, "rows that the source has no more stay in the table");
    if (!reads_all || !was_read_again(facts))
        return;
    if (j->way.cursor && !present->way.detects_absent)
        FAULT(j, "each run reads all rows, where '%s' would tell which are new", j->way.cursor);
    else if (!present->way.skips_unchanged && facts->same * 2 >= facts->rows[1])
        FAULT(j, "each run writes all rows anew, also those that are there as they come");
}

static void find_faults(struct judging *j)
{
    find_cursor_faults(j);
    if (j->present->keeps_history || j->present->has_merge_key)
        return;
    find_key_faults(j);
    if (is(j, "append"))
        find_append_faults(j);
    if (j->present->updates)
        find_merge_faults(j);
    if (is(j, "replace"))
        say(j, "spec", "replace is right whatever the source does; it reads and writes all rows");
}

/* ---- the verdict ---- */

static bool same_way(const struct way *a, const struct way *b)
{
    return text_same(a->disposition, b->disposition) && text_same(a->strategy, b->strategy) &&
           text_same(a->cursor, b->cursor) &&
           texts_same(a->key, a->key_count, b->key, b->key_count) &&
           a->skips_unchanged == b->skips_unchanged && a->detects_absent == b->detects_absent;
}

static void weigh(struct judging *j)
{
    tell_readings(j);
    tell_past(j);
    find_changes(j);
    find_gone(j);
    tell_key(j);
    choose_cursor(j);
    choose_way(j);
    find_faults(j);
}

int judge(const struct question *question, struct arena *arena, struct advice *out,
          struct tg_error *err)
{
    int rc = TG_OK;
    struct judging j = {.question = question,
                        .present = &question->present,
                        .facts = question->facts,
                        .arena = arena,
                        .reasons = arena_alloc(arena, REASONS_MAX * sizeof(*j.reasons))};
    if (!j.reasons)
        return error_nomem(err);
    *out = (struct advice){.way = question->present.way};
    if (is_too_little(&j)) {
        tell_past(&j);
        out->verdict = TG_ADVICE_UNKNOWN;
    } else {
        weigh(&j);
        bool changes = j.has_fault && !same_way(&j.way, &question->present.way);
        out->verdict = changes ? TG_ADVICE_CHANGE : TG_ADVICE_KEEP;
    }
    if (out->verdict == TG_ADVICE_CHANGE) {
        out->way = j.way;
        TRY(lines_write(question, &j.way, arena, &out->lines, err));
    }
    out->reasons = j.reasons;
    out->reason_count = j.reason_count;
    if (j.failed)
        rc = error_nomem(err);
done:
    return rc;
}
