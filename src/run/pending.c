/*
 * The sealed loads of a destination and dataset, with what their manifests say.
 *
 *   pending_list: sealed/ -> add_load: package_read -> is it of this destination (settle.c), and of
 *   this dataset?
 *
 * Files are not looked at: who writes a load does that (package_open). What lies there for another
 * destination is nobody's business here.
 */
#include "run/pending.h"

#include <string.h>

static bool is_wanted(const struct session *session, const struct manifest *manifest)
{
    return strcmp(manifest->dataset, session->pipeline->config.dataset) == 0 &&
           settle_is_ours(session, manifest);
}

static int add_load(const struct session *session, char *path, struct pending *out,
                    struct tg_error *err)
{
    struct pending_load *load = &out->items[out->count];
    int rc = path ? package_read(path, &load->manifest, err) : error_nomem(err);
    if (rc == TG_OK && is_wanted(session, &load->manifest)) {
        load->path = path;
        out->count++;
        return TG_OK;
    }
    if (rc == TG_OK)
        manifest_release(&load->manifest);
    if (rc == TG_IO) { /* who writes it sets it aside */
        error_clear(err);
        rc = TG_OK;
    }
    mem_free(path);
    return rc;
}

int pending_list(const struct session *session, struct pending *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct fs_names names = {0};
    char *folder = fs_join(session->folder, "sealed");
    *out = (struct pending){0};
    TRY(folder ? fs_list(folder, &names, err) : error_nomem(err));
    out->items = mem_calloc(names.count + 1, sizeof(*out->items));
    if (!out->items)
        TRY(error_nomem(err));
    for (size_t i = 0; i < names.count; i++)
        TRY(add_load(session, fs_join(folder, names.items[i]), out, err));
done:
    fs_names_release(&names);
    mem_free(folder);
    return rc;
}

void pending_release(struct pending *pending)
{
    for (size_t i = 0; i < pending->count; i++) {
        manifest_release(&pending->items[i].manifest);
        mem_free(pending->items[i].path);
    }
    mem_free(pending->items);
    *pending = (struct pending){0};
}

const struct pending_load *pending_find(const struct pending *pending, const char *load_id)
{
    for (size_t i = 0; i < pending->count; i++)
        if (strcmp(pending->items[i].manifest.load_id, load_id) == 0)
            return &pending->items[i];
    return NULL;
}
