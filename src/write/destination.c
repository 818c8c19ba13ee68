/*
 * Destinations in general: which driver takes a URL, and what holds where nothing is yet.
 *
 * Path: destination_init -> find_driver -> the driver's functions, which need not ask whether it is
 * open. A driver is one const table (sql/destination.c) named in `drivers`.
 *
 * How a load is made final, and what is asked to find out whether it was, is behind the drivers.
 */
#include "write/destination.h"

#include <string.h>

#include "database/connection.h"

/* The last one takes what no other does, and says what is wrong with it. */
static const struct destination_driver *const drivers[] = {&destination_sql};

enum { DRIVER_COUNT = sizeof(drivers) / sizeof(drivers[0]) };

static const struct destination_driver *find_driver(const struct location *where)
{
    struct destination_place place = {0};
    for (size_t i = 0; i < DRIVER_COUNT; i++)
        if (drivers[i]->check(where, NULL, NULL, &place, NULL) == TG_OK)
            return drivers[i];
    return drivers[DRIVER_COUNT - 1];
}

/* ---- by the location alone ---- */

static void place_release(struct destination_place *place)
{
    buf_release(&place->absolute);
    buf_release(&place->identity);
}

/* Release `place` afterwards, come what may. */
static int find_place(const struct location *where, const char *folder, const char *dataset,
                      struct destination_place *place, struct tg_error *err)
{
    *place = (struct destination_place){0};
    return find_driver(where)->check(where, folder, dataset, place, err);
}

int destination_check(const struct location *where, const char *dataset,
                      struct destination_facts *facts, struct tg_error *err)
{
    struct destination_place place;
    int rc = find_place(where, NULL, dataset, &place, err);
    if (facts)
        *facts = place.facts;
    return rc;
}

bool destination_example(size_t i, struct destination_example *out)
{
    for (size_t d = 0; d < DRIVER_COUNT; d++)
        for (size_t n = 0; drivers[d]->example(n, out); n++)
            if (i-- == 0)
                return true;
    return false;
}

int destination_absolute(const struct location *where, const char *folder, struct buf *out,
                         struct tg_error *err)
{
    struct destination_place place;
    int rc = find_place(where, folder, NULL, &place, err);
    if (rc == TG_OK) {
        buf_text(out, buf_string(&place.absolute));
        rc = buf_check(out, err);
    }
    place_release(&place);
    return rc;
}

const char *destination_url(const char *name)
{
    static const char given[] = "given:", of_file[] = "given:duckdb:////";
    return strncmp(name, of_file, strlen(of_file)) == 0 ? name + strlen(given) : name;
}

static struct location by_url(const struct location *where)
{
    struct location out = *where;
    if (out.url)
        out.url = destination_url(out.url);
    return out;
}

bool destination_same(const struct location *where, const char *folder,
                      const struct location *other)
{
    struct destination_place one, two;
    const struct location first = by_url(where), second = by_url(other);
    bool same = find_place(&first, folder, NULL, &one, NULL) == TG_OK;
    same = find_place(&second, ".", NULL, &two, NULL) == TG_OK && same &&
           strcmp(buf_string(&one.identity), buf_string(&two.identity)) == 0;
    place_release(&one);
    place_release(&two);
    return same;
}

/* ---- one destination ---- */

/* What a look at it was refused. */
static int look_failed(int rc, struct tg_error *err)
{
    return connection_told(rc, "what is at the destination cannot be read", err);
}

static int statement_failed(int rc, struct tg_error *err)
{
    return connection_told(rc, "the statement cannot be run", err);
}

int destination_init(struct destination *destination, struct context *ctx,
                     const struct location *where, const char *dataset, struct tg_error *err)
{
    *destination = (struct destination){
        .driver = find_driver(where), .ctx = ctx, .where = *where, .dataset = dataset};
    return destination_check(where, dataset, &destination->facts, err);
}

int destination_open(struct destination *destination, struct tg_error *err)
{
    return destination->driver->open(destination, false, err);
}

void destination_close(struct destination *destination)
{
    if (destination->state)
        destination->driver->close(destination);
    destination->state = NULL;
}

int destination_restore(struct destination *destination, const struct ledger_owner *owner,
                        int64_t now_us, struct ledger *out, struct tg_error *err)
{
    ledger_init(out);
    if (!destination->state)
        return TG_OK;
    int rc = destination->driver->restore(destination, owner, now_us, out, err);
    static const char what[] = "what the destination knows of the pipeline cannot be read";
    return rc == TG_DESTINATION ? error_before(err, rc, what) : connection_told(rc, what, err);
}

int destination_pasts(struct destination *destination, const char *pipeline, struct ledger *out,
                      struct tg_error *err)
{
    return destination->state
               ? look_failed(destination->driver->trace->pasts(destination, pipeline, out, err),
                             err)
               : TG_OK;
}

int destination_ties(struct destination *destination, const struct ties_request *request,
                     struct ArrowArrayStream *out, struct tg_error *err)
{
    *out = (struct ArrowArrayStream){.release = NULL};
    return look_failed(destination->driver->trace->ties(destination, request, out, err), err);
}

int destination_describe(struct destination *destination, const struct table_choice *choice,
                         struct catalog *out, struct tg_error *err)
{
    *out = (struct catalog){0};
    arena_init(&out->arena);
    if (!destination->state)
        return TG_OK;
    int rc = look_failed(destination->driver->describe(destination, choice, out, err), err);
    if (rc != TG_OK)
        catalog_release(out);
    return rc;
}

int destination_views(struct destination *destination, const char *const *names, size_t count,
                      bool *out, struct tg_error *err)
{
    memset(out, 0, count * sizeof(*out));
    return destination->state && count > 0
               ? look_failed(destination->driver->trace->views(destination, names, count, out, err),
                             err)
               : TG_OK;
}

int destination_write(struct destination *destination, const char *package_path,
                      const struct manifest *manifest, const struct write_order *order,
                      struct write_result *out, struct tg_error *err)
{
    struct tg_error own = {0};
    int rc = TG_OK;
    *out = (struct write_result){0};
    if (!err)
        err = &own;
    if (!destination->state)
        TRY(destination->driver->open(destination, true, err));
    rc = destination->driver->write(destination, package_path, manifest, order, out, err);
done:
    return rc;
}

int destination_try(struct destination *destination, const char *package_path,
                    const struct manifest *manifest, const struct write_order *order,
                    struct write_result *out, struct tg_error *err)
{
    destination->where.scratch = package_path;
    int rc = destination_write(destination, package_path, manifest, order, out, err);
    destination_close(destination);
    destination->where.scratch = NULL;
    return rc;
}

int destination_outline(struct destination *destination, const struct manifest *manifest,
                        const struct write_order *order, struct tg_error *err)
{
    struct write_result none = {0};
    return destination->driver->write(destination, NULL, manifest, order, &none, err);
}

int destination_query(struct destination *destination, const char *text, const struct moment *at,
                      struct ArrowArrayStream *out, struct tg_error *err)
{
    return statement_failed(destination->driver->query(destination, text, at, out, err), err);
}

int destination_enter(struct destination *destination, struct tg_error *err)
{
    int rc = destination->driver->open(destination, !destination->where.read_only, err);
    return rc == TG_OK && destination->state
               ? destination_use(destination, destination->dataset, err)
               : rc;
}

int destination_use(struct destination *destination, const char *dataset, struct tg_error *err)
{
    return statement_failed(destination->driver->statements->use(destination, dataset, err), err);
}

int destination_run(struct destination *destination, const char *text, const char **rest,
                    struct ArrowArrayStream *out, bool *gives_rows, struct tg_error *err)
{
    return statement_failed(
        destination->driver->statements->run(destination, text, rest, out, gives_rows, err), err);
}

int destination_transact(struct destination *destination, enum tg_transaction what,
                         struct tg_error *err)
{
    return statement_failed(destination->driver->statements->transact(destination, what, err), err);
}

/* Another failure is not the condition's. */
int destination_parse(struct destination *destination, const char *condition, struct tg_error *err)
{
    struct tg_error problem = {0};
    if (!destination->state ||
        destination->driver->parse(destination, condition, &problem) == TG_OK ||
        strcmp(problem.sqlstate, SYNTAX_ERROR) != 0)
        return TG_OK;
    return error_set(err, TG_SPEC, "%s", problem.what);
}

int destination_show(struct destination *destination, enum tg_show what,
                     struct ArrowArrayStream *out, struct tg_error *err)
{
    return look_failed(destination->driver->show(destination, what, out, err), err);
}

int destination_count(struct destination *destination, struct table_count *tables, size_t count,
                      struct tg_error *err)
{
    return look_failed(destination->driver->trace->count(destination, tables, count, err), err);
}

int destination_loaders(struct destination *destination, const struct loaders_request *request,
                        struct loaders *out, struct tg_error *err)
{
    *out = (struct loaders){.has_rows = false};
    arena_init(&out->arena);
    return look_failed(destination->driver->trace->loaders(destination, request, out, err), err);
}

int destination_standing(struct destination *destination, const struct manifest *manifest,
                         struct standing *out, struct tg_error *err)
{
    *out = (struct standing){.lacks_followed = *manifest->follows != '\0'};
    return destination->state
               ? look_failed(destination->driver->trace->standing(destination, manifest, out, err),
                             err)
               : TG_OK;
}

int destination_versions(struct destination *destination, const char *schema,
                         struct schema_versions *out, struct tg_error *err)
{
    *out = (struct schema_versions){0};
    arena_init(&out->arena);
    return look_failed(destination->driver->trace->versions(destination, schema, out, err), err);
}

int destination_story(struct destination *destination, const struct story_request *request,
                      struct story *out, struct tg_error *err)
{
    *out = (struct story){.is_there = false};
    arena_init(&out->arena);
    return look_failed(destination->driver->trace->story(destination, request, out, err), err);
}

int destination_claim(struct destination *destination, const struct claim_request *request,
                      struct claims *out, struct tg_error *err)
{
    *out = (struct claims){0};
    arena_init(&out->arena);
    return destination->state
               ? look_failed(destination->driver->claims->claim(destination, request, out, err),
                             err)
               : TG_OK;
}

int destination_release(struct destination *destination, const char *pipeline, const char *owner,
                        struct tg_error *err)
{
    return look_failed(destination->driver->claims->release(destination, pipeline, owner, err),
                       err);
}

bool destination_is_shared(const struct destination *destination)
{
    return destination->state && destination->driver->claims->is_shared(destination);
}

int destination_undo(struct destination *destination, const struct undo_request *request,
                     struct undo *out, struct tg_error *err)
{
    *out = (struct undo){0};
    arena_init(&out->arena);
    if (!destination->driver->undo)
        return error_set(err, TG_USAGE, "at a destination of the kind '%s' no load is taken back",
                         destination->facts.name);
    return look_failed(destination->driver->undo->look(destination, request, out, err), err);
}

void write_result_release(struct write_result *result)
{
    mem_free(result->counts);
    *result = (struct write_result){0};
}
