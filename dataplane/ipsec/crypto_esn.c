/* SPDX-License-Identifier: BSD-3-Clause */
/* crypto_esn.c - extended sequence numbers under an HMAC (RFC 4303 section 2.2.1). */
#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/crypto_impl.h"

static bool concerns(const struct crypto_op *op)
{
	return op->ok && op->sa->esn != 0 && op->sa->hash != CRYPTO_NO_HASH;
}

static void append(struct crypto_op *op)
{
	uint32_t high = __builtin_bswap32(op->seq_hi);

	memcpy(op->esp + op->len, &high, sizeof(high));
}

void crypto_esn_append(struct crypto_op *ops, uint16_t n)
{
	for (unsigned int i = 0; i < n; i++)
		if (concerns(&ops[i]))
			append(&ops[i]);
}

void crypto_esn_cover(struct crypto *c, struct crypto_op *ops, uint16_t n)
{
	for (unsigned int i = 0; i < n; i++) {
		c->aside[i].covered = concerns(&ops[i]);
		if (!c->aside[i].covered)
			continue;
		memcpy(c->aside[i].icv, ops[i].esp + ops[i].len, SA_ESN_BYTES);
		append(&ops[i]);
	}
}

void crypto_esn_uncover(const struct crypto *c, struct crypto_op *ops, uint16_t n)
{
	for (unsigned int i = 0; i < n; i++)
		if (c->aside[i].covered)
			memcpy(ops[i].esp + ops[i].len, c->aside[i].icv, SA_ESN_BYTES);
}
