/*
 * A PostgreSQL database for a test program: made at the first question for its URI, on the server
 * that $TIDEGATE_TEST_POSTGRES names (tools/with-postgres, tools/run-tests), dropped when the
 * program ends. Talks to the server by a libpq of its own, not by the code under test.
 */
#ifndef TIDEGATE_TESTS_POSTGRES_H
#define TIDEGATE_TESTS_POSTGRES_H

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char postgres_help[] =
    "this test needs a PostgreSQL server, and $TIDEGATE_TEST_POSTGRES names none: run it by\n"
    "tools/run-tests, or by tools/with-postgres, which start one; tools/install-deps brings it\n";

static struct {
    char uri[512], name[64];
    pid_t owner;
} postgres_database;

static inline const char *postgres_server(void)
{
    const char *uri = getenv("TIDEGATE_TEST_POSTGRES");
    if (uri && strrchr(uri, '/'))
        return uri;
    fputs(postgres_help, stderr);
    exit(1);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic" /* what dlsym gives is a function */

/* The first cell of the statement's answer, or "" where there is none: for the caller to free. The
 * program ends when the statement fails. */
static inline char *postgres_ask(const char *uri, const char *sql)
{
    void *libpq = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (!libpq) {
        fprintf(stderr, "%s: tools/install-deps brings it\n", dlerror());
        exit(1);
    }
    void *(*connect)(const char *) = (void *(*)(const char *))dlsym(libpq, "PQconnectdb");
    void *(*exec)(void *, const char *) = (void *(*)(void *, const char *))dlsym(libpq, "PQexec");
    const char *(*message)(void *) = (const char *(*)(void *))dlsym(libpq, "PQerrorMessage");
    int (*status)(void *) = (int (*)(void *))dlsym(libpq, "PQresultStatus");
    int (*count)(void *) = (int (*)(void *))dlsym(libpq, "PQntuples");
    char *(*value)(void *, int, int) = (char *(*)(void *, int, int))dlsym(libpq, "PQgetvalue");
    void (*clear)(void *) = (void (*)(void *))dlsym(libpq, "PQclear");
    void (*finish)(void *) = (void (*)(void *))dlsym(libpq, "PQfinish");
    void *connection = connect(uri);
    void *result = exec(connection, sql);
    if (status(result) != 1 && status(result) != 2) { /* PGRES_COMMAND_OK, PGRES_TUPLES_OK */
        fprintf(stderr, "the test's own statement failed: %s\n%s\n", message(connection), sql);
        _exit(1);
    }
    char *answer = strdup(count(result) ? value(result, 0, 0) : "");
    clear(result);
    finish(connection);
    return answer;
}

#pragma GCC diagnostic pop

static inline void postgres_drop(void)
{
    char sql[128];
    if (getpid() != postgres_database.owner) /* a child that was forked */
        return;
    snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS %s WITH (FORCE)", postgres_database.name);
    free(postgres_ask(postgres_server(), sql));
}

/* The URI of the program's own database, with a password in it. */
static inline const char *postgres_uri(void)
{
    if (postgres_database.owner)
        return postgres_database.uri;
    const char *server = postgres_server();
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(postgres_database.name, sizeof(postgres_database.name), "test_%ld_%ld", (long)getpid(),
             now.tv_nsec);
    char sql[128];
    snprintf(sql, sizeof(sql), "CREATE DATABASE %s", postgres_database.name);
    free(postgres_ask(server, sql));
    snprintf(postgres_database.uri, sizeof(postgres_database.uri), "%.*s/%s",
             (int)(strrchr(server, '/') - server), server, postgres_database.name);
    postgres_database.owner = getpid();
    atexit(postgres_drop);
    return postgres_database.uri;
}

/* postgres_ask in the program's own database. */
static inline char *postgres_sql(const char *sql)
{
    return postgres_ask(postgres_uri(), sql);
}

#endif
