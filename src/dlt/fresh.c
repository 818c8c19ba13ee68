/*
 * The catalog of a pipeline that never ran: what dlt 1.26 has then, in dlt's stored form.
 *
 * Path: catalog_init -> the text below (apostrophes for quotes, for the eye) -> catalog_read
 * (read.c) -> the name. The order of the columns is the one dlt creates the system tables with; it
 * only ever adds to the end.
 */
#include "dlt/store.h"

#include <string.h>

static const char fresh_schema[] =
    "{'name': 'fresh', 'engine_version': 11,"
    " 'settings': {"
    "  'detections': ['iso_timestamp'],"
    "  'default_hints': {"
    "   'not_null': ['_dlt_id', '_dlt_root_id', '_dlt_parent_id', '_dlt_list_idx', '_dlt_load_id'],"
    "   'parent_key': ['_dlt_parent_id'],"
    "   'root_key': ['_dlt_root_id'],"
    "   'unique': ['_dlt_id'],"
    "   'row_key': ['_dlt_id']}},"
    " 'normalizers': {"
    "  'names': 'snake_case',"
    "  'json': {'module': 'dlt.common.normalizers.json.relational'}},"
    " 'tables': {"
    "  '_dlt_version': {"
    "   'write_disposition': 'skip',"
    "   'description': 'Created by DLT. Tracks schema updates',"
    "   'columns': {"
    "    'version': {'data_type': 'bigint', 'nullable': false},"
    "    'engine_version': {'data_type': 'bigint', 'nullable': false},"
    "    'inserted_at': {'data_type': 'timestamp', 'nullable': false},"
    "    'schema_name': {'data_type': 'text', 'nullable': false},"
    "    'version_hash': {'data_type': 'text', 'nullable': false},"
    "    'schema': {'data_type': 'text', 'nullable': false}}},"
    "  '_dlt_loads': {"
    "   'write_disposition': 'skip',"
    "   'description': 'Created by DLT. Tracks completed loads',"
    "   'columns': {"
    "    'load_id': {'data_type': 'text', 'nullable': false, 'precision': 64},"
    "    'schema_name': {'data_type': 'text', 'nullable': true},"
    "    'status': {'data_type': 'bigint', 'nullable': false},"
    "    'inserted_at': {'data_type': 'timestamp', 'nullable': false},"
    "    'schema_version_hash': {'data_type': 'text', 'nullable': true}}},"
    "  '_dlt_pipeline_state': {"
    "   'write_disposition': 'append',"
    "   'file_format': 'preferred',"
    "   'x-normalizer': {'seen-data': true},"
    "   'columns': {"
    "    'version': {'data_type': 'bigint', 'nullable': false},"
    "    'engine_version': {'data_type': 'bigint', 'nullable': false},"
    "    'pipeline_name': {'data_type': 'text', 'nullable': false},"
    "    'state': {'data_type': 'text', 'nullable': false},"
    "    'created_at': {'data_type': 'timestamp', 'nullable': false},"
    "    'version_hash': {'data_type': 'text', 'nullable': true},"
    "    '_dlt_load_id': {'data_type': 'text', 'nullable': false, 'precision': 64},"
    "    '_dlt_id': {'data_type': 'text', 'nullable': false, 'unique': true, 'row_key': true}}}}}";

int catalog_init(struct catalog *catalog, const char *name, struct tg_error *err)
{
    char json[sizeof(fresh_schema)];
    memcpy(json, fresh_schema, sizeof(json));
    for (char *quote = json; (quote = strchr(quote, '\''));)
        *quote = '"';
    int rc = catalog_read(catalog, json, sizeof(json) - 1, err);
    if (rc != TG_OK)
        return rc;
    rc = arena_keep(&catalog->arena, name, &catalog->name, err);
    if (rc != TG_OK)
        catalog_release(catalog);
    return rc;
}
