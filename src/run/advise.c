/*
 * Advice: sources are read as if for the first time, twice, and what came is compared.
 *
 *   advise_pipeline: session_open_apart -> advise_all: read_past (the destination's ledger) -> each
 *   resource: read_once, twice (a load that is not sealed, as of a plan) -> list_tables -> measure
 *   -> judge -> tell
 *
 * A reading is plain: no cursor, nothing that is known of files, no contract, each row as it is.
 * Its packages lie in the session's folder, and go with it.
 */
#include "run/advise.h"

#include <string.h>

#include "advice/advice.h"
#include "run/load.h"
#include "write/disposition.h"

enum { ROWS_DEFAULT = 100000 };

struct advising {
    struct session session;
    const struct tg_advice_options *options;
    struct tg_advice *advice;
    struct ledger ledger; /* what the destination knows */
    size_t given_count;   /* resources of the spec; those behind are members of groups */
};

/* ---- a reading ---- */

struct one_reading {
    struct load load;
    bool cut;
};

static const enum contract_mode open_modes[CONTRACT_COUNT] = {CONTRACT_EVOLVE, CONTRACT_EVOLVE,
                                                              CONTRACT_EVOLVE};

/* Merge keeps the order in which rows come; without a key nothing is asked of them. */
static int make_plain(const struct resource *given, struct arena *arena, struct resource *out,
                      struct tg_error *err)
{
    *out = *given;
    out->disposition = disposition_find("merge", NULL);
    out->append_on_missing_key = true;
    out->merge_strategy = out->merge_scope = out->source_filter = out->destination_scope = NULL;
    out->skip_unchanged_rows = out->root_key = false;
    out->row_version_column_name = out->hints = NULL;
    out->validity_column_names_count = 0;
    out->primary_key_count = out->merge_key_count = 0;
    out->incremental = (struct incremental){.cursor_path = NULL};
    out->deletes = (struct deletes){.detect = TG_DETECT_NONE};
    out->row_ids = TG_ROW_IDS_RANDOM;
    memcpy(out->contract.modes, open_modes, sizeof(open_modes));
    out->columns = arena_alloc(arena, (given->column_count + 1) * sizeof(*out->columns));
    if (!out->columns)
        return error_nomem(err);
    for (size_t i = 0; i < given->column_count; i++) {
        out->columns[i] = given->columns[i];
        out->columns[i].hard_delete = out->columns[i].unique = false;
        out->columns[i].dedup_sort = out->columns[i].hints = NULL;
        out->columns[i].nullable = TG_DEFAULT;
    }
    return TG_OK;
}

static int read_once(struct advising *advising, const struct resource *plain,
                     struct one_reading *reading, struct tg_error *err)
{
    int rc = TG_OK;
    struct session *session = &advising->session;
    struct load *load = &reading->load;
    struct resource_load *part = NULL;
    bool over;
    const struct turn turn = {
        .is_last = true, .reading = 1, .rows_max = advising->options->rows, .cut = &reading->cut};
    TRY(load_begin(load, err));
    session->ledger.newest_load = load->id;
    load->resources =
        mem_calloc(session->pipeline->config.resource_count + 1, sizeof(*load->resources));
    if (!load->resources)
        TRY(error_nomem(err));
    TRY(resource_begin(load, plain, &turn, &part, err));
    TRY(resource_read(part, UINT64_MAX, load->resources, &over, err));
    load->resource_count = 1;
    if (load->package)
        TRY(package_finish(load->package, err));
done:
    resource_end(part);
    sources_close(&session->sources);
    return rc;
}

/* ---- what came ---- */

static void add_column(struct reading_table *table, const struct manifest_column *column)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i], column->name) == 0)
            return;
    table->specs[table->column_count] = column->spec;
    table->columns[table->column_count++] = column->name;
}

static size_t count_columns(const struct manifest_table *part)
{
    size_t count = 0;
    for (size_t i = 0; i < part->file_count; i++)
        count += part->files[i].column_count;
    return count;
}

static int add_files(const struct one_reading *reading, const struct manifest_table *part, size_t r,
                     struct arena *arena, struct reading_table *out, struct tg_error *err)
{
    const size_t count = part ? part->file_count : 0;
    const char **files = out->files[r] = arena_alloc(arena, (count + 1) * sizeof(*files));
    if (!files)
        return error_nomem(err);
    for (size_t f = 0; f < count; f++) {
        files[f] =
            arena_printf(arena, "%s/%s", package_path(reading->load.package), part->files[f].name);
        if (!files[f])
            return error_nomem(err);
        for (size_t c = 0; c < part->files[f].column_count; c++)
            add_column(out, &part->files[f].columns[c]);
    }
    out->file_count[r] = count;
    return TG_OK;
}

/* A column has the type that its table has come to. */
static void settle_types(const struct table *table, struct reading_table *out)
{
    for (size_t c = 0; c < out->column_count; c++) {
        const struct table_column *column = table_find(table, out->columns[c]);
        if (column)
            out->specs[c] = column->spec;
    }
}

static int add_table(const struct one_reading *readings, size_t reading_count,
                     const struct table *table, struct arena *arena, struct reading_table *out,
                     struct tg_error *err)
{
    int rc = TG_OK;
    size_t columns = 1;
    const struct manifest_table *parts[READINGS] = {NULL};
    *out = (struct reading_table){.name = table->name, .parent = table->parent};
    for (size_t r = 0; r < reading_count; r++) {
        struct package *package = readings[r].load.package;
        parts[r] = package ? manifest_find(package_manifest(package), table->name) : NULL;
        columns += parts[r] ? count_columns(parts[r]) : 0;
    }
    out->columns = arena_alloc(arena, columns * sizeof(*out->columns));
    out->specs = arena_alloc(arena, columns * sizeof(*out->specs));
    if (!out->columns || !out->specs)
        return error_nomem(err);
    for (size_t r = 0; r < reading_count; r++)
        TRY(add_files(&readings[r], parts[r], r, arena, out, err));
    settle_types(table, out);
done:
    return rc;
}

static bool is_listed(const struct reading_tables *tables, const char *name)
{
    for (size_t i = 0; i < tables->count; i++)
        if (strcmp(tables->items[i].name, name) == 0)
            return true;
    return false;
}

/* The root table is the first. */
static int add_tables(const struct advising *advising, const struct one_reading *readings,
                      size_t reading_count, const struct manifest *manifest, struct arena *arena,
                      struct reading_tables *out, struct tg_error *err)
{
    int rc = TG_OK;
    for (size_t t = 0; t < manifest->table_count; t++) {
        const struct table *table =
            catalog_find(&advising->session.catalog, manifest->tables[t].name);
        if (!table || is_listed(out, table->name))
            continue;
        TRY(add_table(readings, reading_count, table, arena, &out->items[out->count], err));
        out->count++;
    }
done:
    return rc;
}

static int list_tables(const struct advising *advising, const struct one_reading *readings,
                       size_t reading_count, struct arena *arena, struct reading_tables *out,
                       struct tg_error *err)
{
    int rc = TG_OK;
    const size_t count = advising->session.catalog.table_count;
    *out = (struct reading_tables){.twice = reading_count > 1};
    out->items = arena_alloc(arena, (count + 1) * sizeof(*out->items));
    if (!out->items)
        return error_nomem(err);
    for (size_t r = 0; r < reading_count; r++)
        if (readings[r].load.package)
            TRY(add_tables(advising, readings, reading_count,
                           package_manifest(readings[r].load.package), arena, out, err));
done:
    return rc;
}

/* ---- what the spec says, and the ledger ---- */

static const char *join(struct arena *arena, const char *const *names, size_t count)
{
    const char *text = NULL;
    for (size_t i = 0; i < count; i++)
        text = text ? arena_printf(arena, "%s, %s", text, names[i]) : names[i];
    return text;
}

static struct present present_of(const struct advising *advising, const struct resource *given,
                                 const struct resource *described, struct arena *arena)
{
    const struct disposition_driver *driver = given->disposition;
    const struct config *config = &advising->session.pipeline->config;
    const struct incremental *incremental = &given->incremental;
    struct present out = {
        .way = {.disposition = disposition_word(driver->word),
                .strategy = disposition_strategy(driver),
                .cursor = incremental->cursor_path,
                .skips_unchanged = given->skip_unchanged_rows,
                .detects_absent =
                    given->deletes.detect != TG_DETECT_NONE || driver->deletes_absent},
        .key_text = join(arena, described->primary_key, described->primary_key_count),
        .lets_missing = incremental->on_cursor_value_missing != TG_RAISE,
        .descends = incremental->last_value == TG_MIN,
        .has_window = incremental->end_value.kind != TG_VALUE_NONE,
        .knows_files = given->driver->remember != NULL,
        .has_merge_key = given->merge_key_count > 0,
        .lists_keys = given->deletes.detect == TG_DETECT_KEYS,
        .keeps_history = driver->keeps_history,
        .updates = driver->needs_key && !driver->keeps_history &&
                   strcmp(disposition_name(driver), "insert-only") != 0,
        .source_knows_key = given->primary_key_count == 0 && described->primary_key_count > 0,
        .member = (size_t)(given - config->resources) >= advising->given_count
                      ? given->driver->member
                      : NULL,
    };
    for (size_t i = 0; i < given->primary_key_count && i < KEY_PARTS_MAX; i++)
        out.way.key[out.way.key_count++] = given->primary_key[i];
    return out;
}

static struct past past_of(const struct advising *advising, const struct resource *given)
{
    const struct ledger_past *past = ledger_past_of(&advising->ledger, given->table_key);
    if (!past)
        return (struct past){0};
    return (struct past){.loads = past->loads,
                         .read = past->rows_read,
                         .inserted = past->rows_inserted,
                         .updated = past->rows_updated,
                         .deleted = past->rows_deleted,
                         .unchanged = past->rows_unchanged,
                         .counts_unchanged = past->counts_unchanged};
}

/* A destination that cannot be asked says nothing. */
static void read_past(struct advising *advising)
{
    struct tg_error why = {0};
    struct session *session = &advising->session;
    const struct ledger_owner owner = pipeline_owner(session->pipeline);
    ledger_init(&advising->ledger);
    int rc = destination_open(&session->destination, &why);
    if (rc == TG_OK)
        rc = destination_restore(&session->destination, &owner, session->restored_us,
                                 &advising->ledger, &why);
    if (rc == TG_OK)
        rc = destination_pasts(&session->destination, owner.pipeline, &advising->ledger, &why);
    destination_close(&session->destination);
    if (rc != TG_OK)
        context_log(&session->pipeline->ctx, TG_LOG_WARNING, "advise",
                    "what earlier loads have done is not known, the destination cannot be read: %s",
                    why.what);
}

/* ---- what is told ---- */

static int tell_fields(struct arena *arena, const struct facts *facts, struct advised *out,
                       struct tg_error *err)
{
    int rc = TG_OK;
    out->fields = arena_alloc(arena, (facts->field_count + 1) * sizeof(*out->fields));
    if (!out->fields)
        return error_nomem(err);
    for (size_t i = 0; i < facts->field_count; i++) {
        const struct fact_field *field = &facts->fields[i];
        struct tg_advice_field *told = &out->fields[out->field_count];
        if (!field->path)
            continue;
        *told = (struct tg_advice_field){.type = type_name(field->spec.type),
                                         .nulls = field->nulls,
                                         .distinct = field->distinct,
                                         .below = field->below,
                                         .ties = field->ties,
                                         .changed_seen = field->changed_beyond,
                                         .can_be_cursor = field_orders(field, facts->rows[0])};
        TRY(arena_keep(arena, field->path, &told->name, err));
        if (field->greatest)
            TRY(arena_keep(arena, field->greatest, &told->greatest, err));
        out->field_count++;
    }
done:
    return rc;
}

/* Texts of the advice are in the arena, or the spec's. */
static int tell(struct arena *arena, const struct question *question, const struct advice *advice,
                struct advised *out, struct tg_error *err)
{
    int rc = TG_OK;
    const char *key[KEY_FIELDS_MAX];
    const struct facts *facts = question->facts;
    struct tg_advice_resource *told = &out->told;
    for (size_t i = 0; i < facts->key_count; i++)
        key[i] = facts->key[i]->path;
    *told = (struct tg_advice_resource){
        .verdict = advice->verdict,
        .lines = advice->lines,
        .rows_read = facts->rows[0],
        .rows_read_again = facts->rows[1],
        .read_twice = facts->twice,
        .cut = facts->cut,
        .rows_same = facts->same,
        .rows_changed = facts->changed,
        .rows_vanished = facts->gone,
        .rows_appeared = facts->came,
        .loads = question->past.loads,
        .loads_rows_read = question->past.read,
        .loads_rows_inserted = question->past.inserted,
        .loads_rows_updated = question->past.updated,
        .loads_rows_unchanged = question->past.unchanged,
        .write_disposition = advice->way.disposition,
        .strategy = advice->way.strategy,
    };
    const struct {
        const char *from;
        const char **to;
    } texts[] = {{question->resource, &told->name},
                 {advice->verdict == TG_ADVICE_CHANGE
                      ? join(arena, advice->way.key, advice->way.key_count)
                      : question->present.key_text,
                  &told->primary_key},
                 {advice->way.cursor, &told->cursor},
                 {join(arena, key, facts->key_count), &told->unique}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].from)
            TRY(arena_keep(arena, texts[i].from, texts[i].to, err));
    out->reasons = advice->reasons;
    out->reason_count = advice->reason_count;
    TRY(tell_fields(arena, facts, out, err));
done:
    return rc;
}

/* ---- a resource ---- */

static int read_twice(struct advising *advising, const struct resource *plain,
                      struct one_reading *readings, size_t *count, struct tg_error *err)
{
    int rc = TG_OK;
    const struct tg_advice_options *options = advising->options;
    struct context *ctx = &advising->session.pipeline->ctx;
    TRY(read_once(advising, plain, &readings[(*count)++], err));
    if (options->once)
        goto done;
    if (options->wait_seconds > 0)
        TRY(context_pause(ctx, options->wait_seconds * 1000, err));
    TRY(read_once(advising, plain, &readings[(*count)++], err));
done:
    return rc;
}

static int weigh(struct advising *advising, const struct resource *given,
                 const struct one_reading *readings, size_t count, struct arena *scratch,
                 struct advised *out, struct tg_error *err)
{
    int rc = TG_OK;
    struct facts facts = {0};
    struct advice advice;
    struct reading_tables tables;
    struct arena *arena = &advising->advice->arena;
    TRY(list_tables(advising, readings, count, scratch, &tables, err));
    TRY(measure(advising->session.engine, &tables, &facts, err));
    facts.cut = readings[0].cut || readings[1].cut;
    const struct question question = {
        .resource = given->name,
        .present = present_of(advising, given, readings[0].load.resources->resource, scratch),
        .facts = &facts,
        .past = past_of(advising, given),
    };
    TRY(judge(&question, arena, &advice, err));
    TRY(tell(arena, &question, &advice, out, err));
done:
    facts_release(&facts);
    return rc;
}

static int advise_one(struct advising *advising, const struct resource *given, struct advised *out,
                      struct tg_error *err)
{
    int rc = TG_OK;
    struct arena scratch;
    struct resource plain;
    size_t count = 0;
    struct one_reading readings[READINGS] = {{.cut = false}};
    arena_init(&scratch);
    for (size_t r = 0; r < READINGS; r++) {
        load_init(&readings[r].load, &advising->session);
        readings[r].load.is_trial = true;
    }
    TRY(make_plain(given, &scratch, &plain, err));
    TRY(read_twice(advising, &plain, readings, &count, err));
    TRY(weigh(advising, given, readings, count, &scratch, out, err));
done:
    for (size_t r = 0; r < READINGS; r++)
        load_end(&readings[r].load, rc);
    arena_release(&scratch);
    return rc == TG_OK ? rc : error_at(err, rc, AT_RESOURCE, given->name);
}

static int advise_all(struct advising *advising, struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_advice *advice = advising->advice;
    const struct config *config = &advising->session.pipeline->config;
    advice->resources =
        arena_alloc(&advice->arena, (config->resource_count + 1) * sizeof(*advice->resources));
    if (!advice->resources)
        return error_nomem(err);
    for (size_t i = 0; i < config->resource_count; i++) {
        if (!config->resources[i].selected || config->resources[i].no_table)
            continue;
        TRY(advise_one(advising, &config->resources[i], &advice->resources[advice->resource_count],
                       err));
        advice->resource_count++;
    }
done:
    return rc;
}

static int take_warnings(struct tg_advice *advice, const struct warnings *kept,
                         struct tg_error *err)
{
    int rc = TG_OK;
    advice->warnings = arena_alloc(&advice->arena, (kept->count + 1) * sizeof(*advice->warnings));
    if (!advice->warnings)
        return error_nomem(err);
    for (size_t i = 0; i < kept->count; i++)
        TRY(arena_keep(&advice->arena, kept->texts[i], &advice->warnings[advice->warning_count++],
                       err));
done:
    return rc;
}

int advise_pipeline(struct tg_pipeline *pipeline, const struct tg_advice_options *given,
                    struct tg_advice **out, struct tg_error *err)
{
    int rc = TG_OK;
    struct tg_advice_options options = *given;
    struct advising advising = {.options = &options};
    options.rows = options.rows > 0 ? options.rows : ROWS_DEFAULT;
    advising.given_count = pipeline->config.given_count;
    advising.advice = mem_calloc(1, sizeof(*advising.advice));
    if (!advising.advice)
        return error_nomem(err);
    arena_init(&advising.advice->arena);
    TRY(session_open_apart(&advising.session, pipeline, err));
    read_past(&advising);
    TRY(advise_all(&advising, err));
    TRY(take_warnings(advising.advice, &pipeline->warnings, err));
    *out = advising.advice;
    advising.advice = NULL;
done:
    rc = context_outcome(&pipeline->ctx, rc, err);
    ledger_release(&advising.ledger);
    session_close_apart(&advising.session);
    tg_advice_free(advising.advice);
    return rc;
}
