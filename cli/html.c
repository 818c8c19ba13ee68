/*
 * HTML, as far as a report needs it: one page that stands by itself.
 *
 *   html_begin (style) -> html_table_begin, html_cell, html_bars ... -> html_end
 *
 * Colours are the reader's, light or dark; what is wider than a telephone scrolls in its own box.
 * Charts are SVG: a bar tells its numbers where the pointer rests, and the table below says all.
 */
#include "html.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const char style[] =
    ":root{color-scheme:light dark;--back:#fff;--text:#1b1f24;--soft:#57606a;--line:#d0d7de;"
    "--panel:#f6f8fa;--c0:#2f6feb;--c1:#bf8700;--c2:#6e7781;--c3:#cf222e}\n"
    "@media(prefers-color-scheme:dark){:root{--back:#0d1117;--text:#e6edf3;--soft:#9198a1;"
    "--line:#30363d;--panel:#161b22;--c0:#58a6ff;--c1:#e3b341;--c2:#8b949e;--c3:#ff7b72}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:70rem;padding:1rem;background:var(--back);color:var(--text);"
    "font:1rem/1.45 system-ui,sans-serif}\n"
    "h1{font-size:1.5rem;margin:.3rem 0}h2{font-size:1.15rem;margin:2rem 0 .5rem}\n"
    "h1,p{overflow-wrap:anywhere}p{margin:.3rem 0}.soft{color:var(--soft)}\n"
    ".facts{display:flex;flex-wrap:wrap;gap:.6rem;margin:1rem 0}\n"
    ".facts div{background:var(--panel);border:1px solid var(--line);border-radius:.5rem;"
    "padding:.5rem .8rem;flex:1 1 8rem}\n"
    ".facts b{display:block;font-size:1.3rem}\n"
    ".wide{overflow-x:auto;border:1px solid var(--line);border-radius:.5rem}\n"
    "table{border-collapse:collapse;width:100%;font-size:.9rem}\n"
    "th,td{padding:.3rem .6rem;text-align:left;border-bottom:1px solid var(--line);"
    "vertical-align:top}\n"
    "th{background:var(--panel);white-space:nowrap}tr:last-child td{border-bottom:0}\n"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
    "td.w,td time{white-space:nowrap}td{overflow-wrap:anywhere}td.t{min-width:9rem}\n"
    "svg{display:block;width:100%;height:10rem;background:var(--panel);"
    "border:1px solid var(--line);border-radius:.5rem}\n"
    ".s0{fill:var(--c0)}.s1{fill:var(--c1)}.s2{fill:var(--c2)}.s3{fill:var(--c3)}\n"
    ".key span{display:inline-block;margin-right:1rem}\n"
    ".key i{display:inline-block;width:.8rem;height:.8rem;border-radius:.2rem;"
    "margin-right:.3rem;vertical-align:-.05rem}\n"
    ".k0{background:var(--c0)}.k1{background:var(--c1)}.k2{background:var(--c2)}"
    ".k3{background:var(--c3)}\n"
    ".row{display:grid;grid-template-columns:minmax(6rem,14rem) 1fr auto;gap:.6rem;"
    "align-items:center;padding:.15rem 0}\n"
    ".row span{overflow-wrap:anywhere}.bar{background:var(--panel);border-radius:.2rem}\n"
    ".bar i{display:block;height:.9rem;min-width:1px;border-radius:.2rem;background:var(--c0)}\n";

const char *const html_series[SERIES] = {"inserted", "updated", "deleted", "rejected"};

/* ---- texts ---- */

void html_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc((unsigned char)*text < ' ' && !strchr("\t\n", *text) ? ' ' : *text, out);
        }
    }
}

void html_clipped(FILE *out, const char *text, size_t bytes_max)
{
    char part[512];
    size_t len = strlen(text);
    if (len <= bytes_max || bytes_max >= sizeof(part)) {
        html_text(out, text);
        return;
    }
    for (len = bytes_max; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
        len--;
    memcpy(part, text, len);
    part[len] = '\0';
    fputs("<span title=\"", out);
    html_text(out, text);
    fputs("\">", out);
    html_text(out, part);
    fputs("…</span>", out);
}

void html_time(FILE *out, const char *time)
{
    char shown[17];
    snprintf(shown, sizeof(shown), "%s", time);
    if (strlen(shown) == 16 && shown[10] == 'T')
        shown[10] = ' ';
    fputs("<time datetime=\"", out);
    html_text(out, time);
    fputs("\">", out);
    html_text(out, shown);
    fputs("</time>", out);
}

/* ---- the page ---- */

void html_begin(FILE *out, const char *title)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" "
          "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>",
          out);
    html_text(out, title);
    fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", style);
}

void html_end(FILE *out)
{
    fputs("</body>\n</html>\n", out);
}

/* ---- tables ---- */

void html_table_begin(FILE *out, const struct html_column *columns)
{
    fputs("<div class=\"wide\"><table>\n<thead><tr>", out);
    for (; columns->name; columns++)
        fprintf(out, "<th%s>%s</th>", columns->kind == CELL_NUMBER ? " class=\"n\"" : "",
                columns->name);
    fputs("</tr></thead>\n<tbody>\n", out);
}

void html_cell(FILE *out, const struct html_column *column, const char *value)
{
    enum { CELL_BYTES = 200 };
    char count[32];
    static const char *const classes[] = {
        [CELL_TEXT] = "t", [CELL_WORD] = "w", [CELL_NUMBER] = "n", [CELL_TIME] = "d"};
    fprintf(out, "<td class=\"%s\">", classes[column->kind]);
    if (column->kind == CELL_TIME)
        html_time(out, value);
    else if (column->kind == CELL_NUMBER && *value)
        html_text(out, format_count(strtoull(value, NULL, 10), count));
    else
        html_clipped(out, value, CELL_BYTES);
    fputs("</td>", out);
}

void html_table_end(FILE *out)
{
    fputs("</tbody>\n</table></div>\n", out);
}

/* ---- bars ---- */

void html_share(FILE *out, const char *name, uint64_t value, uint64_t most)
{
    char count[32];
    fputs("<div class=\"row\"><span>", out);
    html_text(out, name);
    fprintf(out,
            "</span><div class=\"bar\"><i style=\"width:%.1f%%\"></i></div><span>%s</span></div>\n",
            most > 0 ? (double)value / (double)most * 100 : 0, format_count(value, count));
}

static uint64_t sum(const struct html_bar *bar)
{
    uint64_t all = 0;
    for (size_t i = 0; i < SERIES; i++)
        all += bar->values[i];
    return all;
}

static void write_key(FILE *out)
{
    fputs("<p class=\"key soft\">", out);
    for (size_t i = 0; i < SERIES; i++)
        fprintf(out, "<span><i class=\"k%zu\"></i>%s</span>", i, html_series[i]);
    fputs("</p>\n", out);
}

/* What has rows at all can be seen. */
static void write_bar(FILE *out, const struct html_bar *bar, size_t place, uint64_t most)
{
    enum { HEIGHT = 100, LEAST = 1 };
    double bottom = HEIGHT;
    fprintf(out, "<g><title>");
    html_text(out, bar->title);
    for (size_t i = 0; i < SERIES; i++)
        if (bar->values[i] > 0)
            fprintf(out, "; %s %" PRIu64, html_series[i], bar->values[i]);
    fputs("</title>", out);
    for (size_t i = 0; i < SERIES; i++) {
        double height = most > 0 ? (double)bar->values[i] / (double)most * (HEIGHT - SERIES) : 0;
        if (bar->values[i] == 0)
            continue;
        height = height < LEAST ? LEAST : height;
        bottom -= height;
        fprintf(out, "<rect class=\"s%zu\" x=\"%zu.1\" y=\"%.2f\" width=\"0.8\" height=\"%.2f\"/>",
                i, place, bottom, height);
    }
    fputs("</g>\n", out);
}

void html_bars(FILE *out, const struct html_bar *bars, size_t count)
{
    enum { PLACES_MIN = 12 };
    char text[32];
    uint64_t most = 0;
    for (size_t i = 0; i < count; i++)
        most = sum(&bars[i]) > most ? sum(&bars[i]) : most;
    fprintf(out,
            "<svg viewBox=\"0 0 %zu 100\" preserveAspectRatio=\"none\" role=\"img\" "
            "aria-label=\"rows of each load\">\n",
            count > PLACES_MIN ? count : PLACES_MIN);
    for (size_t i = 0; i < count; i++)
        write_bar(out, &bars[i], i, most);
    fprintf(out, "</svg>\n<p class=\"soft\">The highest bar is %s rows.</p>\n",
            format_count(most, text));
    write_key(out);
}
