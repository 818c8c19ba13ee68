/*
 * The log of the command: lines of text, into a file or on standard error.
 *
 *   log_open (before anything is done) -> log_write: format_now -> a line in one write(2)
 *
 * Several processes may add to one file. One that was moved away or removed (logrotate) is made
 * anew by the next line.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"

static const char *const names[] = {"error", "warning", "info", "debug"};

bool log_parse_level(const char *text, int *level)
{
    for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++)
        if (strcmp(names[i], text) == 0) {
            *level = i;
            return true;
        }
    return false;
}

const char *log_level_name(int level)
{
    return names[level];
}

const char *format_now(char out[TIME_BYTES])
{
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    size_t len = strftime(out, TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(out + len, TIME_BYTES - len, ".%03dZ", (int)(now.tv_nsec / 1000000));
    return out;
}

static int open_file(struct log *log)
{
    log->file = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    return log->file < 0 ? errno : 0;
}

int log_open(struct log *log)
{
    log->file = STDERR_FILENO;
    return log->path ? open_file(log) : 0;
}

/* Is the file that is open still the one that the path leads to? */
static bool is_there(const struct log *log)
{
    struct stat opened, named;
    return fstat(log->file, &opened) == 0 && stat(log->path, &named) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

static int write_line(struct log *log, const char *line, size_t len)
{
    int reason = 0;
    if (log->path && (log->file < 0 || !is_there(log))) {
        if (log->file >= 0)
            close(log->file);
        reason = open_file(log);
    }
    while (!reason && len > 0) {
        ssize_t written = write(log->file, line, len);
        if (written < 0 && errno != EINTR)
            reason = errno;
        line += written > 0 ? written : 0;
        len -= written > 0 ? (size_t)written : 0;
    }
    return reason;
}

int log_write(struct log *log, int level, const struct log_origin *origin, const char *message)
{
    int reason = 0;
    char now[TIME_BYTES], *line = NULL;
    size_t len = 0;
    FILE *out = level <= log->level ? open_memstream(&line, &len) : NULL;
    if (!out)
        return 0;
    fprintf(out, "%s %-7s %s%s%s[%ld] %s: ", format_now(now), names[level],
            origin->pipeline ? origin->pipeline : "-", origin->environment ? "@" : "",
            origin->environment ? origin->environment : "", (long)getpid(), origin->component);
    print_visible(message, SIZE_MAX, out);
    fputc('\n', out);
    if (fclose(out) == 0)
        reason = write_line(log, line, len);
    free(line);
    const bool is_said = log->failed;
    log->failed |= reason != 0;
    return is_said ? 0 : reason;
}

void log_close(struct log *log)
{
    if (log->path && log->file >= 0)
        close(log->file);
}
