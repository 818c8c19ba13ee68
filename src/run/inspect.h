/*
 * Looking at a pipeline without changing it. A stream that goes out keeps what it needs, also when
 * the pipeline is freed before it is released.
 */
#ifndef TIDEGATE_RUN_INSPECT_H
#define TIDEGATE_RUN_INSPECT_H

#include "run/pipeline.h"
#include "write/destination.h"

int inspect_query(struct tg_pipeline *pipeline, const char *sql, const char *as_of,
                  struct ArrowArrayStream *out, struct tg_error *err) TG_CHECK_RESULT;
/* Opens the destination: TG_DESTINATION where nothing is yet. Close it, come what may. */
int inspect_open(struct tg_pipeline *pipeline, struct destination *out,
                 struct tg_error *err) TG_CHECK_RESULT;
/* The schema that it has, which says what tables keep their history. Release `out`. */
int inspect_schema(struct destination *destination, const struct tg_pipeline *pipeline,
                   struct catalog *out, struct tg_error *err) TG_CHECK_RESULT;
/* That the destination is not there yet: TG_DESTINATION. */
int inspect_absent(const struct tg_pipeline *pipeline, struct tg_error *err);
/* TG_USAGE for a view, or a document, that there is not. */
int inspect_show(struct tg_pipeline *pipeline, enum tg_show what, struct ArrowArrayStream *out,
                 struct tg_error *err) TG_CHECK_RESULT;
int inspect_document(struct tg_pipeline *pipeline, enum tg_document what, struct buf *out,
                     struct tg_error *err) TG_CHECK_RESULT;

/* show_packages.c: the packages in the working directory, one a line. */
int show_packages(struct tg_pipeline *pipeline, struct ArrowArrayStream *out,
                  struct tg_error *err) TG_CHECK_RESULT;
/* The same of their files. */
int show_files(struct tg_pipeline *pipeline, struct ArrowArrayStream *out,
               struct tg_error *err) TG_CHECK_RESULT;

/* show_resources.c: what a run would read, a resource a line, by check_pipeline. */
int show_resources(struct tg_pipeline *pipeline, struct ArrowArrayStream *out,
                   struct tg_error *err) TG_CHECK_RESULT;
/* The same of a whole check, by plan_check. */
int show_checked(struct tg_pipeline *pipeline, struct ArrowArrayStream *out,
                 struct tg_error *err) TG_CHECK_RESULT;

/* show_columns.c: those of the schema, and since when they are in it. */
int show_columns(struct tg_pipeline *pipeline, struct ArrowArrayStream *out,
                 struct tg_error *err) TG_CHECK_RESULT;

/* Is told of each resource that is checked, with the key that its source knows. */
struct check_visitor {
    int (*visit)(void *user, const struct resource *resource, const struct source_facts *facts,
                 struct tg_error *err);
    void *user;
};
/* check.c: opens every selected source and the destination. What a run refuses by what was loaded
 * is plan_check's to find. */
int check_pipeline(struct tg_pipeline *pipeline, const struct check_visitor *visitor,
                   struct tg_error *err) TG_CHECK_RESULT;
/* The parts of it that a session takes: could loads be sealed in the working directory, and does
 * every selected source open? */
int check_folder(const struct config *config, struct tg_error *err) TG_CHECK_RESULT;
int check_sources(struct config *config, const struct services *services, struct sources *sources,
                  const struct check_visitor *visitor, struct tg_error *err) TG_CHECK_RESULT;

#endif
