/*
 * Rows of a CSV text -> spans of its fields.
 *
 * Data path: csv_split_text -> csv_split_row: begin_row (blank lines and comments go) ->
 * plain_field or quoted_field, from one mark to the next. A mark is a byte that may mean something:
 * find_marks looks at 64 bytes at a time. A text that ends within a row is given again.
 *
 * LF, CRLF and CR end a line, all of them in one text: CR alone, too, as in Python, pyarrow and
 * pandas, so that one in a field must be in quotes. A quote is one where a field begins with it,
 * spaces before it and behind the one that closes it do not count; anywhere else it is text: a"b.
 * Text behind a closing quote goes on the field ("c"d is cd, as those three have it), unless there
 * are more quotes in it, or line ends in the quotes: then nobody knows what was meant.
 */
#include "extract/formats/csv_split.h"

#include <string.h>

/* What compares 16 bytes at once. */
#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#include <arm_neon.h>
#define HAS_NEON
#endif

enum { BLOCK = 64 };

/* ---- Marks --------------------------------------------------------------------------------- */

/* What marks a byte: those that a syntax does not have are the line end, once more. */
struct marks {
    char delimiter, quote, escape;
};

static struct marks marks_of(const struct csv_syntax *syntax)
{
    return (struct marks){syntax->delimiter[0], syntax->quote ? syntax->quote : '\n',
                          syntax->escape ? syntax->escape : '\n'};
}

#if defined(__SSE2__)

/* A bit for each of 64 bytes that is one of them; *high: for each that is not ASCII. */
static inline uint64_t find_marks(struct marks marks, const char *text, uint64_t *high)
{
    const __m128i delimiter = _mm_set1_epi8(marks.delimiter), quote = _mm_set1_epi8(marks.quote);
    const __m128i escape = _mm_set1_epi8(marks.escape);
    const __m128i lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');
    uint64_t found = 0;
    *high = 0;
    for (int i = 0; i < BLOCK / 16; i++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text + 16 * i));
        __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(bytes, lf), _mm_cmpeq_epi8(bytes, cr));
        __m128i quotes = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, escape));
        __m128i all = _mm_or_si128(_mm_or_si128(ends, quotes), _mm_cmpeq_epi8(bytes, delimiter));
        found |= (uint64_t)(unsigned)_mm_movemask_epi8(all) << (16 * i);
        *high |= (uint64_t)(unsigned)_mm_movemask_epi8(bytes) << (16 * i);
    }
    return found;
}

#elif defined(HAS_NEON)

/* A bit for each byte of four vectors, the first one's lowest; they are all ones or zero where it
 * counts. Sums of pairs bring eight bits that differ into a byte. */
static inline uint64_t gather(const uint8x16_t parts[4], uint8x16_t weights)
{
    uint8x16_t low = vpaddq_u8(vandq_u8(parts[0], weights), vandq_u8(parts[1], weights));
    uint8x16_t high = vpaddq_u8(vandq_u8(parts[2], weights), vandq_u8(parts[3], weights));
    uint8x16_t all = vpaddq_u8(low, high);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(all, all)), 0);
}

/* A bit for each of 64 bytes that is one of them; *high: for each that is not ASCII. */
static inline uint64_t find_marks(struct marks marks, const char *text, uint64_t *high)
{
    static const uint8_t bits[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t delimiter = vdupq_n_u8((uint8_t)marks.delimiter);
    const uint8x16_t quote = vdupq_n_u8((uint8_t)marks.quote);
    const uint8x16_t escape = vdupq_n_u8((uint8_t)marks.escape);
    const uint8x16_t lf = vdupq_n_u8('\n'), cr = vdupq_n_u8('\r'), weights = vld1q_u8(bits);
    uint8x16_t found[BLOCK / 16], highs[BLOCK / 16];
    for (int i = 0; i < BLOCK / 16; i++) {
        uint8x16_t bytes = vld1q_u8((const uint8_t *)text + 16 * i);
        uint8x16_t ends = vorrq_u8(vceqq_u8(bytes, lf), vceqq_u8(bytes, cr));
        uint8x16_t quotes = vorrq_u8(vceqq_u8(bytes, quote), vceqq_u8(bytes, escape));
        found[i] = vorrq_u8(vorrq_u8(ends, quotes), vceqq_u8(bytes, delimiter));
        highs[i] = vcgeq_u8(bytes, vdupq_n_u8(0x80));
    }
    *high = gather(highs, weights);
    return gather(found, weights);
}

#else

#define ONES UINT64_C(0x0101010101010101)
#define LOWS (ONES * 0x7f)

/* 0x80 in each byte of `word` that is `byte`; no byte's carry reaches the next one. */
static inline uint64_t equal_bytes(uint64_t word, char byte)
{
    uint64_t other = word ^ ONES * (unsigned char)byte;
    return ~(((other & LOWS) + LOWS) | other | LOWS);
}

/* The high bits of eight bytes, the first one's lowest. */
static inline uint64_t gather(uint64_t highs)
{
    return (highs >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

/* A bit for each of 64 bytes that is one of them; *high: for each that is not ASCII. */
static inline uint64_t find_marks(struct marks marks, const char *text, uint64_t *high)
{
    uint64_t found = 0;
    *high = 0;
    for (int i = 0; i < BLOCK / 8; i++) {
        uint64_t word = 0;
        for (int k = 7; k >= 0; k--) /* a load, where bytes are in that order */
            word = word << 8 | (unsigned char)text[8 * i + k];
        uint64_t all = equal_bytes(word, '\n') | equal_bytes(word, '\r') |
                       equal_bytes(word, marks.delimiter) | equal_bytes(word, marks.quote) |
                       equal_bytes(word, marks.escape);
        found |= gather(all) << (8 * i);
        *high |= gather(word & ~LOWS) << (8 * i);
    }
    return found;
}

#endif

static inline void load(struct csv_split *split, size_t block)
{
    uint64_t high;
    split->block = block;
    split->marks = find_marks(marks_of(&split->syntax), split->text + block, &high);
    split->is_ascii = split->is_ascii && high == 0;
}

/* The first mark at `from` or behind it; the text's end: there is none. */
static inline size_t next_mark(struct csv_split *split, size_t from)
{
    uint64_t left;
    if (from - split->block >= BLOCK) /* before it, too: a row may be gone back on */
        load(split, from - from % BLOCK);
    left = split->marks & (~UINT64_C(0) << (from - split->block));
    while (left == 0) {
        if (split->block + BLOCK >= split->end)
            return split->end;
        load(split, split->block + BLOCK);
        left = split->marks;
    }
    size_t place = split->block + (size_t)__builtin_ctzll(left);
    return place < split->end ? place : split->end;
}

void csv_split_text(struct csv_split *split, const char *text, size_t at, size_t end, bool is_last)
{
    split->text = text;
    split->at = at;
    split->end = end;
    split->is_last = is_last;
    split->delimiter_len = strlen(split->syntax.delimiter);
    load(split, at - at % BLOCK);
}

void csv_split_watch(struct csv_split *split)
{
    split->is_ascii = true;
    load(split, split->block);
}

/* ---- Lines --------------------------------------------------------------------------------- */

static inline bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

/* Moves *at behind the end of a line that stands there; false: the text has to go on first. */
static inline bool pass_line_end(const struct csv_split *split, size_t *at)
{
    size_t place = *at;
    if (place < split->end && split->text[place++] == '\r') {
        if (place == split->end && !split->is_last)
            return false;
        place += place < split->end && split->text[place] == '\n';
    }
    *at = place;
    return true;
}

static size_t find_line_end(struct csv_split *split, size_t from)
{
    size_t place = next_mark(split, from);
    while (place < split->end && !is_line_end(split->text[place]))
        place = next_mark(split, place + 1);
    return place;
}

enum csv_found csv_split_pass(struct csv_split *split)
{
    if (split->at == split->end)
        return split->is_last ? CSV_END : CSV_MORE;
    size_t place = find_line_end(split, split->at);
    if ((place == split->end && !split->is_last) || !pass_line_end(split, &place))
        return CSV_MORE;
    split->at = place;
    split->line++;
    return CSV_ROW;
}

/* Passes over lines that are no rows; CSV_ROW: one begins at `at`. */
static inline enum csv_found begin_row(struct csv_split *split)
{
    for (;;) {
        if (split->at == split->end)
            return split->is_last ? CSV_END : CSV_MORE;
        char c = split->text[split->at];
        if (!is_line_end(c) && (c != split->syntax.comment || c == '\0'))
            return CSV_ROW;
        enum csv_found found = csv_split_pass(split);
        if (found != CSV_ROW)
            return found;
    }
}

/* ---- Fields -------------------------------------------------------------------------------- */

/* Whether the delimiter stands there; *more: that is for the text behind to tell. */
static inline bool is_delimiter(const struct csv_split *split, size_t place, bool *more)
{
    size_t len = split->delimiter_len;
    if (split->text[place] != split->syntax.delimiter[0])
        return false;
    if (len == 1)
        return true;
    if (split->end - place < len) {
        *more = !split->is_last;
        return false;
    }
    return memcmp(split->text + place, split->syntax.delimiter, len) == 0;
}

/* Whether a line ends with the byte at `place`. */
static inline bool closes_line(const struct csv_split *split, size_t place)
{
    char c = split->text[place];
    return c == '\n' || (c == '\r' && !(place + 1 < split->end && split->text[place + 1] == '\n'));
}

/* The field at *at, to which no quote means anything; *at: its end, a delimiter or a line's. */
static inline enum csv_found plain_field(struct csv_split *split, size_t *at,
                                         struct csv_field *field)
{
    size_t start = *at, place = next_mark(split, start);
    bool more = false, escaped = false;
    for (; place < split->end; place = next_mark(split, place)) {
        char c = split->text[place];
        if (is_line_end(c) || is_delimiter(split, place, &more))
            break;
        if (more)
            return CSV_MORE;
        bool escapes = c == split->syntax.escape && c != '\0' && place + 1 < split->end;
        escaped = escaped || escapes;
        split->line += escapes && closes_line(split, place + 1);
        place += escapes ? 2 : 1;
        if (place >= split->end)
            break;
    }
    if (place == split->end && !split->is_last)
        return CSV_MORE;
    *field = (struct csv_field){(uint32_t)start, (uint32_t)(place - start) & CSV_TEXT_MAX, false,
                                escaped};
    *at = place;
    return CSV_ROW;
}

/* The quote that closes the one before *at; *escaped: something is to be taken out before it. */
static enum csv_found find_close(struct csv_split *split, size_t *at, bool *escaped)
{
    const char *text = split->text;
    size_t place = next_mark(split, *at);
    for (; place < split->end; place = next_mark(split, place)) {
        char c = text[place];
        bool has_next = place + 1 < split->end, escapes = c == split->syntax.escape && c != '\0';
        if ((escapes || c == split->syntax.quote || c == '\r') && !has_next && !split->is_last)
            return CSV_MORE;
        if (c == split->syntax.quote && !(has_next && text[place + 1] == c))
            break;
        if (c == split->syntax.quote || (escapes && has_next)) {
            *escaped = true;
            place++;
        }
        split->line += closes_line(split, place);
        place++;
    }
    if (place >= split->end)
        return split->is_last ? CSV_OPEN_QUOTE : CSV_MORE;
    *at = place;
    return CSV_ROW;
}

/* Text stands behind a closing quote: it goes on the field, unless there are quotes in it. */
static enum csv_found go_on(struct csv_split *split, size_t close, size_t *at,
                            struct csv_field *field)
{
    struct csv_field rest;
    size_t start = field->start;
    *at = close + 1;
    enum csv_found found = plain_field(split, at, &rest);
    if (found != CSV_ROW)
        return found;
    if (memchr(split->text + rest.start, split->syntax.quote, rest.len))
        return CSV_BEHIND_QUOTE;
    field->len = (uint32_t)(*at - start) & CSV_TEXT_MAX;
    field->escaped = true;
    return CSV_ROW;
}

static inline size_t skip_spaces(const struct csv_split *split, size_t at)
{
    while (at < split->end && split->text[at] == ' ')
        at++;
    return at;
}

/* A field that begins with a quote, or with spaces, behind which there may be one. */
static enum csv_found quoted_field(struct csv_split *split, size_t *at, struct csv_field *field,
                                   size_t *bad)
{
    const uint64_t line = split->line;
    size_t open = split->syntax.delimiter[0] == ' ' ? *at : skip_spaces(split, *at);
    bool more = false, escaped = false;
    if (open == split->end && !split->is_last)
        return CSV_MORE;
    if (open == split->end || split->text[open] != split->syntax.quote || !split->syntax.quote)
        return plain_field(split, at, field);
    size_t close = *bad = open, behind;
    close++;
    enum csv_found found = find_close(split, &close, &escaped);
    if (found != CSV_ROW)
        return found;
    *field = (struct csv_field){(uint32_t)open + 1, (uint32_t)(close - open - 1) & CSV_TEXT_MAX,
                                true, escaped};
    behind = skip_spaces(split, close + 1);
    if (split->syntax.delimiter[0] == ' ')
        behind = close + 1;
    if (behind == split->end && !split->is_last)
        return CSV_MORE;
    bool ends = behind == split->end || is_line_end(split->text[behind]) ||
                is_delimiter(split, behind, &more);
    if (more)
        return CSV_MORE;
    if (!ends && open > *at) { /* the quote was text: ' "a" b' */
        split->line = line;
        return plain_field(split, at, field);
    }
    *bad = close + 1;
    if (!ends && split->line > line)
        return CSV_BEHIND_QUOTE;
    if (!ends)
        return go_on(split, close, at, field);
    *at = behind;
    return CSV_ROW;
}

/* ---- Rows ---------------------------------------------------------------------------------- */

static inline enum csv_found next_field(struct csv_split *split, size_t *at,
                                        struct csv_field *field, struct csv_row *row)
{
    char c = *at < split->end ? split->text[*at] : '\0';
    if (c == ' ' || c == split->syntax.quote)
        return quoted_field(split, at, field, &row->bad);
    return plain_field(split, at, field);
}

enum csv_found csv_split_row(struct csv_split *split, struct csv_field *fields, size_t cap,
                             struct csv_row *row)
{
    struct csv_field spare;
    bool more = false;
    enum csv_found found = begin_row(split);
    if (found != CSV_ROW)
        return found;
    size_t at = split->at;
    *row = (struct csv_row){.start = at, .line = split->line};
    for (;;) {
        bool is_stored = row->count < cap;
        found = next_field(split, &at, is_stored ? &fields[row->count] : &spare, row);
        if (found != CSV_ROW)
            break;
        row->count++;
        row->stored_end = is_stored ? at : row->stored_end;
        if (at == split->end || !is_delimiter(split, at, &more))
            break;
        at += split->delimiter_len;
    }
    row->end = at;
    if (found == CSV_ROW && !pass_line_end(split, &at))
        found = CSV_MORE;
    split->at = found == CSV_ROW ? at : split->at;
    split->line = found == CSV_ROW ? split->line + 1 : row->line;
    return found;
}

/* ---- What is escaped ----------------------------------------------------------------------- */

/* \N stays what it is: many exporters' NULL. */
void csv_unescape(const struct csv_syntax *syntax, char *text, struct csv_field *field)
{
    char *out = text + field->start;
    const char *from = out, *end = out + field->len;
    const char quote = field->quoted ? syntax->quote : '\0', escape = syntax->escape;
    while (from < end) {
        bool has_next = from + 1 < end;
        if (escape && *from == escape && has_next && from[1] != 'N') {
            from++;
        } else if (quote && *from == quote) {
            from++;
            if (from == end || *from != quote)
                continue; /* the one that closed the field, text behind it */
        }
        *out++ = *from++;
    }
    field->len = (uint32_t)(out - (text + field->start)) & CSV_TEXT_MAX;
    field->escaped = false;
}
