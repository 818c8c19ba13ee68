/*
 * tidegate: the command as a program of its own.
 *
 * All of it is run_command_line, which Python's package has inside of its extension, too
 * (python/core/command.c).
 */
#include "command_line.h"

int main(int argc, char **argv)
{
    return run_command_line(argc, argv);
}
