/*
 * Rows that are surely old: a run that finds little new is to cost little more than parsing.
 *
 * Path: below_set (the start: an integer, or a text that is a timestamp in the usual form) ->
 * below_shows, for the field of each row.
 *
 * Two timestamps in the usual form and with the same zone come in the order of their texts, and
 * where their seconds differ no fraction changes that. If one of them is no date after all, texts
 * are compared by bytes, which comes to the same. What is not so simple is left to judge.c.
 */
#include "extract/cursor/below.h"

#include <endian.h>
#include <string.h>

/* YYYY-MM-DDThh:mm:ss, and where its second and third word are. */
enum { SECOND_CHARS = 19, MIDDLE = 8, TAIL = SECOND_CHARS - 8 };

static uint64_t load8(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof(word));
    return le64toh(word);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A digit stands for any, another character for itself. */
static struct below_word word_of(const char *text)
{
    struct below_word out = {.value = __builtin_bswap64(load8(text))};
    for (int i = 0; i < 8; i++) {
        const bool any = is_digit(text[i]);
        out.form |= (uint64_t)(unsigned char)(any ? '0' : text[i]) << 8 * i;
        out.limits |= (uint64_t)(any ? 0x76 : 0x7f) << 8 * i;
    }
    return out;
}

static bool is_usual(const char *text, size_t len)
{
    static const char form[] = "0000-00-00 00:00:00";
    if (len < SECOND_CHARS || (text[10] != 'T' && text[10] != ' '))
        return false;
    for (size_t i = 0; i < SECOND_CHARS; i++)
        if (form[i] == '0' ? !is_digit(text[i]) : i != 10 && text[i] != form[i])
            return false;
    return true;
}

/* What follows the second: a point and digits, if there are some. */
static size_t fraction_len(const char *text, size_t len)
{
    size_t at = 1;
    if (len == 0 || *text != '.')
        return 0;
    while (at < len && is_digit(text[at]))
        at++;
    return at;
}

void below_set(struct below *out, const struct cursor_value *start, bool backwards)
{
    *out = (struct below){.backwards = backwards};
    if (start->kind == TG_VALUE_INT64) {
        out->kind = BELOW_INTEGERS;
        out->number = start->int64;
    }
    if (start->kind != TG_VALUE_TEXT || !start->is_instant || !is_usual(start->text, start->len))
        return;
    out->kind = BELOW_TEXTS;
    out->words[0] = word_of(start->text);
    out->words[1] = word_of(start->text + MIDDLE);
    out->words[2] = word_of(start->text + TAIL);
    const char *rest = start->text + SECOND_CHARS;
    const size_t fraction = fraction_len(rest, start->len - SECOND_CHARS);
    out->zone = rest + fraction;
    out->zone_len = start->len - SECOND_CHARS - fraction;
}

static bool has_zone(const struct below *below, const char *rest, size_t len)
{
    const size_t fraction = fraction_len(rest, len);
    if (fraction == 1 || len - fraction != below->zone_len)
        return false;
    for (size_t i = 0; i < below->zone_len; i++) /* mostly a Z: no call */
        if (rest[fraction + i] != below->zone[i])
            return false;
    return true;
}

/* Eight bytes against the start's; *order is that of the first ones that differ. */
static inline void compare_word(const struct below_word *word, const char *text, uint64_t *bad,
                                int *order)
{
    const uint64_t here = load8(text), rest = here ^ word->form;
    const uint64_t value = __builtin_bswap64(here);
    *bad |= (rest | (rest + word->limits)) & UINT64_C(0x8080808080808080);
    *order = *order != 0 ? *order : (value > word->value) - (value < word->value);
}

bool below_shows_text(const struct below *below, const char *text, size_t len)
{
    uint64_t bad = 0;
    int order = 0;
    if (len < SECOND_CHARS)
        return false;
    compare_word(&below->words[0], text, &bad, &order);
    compare_word(&below->words[1], text + MIDDLE, &bad, &order);
    compare_word(&below->words[2], text + TAIL, &bad, &order);
    return !bad && (below->backwards ? order > 0 : order < 0) &&
           has_zone(below, text + SECOND_CHARS, len - SECOND_CHARS);
}
