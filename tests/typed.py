#!/usr/bin/env python3
"""Types command lines in a shell, on a terminal, each with a Tab at its end.

    tests/typed.py bash|zsh|fish ./SCRIPT LINE...

The shell has read SCRIPT and no settings of anybody. Prints for each line what the shell made of it: its words in
angle brackets. A line's words are taken where "said" is typed before it.
"""
import os
import pty
import select
import sys
import time

SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "said() { printf '<%s>' \"$@\" >>said; echo >>said; }"),
    "zsh": (["zsh", "-f", "-i"], "said() { printf '<%s>' \"$@\" >>said; echo >>said; }"),
    "fish": (["fish", "--no-config", "-i"], "function said; printf '<%s>' $argv >>said; echo >>said; end"),
}
WAIT_S = 60


def read_until(terminal, ready):
    """Reads on, so that the shell is never kept waiting, until `ready` says so."""
    end = time.monotonic() + WAIT_S
    seen = b""
    while not ready():
        if time.monotonic() > end:
            sys.exit(f"typed: the shell did not answer; it said: {seen[-2000:]!r}")
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                part = os.read(terminal, 1 << 16)
            except OSError:
                sys.exit(f"typed: the shell has ended; it said: {seen[-2000:]!r}")
            seen += part
            if b"\x1b[c" in part or b"\x1b[0c" in part:
                os.write(terminal, b"\x1b[?62;c")  # what kind of terminal it is
            if b"\x1b[6n" in part:
                os.write(terminal, b"\x1b[1;1R")  # where the cursor stands


def said():
    try:
        with open("said", encoding="utf-8") as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []


def main():
    shell, script, *lines = sys.argv[1:]
    command, function = SHELLS[shell]
    if os.path.exists("said"):
        os.remove("said")
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm", HOME=os.getcwd(), LC_ALL="C.UTF-8")
        os.execvp(command[0], command)
    begin = {"zsh": "autoload -Uz compinit && compinit -u -D; unsetopt beep; "}.get(shell, "")
    os.write(terminal, f"{begin}{function}\rsource {script}\rsaid begun\r".encode())
    read_until(terminal, lambda: len(said()) == 1)
    for count, line in enumerate(lines, 2):
        os.write(terminal, line.encode() + b"\t\x01said \r")
        read_until(terminal, lambda: len(said()) == count)
    print("\n".join(said()[1:]))
    os.close(terminal)
    os.waitpid(child, 0)


if __name__ == "__main__":
    main()
