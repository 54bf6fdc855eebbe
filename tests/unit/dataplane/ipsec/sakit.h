/* SPDX-License-Identifier: BSD-3-Clause */
/* sakit.h - an SA as the crypto alone wants it; includes cmocka.h's assertions. */
#ifndef ESPGW_TEST_SAKIT_H
#define ESPGW_TEST_SAKIT_H

#include <stdlib.h>
#include <string.h>

#include "dataplane/ipsec/crypto.h"
#include "tests/unit/dataplane/ipsec/reference.h"

/** ek: the key, and the salt behind it; NULL where the suite has none, as ik. To be free()d. */
static inline struct sa *sakit_make(const struct reference_suite *s, uint8_t direction,
				    const uint8_t *ek, const uint8_t *ik)
{
	struct sa suite = {.direction = direction}, *sa;
	size_t size;

	assert_int_equal(crypto_suite(&suite, s->encr, s->integ, s->encr_key_len, s->integ_key_len,
				      s->salt_len),
			 0);
	size = (crypto_sa_bytes(&suite) + 63) / 64 * 64;
	sa = aligned_alloc(64, size);
	assert_non_null(sa);
	memset(sa, 0, size);
	*sa = suite;
	assert_int_equal(crypto_set_keys(sa, ek, ik, ek != NULL ? ek + s->encr_key_len : NULL), 0);
	assert_int_equal(sa->iv_len, s->iv_len);
	assert_int_equal(sa->icv_len, s->icv_len);
	return sa;
}

#endif
