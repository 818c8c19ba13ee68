/*
 * Integers of the wire: the most significant byte first.
 */
#ifndef TIDEGATE_POSTGRES_VALUES_WIRE_H
#define TIDEGATE_POSTGRES_VALUES_WIRE_H

#include <stdint.h>
#include <string.h>

static inline uint16_t wire_get16(const void *bytes)
{
    uint16_t value;
    memcpy(&value, bytes, sizeof(value));
    return __builtin_bswap16(value);
}
static inline uint32_t wire_get32(const void *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof(value));
    return __builtin_bswap32(value);
}
static inline uint64_t wire_get64(const void *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof(value));
    return __builtin_bswap64(value);
}
static inline void wire_put16(void *out, uint16_t value)
{
    value = __builtin_bswap16(value);
    memcpy(out, &value, sizeof(value));
}
static inline void wire_put32(void *out, uint32_t value)
{
    value = __builtin_bswap32(value);
    memcpy(out, &value, sizeof(value));
}
static inline void wire_put64(void *out, uint64_t value)
{
    value = __builtin_bswap64(value);
    memcpy(out, &value, sizeof(value));
}

#endif
