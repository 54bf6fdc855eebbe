/* SPDX-License-Identifier: BSD-3-Clause */
/* guard_cookie.c - stateless cookies of IKEv2; see guard.h. The key stays; the period that goes
 * into the MAC changes each minute. */
#include "control/ike/guard.h"

#include <string.h>

#include "control/crypto/prf.h"
#include "control/crypto/sk.h"

#define PERIOD_NS (GUARD_COOKIE_S * 1000000000ULL)

static int make(const struct guard *g, const struct abi_addr *src, uint64_t ispi,
		struct ike_view nonce, uint64_t period, uint8_t *cookie)
{
	uint8_t head[17];
	struct wire_writer w;
	const struct prf_piece in[] = {{head, sizeof(head)},
				       {src->bytes, src->family == 4 ? 4 : 16},
				       {nonce.data, nonce.len}};

	wire_writer_init(&w, head, sizeof(head));
	wire_put_u64(&w, period);
	wire_put_u64(&w, ispi);
	wire_put_u8(&w, src->family);
	cookie[0] = (uint8_t)period;
	return prf_hmac(SUITE_HASH_SHA256, g->secret, sizeof(g->secret), in, 3, cookie + 1);
}

int guard_cookie(const struct guard *g, const struct abi_addr *src, uint64_t ispi,
		 struct ike_view nonce, uint64_t now, uint8_t cookie[GUARD_COOKIE])
{
	return make(g, src, ispi, nonce, now / PERIOD_NS, cookie);
}

bool guard_cookie_ok(const struct guard *g, const struct abi_addr *src, uint64_t ispi,
		     struct ike_view nonce, struct ike_view cookie, uint64_t now)
{
	uint64_t period = now / PERIOD_NS;
	uint8_t want[GUARD_COOKIE];

	if (cookie.len != GUARD_COOKIE)
		return false;
	if (cookie.data[0] != (uint8_t)period) {
		if (cookie.data[0] != (uint8_t)(period - 1))
			return false;
		period--;
	}
	return make(g, src, ispi, nonce, period, want) == 0 &&
	       sk_equal(cookie.data, cookie.len, want, sizeof(want));
}
