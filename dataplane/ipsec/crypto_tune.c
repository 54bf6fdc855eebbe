/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crypto_tune.c - which of the library's implementations a hash is given to.
 *
 * By itself the library takes the widest vectors there are: 16 packets at a time. Where the CPU has
 * instructions for a hash (SHA-NI), its implementation for those, of two packets at a time, has
 * less to do around each packet, and none of them waits for others of its length: for short packets
 * it is quicker, on some CPUs for all. No table of CPUs says which. Each engine finds out when it
 * is made, within a few milliseconds: bursts of some lengths through both in turn, the best time of
 * each counts.
 */
#include <string.h>

#include <rte_common.h>
#include <rte_cycles.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/crypto_impl.h"

#define JOBS	96u
#define TURNS	5u
#define LONGEST 1456u

/* Bytes covered; between two of them lies the border when the next one is quicker wide. */
static const uint16_t lengths[] = {112, 304, 608, LONGEST};

static void fill(struct crypto *c, unsigned int hash, uint16_t len)
{
	static const uint8_t text[LONGEST], state[64];

	for (unsigned int i = 0; i < JOBS; i++) {
		c->job[i].src = text;
		c->job[i].hash_start_src_offset_in_bytes = 0;
		c->job[i].msg_len_to_hash_in_bytes = len;
		c->job[i].auth_tag_output = c->tag[i];
		c->job[i].auth_tag_output_len_in_bytes = crypto_hashes[hash].icv_len;
		c->job[i].u.HMAC._hashed_auth_key_xor_ipad = state;
		c->job[i].u.HMAC._hashed_auth_key_xor_opad = state;
	}
}

/* Cycles of one burst; UINT64_MAX when it does not go through. */
static uint64_t run(struct crypto *c, IMB_MGR *mgr, unsigned int hash)
{
	uint64_t start = rte_rdtsc();

	if (IMB_SUBMIT_HASH_BURST_NOCHECK(mgr, c->job, JOBS, crypto_hashes[hash].alg) != JOBS)
		return UINT64_MAX;
	return rte_rdtsc() - start;
}

/* Here all are of one length. Medium ones come among others, and lanes wait then: of these the wide
 * one has to be clearly quicker. */
static bool wide_wins(struct crypto *c, unsigned int hash, uint16_t len)
{
	uint64_t wide = UINT64_MAX, narrow = UINT64_MAX, lead;

	fill(c, hash, len);
	for (unsigned int i = 0; i < TURNS; i++) {
		wide = RTE_MIN(wide, run(c, c->mgr, hash));
		narrow = RTE_MIN(narrow, run(c, c->narrow, hash));
	}
	lead = len < LONGEST ? wide / 32 : 0;
	return narrow == UINT64_MAX || (wide != UINT64_MAX && wide + lead < narrow);
}

void crypto_tune(struct crypto *c)
{
	memset(c->narrow_below, 0, sizeof(c->narrow_below));
	if (c->narrow == NULL)
		return;
	for (unsigned int hash = CRYPTO_MD5_96 + 1; hash < CRYPTO_NO_HASH; hash++) {
		unsigned int k = 0;

		while (k < RTE_DIM(lengths) && !wide_wins(c, hash, lengths[k]))
			k++;
		if (k == RTE_DIM(lengths))
			c->narrow_below[hash] = UINT16_MAX;
		else if (k != 0)
			c->narrow_below[hash] =
				RTE_ALIGN_CEIL((lengths[k - 1] + lengths[k]) / 2, CRYPTO_BIN);
	}
	memset(c->job, 0, sizeof(c->job));
}

void crypto_choose(struct crypto *c, uint16_t below)
{
	for (unsigned int hash = 0; hash < CRYPTO_HASHES; hash++)
		c->narrow_below[hash] = c->narrow != NULL ? below : 0;
}
