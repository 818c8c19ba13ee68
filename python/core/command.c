/*
 * main(arguments): the command, in this process.
 *
 * Signals are meanwhile as a program has them that is not Python's: Ctrl-C ends what cannot be
 * cancelled, and a pipe that nobody reads ends the command. Python has made them its own, and has
 * them again afterwards.
 */
#include "core.h"

#include <signal.h>

#include "command_line.h"

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGALRM, SIGPIPE, SIGXFSZ};
enum { SIGNAL_COUNT = sizeof(signals) / sizeof(signals[0]) };

/* Python itself ignores SIGPIPE and SIGXFSZ; what else is ignored, whoever has started it wants. */
static void take_signals(struct sigaction *saved)
{
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        const struct sigaction usual = {.sa_handler = SIG_DFL};
        bool is_python = signals[i] == SIGPIPE || signals[i] == SIGXFSZ;
        sigaction(signals[i], NULL, &saved[i]);
        if (saved[i].sa_handler != SIG_IGN || is_python)
            sigaction(signals[i], &usual, NULL);
    }
}

static void give_signals(const struct sigaction *saved)
{
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        sigaction(signals[i], &saved[i], NULL);
}

static int run(int count, char **arguments)
{
    struct sigaction saved[SIGNAL_COUNT];
    int code;
    Py_BEGIN_ALLOW_THREADS take_signals(saved);
    code = run_command_line(count, arguments);
    give_signals(saved);
    Py_END_ALLOW_THREADS return code;
}

static PyObject *command_main(PyObject *module, PyObject *list)
{
    (void)module;
    Py_ssize_t count = PyList_Size(list);
    if (count < 0)
        return NULL;
    char **arguments = PyMem_Calloc((size_t)count + 1, sizeof(*arguments));
    if (!arguments)
        return PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < count && !PyErr_Occurred(); i++)
        arguments[i] = PyBytes_AsString(PyList_GetItem(list, i));
    int code = PyErr_Occurred() ? 0 : run((int)count, arguments);
    PyMem_Free(arguments);
    return PyErr_Occurred() ? NULL : PyLong_FromLong(code);
}

static PyMethodDef methods[] = {
    {"main", command_main, METH_O,
     "main(arguments): the command with these, a list of bytes that begins with its own name; the "
     "exit code."},
    {0},
};

int main_init(PyObject *module)
{
    return PyModule_AddFunctions(module, methods);
}
