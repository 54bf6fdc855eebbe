/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crypto_burst.c - the three passes over a burst of ESP packets.
 *
 * Both halves of a suite are done one after the other over the whole burst, with the library's
 * synchronous cipher and hash bursts: nothing is held back, and no packet waits for lanes to fill.
 * HMAC-MD5 has no synchronous form, so its half goes through the job queue, flushed at the end. The
 * lanes of a kernel all advance by the shortest job left in them, and at the end run on with those
 * that are empty. Jobs sorted by length finish together, and with the longest first the short ones
 * fill what those leave, which pays for the sorting as soon as lengths differ.
 */
#include <string.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/crypto_impl.h"

#define SORT_MIN  16u  /* fewer jobs than lanes: no order helps */
#define SORT_BINS 128u /* of 16 bytes; the longest share the last one */

/* Indices of ops, in the order of submission. */
struct group {
	uint16_t n;
	uint8_t index[CRYPTO_BURST];
};

/* ops whose bit is set in mask, in arrival order; true when their lengths differ by a block. */
static bool group_from_mask(struct group *g, const struct crypto_op *ops, uint64_t mask)
{
	uint16_t min = UINT16_MAX, max = 0;

	g->n = 0;
	for (; mask != 0; mask &= mask - 1) {
		uint8_t i = (uint8_t)__builtin_ctzll(mask);

		min = ops[i].len < min ? ops[i].len : min;
		max = ops[i].len > max ? ops[i].len : max;
		g->index[g->n++] = i;
	}
	return max >> 4 != min >> 4;
}

static unsigned int length_bin(const struct crypto_op *op)
{
	unsigned int bin = op->len >> 4;

	return bin < SORT_BINS ? bin : SORT_BINS - 1;
}

/* Counting sort, longest first. */
static void group_sort(struct group *g, const struct crypto_op *ops)
{
	uint8_t start[SORT_BINS] = {0}, sorted[CRYPTO_BURST], sum = 0;

	for (unsigned int i = 0; i < g->n; i++)
		start[length_bin(&ops[g->index[i]])]++;
	for (unsigned int b = SORT_BINS; b-- > 0;) {
		uint8_t count = start[b];

		start[b] = sum;
		sum = (uint8_t)(sum + count);
	}
	for (unsigned int i = 0; i < g->n; i++)
		sorted[start[length_bin(&ops[g->index[i]])]++] = g->index[i];
	memcpy(g->index, sorted, g->n);
}

static void group_make(struct group *g, const struct crypto_op *ops, uint64_t mask, bool sort)
{
	if (group_from_mask(g, ops, mask) && sort && g->n >= SORT_MIN)
		group_sort(g, ops);
}

static void group_fail(const struct group *g, struct crypto_op *ops)
{
	for (unsigned int i = 0; i < g->n; i++)
		ops[g->index[i]].ok = false;
}

/* Which ops use which cipher; an SA with an unknown one is not done. Ops of a kind come in runs. */
static void masks_by_cipher(uint64_t mask[CRYPTO_CIPHERS], struct crypto_op *ops, uint16_t n)
{
	unsigned int last = 0;
	uint64_t run = 0;

	memset(mask, 0, CRYPTO_CIPHERS * sizeof(mask[0]));
	for (unsigned int i = 0; i < n; i++) {
		unsigned int cipher = ops[i].sa->cipher;

		ops[i].ok = ops[i].ok && cipher < CRYPTO_CIPHERS;
		if (!ops[i].ok)
			continue;
		if (cipher != last) {
			mask[last] |= run;
			run = 0;
			last = cipher;
		}
		run |= 1ull << i;
	}
	mask[last] |= run;
}

static void masks_by_hash(uint64_t mask[CRYPTO_HASHES], struct crypto_op *ops, uint16_t n)
{
	unsigned int last = 0;
	uint64_t run = 0;

	memset(mask, 0, CRYPTO_HASHES * sizeof(mask[0]));
	for (unsigned int i = 0; i < n; i++) {
		unsigned int hash = ops[i].sa->hash;

		ops[i].ok = ops[i].ok && hash < CRYPTO_HASHES;
		if (!ops[i].ok)
			continue;
		if (hash != last) {
			mask[last] |= run;
			run = 0;
			last = hash;
		}
		run |= 1ull << i;
	}
	mask[last] |= run;
}

static void cipher_group(struct crypto *c, struct crypto_op *ops, const struct group *g,
			 IMB_CIPHER_DIRECTION dir, unsigned int cipher)
{
	IMB_KEY_SIZE_BYTES size = (IMB_KEY_SIZE_BYTES)crypto_ciphers[cipher].key_len;

	for (unsigned int i = 0; i < g->n; i++) {
		const struct crypto_op *op = &ops[g->index[i]];
		IMB_JOB *job = &c->job[i];

		job->enc_keys = op->sa->keys.cipher;
		job->dec_keys = op->sa->keys.cipher;
		job->key_len_in_bytes = size;
		job->iv = op->esp + SA_ESP_HEADER;
		job->iv_len_in_bytes = IV_LEN;
		job->src = op->esp + SA_ESP_HEADER + IV_LEN;
		job->dst = op->esp + SA_ESP_HEADER + IV_LEN;
		job->cipher_start_src_offset_in_bytes = 0;
		job->msg_len_to_cipher_in_bytes = op->len - SA_ESP_HEADER - IV_LEN;
	}
	if (IMB_SUBMIT_CIPHER_BURST_NOCHECK(c->mgr, c->job, g->n, IMB_CIPHER_CBC, dir, size) !=
	    g->n)
		group_fail(g, ops);
}

static void cipher_pass(struct crypto *c, struct crypto_op *ops, uint16_t n,
			IMB_CIPHER_DIRECTION dir)
{
	uint64_t mask[CRYPTO_CIPHERS];
	struct group g;

	masks_by_cipher(mask, ops, n);
	for (unsigned int cipher = CRYPTO_NULL + 1; cipher < CRYPTO_CIPHERS; cipher++) {
		if (mask[cipher] == 0)
			continue;
		/* CBC decryption is parallel within a packet: it uses no lanes. */
		group_make(&g, ops, mask[cipher], dir == IMB_DIR_ENCRYPT);
		cipher_group(c, ops, &g, dir, cipher);
	}
}

static void hash_fill(IMB_JOB *job, const struct crypto_op *op, uint8_t *tag)
{
	job->src = op->esp;
	job->hash_start_src_offset_in_bytes = 0;
	job->msg_len_to_hash_in_bytes = op->len;
	job->auth_tag_output = tag;
	job->u.HMAC._hashed_auth_key_xor_ipad = op->sa->keys.ipad;
	job->u.HMAC._hashed_auth_key_xor_opad = op->sa->keys.opad;
}

/* Where the ICV of op i goes: the packet when sealing, the scratch when verifying. */
static uint8_t *tag_place(struct crypto *c, const struct crypto_op *ops, unsigned int i, bool seal)
{
	return seal ? ops[i].esp + ops[i].len : c->tag[i];
}

static void hash_group(struct crypto *c, struct crypto_op *ops, const struct group *g, bool seal,
		       unsigned int hash)
{
	for (unsigned int i = 0; i < g->n; i++) {
		unsigned int at = g->index[i];

		hash_fill(&c->job[i], &ops[at], tag_place(c, ops, at, seal));
		c->job[i].auth_tag_output_len_in_bytes = crypto_hashes[hash].icv_len;
	}
	if (IMB_SUBMIT_HASH_BURST_NOCHECK(c->mgr, c->job, g->n, crypto_hashes[hash].alg) != g->n)
		group_fail(g, ops);
}

static void md5_group(struct crypto *c, struct crypto_op *ops, const struct group *g, bool seal)
{
	IMB_JOB *jobs[CRYPTO_BURST];
	uint32_t done, more = 0;

	/* The queue is empty between passes, so it always has room for one. */
	if (IMB_GET_NEXT_BURST(c->mgr, g->n, jobs) < g->n) {
		group_fail(g, ops);
		return;
	}
	for (unsigned int i = 0; i < g->n; i++) {
		unsigned int at = g->index[i];

		*jobs[i] = c->md5;
		hash_fill(jobs[i], &ops[at], tag_place(c, ops, at, seal));
	}
	done = IMB_SUBMIT_BURST_NOCHECK(c->mgr, g->n, jobs);
	do {
		done += more;
		more = done < g->n ? IMB_FLUSH_BURST(c->mgr, g->n - done, jobs) : 0;
	} while (more != 0);
	if (done != g->n)
		group_fail(g, ops);
}

static void hash_pass(struct crypto *c, struct crypto_op *ops, uint16_t n, bool seal)
{
	uint64_t mask[CRYPTO_HASHES];
	struct group g;

	masks_by_hash(mask, ops, n);
	for (unsigned int hash = 0; hash < CRYPTO_HASHES; hash++) {
		if (mask[hash] == 0)
			continue;
		group_make(&g, ops, mask[hash], true);
		if (hash == CRYPTO_MD5_96)
			md5_group(c, ops, &g, seal);
		else
			hash_group(c, ops, &g, seal, hash);
	}
}

/* Time does not depend on where the bytes differ. len is a multiple of four. */
static bool icv_equal(const uint8_t *a, const uint8_t *b, unsigned int len)
{
	uint32_t diff = 0, x, y;

	for (unsigned int i = 0; i < len; i += 4) {
		memcpy(&x, a + i, 4);
		memcpy(&y, b + i, 4);
		diff |= x ^ y;
		__asm__ volatile("" : "+r"(diff));
	}
	return diff == 0;
}

void crypto_seal(struct crypto *c, struct crypto_op *ops, uint16_t n)
{
	cipher_pass(c, ops, n, IMB_DIR_ENCRYPT);
	hash_pass(c, ops, n, true);
}

void crypto_verify(struct crypto *c, struct crypto_op *ops, uint16_t n)
{
	hash_pass(c, ops, n, false);
	for (unsigned int i = 0; i < n; i++)
		if (ops[i].ok)
			ops[i].ok =
				icv_equal(c->tag[i], ops[i].esp + ops[i].len, ops[i].sa->icv_len);
}

void crypto_open(struct crypto *c, struct crypto_op *ops, uint16_t n)
{
	cipher_pass(c, ops, n, IMB_DIR_DECRYPT);
}
