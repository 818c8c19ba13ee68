/*
 * What may stand at the end of a command line, by the commands' tables.
 *
 *   print_completions: split -> find_place (which command, which option's value or argument is at
 *   the cursor) -> put_commands | put_flags | put_value: fixed words, the names in the spec, files
 *
 * A line for each word: the word as a whole, a tab, what it is. Files are the shell's: the line
 * ":files" or ":folders" asks it for them. A line that makes no sense, and a spec that cannot be
 * read, have no words, and nothing is said of them: somebody is typing.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"

enum { LINE_WORDS_MAX = 256, LINE_PATH_MAX = 4096 };

/* ---- what values may be ---- */

/* By the option's or argument's name, else by what its value is called. */
static const struct value {
    const char *name;
    const char *words;       /* that it may be */
    const char *keys, *each; /* before a '=', and what may stand behind that; in a list */
    const char *names;       /* those below this key of the spec; in a list */
    const char *shell;       /* what the shell is asked for */
    bool commands;
} values[] = {
    {.name = "--progress", .words = "auto plain json none"},
    {.name = "--log-level", .words = "error warning info debug"},
    {.name = "--refresh", .words = "drop_sources drop_resources drop_data"},
    {.name = "--schema-contract",
     .words = CONTRACT_MODES,
     .keys = CONTRACT_PARTS,
     .each = CONTRACT_MODES},
    {.name = "--memory", .words = "256MiB 512MiB 1GiB 2GiB 4GiB"},
    {.name = "--window", .words = "1h 6h 1d 1w 1mo 1y"},
    {.name = "--lease", .words = "30s 10m 2h"},
    {.name = "--timezone", .words = "UTC"},
    {.name = "TOPIC", .words = "spec", .commands = true},
    {.name = "NAMES", .names = "resources"},
    {.name = "--env", .names = "environments"},
    {.name = "RESOURCE", .names = "resources"},
    {.name = "SPEC", .shell = ":files"},
    {.name = "FILE", .shell = ":files"},
    {.name = "DIR", .shell = ":folders"},
};

static const struct value *find_value(const char *name)
{
    for (size_t i = 0; name && i < sizeof(values) / sizeof(values[0]); i++)
        if (strcmp(values[i].name, name) == 0)
            return &values[i];
    return NULL;
}

const char *flag_words(const char *name)
{
    const struct value *value = find_value(name);
    return value ? value->words : NULL;
}

/* ---- the line ---- */

struct line {
    char *text;                        /* owned; the words are in it */
    const char *words[LINE_WORDS_MAX]; /* the first is the program, the last is at the cursor */
    size_t count;                      /* 0: too many */
};

/* As shells do it, as far as they agree; an open quote lasts to the end. */
static void split(struct line *line)
{
    char *out = line->text, quote = '\0';
    bool begun = false;
    line->words[0] = out;
    for (const char *at = line->text; *at && line->count < LINE_WORDS_MAX; at++) {
        bool blank = !quote && strchr(" \t\n", *at);
        if (blank && begun) {
            *out++ = '\0';
            line->words[++line->count % LINE_WORDS_MAX] = out;
        } else if (!blank && *at == quote) {
            quote = '\0';
        } else if (!blank && !quote && (*at == '\'' || *at == '"')) {
            quote = *at;
        } else if (!blank) {
            at += *at == '\\' && quote != '\'' && at[1];
            *out++ = *at;
        }
        begun = !blank;
    }
    *out = '\0';
    line->count = line->count < LINE_WORDS_MAX ? line->count + 1 : 0;
}

struct place {
    const struct command *command;
    const struct flag *flag; /* whose value is at the cursor; NULL: an argument is */
    size_t argument;         /* of the command */
    bool flags_ended;        /* by "--" */
    const char *spec;        /* NULL: none before the cursor */
    const char *word;        /* at the cursor; of --name=value, the value */
    int before;              /* bytes of the line's last word before that */
};

static void find_place(const struct line *line, struct place *out)
{
    const char *last = line->words[line->count - 1];
    out->word = last;
    for (size_t i = 2; i + 1 < line->count; i++) {
        const char *word = line->words[i];
        bool is_flag = !out->flag && !out->flags_ended && word[0] == '-' && word[1];
        if (is_flag && strcmp(word, "--") == 0) {
            out->flags_ended = true;
        } else if (is_flag) {
            const struct flag *flag = find_flag(out->command, word, strlen(word));
            out->flag = flag && flag->value ? flag : NULL;
        } else if (out->flag) {
            out->flag = NULL;
        } else if (out->argument++ == 0) {
            out->spec = word;
        }
    }
    size_t name_len = strcspn(last, "=");
    if (!out->flag && !out->flags_ended && last[0] == '-' && last[name_len]) {
        out->flag = find_flag(out->command, last, name_len);
        out->before = (int)name_len + 1;
        out->word = last + name_len + 1;
    }
}

/* ---- the words ---- */

/* Where a word that is offered goes: behind `before` bytes of what stands there. */
struct offer {
    const char *last; /* the line's last word */
    int before;
    FILE *out;
};

/* A name that a line of its own cannot hold is not offered. */
static void put_word(const struct offer *offer, const char *word, size_t len, const char *behind,
                     const char *help)
{
    const char *begun = offer->last + offer->before;
    bool fits = strncmp(word, begun, strlen(begun)) == 0 && strlen(begun) <= len;
    if (fits && !memchr(word, '\t', len))
        fprintf(offer->out, "%.*s%.*s%s\t%s\n", offer->before, offer->last, (int)len, word, behind,
                help);
}

static void put_words(const struct offer *offer, const char *words, const char *behind)
{
    for (size_t len; words && *words; words += len + strspn(words + len, " ")) {
        len = strcspn(words, " ");
        put_word(offer, words, len, behind, "");
    }
}

/* Only what is behind the last comma is at the cursor. */
static struct offer next_of_list(const struct offer *offer)
{
    const char *comma = strrchr(offer->last + offer->before, ',');
    struct offer next = *offer;
    if (comma)
        next.before = (int)(comma + 1 - offer->last);
    return next;
}

/* A regular file alone: a pipe would be waited for. */
static bool find_spec(const char *word, char out[LINE_PATH_MAX])
{
    struct stat stat_of = {0};
    const char *home = word && strncmp(word, "~/", 2) == 0 ? getenv("HOME") : NULL;
    int len = word ? snprintf(out, LINE_PATH_MAX, "%s%s", home ? home : "", word + (home != NULL))
                   : LINE_PATH_MAX;
    return len < LINE_PATH_MAX && stat(out, &stat_of) == 0 && S_ISREG(stat_of.st_mode);
}

static void put_names(const struct offer *offer, const char *spec, const char *key)
{
    struct tg_error err = {0};
    char path[LINE_PATH_MAX], *names = NULL;
    if (!find_spec(spec, path) || tg_spec_names(path, key, &names, &err))
        return;
    for (const char *name = names, *end; (end = strchr(name, '\n')); name = end + 1)
        put_word(offer, name, (size_t)(end - name), "", "");
    tg_text_free(names);
}

static void put_commands(const struct offer *offer)
{
    for (size_t i = 0; commands[i]; i++)
        put_word(offer, commands[i]->name, strlen(commands[i]->name), "", commands[i]->summary);
}

static void put_flags(const struct offer *offer, const struct command *command)
{
    for (const struct flag *flag = command->flags; flag->name; flag++)
        put_word(offer, flag->name, strlen(flag->name), "", flag->help);
    put_word(offer, "--help", strlen("--help"), "", "explain the command");
}

/* "tables=freeze,columns=": a word for what stands before the '=' */
static void put_keyed(const struct offer *offer, const struct value *value)
{
    struct offer next = next_of_list(offer);
    const char *equals = strchr(next.last + next.before, '=');
    if (!equals) {
        put_words(&next, value->keys, "=");
        return;
    }
    next.before = (int)(equals + 1 - next.last);
    put_words(&next, value->each, "");
}

static void put_value(const struct offer *offer, const struct value *value, const char *spec)
{
    struct offer next = next_of_list(offer);
    put_words(offer, value->words, "");
    if (value->keys)
        put_keyed(offer, value);
    if (value->commands)
        put_commands(offer);
    if (value->names)
        put_names(&next, spec, value->names);
    if (value->shell)
        fprintf(offer->out, "%s\n", value->shell);
}

static void put_place(const struct place *place, const struct offer *offer)
{
    const struct argument *argument = place->command->arguments;
    const struct value *value = NULL;
    for (size_t i = 0; i < place->argument && argument->name; i++)
        argument++;
    if (place->flag) {
        value = find_value(place->flag->name);
        value = value ? value : find_value(place->flag->value);
    } else if (!place->flags_ended && place->word[0] == '-') {
        put_flags(offer, place->command);
        return;
    } else if (argument->name) {
        value = find_value(argument->name);
        put_words(offer, argument->words, "");
    }
    if (value)
        put_value(offer, value, place->spec);
}

static void put_first(const struct offer *offer)
{
    put_commands(offer);
    if (offer->last[0] != '-')
        return;
    put_word(offer, "--help", strlen("--help"), "", "list the commands");
    put_word(offer, "--version", strlen("--version"), "", "tell the version, and the engine's");
}

int print_completions(const char *text, FILE *out)
{
    struct line line = {.text = strdup(text)};
    struct place place = {0};
    if (!line.text)
        return 1;
    split(&line);
    struct offer offer = {.last = line.count > 0 ? line.words[line.count - 1] : "", .out = out};
    if (line.count > 2)
        place.command = find_command(line.words[1]);
    if (line.count == 2)
        put_first(&offer);
    if (place.command) {
        find_place(&line, &place);
        offer.before = place.before;
        put_place(&place, &offer);
    }
    free(line.text);
    return 0;
}
