/*
 * The command as a function, for the programs that have it inside.
 */
#ifndef TIDEGATE_CLI_COMMAND_LINE_H
#define TIDEGATE_CLI_COMMAND_LINE_H

/* As main() is called; the exit code. While a load runs, SIGINT, SIGTERM, SIGHUP and SIGALRM are
 * its own, and are as the system has them afterwards. One call at a time. */
int run_command_line(int argc, char **argv);

#endif
