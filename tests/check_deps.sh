#!/usr/bin/env bash
# tools/install-deps becomes root only when it is told to, and says how far it is. What it calls is not the system's:
# sudo and apt-get only write down what they were called with; one package is missing, whose command is fish.
set -uo pipefail
dir=$TMPDIR
bin=$dir/bin
calls=$dir/calls

result() { # NAME STATUS
    if [ "$2" = 0 ]; then echo "ok $1"; else echo "not ok $1"; sed 's/^/# /' "$dir/log" "$calls"; fi
}

stub() { # NAME LINE...
    rm -f "$bin/$1"
    printf '%s\n' '#!/bin/bash' "${@:2}" >"$bin/$1" && chmod +x "$bin/$1"
}

python=$(command -v python3)
mkdir "$bin" && ln -s /usr/bin/* /bin/* /usr/sbin/ldconfig /sbin/ldconfig "$bin/" 2>/dev/null
rm -f "$bin/fish" "$bin/sudo"
stub python3 "exec $python \"\$@\""
stub apt-get "echo \"apt-get \$*\" >>$calls" "case \$* in *install*) sleep \${SLOW:-0}; touch $bin/fish; chmod +x $bin/fish ;; esac"
stub sudo "echo \"sudo \$*\" >>$calls" 'shift' 'exec "$@"'
for name in mkdir tee rm; do # what is done as root
    stub $name "case \$* in *createcluster*) echo \"$name \$*\" >>$calls; exit ;; esac" "exec /bin/$name \"\$@\""
done

# deps USER ARGUMENTS...: its words are in the log, what it called in the calls; WITH before it: a terminal
deps() {
    local user=$1
    shift
    stub id "[ \"\$*\" = -u ] && echo $user || exec /usr/bin/id \"\$@\""
    rm -f "$bin/fish"
    : >"$calls"
    PATH=$bin ${with:-} tools/install-deps "$@" </dev/null >"$dir/log" 2>&1
}

says() { local text; for text; do grep -qF -- "$text" "$dir/log" || return 1; done; }
calls_none() { ! grep -qE '^(sudo|apt-get)' "$calls"; }

# answered TEXT: on a terminal where TEXT is typed at the question
cat >"$dir/answered" <<END
#!$python
import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
seen, typed = b"", False
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    seen += part
    if b"[y/N]" in seen and not typed:
        os.write(terminal, sys.argv[1].encode() + b"\r")
        typed = True
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
END
chmod +x "$dir/answered"

! deps 1000 && says "fish" "tools/install-deps --yes" TIDEGATE_DEPS=yes && calls_none
result "without a terminal it says what to run" $?

deps 1000 --yes && says "everything is there" && grep -q '^sudo -- apt-get -qq update' "$calls" &&
    grep -q '^sudo .*apt-get .*install fish$' "$calls" && ! grep -vE '^(sudo|apt-get|mkdir|tee|rm) ' "$calls"
result "--yes is an answer" $?

TIDEGATE_DEPS=yes deps 1000 && grep -q '^sudo .*install fish$' "$calls"
result "the environment has one, too" $?

deps 0 && says "everything is there" && grep -q '^apt-get .*install fish$' "$calls" && ! grep -q '^sudo' "$calls"
result "root is not asked" $?

! with="$dir/answered n" deps 1000 && says "Become root by sudo" "nothing was installed" && calls_none
result "a no is heard" $?

! with="$dir/answered $(printf '\x04')" deps 1000 && says "nothing was installed" && calls_none
result "no answer is a no" $?

with="$dir/answered y" deps 1000 && says "everything is there" && grep -q '^sudo .*install fish$' "$calls"
result "a yes is heard" $?

SLOW=3 with="$dir/answered y" deps 1000 && grep -qP '\r\x1b\[Kinstall-deps: -?\d+ MB, \d+ s' "$dir/log"
result "a terminal has a line with megabytes and seconds" $?

SLOW=4 TIDEGATE_DEPS_TELL=1 deps 0 && [ "$(grep -cP '^install-deps: -?\d+ MB, \d+ s$' "$dir/log")" -ge 1 ] && ! grep -q $'\r' "$dir/log"
result "elsewhere there are lines" $?

stub apt-get "echo 'E: no such thing'; case \$* in *install*) exit 100 ;; esac"
! deps 0 && says "E: no such thing" "apt-get could not install fish"
result "what failed is shown" $?

# Copied along with a tree, an environment of Python belongs to the first one.
. <(grep '^is_of_here()' tools/install-deps)
"$python" -m venv --without-pip "$dir/one" >"$dir/log" 2>&1 && cp -a "$dir/one" "$dir/two" && is_of_here "$dir/one" && ! is_of_here "$dir/two"
result "a copied environment of Python is not taken" $?

rm "$bin/sudo"
! deps 1000 --yes && says "no root rights and no sudo"
result "without sudo it says so" $?
exit 0
