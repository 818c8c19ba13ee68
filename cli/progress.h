/*
 * What is known of a run while it works: filled by progress.c, shown by live.c.
 */
#ifndef TIDEGATE_CLI_PROGRESS_H
#define TIDEGATE_CLI_PROGRESS_H

#include "cli.h"

/* A resource that is read, or was. Times are seconds of a clock that only goes forward. */
struct reading {
    char *name;
    uint64_t rows, bytes, bytes_total; /* the last 0: unknown */
    double began, ended;               /* 0: it is read */
};

struct watched {
    enum tg_phase phase;
    double began, phase_began;
    struct reading *readings; /* in the order in which they began */
    size_t count, cap;
    uint64_t resources, resources_ended; /* of the load; 0: unknown */
    char *table;                         /* that is written to; NULL: none */
    uint64_t table_rows;                 /* that the load has for it */
    double table_began;
    char *doing; /* in its place; NULL: nothing */
    double doing_began;
    char *load_id; /* NULL: it has none yet */
};

/* The lines of a terminal that say how far it is, at most as wide as it, without ends of lines;
 * how many there are, LIVE_LINES at most. */
enum { LIVE_LINES = 4, LINE_BYTES = 1024 };
size_t live_lines(const struct watched *watched, double now, size_t width,
                  char lines[LIVE_LINES][LINE_BYTES]);
/* The line of one resource. */
void live_reading(const struct reading *reading, double now, size_t width, char line[LINE_BYTES]);

/* 999 bytes, 1.5 KB, 12.3 MB; 12.3 s, 2 min 03 s, 1 h 02 min; 0.5 rows/s, 1,234 rows/s. */
enum { QUANTITY_BYTES = 48 };
const char *format_bytes(uint64_t bytes, char out[QUANTITY_BYTES]);
const char *format_seconds(double seconds, char out[QUANTITY_BYTES]);
const char *format_rate(uint64_t rows, double seconds, char out[QUANTITY_BYTES]);

/* ---- log.c: lines of text with a time, for a file or for standard error ---- */
struct log {
    int level;        /* an enum tg_log_level; -1: none */
    const char *path; /* borrowed; NULL: standard error */
    int file;
    bool failed;
};

/* error, warning, info or debug; false: none of them. */
bool log_parse_level(const char *text, int *level);
const char *log_level_name(int level);
/* Opens the file to add to it, if there is one; 0, or an errno. */
int log_open(struct log *log);
/* Who says something; NULL: no pipeline yet, no environment. */
struct log_origin {
    const char *pipeline, *environment, *component;
};
/* A line, whole and at once. A file that was moved away is begun anew. The errno of the first line
 * that could not be written; else 0. */
int log_write(struct log *log, int level, const struct log_origin *origin, const char *message);
void log_close(struct log *log);
/* Now, as RFC 3339 says it: 2024-05-01T12:30:00.125Z. */
enum { TIME_BYTES = 40 };
const char *format_now(char out[TIME_BYTES]);

#endif
