/* SPDX-License-Identifier: BSD-3-Clause */
/* secret.c - locked memory for secrets, on top of OpenSSL's secure heap. */
#include "control/secret.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <openssl/crypto.h>

#define MIN_BLOCK 64u

static size_t round_up_pow2(size_t n)
{
	size_t p = 64 * 1024;

	while (p < n && p < ((size_t)1 << 32))
		p <<= 1;
	return p;
}

/*
 * The whole process may only be locked when no limit stands in the way: with MCL_FUTURE every later
 * mapping would fail at the limit. MCL_ONFAULT, because the shared segment may be much larger than
 * what is ever read of it.
 */
static bool lock_process(void)
{
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
	struct rlimit now;

	if (getrlimit(RLIMIT_MEMLOCK, &now) != 0)
		return false;
	if (now.rlim_cur != RLIM_INFINITY && setrlimit(RLIMIT_MEMLOCK, &all) != 0)
		return false;
	return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
}

int secret_setup(size_t arena_bytes)
{
	const struct rlimit no_core = {0, 0};
	int missing = 0;

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		missing |= SECRET_W_DUMPABLE;
	if (setrlimit(RLIMIT_CORE, &no_core) != 0)
		missing |= SECRET_W_CORE_LIMIT;
	if (!lock_process())
		missing |= SECRET_W_PROCESS_NOT_LOCKED;
	if (CRYPTO_secure_malloc_initialized() == 1)
		return missing;
	switch (CRYPTO_secure_malloc_init(round_up_pow2(arena_bytes), MIN_BLOCK)) {
	case 1:
		return missing;
	case 2: /* there, but not locked or without guard pages */
		return missing | SECRET_W_ARENA_NOT_LOCKED;
	default:
		return -ENOMEM;
	}
}

void secret_teardown(void)
{
	CRYPTO_secure_malloc_done();
}

/* OPENSSL_secure_malloc() falls back to the ordinary heap when there is no arena; we do not. */
void *secret_alloc(size_t len)
{
	if (CRYPTO_secure_malloc_initialized() != 1)
		return NULL;
	return OPENSSL_secure_zalloc(len != 0 ? len : 1);
}

void secret_release(void *p, size_t len)
{
	if (p != NULL)
		OPENSSL_secure_clear_free(p, len);
}

struct secret *secret_new(const void *data, size_t len)
{
	struct secret *s;

	if (len > SIZE_MAX - sizeof(*s))
		return NULL;
	s = secret_alloc(sizeof(*s) + len);
	if (s == NULL)
		return NULL;
	s->len = len;
	if (data != NULL && len != 0)
		memcpy(s->data, data, len);
	return s;
}

void secret_free(struct secret *s)
{
	if (s != NULL)
		secret_release(s, sizeof(*s) + s->len);
}

bool secret_equal(const struct secret *s, const void *data, size_t len)
{
	return s->len == len && CRYPTO_memcmp(s->data, data, len) == 0;
}

void secret_wipe(void *p, size_t len)
{
	OPENSSL_cleanse(p, len);
}
