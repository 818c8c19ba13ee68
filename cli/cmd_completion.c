/*
 * tidegate completion: a script for a shell, and what that asks for.
 *
 *   completion_run -> scripts[]: the shell's
 *                   | print_completions (complete.c): the words for the line that --line says
 *
 * The scripts know nothing of the commands: each time a word is to be completed they ask the
 * command that stands on the line, which answers in some milliseconds, as it opens no more than the
 * spec. So they need not be made anew with another version.
 */
#include <string.h>

#include "cli.h"

/* Readline replaces what is behind the last '=' or ':', so that what is before goes. */
static const char bash[] =
    "# bash completion for tidegate; load it with: source <(tidegate completion bash)\n"
    "_tidegate()\n"
    "{\n"
    "    local line=${COMP_LINE:0:COMP_POINT} word=$2 before= quoted= found one\n"
    "    COMPREPLY=()\n"
    "    [[ $line == *\"$word\" ]] && before=${line%\"$word\"}\n"
    "    [[ $before == *[\\\"\\'] ]] && quoted=yes before=${before%?}\n"
    "    [[ $before == *[=:] ]] && before=${before##*[[:space:]]} || before=\n"
    "    mapfile -t found < <(\"${1/#~\\//$HOME/}\" completion --line \"$line\" 2>/dev/null)\n"
    "    case ${found-} in\n"
    "    :files) compopt -o default ;;\n"
    "    :folders) compopt -o dirnames ;;\n"
    "    *)\n"
    "        for one in \"${found[@]}\"; do\n"
    "            one=${one%%$'\\t'*} one=${one#\"$before\"}\n"
    "            [[ $quoted ]] || printf -v one %q \"$one\"\n"
    "            COMPREPLY+=(\"$one\")\n"
    "        done\n"
    "        [[ ${#found[@]} -ne 1 || $one != *= ]] || compopt -o nospace\n"
    "        ;;\n"
    "    esac\n"
    "}\n"
    "complete -F _tidegate tidegate\n";

static const char zsh[] =
    "#compdef tidegate\n"
    "# zsh completion for tidegate; load it with: source <(tidegate completion zsh)\n"
    "_tidegate() {\n"
    "    local line=\"${(j: :)words[1,CURRENT-1]} $PREFIX\" program=${~${(Q)words[1]}} one\n"
    "    local -a found plain shown\n"
    "    found=(\"${(@f)$($program completion --line $line 2>/dev/null)}\")\n"
    "    case $found[1] in\n"
    "    :files) compset -P '--*='; _files ;;\n"
    "    :folders) compset -P '--*='; _files -/ ;;\n"
    "    *)\n"
    "        for one in $found; do\n"
    "            plain+=(${one%%$'\\t'*})\n"
    "            shown+=(${${one/$'\\t'/  -- }%  -- })\n"
    "        done\n"
    "        (( $#plain )) || return 1\n"
    "        [[ $plain == *= ]] && compadd -S '' -l -d shown -a plain || compadd -l -d shown -a "
    "plain\n"
    "        ;;\n"
    "    esac\n"
    "}\n"
    "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n"
    "    _tidegate \"$@\"\n"
    "else\n"
    "    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }\n"
    "    compdef _tidegate tidegate\n"
    "fi\n";

static const char fish[] =
    "# fish completion for tidegate; load it with: tidegate completion fish | source\n"
    "function __tidegate_words\n"
    "    set -l program (string replace -r '^~/' \"$HOME/\" -- (commandline -opc)[1])\n"
    "    set -l line (commandline -cp | string collect)\n"
    "    set -l found (command $program completion --line \"$line\" 2>/dev/null)\n"
    "    set -l option (string match -r '^--[^=]*=' -- (commandline -ct))\n"
    "    set -l path (string replace -r '^--[^=]*=' '' -- (commandline -ct))\n"
    "    switch \"$found[1]\"\n"
    "        case :files\n"
    "            set found (complete -C \"'' $path\")\n"
    "        case :folders\n"
    "            set found (complete -C \"'' $path\" | string match -r '.*/(?:\\t.*)?$')\n"
    "        case '*'\n"
    "            set option ''\n"
    "    end\n"
    "    string join \\n -- \"$option\"$found\n"
    "end\n"
    "complete -c tidegate -e\n"
    "complete -c tidegate -f -a '(__tidegate_words)'\n";

static const struct {
    const char *shell, *script;
} scripts[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

static int completion_run(const struct call *call)
{
    const char *line = call_flag(call, "--line");
    const char *shell = call->arguments[0] ? call->arguments[0] : "bash";
    if (line)
        return print_completions(line, stdout);
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
        if (strcmp(scripts[i].shell, shell) == 0)
            return fputs(scripts[i].script, stdout) < 0;
    return fail_word(call->command, "shell with a script", shell,
                     call->command->arguments[0].words);
}

const struct command command_completion = {
    .name = "completion",
    .summary = "Print a completion script for a shell",
    .details = "bash: source <(tidegate completion bash) in ~/.bashrc\n"
               "zsh: source <(tidegate completion zsh) in ~/.zshrc\n"
               "fish: tidegate completion fish | source in ~/.config/fish/config.fish\n\n"
               "It knows commands, options, the words that their values may be, and the resources "
               "of the spec on the line. `make install` puts the scripts where the shells look for "
               "them by themselves.",
    .arguments = {{"SHELL", true, "bash (default), zsh or fish", "bash zsh fish"}},
    .flags = {{"--line", "TEXT",
               "what may come next at the end of this command line, a word to a line: what the "
               "scripts ask for"}},
    .run = completion_run,
};
