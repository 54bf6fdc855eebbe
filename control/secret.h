/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * secret.h - memory for keys and passwords: locked, left out of core dumps, between guard pages,
 * wiped when given back. A struct secret has no formatter, so it cannot end up in a log by mistake.
 */
#ifndef ESPGW_CONTROL_SECRET_H
#define ESPGW_CONTROL_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct secret {
	size_t len;
	uint8_t data[];
};

/* What secret_setup() could not do; the process works without it, but the operator should know. */
#define SECRET_W_ARENA_NOT_LOCKED   (1u << 0) /* RLIMIT_MEMLOCK too small for the arena */
#define SECRET_W_PROCESS_NOT_LOCKED (1u << 1) /* mlockall() not possible: copies may be swapped */
#define SECRET_W_DUMPABLE	    (1u << 2)
#define SECRET_W_CORE_LIMIT	    (1u << 3)

/**
 * Once, before any secret is read: no core dumps, no ptrace by others of the same user, an arena of
 * arena_bytes (rounded up to a power of two), the whole process locked where the limits allow it.
 * Returns 0 or a mask of SECRET_W_*; -ENOMEM when there is no arena at all.
 */
int secret_setup(size_t arena_bytes);

/** Give the arena back; every secret must have been freed. */
void secret_teardown(void);

/** A locked copy of len bytes at data (NULL: zeros). NULL when the arena is full. */
struct secret *secret_new(const void *data, size_t len);

/** Wipe and free; NULL is allowed. */
void secret_free(struct secret *s);

/** Compare in constant time. */
bool secret_equal(const struct secret *s, const void *data, size_t len);

/** Locked memory without the length in front, for records that carry keys. NULL when full. */
void *secret_alloc(size_t len);

/** Wipe and free what secret_alloc() gave; NULL is allowed. */
void secret_release(void *p, size_t len);

/** Wipe any memory; never optimised away. */
void secret_wipe(void *p, size_t len);

#endif
