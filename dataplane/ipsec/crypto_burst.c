/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crypto_burst.c - the three passes over a burst of ESP packets.
 *
 * Both halves of a suite are done one after the other over the whole burst, with the library's
 * synchronous cipher and hash bursts: nothing is held back, and no packet waits for lanes to fill.
 * HMAC-MD5 has no synchronous form: it goes through a job queue, flushed at the end; AEADs have no
 * halves (crypto_aead.c). The lanes of a kernel all advance by
 * the shortest job left in them, and at the end run on with those that are empty. Jobs sorted by
 * length finish together, and with the longest first the short ones fill what those leave, which
 * pays for the sorting as soon as lengths differ.
 */
#include <string.h>

#include <rte_byteorder.h>
#include <rte_common.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/crypto_impl.h"

#define DECRYPT_JOBS 32u
#define SORT_MIN     16u  /* fewer jobs than lanes: no order helps */
#define SORT_BINS    128u /* of CRYPTO_BIN bytes; the longest share the last one */
#define SORT_PARTS   4u
#define EACH_BYTE    0x01010101u

_Static_assert(CRYPTO_BURST < IMB_MAX_JOBS, "a pass does not go round the queue");
_Static_assert(CRYPTO_BURST <= UINT8_MAX, "an index is a byte");
_Static_assert(CRYPTO_CIPHERS <= 16 && CRYPTO_HASHES <= 16, "bits of a word; both fit sa.kind");

/* What is to be done in a burst. */
struct burst {
	struct crypto_group halves; /* cipher and hash apart */
	uint32_t ciphers;	    /* of these: which there are, one bit each */
	uint32_t hashes;
	struct crypto_group aead; /* in arrival order */
	const struct sa *sa;	  /* all of one SA, in halves; or NULL */
	uint8_t esn;		  /* not 0: an ICV covers more than what is sent */
	uint8_t icv_len;	  /* of all of them, in halves; or 0 */
};

static unsigned int length_bin(uint16_t len)
{
	unsigned int bin = len / CRYPTO_BIN;

	return bin < SORT_BINS ? bin : SORT_BINS - 1;
}

/* From how many jobs of each bin and part to the place of the first of these in the order. */
static void places_of_counts(uint8_t (*place)[SORT_PARTS], unsigned int shortest,
			     unsigned int longest)
{
	uint32_t before = 0;

	for (unsigned int b = longest + 1; b-- > shortest;) {
		uint32_t parts, all;

		/* In byte k: all up to part k; no byte carries, for a burst has less than 256. */
		memcpy(&parts, place[b], sizeof(parts));
		parts = rte_cpu_to_le_32(parts) * EACH_BYTE;
		all = parts >> 24;
		parts = rte_cpu_to_le_32((parts << 8) + before * EACH_BYTE);
		memcpy(place[b], &parts, sizeof(parts));
		before += all;
	}
}

/*
 * Counting sort, longest first, of jobs in these bins. Each quarter of them is counted by itself:
 * of few lengths, as most bursts have, the same one comes soon again, and its count would have to
 * wait for the store of the one before.
 */
static void group_sort(struct crypto_group *g, const struct crypto_op *ops, unsigned int shortest,
		       unsigned int longest)
{
	uint8_t place[SORT_BINS][SORT_PARTS], sorted[CRYPTO_BURST], bin[CRYPTO_BURST];
	unsigned int quarter = g->n / SORT_PARTS;

	if (g->n < SORT_MIN)
		return;
	memset(place[shortest], 0, (longest - shortest + 1) * sizeof(place[0]));
	for (unsigned int i = 0; i < g->n; i++)
		bin[i] = (uint8_t)length_bin(ops[g->index[i]].len);
	for (unsigned int i = 0; i < quarter; i++)
		for (unsigned int k = 0; k < SORT_PARTS; k++)
			place[bin[k * quarter + i]][k]++;
	for (unsigned int i = SORT_PARTS * quarter; i < g->n; i++)
		place[bin[i]][SORT_PARTS - 1]++;
	places_of_counts(place, shortest, longest);
	for (unsigned int i = 0; i < quarter; i++)
		for (unsigned int k = 0; k < SORT_PARTS; k++)
			sorted[place[bin[k * quarter + i]][k]++] = g->index[k * quarter + i];
	for (unsigned int i = SORT_PARTS * quarter; i < g->n; i++)
		sorted[place[bin[i]][SORT_PARTS - 1]++] = g->index[i];
	memcpy(g->index, sorted, g->n);
}

/* Packets of several SAs, or not all of them to be done. */
static void burst_select(struct burst *b, struct crypto_op *ops, uint16_t n)
{
	for (unsigned int i = 0; i < n; i++) {
		const struct sa *sa = ops[i].sa;

		ops[i].ok = ops[i].ok && sa->cipher < CRYPTO_CIPHERS && sa->hash < CRYPTO_HASHES;
		if (!ops[i].ok)
			continue;
		if (sa->hash == CRYPTO_NO_HASH) {
			b->aead.index[b->aead.n++] = (uint8_t)i;
			continue;
		}
		b->esn |= sa->esn;
		b->ciphers |= 1u << sa->cipher;
		b->hashes |= 1u << sa->hash;
		b->halves.index[b->halves.n++] = (uint8_t)i;
	}
}

static void burst_says(struct burst *b, const struct sa *sa, uint16_t n)
{
	b->halves.n = n;
	b->esn = sa->esn;
	b->sa = sa;
	b->icv_len = sa->icv_len;
	b->ciphers = 1u << sa->cipher;
	b->hashes = 1u << sa->hash;
}

/* All n of one SA. */
static void burst_all(struct burst *b, const struct sa *sa, uint16_t n)
{
	for (unsigned int i = 0; i < n; i++)
		b->halves.index[i] = (uint8_t)i;
	burst_says(b, sa, n);
}

/* All n of one suite, which has halves, as that of first. False: not so, and nothing is said. */
static bool burst_suite(struct burst *b, const struct crypto_op *ops, const struct sa *first,
			uint16_t n)
{
	uint8_t esn = 0, other = 0;
	bool ok = true;

	for (unsigned int i = 0; i < n; i++) {
		const struct sa *sa = ops[i].sa;

		b->halves.index[i] = (uint8_t)i;
		ok &= ops[i].ok;
		esn |= sa->esn;
		other |= sa->kind ^ first->kind;
	}
	if (!ok || other != 0)
		return false;
	burst_says(b, first, n);
	b->esn = esn;
	b->sa = NULL;
	return true;
}

static bool has_halves(const struct sa *sa)
{
	return sa->cipher < CRYPTO_CIPHERS && sa->hash < CRYPTO_NO_HASH;
}

/* ops that are to be done, in arrival order or sorted; an SA with an unknown suite is not done. */
static __rte_always_inline void burst_make(struct burst *b, struct crypto_op *ops, uint16_t n,
					   bool sort)
{
	uint16_t min = UINT16_MAX, max = 0;
	const struct sa *sa = n != 0 ? ops[0].sa : NULL;
	bool alike = n != 0;

	b->halves.n = b->aead.n = 0;
	b->ciphers = b->hashes = 0;
	b->sa = NULL;
	b->esn = 0;
	b->icv_len = 0;
	for (unsigned int i = 0; i < n; i++) {
		alike &= (ops[i].sa == sa) & ops[i].ok;
		min = ops[i].len < min ? ops[i].len : min;
		max = ops[i].len > max ? ops[i].len : max;
	}
	if (alike && has_halves(sa))
		burst_all(b, sa, n);
	else if (n == 0 || !has_halves(sa) || !burst_suite(b, ops, sa, n))
		burst_select(b, ops, n);
	if (sort && max / CRYPTO_BIN > min / CRYPTO_BIN)
		group_sort(&b->halves, ops, length_bin(min), length_bin(max));
}

/* A burst is mostly of one kind. */
static bool one_kind(uint32_t kinds)
{
	return (kinds & (kinds - 1)) == 0;
}

static const struct crypto_group *of_cipher(const struct burst *b, const struct crypto_op *ops,
					    unsigned int cipher, struct crypto_group *room)
{
	if (one_kind(b->ciphers))
		return &b->halves;
	room->n = 0;
	for (unsigned int i = 0; i < b->halves.n; i++)
		if (ops[b->halves.index[i]].sa->cipher == cipher)
			room->index[room->n++] = b->halves.index[i];
	return room;
}

static const struct crypto_group *of_hash(const struct burst *b, const struct crypto_op *ops,
					  unsigned int hash, struct crypto_group *room)
{
	if (one_kind(b->hashes))
		return &b->halves;
	room->n = 0;
	for (unsigned int i = 0; i < b->halves.n; i++)
		if (ops[b->halves.index[i]].sa->hash == hash)
			room->index[room->n++] = b->halves.index[i];
	return room;
}

static void group_fail(const struct crypto_group *g, struct crypto_op *ops)
{
	for (unsigned int i = 0; i < g->n; i++)
		ops[g->index[i]].ok = false;
}

/* How many jobs say already what is to be said of keys (NULL: of several SAs). From now on n do, or
 * what did before. */
static unsigned int keep(struct crypto_kept *k, const uint8_t *keys, uint8_t kind, uint16_t n)
{
	unsigned int kept = 0;

	if (keys != NULL && keys == k->keys && kind == k->kind)
		kept = k->n;
	*k = (struct crypto_kept){.keys = keys, .kind = kind, .n = RTE_MAX(n, (uint16_t)kept)};
	return kept;
}

static void cipher_fill_keys(IMB_JOB *job, const struct sa *sa, unsigned int cipher)
{
	job->enc_keys = sa_cipher_keys(sa);
	job->dec_keys = sa_cipher_keys(sa);
	job->key_len_in_bytes = crypto_ciphers[cipher].key_len;
	job->iv_len_in_bytes = IV_LEN;
	job->cipher_start_src_offset_in_bytes = 0;
}

static inline void cipher_fill(IMB_JOB *job, const struct crypto_op *op)
{
	job->iv = op->esp + SA_ESP_HEADER;
	job->src = op->esp + SA_ESP_HEADER + IV_LEN;
	job->dst = op->esp + SA_ESP_HEADER + IV_LEN;
	job->msg_len_to_cipher_in_bytes = op->len - SA_ESP_HEADER - IV_LEN;
}

/* How many of g, which are its longest and come first, have that length or more. */
static unsigned int longer_than(const struct crypto_op *ops, const struct crypto_group *g,
				uint16_t len)
{
	unsigned int n = 0;

	if (len == 0)
		return g->n;
	while (n < g->n && ops[g->index[n]].len >= len)
		n++;
	return n;
}

static bool cipher_jobs(IMB_MGR *mgr, IMB_JOB *jobs, unsigned int n, IMB_CIPHER_DIRECTION dir,
			unsigned int cipher)
{
	return n == 0 || IMB_SUBMIT_CIPHER_BURST_NOCHECK(
				 mgr, jobs, n, IMB_CIPHER_CBC, dir,
				 (IMB_KEY_SIZE_BYTES)crypto_ciphers[cipher].key_len) == n;
}

/* sa: of all of them; or NULL. */
static void cipher_group(struct crypto *c, struct crypto_op *ops, const struct crypto_group *g,
			 IMB_CIPHER_DIRECTION dir, unsigned int cipher, const struct sa *sa)
{
	/* Decryption uses no lanes: a few jobs at a time, which stay in the cache. */
	unsigned int step = dir == IMB_DIR_DECRYPT ? DECRYPT_JOBS : CRYPTO_BURST;
	unsigned int kept = keep(&c->cipher, sa != NULL ? sa_cipher_keys(sa) : NULL,
				 (uint8_t)cipher, RTE_MIN(g->n, (uint16_t)step));
	unsigned int wide = g->n;

	if (dir == IMB_DIR_ENCRYPT)
		wide = longer_than(ops, g, c->narrow_cbc[cipher]);
	if (wide != 0 && g->n - wide < CRYPTO_PART_MIN)
		wide = g->n;
	for (unsigned int at = 0; at < g->n; at += step) {
		unsigned int n = RTE_MIN(g->n - at, step);

		for (unsigned int i = 0; i < n; i++) {
			const struct crypto_op *op = &ops[g->index[at + i]];

			if (i >= kept)
				cipher_fill_keys(&c->job[i], op->sa, cipher);
			cipher_fill(&c->job[i], op);
		}
		if (sa != NULL)
			kept = RTE_MAX(kept, n);
		if (!cipher_jobs(c->mgr, c->job, RTE_MIN(wide, n), dir, cipher) ||
		    (wide < n && !cipher_jobs(c->narrow, &c->job[wide], n - wide, dir, cipher)))
			group_fail(g, ops);
	}
}

static void other_cipher(struct crypto *c, struct crypto_op *ops, const struct crypto_group *g,
			 IMB_CIPHER_DIRECTION dir, unsigned int cipher)
{
	c->cipher.keys = NULL; /* the same jobs */
	if (cipher == CRYPTO_3DES_CBC)
		crypto_des_pass(c, ops, g, dir);
	else
		crypto_ctr_pass(c, ops, g, cipher);
}

static void cipher_pass(struct crypto *c, struct crypto_op *ops, const struct burst *b,
			IMB_CIPHER_DIRECTION dir)
{
	struct crypto_group room;

	for (unsigned int cipher = CRYPTO_NULL + 1; cipher < CRYPTO_AEAD_FIRST; cipher++) {
		if ((b->ciphers >> cipher & 1) == 0)
			continue;
		if (cipher <= CRYPTO_AES256_CBC)
			cipher_group(c, ops, of_cipher(b, ops, cipher, &room), dir, cipher, b->sa);
		else
			other_cipher(c, ops, of_cipher(b, ops, cipher, &room), dir, cipher);
	}
}

static void hash_fill_keys(IMB_JOB *job, const struct sa *sa, unsigned int icv_len)
{
	job->hash_start_src_offset_in_bytes = 0;
	job->auth_tag_output_len_in_bytes = icv_len;
	job->u.HMAC._hashed_auth_key_xor_ipad = sa_ipad(sa);
	job->u.HMAC._hashed_auth_key_xor_opad = sa_opad(sa);
}

/* esn: any in the burst has extended numbers. */
static inline void hash_fill(IMB_JOB *job, const struct crypto_op *op, uint8_t *tag, bool esn)
{
	job->src = op->esp;
	job->msg_len_to_hash_in_bytes = op->len + (esn ? op->sa->esn : 0u);
	job->auth_tag_output = tag;
}

/* Where the ICV of op i goes: the packet when sealing, the scratch when verifying. */
static inline uint8_t *tag_place(struct crypto *c, const struct crypto_op *ops, unsigned int i,
				 bool seal)
{
	return seal ? ops[i].esp + ops[i].len : c->tag[i];
}

static const uint8_t *hash_keys(const struct sa *sa)
{
	return sa != NULL ? sa_ipad(sa) : NULL;
}

static bool hash_jobs(IMB_MGR *mgr, IMB_JOB *jobs, unsigned int n, unsigned int hash)
{
	return n == 0 || IMB_SUBMIT_HASH_BURST_NOCHECK(mgr, jobs, n, crypto_hashes[hash].alg) == n;
}

/* g: those of b with that hash. */
static void hash_group(struct crypto *c, struct crypto_op *ops, const struct burst *b,
		       const struct crypto_group *g, bool seal, unsigned int hash)
{
	unsigned int kept = keep(&c->hash, hash_keys(b->sa), (uint8_t)hash, g->n);
	bool esn = b->esn != 0;
	unsigned int wide;

	for (unsigned int i = 0; i < g->n; i++) {
		unsigned int at = g->index[i];

		if (i >= kept)
			hash_fill_keys(&c->job[i], ops[at].sa, crypto_hashes[hash].icv_len);
		hash_fill(&c->job[i], &ops[at], tag_place(c, ops, at, seal), esn);
	}
	wide = longer_than(ops, g, c->narrow_hash[hash]);
	if (wide < CRYPTO_PART_MIN && wide < g->n)
		wide = 0;
	if (!hash_jobs(c->mgr, c->job, wide, hash) ||
	    !hash_jobs(c->narrow, &c->job[wide], g->n - wide, hash))
		group_fail(g, ops);
}

static void queue_fill_keys(IMB_MGR *mgr, IMB_JOB *job, const struct sa *sa)
{
	job->cipher_mode = IMB_CIPHER_NULL;
	job->cipher_direction = IMB_DIR_ENCRYPT;
	job->chain_order = IMB_ORDER_HASH_CIPHER;
	job->hash_alg = crypto_hashes[sa->hash].alg;
	hash_fill_keys(job, sa, crypto_hashes[sa->hash].icv_len);
#if CRYPTO_JOB_SESSIONS
	imb_set_session(mgr, job);
#else
	(void)mgr;
#endif
}

/* n jobs of HMAC-MD5, from g->index[at] on, into the queue. How many came out meanwhile. */
static uint32_t queue_put(struct crypto *c, const struct crypto_op *ops, const struct burst *b,
			  const struct crypto_group *g, unsigned int at, unsigned int n, bool seal)
{
	bool esn = b->esn != 0;
	IMB_JOB *jobs[IMB_MAX_BURST_SIZE];
	unsigned int slot, kept;

	if (IMB_GET_NEXT_BURST(c->queue, n, jobs) < n)
		return 0;
	slot = (unsigned int)(jobs[0] - c->queue->jobs);
	if (at == 0 && slot != 0)
		return 0;
	kept = keep(&c->hash, hash_keys(b->sa), CRYPTO_MD5_96, (uint16_t)(slot + n));
	for (unsigned int i = 0; i < n; i++) {
		unsigned int op = g->index[at + i];

		if (slot + i >= kept)
			queue_fill_keys(c->queue, jobs[i], ops[op].sa);
		hash_fill(jobs[i], &ops[op], tag_place(c, ops, op, seal), esn);
	}
	return IMB_SUBMIT_BURST_NOCHECK(c->queue, n, jobs);
}

/*
 * HMAC-MD5. The queue is nobody else's and empty between passes. It starts from its first slot
 * then, so that jobs can be kept like those of the other passes, and does not wrap, which neither
 * IMB_GET_NEXT_BURST nor IMB_FLUSH_BURST of 1.3 bears.
 */
static void queue_group(struct crypto *c, struct crypto_op *ops, const struct burst *b,
			const struct crypto_group *g, bool seal)
{
	IMB_JOB *jobs[CRYPTO_BURST];
	uint32_t done = 0;

	for (unsigned int at = 0; at < g->n; at += IMB_MAX_BURST_SIZE)
		done += queue_put(c, ops, b, g, at,
				  RTE_MIN(g->n - at, (unsigned int)IMB_MAX_BURST_SIZE), seal);
	if (done < g->n)
		done += IMB_FLUSH_BURST(c->queue, g->n, jobs);
	if (done != g->n) {
		group_fail(g, ops);
		crypto_queue_reset(c);
	}
}

static void hash_pass(struct crypto *c, struct crypto_op *ops, const struct burst *b, bool seal)
{
	struct crypto_group room;

	if (b->hashes >> CRYPTO_MD5_96 & 1)
		queue_group(c, ops, b, of_hash(b, ops, CRYPTO_MD5_96, &room), seal);
	for (unsigned int hash = CRYPTO_MD5_96 + 1; hash < CRYPTO_NO_HASH; hash++)
		if (b->hashes >> hash & 1)
			hash_group(c, ops, b, of_hash(b, ops, hash, &room), seal, hash);
}

/* Time does not depend on where the bytes differ. len is a multiple of four. */
static inline bool icv_equal(const uint8_t *a, const uint8_t *b, unsigned int len)
{
	uint64_t diff = 0, x, y;
	uint32_t u, v;

	for (; len >= 8; len -= 8, a += 8, b += 8) {
		memcpy(&x, a, 8);
		memcpy(&y, b, 8);
		diff |= x ^ y;
		__asm__ volatile("" : "+r"(diff));
	}
	if (len != 0) {
		memcpy(&u, a, 4);
		memcpy(&v, b, 4);
		diff |= u ^ v;
		__asm__ volatile("" : "+r"(diff));
	}
	return diff == 0;
}

static inline __attribute__((always_inline)) void
compare_len(const struct crypto *c, struct crypto_op *ops, uint16_t n, unsigned int len)
{
	for (unsigned int i = 0; i < n; i++)
		ops[i].ok &= icv_equal(c->tag[i], ops[i].esp + ops[i].len, len);
}

/* len: of all of them; or 0. */
static void compare(const struct crypto *c, struct crypto_op *ops, uint16_t n, unsigned int len)
{
	if (len == 12)
		compare_len(c, ops, n, 12);
	else if (len == 16)
		compare_len(c, ops, n, 16);
	else
		for (unsigned int i = 0; i < n; i++)
			if (ops[i].ok && ops[i].sa->hash != CRYPTO_NO_HASH)
				ops[i].ok = icv_equal(c->tag[i], ops[i].esp + ops[i].len,
						      ops[i].sa->icv_len);
}

/* Those among packets of other suites, one by one. */
static void aead_pass(struct crypto *c, struct crypto_op *ops, const struct crypto_group *g,
		      bool seal)
{
	for (unsigned int i = 0; i < g->n; i++)
		crypto_aead_run(c, &ops[g->index[i]], 1, seal);
}

static void seal_rest(struct crypto *c, struct crypto_op *ops, uint16_t n)
{
	struct burst b;

	burst_make(&b, ops, n, true);
	aead_pass(c, ops, &b.aead, true);
	if (b.esn != 0)
		crypto_esn_append(ops, n);
	cipher_pass(c, ops, &b, IMB_DIR_ENCRYPT);
	hash_pass(c, ops, &b, true);
}

static void verify_rest(struct crypto *c, struct crypto_op *ops, uint16_t n)
{
	struct burst b;

	burst_make(&b, ops, n, true);
	aead_pass(c, ops, &b.aead, false);
	if (b.esn != 0)
		crypto_esn_cover(c, ops, n);
	hash_pass(c, ops, &b, false);
	if (b.esn != 0)
		crypto_esn_uncover(c, ops, n);
	compare(c, ops, n, b.icv_len);
}

/* A burst of one AEAD, which is the usual one of those, needs no sorting out. */

void crypto_seal(struct crypto *c, struct crypto_op *ops, uint16_t n)
{
	unsigned int done = crypto_aead_run(c, ops, n, true);

	if (done < n)
		seal_rest(c, ops + done, (uint16_t)(n - done));
}

void crypto_verify(struct crypto *c, struct crypto_op *ops, uint16_t n)
{
	unsigned int done = crypto_aead_run(c, ops, n, false);

	if (done < n)
		verify_rest(c, ops + done, (uint16_t)(n - done));
}

void crypto_open(struct crypto *c, struct crypto_op *ops, uint16_t n)
{
	struct burst b;

	while (n > 0 && ops->sa->hash == CRYPTO_NO_HASH) {
		ops++;
		n--;
	}
	if (n == 0)
		return;
	/* CBC decryption is parallel within a packet: it uses no lanes. */
	burst_make(&b, ops, n, false);
	cipher_pass(c, ops, &b, IMB_DIR_DECRYPT);
}
