/*
 * Database files as catalogs of an instance in memory.
 *
 * Path: attach_file -> say_path (as SQL may say it), name_catalog -> ATTACH -> explain, where it
 * fails; attach_end -> DETACH, which writes the log into the file and gives up the lock.
 *
 * An opened instance costs fifty times what a file in it does. The statements say what the file is:
 * without TYPE, DuckDB wants to install an extension for a file of SQLite's.
 */
#include "duckdb/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text/utf8.h"

/* Every DuckDB from 1.0 on reads it. What engines from 2.0 on make by themselves, older ones do not
 * read; it loads as fast and is a sixth smaller. */
static const char default_storage[] = "v1.0.0";

/* ---- names ---- */

/* As DuckDB names the catalog of a file that it opens: by what stands before the first point; what
 * each instance has is not taken. */
static int name_catalog(const char *path, struct attached *out, struct tg_error *err)
{
    static const char *const taken[] = {"", "memory", "system", "temp", "main"};
    const char *file = strrchr(path, '/') + 1;
    struct buf name = BUF_INIT, detach = BUF_INIT;
    buf_append(&name, file, strcspn(file, "."));
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
        if (strcasecmp(buf_string(&name), taken[i]) != 0)
            continue;
        buf_text(&name, "_db");
        break;
    }
    buf_text(&detach, "DETACH ");
    buf_quoted(&detach, '"', buf_string(&name));
    out->name = buf_take(&name);
    out->detach = buf_take(&detach);
    buf_release(&name);
    buf_release(&detach);
    return out->name && out->detach ? TG_OK : error_nomem(err);
}

/* SQL is UTF-8: a folder that is not gets another name, for as long as *folder is open. */
static int say_path(const char *path, int *folder, struct buf *out, struct tg_error *err)
{
    const char *slash = strrchr(path, '/');
    *folder = -1;
    if (!utf8_is_valid(slash, strlen(slash)))
        return error_set(err, TG_DESTINATION, "the name of '%s' is not UTF-8; take another", path);
    if (utf8_is_valid(path, strlen(path))) {
        buf_text(out, path);
        return buf_check(out, err);
    }
    struct buf place = BUF_INIT;
    buf_append(&place, path, (size_t)(slash - path));
    int rc = buf_check(&place, err);
    if (rc == TG_OK)
        *folder = open(buf_string(&place), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (rc == TG_OK && *folder < 0)
        rc = error_errno(err, TG_IO, errno, "folder '%s' cannot be opened", buf_string(&place));
    buf_release(&place);
    if (rc != TG_OK)
        return rc;
    buf_printf(out, "/proc/self/fd/%d%s", *folder, slash);
    return buf_check(out, err);
}

/* ---- what went wrong ---- */

/* The file's first bytes: a checksum, "DUCK", numbers, the version that wrote it. */
enum { MAGIC_AT = 8, WRITER_AT = 52, WRITER_BYTES = 32 };

/* Which DuckDB wrote the file; "" if none did. Nothing in this process has it open. */
static void read_writer(const char *path, char out[WRITER_BYTES + 1])
{
    char head[WRITER_AT + WRITER_BYTES + 1] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool whole = fd >= 0 && read(fd, head, sizeof(head) - 1) == sizeof(head) - 1;
    if (fd >= 0)
        close(fd);
    bool ours = whole && memcmp(head + MAGIC_AT, "DUCK", 4) == 0;
    snprintf(out, WRITER_BYTES + 1, "%s", ours ? head + WRITER_AT : "");
}

/* Is another process just making the file? It was not there before, or it changes. */
static bool is_being_made(const struct place *place)
{
    const struct timespec moment = {.tv_nsec = 5000000};
    struct stat now = place->info;
    bool changed = !place->exists;
    for (int i = 0; i < 20 && !changed; i++) {
        nanosleep(&moment, NULL);
        changed = stat(place->path, &now) == 0 && now.st_size != place->info.st_size;
    }
    return changed;
}

/* A file of a newer DuckDB: says how to get at it. */
static int explain(int rc, const struct place *place, const struct tg_error *why,
                   struct tg_error *err)
{
    char writer[WRITER_BYTES + 1] = "";
    if (strstr(why->what, "not a valid DuckDB database file") && is_being_made(place))
        return error_set(err, TG_LOCKED,
                         "'%s' is just being made by another process; wait a moment, run again",
                         place->path);
    if (strstr(why->what, "newer version of DuckDB"))
        read_writer(place->path, writer);
    if (*writer)
        return error_set(err, rc,
                         "'%s' was written by DuckDB %s, and DuckDB %s ('%s') cannot read it; name "
                         "a libduckdb.so of that version or a newer one in TIDEGATE_DUCKDB, or "
                         "another file",
                         place->path, writer, duck.library_version(), duck_path());
    if (err)
        *err = *why;
    return rc;
}

/* ---- statements ---- */

/* Also where somebody said stop: whether a file is attached has to be certain. */
static int run(duckdb_database database, const char *sql, struct tg_error *err)
{
    static const struct context calm;
    duckdb_connection con = NULL;
    int rc = TG_OK;
    TRY(duck_connect(database, &con, err));
    rc = duck_exec(&calm, con, sql, NULL, err);
done:
    duck_disconnect(&con);
    return rc;
}

static int attach(const struct context *ctx, duckdb_database database, const struct place *place,
                  struct attached *file, struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_error why = {0};
    struct buf path = BUF_INIT, sql = BUF_INIT;
    const char *storage = ctx->storage_version ? ctx->storage_version : default_storage;
    TRY(say_path(place->path, &file->folder, &path, err));
    buf_text(&sql, "ATTACH ");
    buf_quoted(&sql, '\'', buf_string(&path));
    buf_text(&sql, " AS ");
    buf_quoted(&sql, '"', file->name);
    buf_text(&sql, " (TYPE duckdb");
    if (!place->exists)
        buf_printf(&sql, ", STORAGE_VERSION '%s'", storage);
    if (file->read_only)
        buf_text(&sql, ", READ_ONLY");
    buf_char(&sql, ')');
    TRY(buf_check(&sql, err));
    rc = run(database, buf_string(&sql), &why);
    rc = rc == TG_OK ? TG_OK : explain(rc, place, &why, err);
done:
    buf_release(&path);
    buf_release(&sql);
    return rc;
}

int attach_file(const struct context *ctx, duckdb_database database, struct place *place,
                bool reads, struct attached *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct attached file = {.path = mem_strdup(place->path), .read_only = reads, .folder = -1};
    if (!file.path)
        TRY(error_nomem(err));
    TRY(name_catalog(place->path, &file, err));
    TRY(attach(ctx, database, place, &file, err));
    if (!place->exists && stat(place->path, &place->info) != 0) {
        rc = error_errno(err, TG_IO, errno, "file '%s' cannot be examined", place->path);
        (void)!attach_end(database, &file, NULL);
        goto done;
    }
    file.device = place->info.st_dev;
    file.inode = place->info.st_ino;
    *out = file;
    file = (struct attached){.path = NULL};
done:
    attach_forget(&file);
    return rc;
}

/* As USE does, which looks for a function in all that an engine of 2.0 has: it parses its own
 * grammar for that, 2 ms of a run that may need no function. */
int attach_use(const struct context *ctx, duckdb_connection con, const struct attached *file,
               struct tg_error *err)
{
    struct buf schema = BUF_INIT, sql = BUF_INIT;
    buf_quoted(&schema, '"', file->name);
    buf_text(&schema, ".main");
    buf_text(&sql, "SET schema = ");
    buf_quoted(&sql, '\'', buf_string(&schema));
    sql.failed = sql.failed || schema.failed;
    int rc = buf_check(&sql, err);
    if (rc == TG_OK)
        rc = duck_exec(ctx, con, buf_string(&sql), NULL, err);
    buf_release(&schema);
    buf_release(&sql);
    return rc;
}

int attach_end(duckdb_database database, struct attached *file, struct tg_error *err)
{
    int rc = run(database, file->detach, err);
    if (rc == TG_OK)
        attach_forget(file);
    return rc;
}

void attach_forget(struct attached *file)
{
    if (file->path && file->folder >= 0)
        close(file->folder);
    mem_free(file->path);
    mem_free(file->name);
    mem_free(file->detach);
    *file = (struct attached){.path = NULL};
}
