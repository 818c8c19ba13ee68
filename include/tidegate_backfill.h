/*
 * tidegate: a long range of the past, window by window. tidegate.h includes this header.
 *
 * The windows are planned into a table of the destination, and each is loaded in a transaction of
 * its own, in which it is marked as loaded, too. So a backfill that was killed goes on where it
 * was, and several processes, on several machines, may work on it:
 *
 *     struct tg_backfill plan;
 *     rc = tg_pipeline_plan_backfill(pipeline, &options, &plan, &err);
 *     if (!rc && plan.run_id[0])
 *         rc = tg_pipeline_work(pipeline, &(struct tg_work_options){TG_WORK_OPTIONS_INIT,
 *                               .run_id = plan.run_id}, &err);
 */
#ifndef TIDEGATE_PUBLIC_BACKFILL_H
#define TIDEGATE_PUBLIC_BACKFILL_H

#include "tidegate.h"

#ifdef __cplusplus
extern "C" {
#endif

struct tg_backfill_options {
    size_t size;           /* of this struct; set by tg_backfill_options_init */
    const char *from, *to; /* as of tg_window_options, as are the next two */
    const char *timezone;
    bool again;         /* what is loaded, too */
    const char *window; /* how long each is: "1d", "6h", "15m", "30s", "2w", "1mo", "1y", by the
                           clocks of the time zone; of numbers "1000" */
};

#define TG_BACKFILL_OPTIONS_INIT .size = sizeof(struct tg_backfill_options)

static inline void tg_backfill_options_init(struct tg_backfill_options *options)
{
    memset(options, 0, sizeof(*options));
    options->size = sizeof(*options);
}

/* The struct keeps its size for ever. */
struct tg_backfill {
    char run_id[40];  /* "": nothing of the range is missing */
    uint64_t windows; /* of that run; */
    uint64_t loaded;  /* so many of them are loaded */
    bool shared;      /* several processes may work on it */
    uint64_t reserved[8];
};

/* Plans what is missing of a range, of each selected resource that has a cursor; what an earlier
 * plan has in it that is not loaded yet is to be done first: *out is that one, then. TG_USAGE as
 * tg_pipeline_run_window. */
TG_API_CHECK int tg_pipeline_plan_backfill(struct tg_pipeline *pipeline,
                                           const struct tg_backfill_options *options,
                                           struct tg_backfill *out, struct tg_error *err);

/* A window that was loaded just now. New fields come at its end. */
struct tg_window_info {
    const char *run_id;
    uint64_t number; /* in the run, from 1 */
    const char *resource;
    const char *from, *to; /* as texts: "2024-01-01", "2024-01-01T06:00:00Z", "1000" */
    const char *load_id;
    uint64_t rows; /* that it has brought */
    double seconds;
    uint64_t loaded, windows; /* of the run, as far as this process knows */
};

struct tg_work_options {
    size_t size;        /* of this struct; set by tg_work_options_init */
    const char *run_id; /* of the plan */
    const char *lease;  /* how long a window is this process's own before others may take it:
                           "30s", "10m" (NULL too), "2h". Who takes longer, and is overtaken, has
                           worked in vain, and nothing is loaded twice */
    void *user;
    /* Called after each window. TG_OK, or anything else to cancel. */
    int (*window)(void *user, const struct tg_window_info *window);
};

#define TG_WORK_OPTIONS_INIT .size = sizeof(struct tg_work_options)

static inline void tg_work_options_init(struct tg_work_options *options)
{
    memset(options, 0, sizeof(*options));
    options->size = sizeof(*options);
}

/* Loads windows of a plan until all are loaded, by whomever. TG_USAGE where there is no such plan.
 * What fails leaves its window open for others. */
TG_API_CHECK int tg_pipeline_work(struct tg_pipeline *pipeline,
                                  const struct tg_work_options *options, struct tg_error *err);

#ifdef __cplusplus
}
#endif

#endif
