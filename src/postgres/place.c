/*
 * Where a server is, by libpq's own rules: URI or keywords, services, the environment, defaults.
 *
 * Path: pg_check -> PQconninfoParse. pg_identity -> look: libpq works out the whole place as it
 * begins to connect, and a parameter that cannot be stops it before it does. pg_start -> the same
 * without that.
 *
 * What is said of a place that cannot be read may quote a part of a password that was not encoded:
 * hide_quoted. Connecting is client.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text/redact.h"
#include "postgres/session.h"

/* ---- the form ---- */

static bool has_secret(const char *conninfo)
{
    struct buf shown = BUF_INIT;
    redact(NULL, conninfo, &shown);
    bool has = shown.failed || strcmp(buf_string(&shown), conninfo) != 0;
    buf_release(&shown);
    return has;
}

/* Without what stands in double quotes. */
static void hide_quoted(const char *message, struct buf *out)
{
    for (const char *at = message; *at;) {
        size_t plain = strcspn(at, "\"");
        buf_append(out, at, plain);
        at += plain;
        const char *end = *at ? strrchr(at + 1, '"') : NULL;
        if (end)
            buf_text(out, "\"***\"");
        at = end ? end + 1 : at + strlen(at);
    }
}

/* How a place is written, and how one is mended whose form is right. */
static const char how_to_write[] =
    "write postgresql://HOST:PORT/DATABASE, with USER:PASSWORD and an at sign before the host "
    "(other characters than letters and digits as %XX), or host=HOST dbname=DATABASE";
static const char how_to_mend[] =
    "correct what it says here, in the service file, or in libpq's variables (PGSERVICE, PGSSLMODE "
    "and the like)";

static int form_error(const char *conninfo, const char *message, const char *advice,
                      struct tg_error *err)
{
    struct buf line = BUF_INIT, shown = BUF_INIT;
    pg_one_line(message, &line);
    if (has_secret(conninfo))
        hide_quoted(buf_string(&line), &shown);
    else
        buf_text(&shown, buf_string(&line));
    int rc = error_set(err, TG_USAGE, "the place of the PostgreSQL server cannot be read: %s; %s",
                       buf_string(&shown), advice);
    buf_release(&line);
    buf_release(&shown);
    return rc;
}

/* libpq takes the first '@' for the end of a password, and what comes behind it for a host, which
 * its messages name. */
static bool has_open_password(const char *conninfo)
{
    const char *start = strstr(conninfo, "://");
    if (!start)
        return false;
    size_t len = strcspn(start, "?");
    const char *first = memchr(start, '@', len), *colon = memchr(start + 1, ':', len - 1);
    return first && colon && colon < first && memrchr(start, '@', len) != first;
}

int pg_check(const char *conninfo, struct tg_error *err)
{
    int rc = pq_load(err);
    if (rc != TG_OK)
        return rc;
    if (has_open_password(conninfo))
        return form_error(conninfo, "the password is not encoded: there are two @ in it",
                          how_to_write, err);
    char *message = NULL;
    PQconninfoOption *options = pq.conninfoParse(conninfo, &message);
    if (!options)
        rc = message ? form_error(conninfo, message, how_to_write, err) : error_nomem(err);
    if (options)
        pq.conninfoFree(options);
    if (message)
        pq.freemem(message);
    return rc;
}

/* ---- the place ---- */

static PGconn *start(const char *conninfo, const char *last_keyword, const char *last_value)
{
    const char *const keywords[] = {"fallback_application_name", "dbname", "client_encoding",
                                    last_keyword, NULL};
    const char *const values[] = {"tidegate", conninfo, "UTF8", last_value, NULL};
    return pq.connectStartParams(keywords, values, 1);
}

PGconn *pg_start(const char *conninfo)
{
    return start(conninfo, NULL, NULL);
}

/* libpq looks at this parameter last but one, and names it in what it says. */
static const char unheard_of[] = "looks, and does not connect";

static PGconn *look(const char *conninfo)
{
    return start(conninfo, "sslmode", unheard_of);
}

/* A parameter as libpq has found it; NULL: it has none. */
static const char *find(const PQconninfoOption *options, const char *keyword)
{
    for (; options && options->keyword; options++)
        if (strcmp(options->keyword, keyword) == 0)
            return options->val && *options->val ? options->val : NULL;
    return NULL;
}

static void put_identity(PGconn *conn, const PQconninfoOption *options, struct buf *out)
{
    const char *host = find(options, "host"), *port = find(options, "port");
    if (!host)
        host = find(options, "hostaddr");
    buf_printf(out, "postgresql:%s:%s/%s", host ? host : pq.host(conn), port ? port : pq.port(conn),
               pq.db(conn));
}

int pg_identity(const char *conninfo, struct buf *out, struct tg_error *err)
{
    int rc = pg_check(conninfo, err);
    if (rc != TG_OK)
        return rc;
    PGconn *conn = look(conninfo);
    PQconninfoOption *options = conn ? pq.conninfo(conn) : NULL;
    if (!options)
        rc = error_nomem(err);
    else if (!strstr(pq.errorMessage(conn), unheard_of))
        rc = form_error(conninfo, pq.errorMessage(conn), how_to_mend, err);
    if (rc == TG_OK) {
        put_identity(conn, options, out);
        rc = buf_check(out, err);
    }
    if (options)
        pq.conninfoFree(options);
    if (conn)
        pq.finish(conn);
    return rc;
}

int pg_number(PGconn *conn, const char *keyword, int fallback)
{
    PQconninfoOption *options = pq.conninfo(conn);
    const char *text = find(options, keyword);
    char *end = NULL;
    long number = text ? strtol(text, &end, 10) : fallback;
    if (options)
        pq.conninfoFree(options);
    return end == text || number < 0 || number > 1000000 ? fallback : (int)number;
}

int pg_host_count(PGconn *conn)
{
    PQconninfoOption *options = pq.conninfo(conn);
    const char *hosts = find(options, "hostaddr");
    int count = 1;
    if (!hosts)
        hosts = find(options, "host");
    for (; hosts && *hosts; hosts++)
        count += *hosts == ',';
    if (options)
        pq.conninfoFree(options);
    return count;
}
