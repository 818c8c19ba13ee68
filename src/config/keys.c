/*
 * The keys of a spec: a row of a table says what a key is called, what it may be, what it means,
 * and which field of which struct holds it; where the C API has it too, also which field gives it.
 *
 * A spec and its messages (config.c), structs of both kinds (fill.c), the reference and the JSON
 * Schema (reference.c) are made from these tables: a new option is a row here, a field in
 * config.h, and one in tidegate.h. What needs more than its own value has the form CODE: spec.c,
 * schema.c and resource.c read it by hand.
 */
#include "config/spec.h"
#include "write/disposition.h"

/* The type in which a spec writes a value of that form. */
#define KEY_TEXT          OPTION_TEXT
#define KEY_TEXTS         OPTION_TEXTS
#define KEY_BOOL          OPTION_BOOL
#define KEY_FLAG          OPTION_BOOL
#define KEY_WORD          OPTION_TEXT
#define KEY_OPTIONAL_WORD OPTION_TEXT
#define KEY_SPELLED_WORD  OPTION_TEXT
#define KEY_SECOND_WORD   OPTION_TEXT
#define KEY_INT           OPTION_INT
#define KEY_COUNT         OPTION_INT
#define KEY_NUMBER        OPTION_INT
#define KEY_LEVELS        OPTION_INT
#define KEY_VALUE         OPTION_VALUE
#define KEY_MAP           OPTION_MAP
#define KEY_HINTS         OPTION_ANY
#define KEY_POINTER       OPTION_ANY

/* The field that holds the value; with GIVEN the one of the C API that gives it. */
#define HELD(form_, to, member) .form = FIELD_##form_, .offset = offsetof(to, member)
#define GIVEN(from, member)                                                                        \
    .given = offsetof(from, member), .given_bytes = sizeof(((from *)0)->member),                   \
    .given_name = #member " of " #from
#define BY_CODE(from, member)  .field = {GIVEN(from, member)}
#define OURS(form, to, member) .type = KEY_##form, .field = {HELD(form, to, member)}
#define BOTH(form, to, member, from, given_)                                                       \
    .type = KEY_##form, .field = {HELD(form, to, member), GIVEN(from, given_)}
#define BESIDE(form, to, member, beside_, from, given_)                                            \
    .type = KEY_##form,                                                                            \
    .field = {HELD(form, to, member), .beside = offsetof(to, beside_), GIVEN(from, given_)}

#define COLUMN(form, member)      BOTH(form, struct tg_column, member, struct tg_column, member)
#define INCREMENTAL(form, member) BOTH(form, struct incremental, member, struct tg_resource, member)
#define CONTRACT(entity, member)                                                                   \
    BOTH(OPTIONAL_WORD, struct contract, modes[entity], struct tg_schema_contract, member)
#define RESOURCE(form, member) BOTH(form, struct resource, member, struct tg_resource, member)
#define RESOURCE_TEXTS(member)                                                                     \
    BESIDE(TEXTS, struct resource, member, member##_count, struct tg_resource, member)
/* A number or a share: a scalar whose text counts. */
#define LIMIT(kind, member)                                                                        \
    .type = OPTION_VALUE,                                                                          \
    .field = {HELD(TEXT, struct limit_texts, text[kind]), GIVEN(struct tg_limits, member)}
#define DELETES(form, member) BOTH(form, struct deletes, member, struct tg_deletes, member)
#define SCHEMA(form, member, given)                                                                \
    BOTH(form, struct schema_config, member, struct tg_schema_options, given)

/* ---- the schema ---- */

#define MODES "evolve freeze discard_row discard_value"

/* In the order of enum contract_entity. */
const struct option contract_options[] = {
    {.name = "tables",
     CONTRACT(CONTRACT_TABLES, tables),
     .choices = MODES,
     .help = "When rows come for a table that is not there."},
    {.name = "columns",
     CONTRACT(CONTRACT_COLUMNS, columns),
     .choices = MODES,
     .help = "When a field comes that a table with data has no column for."},
    {.name = "data_type",
     CONTRACT(CONTRACT_DATA_TYPE, data_type),
     .choices = MODES,
     .help = "When a value does not fit the type of its column, or a hint changes the type."},
    OPTION_END,
};

/* What only a program says. */
const struct option schema_fields[] = {
    {.name = "preferred_type_count", BY_CODE(struct tg_schema_options, preferred_type_count)},
    {.name = "others",
     BESIDE(TEXTS, struct schema_config, others, other_count, struct tg_schema_options, others)},
    {.name = "contract", .table = contract_options, SCHEMA(MAP, hints.contract, contract)},
    {.name = "max_table_nesting", SCHEMA(LEVELS, hints.max_nesting, max_table_nesting)},
    {.name = "root_key", SCHEMA(BOOL, hints.root_key, root_key)},
    OPTION_END,
};

/* dlt's, but for those that say nothing (`nullable`) or are no yes or no (`dedup_sort`). */
static const struct option default_hint_options[] = {
    {.name = "not_null", .type = OPTION_TEXTS, .help = "Columns that cannot be NULL."},
    {.name = "primary_key", .type = OPTION_TEXTS, .help = "Columns that make a row unique."},
    {.name = "merge_key", .type = OPTION_TEXTS, .help = "Columns that rows are replaced by."},
    {.name = "unique", .type = OPTION_TEXTS, .help = "Columns with no value twice."},
    {.name = "partition", .type = OPTION_TEXTS, .help = "Columns that a table is divided by."},
    {.name = "cluster", .type = OPTION_TEXTS, .help = "Columns that rows are kept together by."},
    {.name = "sort", .type = OPTION_TEXTS, .help = "Columns that rows are sorted by."},
    {.name = "hard_delete",
     .type = OPTION_TEXTS,
     .help = "Columns that mark a deleted row, in merges."},
    {.name = "row_key", .type = OPTION_TEXTS, .help = "Columns with the id of a row."},
    {.name = "parent_key", .type = OPTION_TEXTS, .help = "Columns with the parent row's id."},
    {.name = "root_key", .type = OPTION_TEXTS, .help = "Columns with the root row's id."},
    OPTION_END,
};

/* Words in the order of enum naming, and of nothing; of enum type. */
const struct option schema_options[] = {
    {.name = "name",
     SCHEMA(TEXT, name, name),
     .help = "What it is called, where the pipeline has several (specs of one pipeline, or a "
             "program's sources); without it the one that the pipeline began with."},
    {.name = "naming",
     BESIDE(SPELLED_WORD, struct schema_config, hints.naming, hints.naming_said,
            struct tg_schema_options, naming),
     .choices = "snake_case direct duck_case sql_cs_v1 sql_ci_v1 unicode_snake_case",
     .fallback = "snake_case",
     .help = "How names of tables and columns are made; unicode_snake_case keeps letters of all "
             "scripts, and dlt has it not. It cannot be changed once tables have data."},
    {.name = "detections",
     BESIDE(TEXTS, struct schema_config, hints.detections, hints.detection_count,
            struct tg_schema_options, detections),
     .may_be_empty = true,
     .choices = "timestamp iso_timestamp iso_date large_integer hexbytes_to_text wei_to_double",
     .fallback = "iso_timestamp",
     .help = "Texts and numbers that become values of another type where a column is new; the "
             "empty list `[]` leaves all of them as they are."},
    {.name = "preferred_types",
     BY_CODE(struct tg_schema_options, preferred_types),
     .type = OPTION_TEXT_MAP,
     .choices = COLUMN_TYPES,
     .help = "Types of new columns by their names; `re:` goes before a regular expression."},
    {.name = "default_hints",
     .type = OPTION_MAP,
     .table = default_hint_options,
     .help = "Hints for new columns by their names; `re:` goes before a regular expression."},
    {.name = "import_schema_path",
     SCHEMA(TEXT, import_path, import_path),
     .help = "A folder with `<schema>.schema.yaml`, which overrides the stored schema whenever it "
             "changes, and is written when it is missing."},
    {.name = "export_schema_path",
     SCHEMA(TEXT, export_path, export_path),
     .help = "A folder that `<schema>.schema.yaml` is written to after each change."},
    OPTION_END,
};

const struct option disposition_options[] = {
    {.name = "disposition",
     .required = true,
     .words = disposition_words,
     .help = "How rows meet those that are there."},
    {.name = "strategy",
     RESOURCE(TEXT, merge_strategy),
     .words = disposition_strategies,
     .fallback = "delete-insert",
     .help =
         "How it is done. Of merge: delete-insert and upsert: rows of the load take the place of "
         "rows with an equal key; with upsert, which goes by the primary key alone, they keep "
         "their ids. insert-only: rows whose primary key is there stay as they are. scd2: "
         "versions of rows that change or go stay, with the time they were valid. cdc: upsert, "
         "and rows that did not come are deleted; with a merge_key those alone of which one came. "
         "Of replace: "
         "delete-insert deletes the old rows; truncate-and-insert empties tables at once and "
         "keeps readers out (PostgreSQL); insert-from-staging brings the rows to the database "
         "before the transaction; staging-optimized fills a new table that takes the place of "
         "the old one (PostgreSQL); "
         "replace-range deletes those rows alone that lie in a range of the cursor."},
    {.name = "skip_unchanged_rows",
     RESOURCE(BOOL, skip_unchanged_rows),
     .hint = DISPOSITION_SKIP_HINT,
     .fallback = "false",
     .help =
         "For delete-insert, upsert and cdc, by primary key: rows that are there already as "
         "they come, with all that is nested in them, are left alone. Ids of rows are then hashes "
         "of the key."},
    {.name = "deduplicated",
     RESOURCE(BOOL, deduplicated),
     .hint = DISPOSITION_DEDUPLICATED_HINT,
     .fallback = "false",
     .help = "For delete-insert: the source has no two rows of a primary key in a load, and none "
             "are looked for. If it has, all of them are loaded."},
    {.name = "validity_column_names",
     RESOURCE_TEXTS(validity_column_names),
     .help = "For scd2: two columns, since when and until when a version was valid; "
             "[_dlt_valid_from, _dlt_valid_to] otherwise."},
    {.name = "active_record_timestamp",
     RESOURCE(TEXT, active_record_timestamp),
     .help = "For scd2: until when versions are valid that still are, as 9999-12-31; NULL "
             "otherwise."},
    {.name = "boundary_timestamp",
     RESOURCE(TEXT, boundary_timestamp),
     .hint = "x-boundary-timestamp",
     .help = "For scd2: when what the run finds changed has changed (UTC); the time of the load "
             "otherwise."},
    {.name = "scope",
     RESOURCE(TEXT, merge_scope),
     .hint = DISPOSITION_VERSIONS_HINT,
     .choices = "all " DISPOSITION_VERSIONS,
     .fallback = "all",
     .help = "For insert-only: all leaves out a row whose key is there; previous_load one that is "
             "what the newest version of its key is, so that the table has all versions, numbered "
             "in _tidegate_version."},
    {.name = "row_version_column_name",
     RESOURCE(TEXT, row_version_column_name),
     .hint = DISPOSITION_ROW_VERSION_HINT,
     .names_columns = true,
     .help =
         "For scd2: the field whose value tells versions apart; otherwise all that a row has. "
         "With skip_unchanged_rows: the column that alone tells whether a row, with all that is "
         "nested in it, has changed; never NULL."},
    {.name = "allow_empty",
     RESOURCE(BOOL, allow_empty),
     .fallback = "false",
     .help = "For scd2 without a merge_key: a source without any row means that all rows are "
             "gone. Such a run fails otherwise."},
    {.name = "source_filter",
     RESOURCE(TEXT, source_filter),
     .hint = DISPOSITION_SOURCE_FILTER_HINT,
     .help = "A condition in DuckDB's SQL: only rows of the load for which it is true take part, "
             "with what is nested in them. {staging_table} is the rows of the load."},
    {.name = "destination_scope",
     RESOURCE(TEXT, destination_scope),
     .hint = DISPOSITION_SCOPE_HINT,
     .help = "A condition in the destination's SQL. For delete-insert: all rows there for which it "
             "is true go, in place of those with an equal key; for cdc: only those are taken for "
             "gone, if they did not come; for scd2: only those may end. {table} is the table "
             "there, {staging_table} the rows of "
             "the load."},
    {.name = "range",
     RESOURCE(TEXT, range),
     .choices = "declared " RANGE_DELIVERED,
     .fallback = "declared",
     .help = "For replace-range, which old rows go: declared is those whose cursor value lies in "
             "the window of the run, from initial_value on and before end_value; delivered those "
             "between the least and the greatest value that came."},
    {.name = "range_column_name",
     RESOURCE(TEXT, range_column_name),
     .help = "For replace-range without a cursor: the column of the range, which is never NULL."},
    {.name = "limit",
     .type = OPTION_VALUE,
     .field = {HELD(TEXT, struct resource, range_limit), GIVEN(struct tg_resource, range_limit)},
     .fallback = LIMIT_ABSENT,
     .help = "For range: delivered, how many old rows may go in one load: a share of the table's "
             "rows, of which ten are always allowed, or a number. Beyond it nothing is written, "
             "and the run ends with exit code 5."},
    OPTION_END,
};

static const struct option incremental_options[] = {
    {.name = "cursor",
     BESIDE(TEXTS, struct incremental, fields, field_count, struct tg_resource, cursor_path),
     .required = true,
     .help = "The field that tells new rows from old, as the source names it; `a.b` for a nested "
             "one; a JSONPath (`$.items[0].at`), of which the first match counts. Several fields "
             "are compared in order."},
    {.name = "initial_value",
     .type = OPTION_VALUES,
     .field = {HELD(VALUE, struct incremental, initial_value),
               GIVEN(struct tg_resource, initial_value)},
     .help = "Where the first run starts; rows at this value are loaded. For a cursor of several "
             "fields a list, or a value of the first."},
    {.name = "end_value",
     .type = OPTION_VALUES,
     .field = {HELD(VALUE, struct incremental, end_value), GIVEN(struct tg_resource, end_value)},
     .help = "Loads the window from initial_value up to before this value, and remembers nothing; "
             "for backfills."},
    {.name = "range_start",
     INCREMENTAL(SECOND_WORD, range_start_open),
     .choices = "closed open",
     .fallback = "closed",
     .help = "open: rows at the value where a run starts are left out. It fits a cursor of which "
             "no two rows have the same value: none is remembered then."},
    {.name = "range_end",
     INCREMENTAL(SECOND_WORD, range_end_closed),
     .choices = "open closed",
     .fallback = "open",
     .help = "closed: rows at end_value belong to the window, too."},
    {.name = "lag",
     .type = OPTION_VALUE,
     .field = {HELD(TEXT, struct incremental, lag), GIVEN(struct tg_resource, lag)},
     .help =
         "How far before the last value a run starts, so that rows that come late are found: a "
         "number for numbers, a time like 2h (or seconds; days of dates) for times; `auto`: as far "
         "as "
         "rows are seen to come late, by 99.9% of them, or the share that is said (`auto 99.5%`). "
         "Append needs a primary_key for it, and so does auto."},
    {.name = "row_order",
     INCREMENTAL(OPTIONAL_WORD, row_order),
     .choices = "asc desc",
     .help = "The order by the cursor in which the source delivers its rows (a database sorts "
             "them so): reading ends where nothing new can come. Rows in another order are an "
             "error."},
    {.name = "primary_key",
     BESIDE(TEXTS, struct incremental, primary_key, primary_key_count, struct tg_resource,
            cursor_primary_key),
     .may_be_empty = true,
     .help = "The fields by which rows at the last value are told apart, in place of the "
             "resource's; `[]`: they are not, and are loaded again."},
    {.name = "cursor_type",
     INCREMENTAL(TEXT, cursor_type),
     .choices = "text bigint double decimal timestamp date",
     .help = "What texts in the field are, where they do not look it: they are compared as that."},
    {.name = "cursor_format",
     INCREMENTAL(TEXT, cursor_format),
     .help = "How such timestamps or dates are written: `%d/%m/%Y %H:%M:%S.%f`; ISO 8601 if not "
             "given."},
    {.name = "last_value",
     INCREMENTAL(WORD, last_value),
     .choices = "max min",
     .fallback = "max",
     .help = "Whether the cursor grows (max) or goes back in time (min)."},
    {.name = "on_cursor_value_missing",
     INCREMENTAL(WORD, on_cursor_value_missing),
     .choices = "raise include exclude",
     .fallback = "raise",
     .help = "What to do with a row that has no cursor value: stop, load it, or leave it out."},
    {.name = "commit_safe",
     INCREMENTAL(FLAG, commit_safe),
     .help = "Whether rows wait for a later run while a transaction is open that may still bring "
             "rows with smaller cursor values; if not given, where the source can tell (`sql` on "
             "PostgreSQL)."},
    {.name = "commit_safe_wait",
     INCREMENTAL(TEXT, commit_safe_wait),
     .fallback = COMMIT_SAFE_WAIT,
     .help = "How long a transaction may keep rows waiting: 30s, 10m, 2h."},
    {.name = "on_commit_safe_wait",
     INCREMENTAL(WORD, on_commit_safe_wait),
     .choices = "raise warn",
     .fallback = "raise",
     .help = "What to do then: stop, or go on without the rows that it may still bring."},
    OPTION_END,
};

const struct option column_options[] = {
    {.name = "data_type",
     COLUMN(TEXT, data_type),
     .choices = COLUMN_TYPES,
     .help = "The type; without it, it is inferred from the data."},
    {.name = "nullable", COLUMN(FLAG, nullable), .help = "Whether the column may be NULL."},
    {.name = "precision",
     COLUMN(NUMBER, precision),
     .help = "Digits of a decimal (1 to 38), bits of a bigint (1 to 128), digits of a second's "
             "fraction of a timestamp (0 to 9) or a time (0 to 6), length of a text or "
             "binary (at PostgreSQL a limit of texts, at others none)."},
    {.name = "scale", COLUMN(INT, scale), .help = "Digits of a decimal after the point."},
    {.name = "timezone",
     COLUMN(FLAG, timezone),
     .help = "For timestamps: false makes a column without time zone."},
    {.name = "hard_delete",
     COLUMN(BOOL, hard_delete),
     .help = "For merge: a row with true here (of another type: with any value) deletes its key."},
    {.name = "dedup_sort",
     COLUMN(TEXT, dedup_sort),
     .choices = "asc desc",
     .help = "For merge: of several rows of one key in a load, the last one in this order wins."},
    {.name = "primary_key",
     .type = OPTION_BOOL,
     .help = "true adds the column to the primary_key of the resource."},
    {.name = "merge_key",
     .type = OPTION_BOOL,
     .help = "true adds the column to the merge_key of the resource."},
    {.name = "unique",
     COLUMN(BOOL, unique),
     .help = "No value comes twice. A destination with `create_indexes` sees to it in new tables; "
             "else like the next three, of which no database makes anything: for those who read "
             "the schema."},
    {.name = "partition", COLUMN(BOOL, partition), .help = "The table is divided by this column."},
    {.name = "cluster", COLUMN(BOOL, cluster), .help = "Rows are kept together by this column."},
    {.name = "sort", COLUMN(BOOL, sort), .help = "Rows are sorted by this column."},
    {.name = "description",
     COLUMN(TEXT, description),
     .help = "What the column is, for those who read the schema."},
    {.name = "x-*",
     COLUMN(HINTS, hints),
     .help = "Further hints, which go into the schema as they are."},
    OPTION_END,
};

/* What only a program says; in a spec the name is the key of the map. */
const struct option column_fields[] = {
    {.name = "name", COLUMN(TEXT, name)},
    OPTION_END,
};

static const struct option bad_row_options[] = {
    {.name = "action",
     RESOURCE(SECOND_WORD, reject_bad_rows),
     .required = true,
     .choices = "fail reject",
     .help = "fail ends the run; reject puts the row into _tidegate_rejects and goes on."},
    {.name = "limit",
     RESOURCE(COUNT, reject_max),
     .min = 1,
     .fallback = "1000",
     .help = "For reject: the run fails when there are more bad rows in it than that."},
    OPTION_END,
};

static const struct option reference_options[] = {
    {.name = "referenced_table", .required = true, .help = "The table that is meant."},
    {.name = "columns",
     .type = OPTION_TEXTS,
     .required = true,
     .help = "The columns here that name a row there."},
    {.name = "referenced_columns",
     .type = OPTION_TEXTS,
     .required = true,
     .help = "The columns there, in the same order."},
    {.name = "label", .help = "What the reference means: `wrote`."},
    {.name = "cardinality",
     .choices = "zero_to_one one_to_zero zero_to_many many_to_zero one_to_many many_to_one "
                "one_to_one many_to_many",
     .help = "How many rows here belong to how many there."},
    OPTION_END,
};

const struct option limit_options[] = {
    {.name = "rows_deleted",
     LIMIT(LIMIT_ROWS_DELETED, rows_deleted),
     .help = "Rows that a table may lose in one load: a number, or a share of those that it has, "
             "like 10% (of which ten are always allowed). Of a table that is replaced, or "
             "nested: by how many it may get smaller."},
    {.name = "tables_added",
     LIMIT(LIMIT_TABLES_ADDED, tables_added),
     .help = "Tables that a resource may make in one load."},
    {.name = "columns_added",
     LIMIT(LIMIT_COLUMNS_ADDED, columns_added),
     .help = "Columns that a table which is there may get in one load."},
    {.name = "type_changes",
     LIMIT(LIMIT_TYPE_CHANGES, type_changes),
     .help = "Columns of a table which may get a wider type in one load."},
    OPTION_END,
};

static const struct option deletes_options[] = {
    {.name = "detect",
     DELETES(OPTIONAL_WORD, detect),
     .choices = "snapshot keys",
     .help = "How it is found which: snapshot: every run reads all that the source has, and what "
             "did not come is gone; keys: the source lists its keys beside the rows (`sql`: by "
             "itself, `files`: in those of keys_path), so that a cursor can be had."},
    {.name = "apply",
     DELETES(WORD, apply),
     .choices = "hard soft scd2",
     .fallback = "hard",
     .help = "hard deletes them, with what is nested in them; soft lets them stay, with the time "
             "of the load in the column _tidegate_deleted_at, which is NULL again when they come "
             "back; scd2, for that strategy, lets their versions end."},
    {.name = "limit",
     .type = OPTION_VALUE,
     .field = {HELD(TEXT, struct deletes, limit), GIVEN(struct tg_deletes, limit)},
     .fallback = LIMIT_ABSENT,
     .help = "How many may go in one load: a share of the table's rows, of which ten are always "
             "allowed, or a number. Beyond it nothing is written, and the run ends with exit code "
             "5."},
    {.name = "allow_empty",
     DELETES(BOOL, allow_empty),
     .fallback = "false",
     .help = "Whether a source that has no row at all is believed; if not, the run fails."},
    OPTION_END,
};

static const char limits_help[] =
    "What a load may do; beyond it, nothing is written and the run ends with exit code 5. Without "
    "a limit it may do all of it.";

static const char contract_help[] =
    "What happens when data bring something that the schema does not have: evolve (the schema "
    "learns it), freeze (the run fails), discard_row (the row goes to _tidegate_rejects), "
    "discard_value (the value is left out). A resource's words win over its source's.";

const struct option source_options[] = {
    {.name = "type", .required = true, .help = "The kind of source."},
    {.name = "schema_contract",
     OURS(MAP, struct source_entry, contract),
     .fallback = "evolve",
     .table = contract_options,
     .shorthand = CONTRACT_SHORTHAND,
     .help = contract_help},
    {.name = "max_table_nesting",
     OURS(LEVELS, struct source_entry, max_nesting),
     .help = "Levels of nesting that become tables and columns, for resources that say nothing."},
    {.name = "root_key",
     OURS(BOOL, struct source_entry, root_key),
     .fallback = "false",
     .help = "Rows of nested tables carry the id of their root row (_dlt_root_id) in every "
             "disposition, not in merges alone."},
    OPTION_END,
};

const struct option resource_options[] = {
    {.name = "source", .help = "With `sources`: the one that this resource is read from."},
    {.name = "table_name",
     RESOURCE(TEXT, table_name),
     .help = "The table it is loaded into; named like the resource otherwise."},
    {.name = "write_disposition",
     .field = {.form = FIELD_SAME, GIVEN(struct tg_resource, write_disposition)},
     .type = OPTION_MAP,
     .fallback = "append",
     .table = disposition_options,
     .shorthand = "disposition",
     .help =
         "append adds the rows; replace puts them in place of all that is there; merge updates by "
         "key."},
    {.name = "primary_key",
     RESOURCE_TEXTS(primary_key),
     .help = "The fields that make a row unique. A merge updates by them."},
    {.name = "merge_key",
     RESOURCE_TEXTS(merge_key),
     .help =
         "For merge: all rows there with an equal value are replaced as a group. With a cursor, a "
         "group of which one row is new is loaded whole, as far as the source delivers it."},
    {.name = "incremental",
     .type = KEY_MAP,
     .field = {HELD(MAP, struct resource, incremental), .given_bytes = sizeof(struct tg_resource)},
     .table = incremental_options,
     .shorthand = "cursor",
     .help = "Load only what is new, told by a cursor."},
    {.name = "on_missing_key",
     RESOURCE(SECOND_WORD, append_on_missing_key),
     .choices = "error append",
     .fallback = "error",
     .help = "What a merge without any key does."},
    {.name = "max_table_nesting",
     RESOURCE(LEVELS, max_table_nesting),
     .help =
         "Levels of nested lists that become tables and columns; what is deeper is kept as JSON."},
    {.name = "columns",
     BY_CODE(struct tg_resource, columns),
     .type = OPTION_MAPS,
     .table = column_options,
     .shorthand = "data_type",
     .help = "Hints for columns, by name; `a__b` for a nested field."},
    {.name = "schema_contract",
     BOTH(MAP, struct resource, contract, struct tg_resource, schema_contract),
     .table = contract_options,
     .shorthand = CONTRACT_SHORTHAND,
     .help = contract_help},
    {.name = "row_ids",
     RESOURCE(WORD, row_ids),
     .choices = "random key row",
     .fallback = "random",
     .help = "Where the id of a row (_dlt_id) comes from: random; key is a hash of the primary "
             "key, so that a row keeps its id when it is updated; row is a hash of the whole row."},
    {.name = "on_bad_row",
     .field = {.form = FIELD_SAME},
     .type = OPTION_MAP,
     .fallback = "fail",
     .table = bad_row_options,
     .shorthand = "action",
     .help = "What to do with a row that cannot be loaded: a NULL in its key, a value that fits no "
             "column, malformed text in its place."},
    {.name = "deletes",
     BOTH(MAP, struct resource, deletes, struct tg_resource, deletes),
     .table = deletes_options,
     .shorthand = "detect",
     .help =
         "For merges by primary_key (delete-insert, upsert, cdc): what becomes of rows that the "
         "source has no more. If not given, they stay, but under cdc, for which detect: "
         "snapshot goes without saying."},
    {.name = "limits",
     BOTH(MAP, struct resource, limit_texts, struct tg_resource, limits),
     .table = limit_options,
     .help = limits_help},
    {.name = "materialize",
     RESOURCE(BOOL, materialize),
     .fallback = "false",
     .help = "The table is made, with the columns that hints give a type, though no row comes."},
    {.name = "description",
     RESOURCE(TEXT, description),
     .help = "What the table is, for those who read the schema."},
    {.name = "references",
     .field = {HELD(HINTS, struct resource, hints)},
     .type = OPTION_MAP_LIST,
     .table = reference_options,
     .help = "Which rows of other tables a row names, for those who read the schema."},
    {.name = "x-*",
     RESOURCE(HINTS, hints),
     .help = "Further hints, which go into the schema as they are."},
    OPTION_END,
};

/* What only a program says; in a spec the name is the key of the map. */
const struct option resource_fields[] = {
    {.name = "name", RESOURCE(TEXT, name)},
    {.name = "read", RESOURCE(POINTER, read)},
    {.name = "begin", RESOURCE(POINTER, begin)},
    {.name = "end", RESOURCE(POINTER, end)},
    {.name = "release", RESOURCE(POINTER, release)},
    {.name = "user", RESOURCE(POINTER, user)},
    {.name = "list_keys", RESOURCE(POINTER, list_keys)},
    {.name = "judged", RESOURCE(POINTER, judged)},
    {.name = "turns_with", RESOURCE(TEXT, turns_with)},
    {.name = "no_table", RESOURCE(BOOL, no_table)},
    {.name = "last_value_func",
     .type = OPTION_ANY,
     .field = {HELD(POINTER, struct resource, incremental.last_value_func),
               GIVEN(struct tg_resource, last_value_func)}},
    {.name = "column_count", BY_CODE(struct tg_resource, column_count)},
    {.name = "source", BY_CODE(struct tg_resource, source)},
    {.name = "source_options", BY_CODE(struct tg_resource, source_options)},
    {.name = "source_option_count", BY_CODE(struct tg_resource, source_option_count)},
    {.name = "options", BY_CODE(struct tg_resource, options)},
    {.name = "option_count", BY_CODE(struct tg_resource, option_count)},
    {.name = "source_connection", BY_CODE(struct tg_resource, source_connection)},
    OPTION_END,
};

const struct option undo_options[] = {
    {.name = "loads",
     .type = OPTION_INT,
     .required = true,
     .help = "How many loads, the newest ones, at most 1000."},
    OPTION_END,
};

const struct option spec_options[] = {
    {.name = "pipeline",
     .required = true,
     .help = "The pipeline's name: letters, digits, '_' and '-'. What it remembers goes by it."},
    {.name = "destination",
     .type = OPTION_MAP,
     .table = destination_options,
     .shorthand = "url",
     .required = true,
     .help = "Where rows go: duckdb:///file.duckdb beside the spec (with four slashes the path is "
             "absolute), postgresql://user@host/database, or an ADBC driver with what it opens."},
    {.name = "dataset",
     .fallback = "<pipeline>_dataset",
     .help = "The schema of the destination that holds the tables."},
    {.name = "memory",
     .type = OPTION_VALUE,
     .fallback = "256MiB",
     .help = "How much memory a run may take, at least 64MiB; `--memory` wins over it. Wide tables "
             "and many resources need more."},
    {.name = "storage_version",
     .fallback = "v1.0.0",
     .help = "The format of a database file that is made: a version of DuckDB, which can read it "
             "then, as can all newer ones; or `latest`. A file that is there keeps its own."},
    {.name = "undo",
     .type = OPTION_MAP,
     .table = undo_options,
     .help = "What loads replace is kept, so that `tidegate undo` can bring it back."},
    {.name = "schema",
     .type = OPTION_MAP,
     .table = schema_options,
     .help = "How names and types of tables and columns are made."},
    {.name = "limits",
     .type = OPTION_MAP,
     .table = limit_options,
     .help = "The same for all resources; what a resource says of one of them goes before."},
    {.name = "source", .type = OPTION_MAP, .help = "Where rows come from."},
    {.name = "sources",
     .type = OPTION_MAPS,
     .help = "Several sources by name, in place of `source`; each resource then names its own."},
    {.name = "resources",
     .type = OPTION_MAPS,
     .required = true,
     .help = "What is loaded, by name: a stream of the source that becomes a table and the tables "
             "nested in it."},
    {.name = "environments",
     .type = OPTION_MAPS,
     .help =
         "Overlays by name, as {dev: {...}, prod: {...}}; one is laid over the spec, by `--env` "
         "or `$TIDEGATE_ENV`: maps key by key, all else in place of what was there, and null "
         "takes a key away. Each has a folder of its own in the working directory."},
    {.name = "default_environment",
     .help = "The one of them that is taken where nobody says which."},
    OPTION_END,
};
