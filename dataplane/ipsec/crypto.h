/* SPDX-License-Identifier: BSD-3-Clause */
/* crypto.h - intel-ipsec-mb: one multi-buffer manager and one IV generator per worker, key
 * schedules per SA. */
#ifndef ESPGW_IPSEC_CRYPTO_H
#define ESPGW_IPSEC_CRYPTO_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/ipsec/sa.h"

/** One per worker. NULL when the library or the CPU cannot. */
struct crypto *crypto_create(int socket);
void crypto_free(struct crypto *c);

/** Known-answer test of every suite, once at start. 0, or -EIO with the suite's name in *failed. */
int crypto_selftest(const char **failed);

/** Does this build do the suite? Sets iv, block and ICV sizes of sa, and checks key lengths. */
bool crypto_suite(struct sa *sa, uint8_t encr, uint8_t integ, uint8_t encr_key_len,
		  uint8_t integ_key_len, uint8_t salt_len);
/** Expand keys into sa->keys. The caller wipes its copies. 0 or -errno. */
int crypto_set_keys(struct sa *sa, const uint8_t *encr_key, const uint8_t *integ_key,
		    const uint8_t *salt);
void crypto_wipe_keys(struct sa *sa);

#endif
