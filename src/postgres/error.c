/*
 * PostgreSQL's errors as errors of ours.
 *
 * Path: pg_result_error -> message, detail, hint, and the place in the statement -> find_rule (by
 * SQLSTATE: what it means to a run, and what to do) -> finish_error. What fails while connecting
 * has no fields: pg_connect_error asks libpq for its verbose form, and takes the SQLSTATE out of
 * that.
 *
 * Where an error happened is added by the callers. What libpq itself says names hosts and users,
 * never passwords.
 */
#include <stdlib.h>
#include <ctype.h>
#include <string.h>

#include "base/text/utf8.h"
#include "postgres/session.h"

struct rule {
    const char *sqlstate; /* how it begins */
    int code;
    bool retryable;
    const char *advice;
};

/* The first that fits. */
static const struct rule rules[] = {
    {"08P01", TG_DESTINATION, false, ""},
    {"08004", TG_DESTINATION, false,
     "; correct sslmode (require takes any certificate, verify-full the one for this host), "
     "sslrootcert, or the server's certificate"},
    {"08001", TG_DESTINATION, true, "; start the server, or correct host and port"},
    {"08", TG_DESTINATION, true, "; run again"},
    {"23", TG_DESTINATION, false, "; take that rule off the table, or correct the rows"},
    {"25006", TG_DESTINATION, false,
     "; name a server that can be written to (target_session_attrs=read-write finds it among "
     "several hosts)"},
    {"26000", TG_DESTINATION, false,
     "; a pooler that changes servers between statements may be in the way: let it pool sessions "
     "(PgBouncer: pool_mode = session), or name the server itself"},
    {"28000", TG_DESTINATION, false, "; let the user in (pg_hba.conf), or connect as another"},
    {"28", TG_DESTINATION, false, "; correct the user or the password"},
    {"3D000", TG_DESTINATION, false, "; create the database, or name another"},
    {"40", TG_DESTINATION, true, "; run again"},
    {"42P07", TG_DESTINATION, false,
     "; something else than a table has that name, a view maybe: rename it, or the resource's "
     "table"},
    {"42501", TG_DESTINATION, false, "; grant the user this right, or connect as another"},
    {"53100", TG_IO, true, "; free some disk space at the server"},
    {"53300", TG_DESTINATION, true,
     "; close other sessions, or raise max_connections, and run again"},
    {"53", TG_DESTINATION, true, "; run again when the server has more to give"},
    {"55P03", TG_LOCKED, true, "; end what holds the lock, or wait, and run again"},
    {"57014", TG_DESTINATION, true,
     "; give it more time (statement_timeout of the user, or in the connection's options), and run "
     "again"},
    {"57P", TG_DESTINATION, true, "; run again when the server is back"},
    {"58", TG_DESTINATION, true, ""},
    {"", TG_DESTINATION, false, ""},
};

/* A policy is no right that somebody could grant; its SQLSTATE is that of any right. */
static const struct rule hidden_rows = {
    "42501", TG_DESTINATION, false,
    "; rows that it hides would be missed: give the user BYPASSRLS, or connect as another; of a "
    "source, row_security=on in the connection's options reads what the policy shows"};

/* `routine`: of the server, where the error comes from; NULL: unknown. */
static const struct rule *find_rule(const char *sqlstate, const char *routine)
{
    const struct rule *rule = rules;
    if (routine && strcmp(routine, "check_enable_rls") == 0)
        return &hidden_rows;
    while (strncmp(rule->sqlstate, sqlstate, strlen(rule->sqlstate)) != 0)
        rule++;
    return rule;
}

/* `place` comes last: lines of the statement. */
static int finish_error(const char *sqlstate, const char *routine, const struct buf *text,
                        const char *place, struct tg_error *err)
{
    const struct rule *rule = find_rule(sqlstate, routine);
    size_t len = text->len;
    len -= *rule->advice && len > 0 && text->data[len - 1] == '.'; /* the sentence goes on */
    int rc = error_set(err, rule->code, "postgresql: %.*s%s%s", (int)len, buf_string(text),
                       rule->advice, place);
    if (err) {
        err->retryable = rule->retryable;
        snprintf(err->sqlstate, sizeof(err->sqlstate), "%.5s", sqlstate);
    }
    return rc;
}

/* Lines of libpq's that guess, or ask, what our own words say. */
static bool says_nothing(const char *line, size_t len)
{
    static const char *const lines[] = {
        "\tIs the server running", "\tThis probably means the server terminated abnormally",
        "\tbefore or while processing the request", "invalid socket"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (len >= strlen(lines[i]) && strncmp(line, lines[i], strlen(lines[i])) == 0)
            return true;
    return false;
}

void pg_one_line(const char *message, struct buf *out)
{
    const char *between = "";
    for (size_t len; *message; message += len + (message[len] == '\n')) {
        len = strcspn(message, "\n");
        size_t shown = len;
        while (shown > 0 && isspace((unsigned char)message[shown - 1]))
            shown--;
        if (shown == 0 || says_nothing(message, shown))
            continue;
        const size_t indent = strspn(message, "\t");
        buf_text(out, between);
        buf_append(out, message + indent, shown - indent);
        between = message[shown - 1] == ':' ? " " : "; ";
    }
}

/* ---- the place in a statement ---- */

enum { BEFORE_MAX = 50, SHOWN_MAX = 75 }; /* characters, and bytes, of a line */

static const char *next(const char *at)
{
    for (at++; utf8_continues(*at);)
        at++;
    return at;
}

static const char *previous(const char *at)
{
    for (at--; utf8_continues(*at);)
        at--;
    return at;
}

/* The line that holds the n-th character (from 1), and a mark below that character. */
static void put_position(const char *sql, long n, struct buf *out)
{
    const char *at = sql, *line = sql;
    int number = 1, before = 0;
    for (; *at && n > 1; n--) {
        line = *at == '\n' ? at + 1 : line;
        number += *at == '\n';
        at = next(at);
    }
    const char *start = at;
    for (; start > line && before < BEFORE_MAX; before++)
        start = previous(start);
    size_t len = strcspn(start, "\r\n");
    if (len > SHOWN_MAX)
        len = utf8_cut(start, SHOWN_MAX);
    char place[32];
    int indent = snprintf(place, sizeof(place), "  line %d: ", number);
    buf_printf(out, "\n%s%.*s\n%*s^", place, (int)len, start, indent + before, "");
}

/* ---- statements ---- */

static void put_message(const PGresult *result, struct buf *out)
{
    static const struct {
        int field;
        const char *before;
    } parts[] = {{PG_DIAG_MESSAGE_DETAIL, "; "}, {PG_DIAG_MESSAGE_HINT, "; "}};
    const char *message = pq.resultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *copy = pq.resultErrorField(result, PG_DIAG_CONTEXT);
    pg_one_line(message ? message : pq.resultErrorMessage(result), out);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const char *part = pq.resultErrorField(result, parts[i].field);
        if (part)
            buf_printf(out, "%s%s", parts[i].before, part);
    }
    if (copy && strncmp(copy, "COPY ", strlen("COPY ")) == 0)
        buf_printf(out, " (%.*s)", (int)strcspn(copy, "\n"), copy);
}

static void put_names(const PGresult *result, struct tg_error *err)
{
    const char *table = pq.resultErrorField(result, PG_DIAG_TABLE_NAME);
    const char *column = pq.resultErrorField(result, PG_DIAG_COLUMN_NAME);
    if (table)
        error_names(err, TG_OK, AT_TABLE, table);
    if (column)
        error_names(err, TG_OK, AT_COLUMN, column);
}

int pg_lost_error(const struct pg_client *client, struct tg_error *err)
{
    struct buf text = BUF_INIT;
    buf_text(&text, "the connection to the server is lost");
    const char *message = client->given_up ? "" : pq.errorMessage(client->conn);
    if (*message)
        buf_text(&text, ": ");
    pg_one_line(message, &text);
    int rc = finish_error("08006", NULL, &text, "", err);
    buf_release(&text);
    return rc;
}

int pg_result_error(const struct pg_client *client, const PGresult *result, const char *sql,
                    struct tg_error *err)
{
    const char *sqlstate = pq.resultErrorField(result, PG_DIAG_SQLSTATE);
    if (!sqlstate && pq.status(client->conn) == CONNECTION_BAD)
        return pg_lost_error(client, err);
    struct buf text = BUF_INIT, place = BUF_INIT;
    const char *position = pq.resultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    put_message(result, &text);
    if (position && sql)
        put_position(sql, strtol(position, NULL, 10), &place);
    const char *routine = pq.resultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    int rc = finish_error(sqlstate ? sqlstate : "", routine, &text, buf_string(&place), err);
    put_names(result, err);
    buf_release(&text);
    buf_release(&place);
    return rc;
}

/* ---- connecting ---- */

/* "FATAL:  28P01: password..." says the verbose form, whatever the language; NULL: it has none. */
static const char *find_sqlstate(const char *message)
{
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    enum { LEN = 5 };
    for (const char *at = strstr(message, ":  "); at; at = strstr(at + 1, ":  ")) {
        const char *state = at + strlen(":  ");
        if (strspn(state, letters) == LEN && strncmp(state + LEN, ": ", 2) == 0)
            return state;
    }
    return NULL;
}

/* Without severity and SQLSTATE, and the line of PostgreSQL's source that comes last. */
static void put_verbose(const char *message, const char *state, struct buf *out)
{
    struct buf plain = BUF_INIT;
    const char *severity = state - strlen(":  ");
    while (severity > message && severity[-1] != ' ')
        severity--;
    buf_append(&plain, message, (size_t)(severity - message));
    buf_append(&plain, state + strlen("28P01: "), strcspn(state + strlen("28P01: "), "\n"));
    pg_one_line(buf_string(&plain), out);
    buf_release(&plain);
}

/* Do the two not agree about TLS? libpq has no number for it. One that goes away meanwhile is as
 * any that does. */
static bool is_about_tls(const char *message)
{
    return (strstr(message, "SSL") || strstr(message, "certificate")) &&
           !strstr(message, "SSL SYSCALL") && !strstr(message, "unexpectedly");
}

int pg_connect_error(PGconn *conn, struct tg_error *err)
{
    struct buf text = BUF_INIT;
    const char *message = pq.errorMessage(conn), *state = find_sqlstate(message);
    char sqlstate[6] = "08001";
    static const char not_accepting[] = "55000"; /* one database, as 57P03 the whole server */
    if (state && strncmp(state, not_accepting, strlen(not_accepting)) == 0)
        snprintf(sqlstate, sizeof(sqlstate), "57P03");
    else if (state)
        snprintf(sqlstate, sizeof(sqlstate), "%.5s", state);
    else if (pq.connectionNeedsPassword(conn))
        snprintf(sqlstate, sizeof(sqlstate), "28P01");
    else if (is_about_tls(message))
        snprintf(sqlstate, sizeof(sqlstate), "08004");
    if (state)
        put_verbose(message, state, &text);
    else
        pg_one_line(message, &text);
    int rc = finish_error(sqlstate, NULL, &text, "", err);
    buf_release(&text);
    return rc;
}
