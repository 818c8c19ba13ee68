/*
 * A cursor that is not the one by which a resource has been read: another path, function, key or
 * type. A value that one has left says nothing to the other, so they are never mixed.
 *
 *   resume_cursor -> changed_check: find_change (the paths of the state; the note that stands
 *   beside the value, of which an older state has none) -> refuse, or (accepted) begin_anew,
 *   forget_rows
 *   remember_cursor <- changed_note
 *
 * Another key alone leaves the value as it is: what is not known any more are the rows at it, and
 * these matter where they would be added.
 */
#include "run/changed.h"

#include <string.h>

#include "base/json.h"
#include "dlt/entries.h"
#include "extract/cursor/point.h"
#include "run/range.h"
#include "write/disposition.h"

enum what { NO_CHANGE = 0, PATH_CHANGED, FUNCTION_CHANGED, AS_CHANGED, TYPE_CHANGED, KEY_CHANGED };

struct change {
    enum what what;
    const char *path; /* that it was read by */
    const char *last; /* how far, as text */
    struct buf was, is;
};

/* ---- a cursor, as it is remembered ---- */

/* A source without a name goes by the schema's. */
const char *resource_source_key(const struct session *session, const struct resource *resource)
{
    bool named = strcmp(resource->source, session->pipeline->config.schema) != 0;
    return named ? resource->source : session->schema;
}

/* ---- the note ---- */

static const char *function_word(const struct cursor_options *options)
{
    if (options->last_value_func)
        return "custom";
    return options->last_value == TG_MIN ? "min" : "max";
}

/* null: rows are known as wholes; []: they are not told apart. */
static void put_key(const struct cursor_options *options, struct buf *out)
{
    json_put_key(out, "key");
    if (options->hash == CURSOR_HASH_ROW) {
        buf_text(out, "null");
        return;
    }
    buf_char(out, '[');
    for (size_t i = 0; options->hash == CURSOR_HASH_KEY && i < options->key_count; i++) {
        buf_text(out, i > 0 ? "," : "");
        json_string(out, options->key[i], strlen(options->key[i]));
    }
    buf_char(out, ']');
}

/* "": texts are what they look like. */
static int put_type(const struct cursor_options *options, struct buf *out, struct tg_error *err)
{
    struct buf type = BUF_INIT;
    if (options->as.type != TYPE_NONE)
        buf_text(&type, type_name(options->as.type));
    if (options->as.format)
        buf_printf(&type, " by '%s'", options->as.format);
    int rc = buf_check(&type, err);
    if (rc == TG_OK)
        json_put_text(out, "type", buf_string(&type));
    buf_release(&type);
    return rc;
}

int changed_note(const struct cursor_options *options, struct buf *out, struct tg_error *err)
{
    buf_char(out, '{');
    json_put_text(out, "function", function_word(options));
    put_key(options, out);
    int rc = put_type(options, out, err);
    buf_char(out, '}');
    return rc == TG_OK ? buf_check(out, err) : rc;
}

/* ---- what has changed ---- */

/* For people: "the key a, b", "whole rows", "nothing". */
static void put_known_by(yyjson_val *key, struct buf *out)
{
    yyjson_arr_iter names = yyjson_arr_iter_with(key);
    buf_text(out, yyjson_is_null(key)         ? "whole rows"
                  : yyjson_arr_size(key) == 0 ? "nothing"
                                              : "the key ");
    for (yyjson_val *name; (name = yyjson_arr_iter_next(&names));)
        buf_printf(out, "%s%s", out->len > strlen("the key ") ? ", " : "", yyjson_get_str(name));
}

/* A note that says nothing of it, or is none of ours, is no change. */
static int compare_notes(const struct resumed *resumed, yyjson_val *was, yyjson_val *is,
                         struct change *out, struct tg_error *err)
{
    yyjson_val *old_key = yyjson_obj_get(was, "key"), *new_key = yyjson_obj_get(is, "key");
    const char *old_function = json_get_text(was, "function");
    const char *new_function = json_get_text(is, "function");
    const char *old_type = json_get_text(was, "type"), *new_type = json_get_text(is, "type");
    const bool adds = resumed->resource->disposition->adds_rows;
    if (old_function && strcmp(old_function, new_function) != 0) {
        out->what = FUNCTION_CHANGED;
        buf_text(&out->was, old_function);
        buf_text(&out->is, new_function);
    } else if (old_type && strcmp(old_type, new_type) != 0) {
        out->what = AS_CHANGED;
        buf_text(&out->was, *old_type ? old_type : "what they are");
        buf_text(&out->is, *new_type ? new_type : "what they are");
    } else if (adds && old_key && resumed->stored->hash_count > 0 &&
               !yyjson_equals(old_key, new_key)) {
        out->what = KEY_CHANGED;
        put_known_by(old_key, &out->was);
        put_known_by(new_key, &out->is);
    }
    return buf_check(&out->was, err) == TG_OK ? buf_check(&out->is, err) : TG_NOMEM;
}

static int find_in_note(const struct resumed *resumed, struct change *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct buf note = BUF_INIT;
    yyjson_doc *was = NULL, *is = NULL;
    const char *stored = resumed->stored->spec;
    if (!stored)
        return TG_OK;
    TRY(changed_note(resumed->options, &note, err));
    TRY(json_parse(stored, strlen(stored), "cursor_spec", &was, err));
    TRY(json_parse(buf_string(&note), note.len, "cursor_spec", &is, err));
    TRY(compare_notes(resumed, yyjson_doc_get_root(was), yyjson_doc_get_root(is), out, err));
done:
    yyjson_doc_free(was);
    yyjson_doc_free(is);
    buf_release(&note);
    return rc;
}

/* Does initial_value compare with what is stored? */
static int find_type(const struct resumed *resumed, struct arena *arena, struct change *out,
                     struct tg_error *err)
{
    int rc = TG_OK, order;
    struct point stored, initial;
    const struct cursor_options *options = resumed->options;
    const struct cursor_value *was = &stored.parts[0];
    struct cursor_value *is = &initial.parts[0];
    TRY(point_keep(arena, &options->initial_value, options->path_count, &initial, err));
    TRY(point_parse(arena, resumed->stored->last_value, options->path_count, &stored, err));
    if (initial.count == 0 || stored.count == 0 || options->last_value_func ||
        !cursor_value_as(&options->as, is) || cursor_value_compare(was, is, &order))
        goto done;
    out->what = TYPE_CHANGED;
    buf_text(&out->was, cursor_value_kind(was));
    buf_text(&out->is, cursor_value_kind(is));
    TRY(buf_check(&out->is, err));
done:
    return rc;
}

/* Cursors that the resource was read by, in the arena; NULL: it was not. */
static int find_entry(const struct resumed *resumed, struct arena *arena,
                      const struct state_entry **out, struct tg_error *err)
{
    int rc = TG_OK;
    size_t count = 0;
    struct state_entry *entries = NULL;
    const struct session *session = resumed->session;
    const char *source = resource_source_key(session, resumed->resource);
    *out = NULL;
    TRY(state_entries(&session->state, arena, &entries, &count, err));
    for (size_t i = 0; i < count; i++)
        if (strcmp(entries[i].source, source) == 0 &&
            strcmp(entries[i].resource, resumed->resource->name) == 0)
            *out = &entries[i];
done:
    return rc;
}

static int find_change(const struct resumed *resumed, const struct state_entry *entry,
                       struct arena *arena, struct change *out, struct tg_error *err)
{
    int rc = TG_OK;
    const struct state_position *position = NULL;
    const char *path = resumed->options->path;
    for (size_t i = 0; i < entry->cursor_count; i++)
        if (entry->cursors[i].last_value &&
            (!position || strcmp(entry->cursors[i].path, path) == 0))
            position = &entry->cursors[i];
    if (!position)
        return TG_OK;
    out->path = position->path;
    TRY(cursor_text(arena, position->last_value, &out->last, err));
    if (strcmp(position->path, path) != 0) {
        out->what = PATH_CHANGED;
        goto done;
    }
    TRY(find_in_note(resumed, out, err));
    if (out->what == NO_CHANGE)
        TRY(find_type(resumed, arena, out, err));
done:
    return rc;
}

/* ---- what is said of it ---- */

static void put_change(const struct resumed *resumed, const struct change *change, struct buf *out)
{
    const char *path = resumed->options->path;
    switch (change->what) {
    case PATH_CHANGED:
        buf_printf(out, "its cursor is '%s' now, and it has been read by '%s', up to '%s'", path,
                   change->path, change->last);
        break;
    case FUNCTION_CHANGED:
        buf_printf(out, "its cursor '%s' goes by %s now, and has gone by %s, up to '%s'", path,
                   buf_string(&change->is), buf_string(&change->was), change->last);
        break;
    case AS_CHANGED:
        buf_printf(out,
                   "values of its cursor '%s' are taken for %s now (cursor_type), and have been "
                   "taken for %s, up to '%s'",
                   path, buf_string(&change->is), buf_string(&change->was), change->last);
        break;
    case TYPE_CHANGED:
        buf_printf(out,
                   "initial_value of its cursor '%s' is %s, and it has been read up to %s, '%s'",
                   path, buf_string(&change->is), buf_string(&change->was), change->last);
        break;
    default:
        buf_printf(out,
                   "rows at its cursor '%s' are told by %s now, and those at '%s' are known by %s",
                   path, buf_string(&change->is), change->last, buf_string(&change->was));
    }
}

static int put_consequence(const struct resumed *resumed, const struct change *change,
                           struct arena *arena, struct buf *out, struct tg_error *err)
{
    const char *initial = NULL;
    const bool adds = resumed->resource->disposition->adds_rows;
    int rc = bound_text(arena, &resumed->options->initial_value, &initial, err);
    if (rc != TG_OK)
        return rc;
    if (change->what == KEY_CHANGED)
        buf_printf(out, "rows at '%s' are loaded once more, and are there twice then (append)",
                   change->last);
    else
        buf_printf(out, "'%s' begins at %s%s%s, and what is loaded again is %s",
                   resumed->options->path, initial ? "its initial_value '" : "the first row",
                   initial ? initial : "", initial ? "'" : "",
                   adds ? "added to the rows that are there, which are there twice then (append)"
                        : "merged with the rows that are there");
    return buf_check(out, err);
}

/* What was loaded of files is held back by their list, too. */
static int refuse(const struct resumed *resumed, const struct change *change, struct arena *arena,
                  struct tg_error *err)
{
    int rc = TG_OK;
    struct buf what = BUF_INIT, then = BUF_INIT;
    const char *name = resumed->resource->name;
    const bool has_files = ledger_recall(&resumed->session->ledger, name).count > 0;
    put_change(resumed, change, &what);
    TRY(buf_check(&what, err));
    TRY(put_consequence(resumed, change, arena, &then, err));
    error_set(err, TG_USAGE,
              "%.300s; nothing was read. Forget the old one by `tidegate reset SPEC --select "
              "%.100s%s`, or say --accept-cursor-change: %.300s",
              buf_string(&what), name, has_files ? "" : " --cursors", buf_string(&then));
    rc = TG_USAGE;
done:
    buf_release(&what);
    buf_release(&then);
    return rc;
}

/* ---- what is done, once it is accepted ---- */

static int begin_anew(struct resumed *resumed, const struct state_entry *entry,
                      struct tg_error *err)
{
    int rc = TG_OK;
    struct manifest *manifest = NULL;
    struct session *session = resumed->session;
    const char *name = resumed->resource->name;
    resumed->is_anew = true;
    state_cursor_release(resumed->stored);
    if (!resumed->load)
        return TG_OK;
    TRY(load_package(resumed->load, &manifest, err)); /* it is remembered, whatever comes */
    for (size_t i = 0; i < entry->cursor_count; i++) {
        const struct manifest_boundary none = {
            .resource = name, .cursor_path = entry->cursors[i].path, .last_value = ""};
        TRY(manifest_add_boundary(manifest, &none, err));
    }
    state_reset_cursors(&session->state, entry->source, name);
done:
    return rc;
}

static int forget_rows(struct resumed *resumed, const struct state_entry *entry,
                       struct tg_error *err)
{
    int rc = TG_OK;
    struct buf note = BUF_INIT;
    struct manifest *manifest = NULL;
    struct state_cursor known = *resumed->stored;
    resumed->forgets_rows = true;
    if (!resumed->load)
        return TG_OK;
    TRY(load_package(resumed->load, &manifest, err));
    TRY(changed_note(resumed->options, &note, err));
    known.unique_hashes = NULL;
    known.hash_count = 0;
    known.spec = note.data;
    TRY(state_set_cursor(&resumed->session->state, entry->source, resumed->resource->name,
                         resumed->options->path, &known, err));
done:
    buf_release(&note);
    return rc;
}

static int accept(struct resumed *resumed, const struct state_entry *entry,
                  const struct change *change, struct tg_error *err)
{
    struct buf what = BUF_INIT;
    put_change(resumed, change, &what);
    context_log(&resumed->session->pipeline->ctx, TG_LOG_INFO, "cursor",
                "resource '%s': %s: accepted", resumed->resource->name, buf_string(&what));
    buf_release(&what);
    return change->what == KEY_CHANGED ? forget_rows(resumed, entry, err)
                                       : begin_anew(resumed, entry, err);
}

int changed_check(struct resumed *resumed, struct tg_error *err)
{
    int rc = TG_OK;
    struct arena arena;
    struct change change = {.what = NO_CHANGE};
    const struct state_entry *entry = NULL;
    const bool accepts = resumed->session->pipeline->accept & TG_ACCEPT_CURSOR_CHANGE;
    arena_init(&arena);
    TRY(find_entry(resumed, &arena, &entry, err));
    if (entry)
        TRY(find_change(resumed, entry, &arena, &change, err));
    if (change.what != NO_CHANGE)
        TRY(accepts ? accept(resumed, entry, &change, err) : refuse(resumed, &change, &arena, err));
done:
    buf_release(&change.was);
    buf_release(&change.is);
    arena_release(&arena);
    return rc;
}
