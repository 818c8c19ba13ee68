/*
 * For tests: a way to a PostgreSQL server that breaks when it is told to, on a thread. The client
 * connects to proxy_uri; once it sends `word`, the connection breaks before the server has it
 * (PROXY_BEFORE), when the server has answered and nobody has heard it (PROXY_AFTER), or nothing
 * goes either way any more (PROXY_FREEZE). `drop` breaks it at once. Include after cmocka.h.
 */
#ifndef TIDEGATE_TESTS_PROXY_H
#define TIDEGATE_TESTS_PROXY_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum proxy_how { PROXY_BEFORE, PROXY_AFTER, PROXY_FREEZE };

struct proxy {
    int listener;
    char uri[600];
    struct sockaddr_in server;
    pthread_t thread;
    pthread_mutex_t lock;
    const char *word; /* NULL: all goes through */
    enum proxy_how how;
    atomic_int broken; /* connections */
    atomic_bool drop;  /* all that there are, now */
    atomic_bool stop;
};

struct proxy_line {
    struct proxy *proxy;
    int client, server;
};

static inline void proxy_tell(struct proxy *proxy, const char *word, enum proxy_how how)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->word = word;
    proxy->how = how;
    pthread_mutex_unlock(&proxy->lock);
}

/* What is to become of what the client says; false: it goes on. Happens once. */
static inline bool proxy_hears(struct proxy *proxy, const char *bytes, size_t len,
                               enum proxy_how *how)
{
    pthread_mutex_lock(&proxy->lock);
    bool found = proxy->word && memmem(bytes, len, proxy->word, strlen(proxy->word));
    if (found)
        proxy->word = NULL;
    *how = proxy->how;
    pthread_mutex_unlock(&proxy->lock);
    if (found)
        atomic_fetch_add(&proxy->broken, 1);
    return found;
}

static inline bool proxy_put(int to, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(to, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static inline void *proxy_pump(void *arg)
{
    struct proxy_line line = *(struct proxy_line *)arg;
    struct pollfd wait[] = {{.fd = line.client, .events = POLLIN},
                            {.fd = line.server, .events = POLLIN}};
    char bytes[65536];
    enum proxy_how how = PROXY_BEFORE;
    bool broken = false;
    free(arg);
    while (!broken && !atomic_load(&line.proxy->stop) && !atomic_load(&line.proxy->drop)) {
        if (poll(wait, 2, 20) <= 0)
            continue;
        int from = wait[0].revents ? line.client : line.server;
        int to = from == line.client ? line.server : line.client;
        ssize_t n = recv(from, bytes, sizeof(bytes), 0);
        if (n <= 0)
            break;
        broken = from == line.client && proxy_hears(line.proxy, bytes, (size_t)n, &how);
        if ((!broken || how == PROXY_AFTER) && !proxy_put(to, bytes, (size_t)n))
            break;
    }
    if (broken && how == PROXY_AFTER)
        (void)!recv(line.server, bytes, sizeof(bytes), 0);
    while (broken && how == PROXY_FREEZE && !atomic_load(&line.proxy->stop))
        usleep(20000);
    close(line.client);
    close(line.server);
    return NULL;
}

static inline void *proxy_accept(void *arg)
{
    struct proxy *proxy = arg;
    for (;;) {
        int client = accept(proxy->listener, NULL, NULL);
        if (client < 0 || atomic_load(&proxy->stop)) {
            if (client >= 0)
                close(client);
            return NULL;
        }
        int server = socket(AF_INET, SOCK_STREAM, 0);
        struct proxy_line *line = malloc(sizeof(*line));
        pthread_t thread;
        *line = (struct proxy_line){proxy, client, server};
        if (connect(server, (struct sockaddr *)&proxy->server, sizeof(proxy->server)) != 0 ||
            pthread_create(&thread, NULL, proxy_pump, line) != 0) {
            close(client);
            close(server);
            free(line);
            continue;
        }
        pthread_detach(thread);
    }
}

/* A listener on a free port of the loopback interface. */
static inline int proxy_listen(int *port)
{
    struct sockaddr_in self = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(self);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&self, sizeof(self)), 0);
    assert_int_equal(listen(listener, 16), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&self, &len), 0);
    *port = ntohs(self.sin_port);
    return listener;
}

/* Before the server of `uri`: postgresql://USER:PASSWORD@127.0.0.1:PORT/DATABASE. */
static inline void proxy_start(struct proxy *proxy, const char *uri)
{
    const char *host = strrchr(uri, '@') + 1, *path = strchr(host, '/');
    int port = 0;
    *proxy = (struct proxy){.lock = PTHREAD_MUTEX_INITIALIZER};
    proxy->server = (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons((uint16_t)strtol(strchr(host, ':') + 1, NULL, 10)),
    };
    proxy->listener = proxy_listen(&port);
    snprintf(proxy->uri, sizeof(proxy->uri), "%.*s127.0.0.1:%d%s", (int)(host - uri), uri, port,
             path);
    assert_int_equal(pthread_create(&proxy->thread, NULL, proxy_accept, proxy), 0);
}

static inline void proxy_stop(struct proxy *proxy)
{
    atomic_store(&proxy->stop, true);
    shutdown(proxy->listener, SHUT_RDWR);
    pthread_join(proxy->thread, NULL);
    close(proxy->listener);
    usleep(50000); /* the lines look at `stop` */
}

#endif
