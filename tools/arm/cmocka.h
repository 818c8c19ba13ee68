/*
 * As much of cmocka as the tests of tools/check-arm call: Debian has it for the machine at hand
 * alone, and they are built for another one. The first thing that is not as it should be ends the
 * program.
 */
#ifndef TIDEGATE_TOOLS_ARM_CMOCKA_H
#define TIDEGATE_TOOLS_ARM_CMOCKA_H

#include <stdio.h>
#include <stdlib.h>

#define fail_msg(...)                                                                              \
    do {                                                                                           \
        fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                            \
        fprintf(stderr, __VA_ARGS__);                                                              \
        fputc('\n', stderr);                                                                       \
        exit(1);                                                                                   \
    } while (0)

#define assert_true(what)                                                                          \
    do {                                                                                           \
        if (!(what))                                                                               \
            fail_msg("not so: %s", #what);                                                         \
    } while (0)
#define assert_false(what)            assert_true(!(what))
#define assert_int_equal(left, right) assert_true((left) == (right))

struct CMUnitTest {
    const char *name;
    void (*run)(void **state);
};

#define cmocka_unit_test(function)                                                                 \
    {                                                                                              \
#function, function                                                                        \
    }

static int run_tests(const char *group, const struct CMUnitTest *tests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        void *state = NULL;
        tests[i].run(&state);
        printf("%s: %s\n", group, tests[i].name);
    }
    printf("%zu tests of %s passed\n", count, group);
    return 0;
}

#define cmocka_run_group_tests_name(name, tests, setup, teardown)                                  \
    ((void)(setup), (void)(teardown), run_tests(name, tests, sizeof(tests) / sizeof((tests)[0])))

#endif
