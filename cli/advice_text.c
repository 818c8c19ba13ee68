/*
 * Advice for people: at most 80 columns wide, but for the lines of the spec.
 *
 *   print_advice_text -> each resource: what is to be done, its fields, the reasons, the lines
 *
 * Of the fields those are shown that could be a key or a cursor. Lines begin where they begin in a
 * spec, so that they can be copied.
 */
#include <string.h>

#include "cli.h"

enum { NAME_WIDTH = 26, FIELDS_SHOWN = 12 };

static void print_begun(const char *begin, const char *text, size_t indent)
{
    fputs(begin, stdout);
    print_wrapped(text, strlen(begin), indent);
}

static void print_padded(const char *text, size_t width)
{
    size_t used = print_visible(text, width, stdout);
    printf("%*s", (int)(width - used), "");
}

/* ---- fields ---- */

static bool is_shown(const struct tg_advice_resource *resource, const struct tg_advice_field *field)
{
    return field->can_be_cursor || (field->nulls == 0 && field->distinct == resource->rows_read);
}

static void print_field(const struct tg_advice_field *field)
{
    char nulls[32], distinct[32], below[32];
    fputs("  ", stdout);
    print_padded(field->name, NAME_WIDTH);
    printf("  %-9s %10s %11s  ", field->type, format_count(field->nulls, nulls),
           format_count(field->distinct, distinct));
    if (!field->can_be_cursor)
        puts("-");
    else if (field->below == 0)
        puts("rises");
    else
        printf("%s go back\n", format_count(field->below, below));
}

static void print_fields(const struct tg_advice *advice, size_t index)
{
    size_t shown = 0, more = 0;
    const struct tg_advice_resource *resource = tg_advice_resource(advice, index);
    for (size_t i = 0; i < tg_advice_field_count(advice, index); i++) {
        const struct tg_advice_field *field = tg_advice_field(advice, index, i);
        if (!is_shown(resource, field))
            continue;
        if (shown == 0)
            printf("\n  %-*s  %-9s %10s %11s  %s\n", NAME_WIDTH, "field", "type", "NULL",
                   "distinct", "in order");
        if (shown < FIELDS_SHOWN)
            print_field(field);
        more += shown++ >= FIELDS_SHOWN;
    }
    if (more > 0)
        printf("  ... and %zu more (--json has them)\n", more);
}

/* ---- a resource ---- */

static void print_verdict(const struct tg_advice_resource *resource)
{
    static const char *const words[] = {"nothing to change", "to be loaded another way",
                                        "cannot be told"};
    print_visible(resource->name, LINE_WIDTH / 2, stdout);
    printf(": %s\n", words[resource->verdict]);
}

static void print_rows(const struct tg_advice_resource *resource)
{
    char rows[32], again[32];
    printf("  %s %s read", format_count(resource->rows_read, rows),
           resource->rows_read == 1 ? "row" : "rows");
    if (resource->read_twice && resource->rows_read_again == resource->rows_read)
        fputs(", twice", stdout);
    else if (resource->read_twice)
        printf(", then %s", format_count(resource->rows_read_again, again));
    else
        fputs(", once", stdout);
    puts(resource->cut ? "; there are more" : "");
}

static void print_reasons(const struct tg_advice *advice, size_t index)
{
    putchar('\n');
    for (size_t i = 0; i < tg_advice_reason_count(advice, index); i++)
        print_begun("  - ", tg_advice_reason(advice, index, i)->text, 4);
}

static void print_resource(const struct tg_advice *advice, size_t index)
{
    const struct tg_advice_resource *resource = tg_advice_resource(advice, index);
    print_verdict(resource);
    print_rows(resource);
    print_fields(advice, index);
    print_reasons(advice, index);
    if (resource->lines)
        printf("\nFor the spec, in place of what it says under the same keys:\n\nresources:\n%s",
               resource->lines);
}

void print_advice_text(const struct tg_advice *advice)
{
    for (size_t i = 0; i < tg_advice_resource_count(advice); i++) {
        fputs(i > 0 ? "\n" : "", stdout);
        print_resource(advice, i);
    }
    for (size_t i = 0; i < tg_advice_warning_count(advice); i++) {
        fputs(i == 0 ? "\n" : "", stdout);
        print_begun("Warning: ", tg_advice_warning(advice, i), 4);
    }
    fputs("\nNothing was written.\n", stdout);
}
