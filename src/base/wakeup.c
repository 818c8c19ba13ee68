/*
 * A descriptor that becomes readable when somebody wants it to.
 *
 * Path: wakeup_open -> wakeup_wait (or poll, beside a socket) <- wakeup_set, by a signal's handler
 * or another thread -> wakeup_clear before the next time.
 *
 * What being woken means is said elsewhere: the cancel flag of a context.
 */
#include "base/wakeup.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int wakeup_open(int *out, struct tg_error *err)
{
    *out = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (*out < 0)
        return error_errno(err, TG_IO, errno, "no descriptor to be woken by");
    return TG_OK;
}

void wakeup_close(int wakeup)
{
    if (wakeup >= 0)
        close(wakeup);
}

void wakeup_set(int wakeup)
{
    const uint64_t one = 1;
    int saved = errno;
    if (wakeup >= 0)
        (void)!write(wakeup, &one, sizeof(one)); /* full means that it is set */
    errno = saved;
}

void wakeup_clear(int wakeup)
{
    uint64_t count;
    if (wakeup >= 0)
        (void)!read(wakeup, &count, sizeof(count)); /* empty means that it is clear */
}

void wakeup_wait(int wakeup, int ms)
{
    struct pollfd wait = {.fd = wakeup, .events = POLLIN}; /* poll passes over a negative one */
    (void)poll(&wait, 1, ms);
}
