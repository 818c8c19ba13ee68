/*
 * Schema contracts as words and as what holds for a table.
 *
 * Path: contract_read (a stored schema's `schema_contract`) -> contract_resolve -> the modes that
 * src/normalize holds against what is new in the data; contract_write stores them again.
 *
 * Levels are not mixed, as in dlt: the nearest one that says anything decides about all entities,
 * and what it leaves unsaid evolves. System tables always evolve; who asks for them knows that.
 */
#include "catalog/contract.h"

#include <string.h>

static const char *const mode_names[] = {
    [CONTRACT_UNSAID] = "",
    [CONTRACT_EVOLVE] = "evolve",
    [CONTRACT_FREEZE] = "freeze",
    [CONTRACT_DISCARD_ROW] = "discard_row",
    [CONTRACT_DISCARD_VALUE] = "discard_value",
};

static const char *const entity_names[CONTRACT_COUNT] = {
    [CONTRACT_TABLES] = "tables",
    [CONTRACT_COLUMNS] = "columns",
    [CONTRACT_DATA_TYPE] = "data_type",
};

const char *contract_mode_text(enum contract_mode mode)
{
    return mode_names[mode];
}

bool contract_mode_find(const char *text, enum contract_mode *out)
{
    for (int mode = CONTRACT_EVOLVE; mode <= CONTRACT_DISCARD_VALUE; mode++) {
        if (strcmp(mode_names[mode], text) == 0) {
            *out = (enum contract_mode)mode;
            return true;
        }
    }
    return false;
}

const char *contract_entity_text(enum contract_entity entity)
{
    return entity_names[entity];
}

int contract_blame(enum contract_entity entity, const char *table, const char *column,
                   struct tg_error *err)
{
    static const enum tg_reason reasons[CONTRACT_COUNT] = {
        [CONTRACT_TABLES] = TG_REASON_CONTRACT_TABLES,
        [CONTRACT_COLUMNS] = TG_REASON_CONTRACT_COLUMNS,
        [CONTRACT_DATA_TYPE] = TG_REASON_CONTRACT_DATA_TYPE,
    };
    error_names(err, TG_CONTRACT, AT_TABLE, table);
    if (column)
        error_names(err, TG_CONTRACT, AT_COLUMN, column);
    return error_reason(err, TG_CONTRACT, reasons[entity]);
}

static int read_mode(yyjson_val *value, const char *key, enum contract_mode *out,
                     struct tg_error *err)
{
    const char *text = yyjson_get_str(value);
    if (!text)
        return error_set(err, TG_DATA, "'%s' must be a text, it is %s", key,
                         yyjson_get_type_desc(value));
    if (!contract_mode_find(text, out))
        return error_set(
            err, TG_DATA,
            "'%s' is '%s', which is none of evolve, freeze, discard_row, discard_value", key, text);
    return TG_OK;
}

static int read_map(yyjson_val *map, struct contract *out, struct tg_error *err)
{
    int rc = TG_OK;
    yyjson_obj_iter iter = yyjson_obj_iter_with(map);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter));) {
        yyjson_val *value = yyjson_obj_iter_get_val(key);
        int entity = 0;
        while (entity < CONTRACT_COUNT && !yyjson_equals_str(key, entity_names[entity]))
            entity++;
        if (entity == CONTRACT_COUNT)
            return error_set(err, TG_DATA,
                             "'schema_contract' names '%s', which is none of tables, columns, "
                             "data_type",
                             yyjson_get_str(key));
        if (!yyjson_is_null(value))
            TRY(read_mode(value, entity_names[entity], &out->modes[entity], err));
    }
done:
    return rc;
}

int contract_read(yyjson_val *value, struct contract *out, struct tg_error *err)
{
    int rc = TG_OK;
    *out = (struct contract){.spelled_out = yyjson_is_obj(value)};
    if (out->spelled_out) {
        TRY(read_map(value, out, err));
    } else if (value && !yyjson_is_null(value)) {
        TRY(read_mode(value, "schema_contract", &out->modes[0], err));
        for (int i = 1; i < CONTRACT_COUNT; i++)
            out->modes[i] = out->modes[0];
    }
done:
    return rc;
}

bool contract_is_said(const struct contract *contract)
{
    for (int i = 0; i < CONTRACT_COUNT; i++)
        if (contract->modes[i] != CONTRACT_UNSAID)
            return true;
    return false;
}

bool contract_discards_rows(const struct contract *contract)
{
    for (int i = 0; i < CONTRACT_COUNT; i++)
        if (contract->modes[i] == CONTRACT_DISCARD_ROW)
            return true;
    return contract->modes[CONTRACT_TABLES] == CONTRACT_DISCARD_VALUE;
}

void contract_write(const struct contract *contract, struct buf *out)
{
    const enum contract_mode *modes = contract->modes;
    if (!contract_is_said(contract))
        return;
    if (!contract->spelled_out && modes[0] == modes[1] && modes[1] == modes[2]) {
        buf_printf(out, "\"%s\"", mode_names[modes[0]]);
        return;
    }
    const char *before = "{";
    for (int i = 0; i < CONTRACT_COUNT; i++) {
        if (modes[i] == CONTRACT_UNSAID)
            continue;
        buf_printf(out, "%s\"%s\":\"%s\"", before, entity_names[i], mode_names[modes[i]]);
        before = ",";
    }
    buf_char(out, '}');
}

struct contract contract_resolve(const struct contract *run, const struct contract *table,
                                 const struct contract *schema)
{
    const struct contract *const levels[] = {run, table, schema};
    struct contract resolved = {0};
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (levels[i] && contract_is_said(levels[i])) {
            resolved = *levels[i];
            break;
        }
    }
    for (int i = 0; i < CONTRACT_COUNT; i++)
        if (resolved.modes[i] == CONTRACT_UNSAID)
            resolved.modes[i] = CONTRACT_EVOLVE;
    return resolved;
}
