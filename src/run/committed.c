/*
 * The record that a load of this pipeline was committed to a destination and dataset:
 * WORKDIR/PIPELINE/committed, a line of JSON for each.
 *
 *   settle.c, a load is written -> committed_note, before its package goes
 *   session_restore -> committed_check (loads are pending), committed_renew (none is): the record
 *   says that there was something, and there is nothing -> what is pending goes, then the record
 *
 * A database that somebody has removed is so told from one that was never reached. Without the
 * record a sealed load is the only copy there is, and is written. The record goes last, and before
 * anything is sealed that is for the new one: so who is killed between does the same again.
 */
#include <string.h>

#include "base/fault.h"
#include "base/json.h"
#include "run/pending.h"

static void put_line(const struct session *session, struct buf *out)
{
    buf_char(out, '{');
    json_put_text(out, "destination", session->pipeline->destination);
    json_put_text(out, "dataset", session->pipeline->config.dataset);
    buf_text(out, "}\n");
}

/* What cannot be read says nothing. */
static bool is_here(const struct session *session, const char *line, size_t len)
{
    yyjson_doc *doc = NULL;
    const char *ours = session->pipeline->destination;
    if (json_parse(line, len, "a line", &doc, NULL) != TG_OK)
        return false;
    const char *url = json_get_text(yyjson_doc_get_root(doc), "destination");
    const char *dataset = json_get_text(yyjson_doc_get_root(doc), "dataset");
    const bool same = url && dataset && strcmp(dataset, session->pipeline->config.dataset) == 0 &&
                      (strcmp(url, ours) == 0 || destination_same(AT_URL(url), ".", AT_URL(ours)));
    yyjson_doc_free(doc);
    return same;
}

/* The record without the lines of this destination and dataset; *found: there were any. */
static int read_others(const struct session *session, const char *path, struct buf *out,
                       bool *found, struct tg_error *err)
{
    int rc = TG_OK;
    struct fs_stat stat = {0};
    struct buf text = BUF_INIT;
    *found = false;
    TRY(fs_stat(path, &stat, err));
    if (stat.exists)
        TRY(fs_read_file(path, &text, err));
    for (const char *line = buf_string(&text); *line;) {
        const size_t len = strcspn(line, "\n");
        if (is_here(session, line, len)) {
            *found = true;
        } else {
            buf_append(out, line, len);
            buf_char(out, '\n');
        }
        line += len + (line[len] == '\n');
    }
    rc = buf_check(out, err);
done:
    buf_release(&text);
    return rc;
}

static int note(const struct session *session, const char *path, struct tg_error *err)
{
    int rc = TG_OK;
    bool found = false;
    struct buf text = BUF_INIT;
    TRY(read_others(session, path, &text, &found, err));
    if (found)
        goto done;
    put_line(session, &text);
    TRY(buf_check(&text, err));
    TRY(fs_write_file(path, text.data, text.len, err));
done:
    buf_release(&text);
    return rc;
}

void committed_note(const struct session *session)
{
    struct tg_error problem = {0};
    char *path = fs_join(session->folder, "committed");
    fault_point("before_record");
    int rc = path ? note(session, path, &problem) : error_nomem(&problem);
    if (rc != TG_OK)
        context_log(&session->pipeline->ctx, TG_LOG_WARNING, "settle", "%s", problem.what);
    mem_free(path);
}

static int forget(const struct session *session, struct tg_error *err)
{
    int rc = TG_OK;
    bool found = false;
    struct buf text = BUF_INIT;
    char *path = fs_join(session->folder, "committed");
    TRY(path ? read_others(session, path, &text, &found, err) : error_nomem(err));
    if (found)
        TRY(fs_write_file(path, buf_string(&text), text.len, err));
done:
    buf_release(&text);
    mem_free(path);
    return rc;
}

/* What no source gives again is kept, for people; the rest is read again. */
static int part_with(const struct session *session, const struct pending_load *load,
                     struct tg_error *err)
{
    struct tg_error why = {0};
    const struct config *config = &session->pipeline->config;
    const bool is_kept = settle_has_only_copy(&load->manifest);
    error_set(&why, TG_CONFLICT,
              "it was sealed for what was in dataset '%s', where loads of pipeline '%s' had been "
              "committed, and there is nothing any more",
              config->dataset, config->pipeline);
    if (is_kept)
        context_log(&session->pipeline->ctx, TG_LOG_WARNING, "settle",
                    "load '%s' is set aside: %s; it has rows that no source gives again, and is "
                    "kept in '%s/failed': load its Parquet files by hand",
                    load->manifest.load_id, why.what, session->folder);
    else
        context_log(&session->pipeline->ctx, TG_LOG_WARNING, "settle",
                    "load '%s' is dropped: %s; what it read is read again", load->manifest.load_id,
                    why.what);
    return is_kept ? package_set_aside(load->path, "failed", &why, err)
                   : package_drop(load->path, err);
}

static int drop_pending(struct session *session, const struct pending *pending,
                        struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t i = 0; i < pending->count; i++) {
        TRY(part_with(session, &pending->items[i], err));
        fault_point("after_forgotten");
    }
    TRY(forget(session, err));
done:
    return rc;
}

/* Whether the destination knows nothing, while there is a record. */
static int look(struct session *session, bool *is_gone, struct tg_error *err)
{
    int rc = TG_OK;
    struct ledger ledger;
    struct buf others = BUF_INIT;
    const struct ledger_owner owner = pipeline_owner(session->pipeline);
    char *path = fs_join(session->folder, "committed");
    ledger_init(&ledger);
    TRY(path ? read_others(session, path, &others, is_gone, err) : error_nomem(err));
    if (*is_gone)
        TRY(destination_restore(&session->destination, &owner, session->restored_us, &ledger, err));
    *is_gone = *is_gone && ledger_is_empty(&ledger);
done:
    ledger_release(&ledger);
    buf_release(&others);
    mem_free(path);
    return rc;
}

int committed_check(struct session *session, bool *dropped, struct tg_error *err)
{
    int rc = TG_OK;
    bool is_gone = false;
    struct pending pending;
    *dropped = false;
    TRY(pending_list(session, &pending, err));
    if (pending.count > 0)
        TRY(look(session, &is_gone, err));
    if (is_gone)
        TRY(drop_pending(session, &pending, err));
    *dropped = is_gone;
done:
    pending_release(&pending);
    return rc;
}

int committed_renew(struct session *session, struct tg_error *err)
{
    return session->is_unknown_there ? forget(session, err) : TG_OK;
}
