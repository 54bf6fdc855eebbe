/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crypto_burst.c - the three passes over a burst of ESP packets.
 *
 * Both halves of a suite are done one after the other over the whole burst, with the library's
 * synchronous cipher and hash bursts: nothing is held back, and no packet waits for lanes to fill.
 * HMAC-MD5 has no synchronous form: it goes through a job queue, flushed at the end; AEADs have no
 * halves (crypto_aead.c). Both take their jobs from one array: to seal packets of one suite, as
 * most bursts are, it is filled once for both.
 */
#include <string.h>

#include <rte_common.h>
#include <rte_prefetch.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/crypto_impl.h"
#include "dataplane/ipsec/crypto_jobs.h"

#define CIPHER_LINES 3u /* of a schedule of AES-128 */

_Static_assert(CRYPTO_QUEUED < IMB_MAX_JOBS, "a part does not go round the queue");
_Static_assert(CRYPTO_CIPHERS < 16 && CRYPTO_HASHES <= SA_KIND_ESN, "they fit sa.kind");

/* What is to be done in a burst. */
struct burst {
	struct crypto_group halves; /* cipher and hash apart */
	uint32_t ciphers;	    /* of these: which there are, one bit each */
	uint32_t hashes;
	struct crypto_group aead; /* in arrival order */
	const struct sa *sa;	  /* all of one SA, in halves; or NULL */
	uint8_t esn;		  /* not 0: an ICV covers more than what is sent */
	uint8_t icv_len;	  /* of all of them, in halves; or 0 */
	struct crypto_places at;  /* those of all of them, in halves */
};

/* Packets of several SAs, or not all of them to be done. */
static void burst_select(struct burst *b, struct crypto_op *ops, uint16_t n)
{
	for (unsigned int i = 0; i < n; i++) {
		const struct sa *sa = ops[i].sa;

		ops[i].ok = ops[i].ok && sa->cipher < CRYPTO_CIPHERS && sa->hash < CRYPTO_HASHES;
		if (!ops[i].ok)
			continue;
		if (sa->hash == CRYPTO_NO_HASH) {
			b->aead.index[b->aead.n++] = (uint16_t)i;
			continue;
		}
		b->esn |= sa->esn;
		b->ciphers |= 1u << sa->cipher;
		b->hashes |= 1u << sa->hash;
		b->halves.index[b->halves.n++] = (uint16_t)i;
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
	b->at = crypto_places_of(sa);
}

/* All n of one SA. */
static void burst_all(struct burst *b, const struct sa *sa, uint16_t n)
{
	for (unsigned int i = 0; i < n; i++)
		b->halves.index[i] = (uint16_t)i;
	burst_says(b, sa, n);
}

/* All n of the suite of first, but not of one SA. */
static void burst_suite(struct burst *b, const struct sa *first, uint16_t n)
{
	burst_all(b, first, n);
	b->sa = NULL;
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
	bool done = n != 0 && has_halves(sa), alike = true;
	uint8_t other = 0;

	b->halves.n = b->aead.n = 0;
	b->ciphers = b->hashes = 0;
	b->sa = NULL;
	b->esn = 0;
	b->icv_len = 0;
	b->at = (struct crypto_places){0};
	for (unsigned int i = 0; i < n; i++) {
		done &= ops[i].ok;
		alike &= ops[i].sa == sa;
		other |= ops[i].kind ^ ops[0].kind;
		min = ops[i].len < min ? ops[i].len : min;
		max = ops[i].len > max ? ops[i].len : max;
	}
	if (done && alike)
		burst_all(b, sa, n);
	else if (done && other == 0 && ops[0].kind == sa->kind)
		burst_suite(b, sa, n);
	else
		burst_select(b, ops, n);
	if (sort && max / CRYPTO_BIN > min / CRYPTO_BIN)
		crypto_sort(&b->halves, ops, min, max);
}

/* A burst is mostly of one kind. */
static bool one_kind(uint32_t kinds)
{
	return (kinds & (kinds - 1)) == 0;
}

static bool is_one_cbc(const struct burst *b)
{
	const uint32_t cbc =
		1u << CRYPTO_AES128_CBC | 1u << CRYPTO_AES192_CBC | 1u << CRYPTO_AES256_CBC;

	return one_kind(b->ciphers) && one_kind(b->hashes) && (b->ciphers & cbc) != 0;
}

static struct crypto_part all_of(const struct crypto_group *g)
{
	return (struct crypto_part){.index = g->index, .n = g->n};
}

static struct crypto_part of_cipher(const struct burst *b, const struct crypto_op *ops,
				    unsigned int cipher, struct crypto_group *room)
{
	if (one_kind(b->ciphers))
		return all_of(&b->halves);
	room->n = 0;
	for (unsigned int i = 0; i < b->halves.n; i++)
		if (ops[b->halves.index[i]].sa->cipher == cipher)
			room->index[room->n++] = b->halves.index[i];
	return all_of(room);
}

static struct crypto_part of_hash(const struct burst *b, const struct crypto_op *ops,
				  unsigned int hash, struct crypto_group *room)
{
	if (one_kind(b->hashes))
		return all_of(&b->halves);
	room->n = 0;
	for (unsigned int i = 0; i < b->halves.n; i++)
		if (ops[b->halves.index[i]].sa->hash == hash)
			room->index[room->n++] = b->halves.index[i];
	return all_of(room);
}

/* The part of all behind that which is *part, of at most most; false: there is none. At first
 * *part is empty. */
static bool next_part(const struct crypto_part *all, uint16_t most, struct crypto_part *part)
{
	const uint16_t *end = all->index + all->n;

	part->index = part->index == NULL ? all->index : part->index + part->n;
	part->n = (uint16_t)RTE_MIN(end - part->index, (ptrdiff_t)most);
	return part->n != 0;
}

static void group_fail(const struct crypto_part *g, struct crypto_op *ops)
{
	for (unsigned int i = 0; i < g->n; i++)
		ops[g->index[i]].ok = false;
}

/* What jobs say already of kind and keys (NULL: of several SAs). From now on the first n do, or
 * what did before. */
static struct crypto_kept keep(struct crypto_kept *k, const uint8_t *keys, uint8_t kind, uint16_t n)
{
	struct crypto_kept was = *k;

	if (kind != was.kind)
		was.n = 0;
	if (was.n == 0 || keys == NULL || keys != was.keys)
		was.n_keys = 0;
	*k = (struct crypto_kept){.keys = keys,
				  .kind = kind,
				  .n = RTE_MAX(n, was.n),
				  .n_keys = RTE_MAX(n, was.n_keys)};
	return was;
}

/* How many of g, which are its longest and come first, have that length or more. */
static unsigned int longer_than(const struct crypto_op *ops, const struct crypto_part *g,
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

static const uint8_t *cipher_keys(const struct sa *sa)
{
	return sa != NULL ? sa_cipher_keys(sa) : NULL;
}

/* Keys of many SAs, which are going to be read soon and are in the second level mostly. */
static inline void cipher_near(const IMB_JOB *job)
{
	const uint8_t *keys = job->dec_keys;

	for (unsigned int i = 0; i < CIPHER_LINES; i++)
		rte_prefetch0(keys + (size_t)i * RTE_CACHE_LINE_SIZE);
}

/* The first jobs of s are filled with the ops of g, which is of b. near: these are few enough for
 * their keys to stay where they are brought. */
static __rte_always_inline void cipher_fill_jobs(struct crypto_set *s, const struct crypto_op *ops,
						 const struct burst *b, const struct crypto_part *g,
						 unsigned int cipher, bool near)
{
	struct crypto_kept kept = keep(&s->cipher, cipher_keys(b->sa), (uint8_t)cipher, g->n);
	unsigned int keyed = RTE_MIN(kept.n_keys, g->n);
	const struct crypto_places at = b->at; /* no job is in the way of a copy */
	IMB_JOB *job = s->job;

	for (unsigned int i = kept.n; i < g->n; i++)
		cipher_fill_kind(&job[i], cipher);
	for (unsigned int i = 0; i < keyed; i++)
		cipher_fill(&job[i], &ops[g->index[i]]);
	for (unsigned int i = keyed; i < g->n; i++) {
		const struct crypto_op *op = &ops[g->index[i]];

		cipher_fill_keys(&job[i], op->sa, &at);
		cipher_fill(&job[i], op);
		if (near)
			cipher_near(&job[i]);
	}
}

/* g, whose jobs are filled. */
static void encrypt_jobs(struct crypto *c, IMB_JOB *job, struct crypto_op *ops,
			 const struct crypto_part *g, unsigned int cipher)
{
	unsigned int wide = longer_than(ops, g, c->narrow_cbc[cipher]);

	if (wide != 0 && g->n - wide < CRYPTO_PART_MIN)
		wide = g->n;
	if (!cipher_jobs(c->mgr, job, wide, IMB_DIR_ENCRYPT, cipher) ||
	    !cipher_jobs(c->narrow, &job[wide], g->n - wide, IMB_DIR_ENCRYPT, cipher))
		group_fail(g, ops);
}

/* It uses no lanes: a few jobs at a time, which stay in the cache. */
static void decrypt_group(struct crypto *c, struct crypto_op *ops, const struct burst *b,
			  const struct crypto_part *g, unsigned int cipher)
{
	struct crypto_part few = {.n = 0};

	while (next_part(g, CRYPTO_DECRYPTED, &few)) {
		cipher_fill_jobs(&c->own, ops, b, &few, cipher, true);
		if (!cipher_jobs(c->mgr, c->own.job, few.n, IMB_DIR_DECRYPT, cipher))
			group_fail(&few, ops);
	}
}

static void cipher_group(struct crypto *c, struct crypto_op *ops, const struct burst *b,
			 const struct crypto_part *g, IMB_CIPHER_DIRECTION dir, unsigned int cipher)
{
	if (dir == IMB_DIR_DECRYPT) {
		decrypt_group(c, ops, b, g, cipher);
	} else {
		cipher_fill_jobs(&c->own, ops, b, g, cipher, false);
		encrypt_jobs(c, c->own.job, ops, g, cipher);
	}
}

static void other_cipher(struct crypto *c, struct crypto_op *ops, const struct crypto_part *g,
			 IMB_CIPHER_DIRECTION dir, unsigned int cipher)
{
	c->own.cipher.n = 0; /* the same jobs */
	if (cipher == CRYPTO_3DES_CBC)
		crypto_des_pass(c, ops, g, dir);
	else
		crypto_ctr_pass(c, ops, g, cipher);
}

static void cipher_pass(struct crypto *c, struct crypto_op *ops, const struct burst *b,
			IMB_CIPHER_DIRECTION dir)
{
	struct crypto_group room;
	struct crypto_part g;

	for (unsigned int cipher = CRYPTO_NULL + 1; cipher < CRYPTO_AEAD_FIRST; cipher++) {
		if ((b->ciphers >> cipher & 1) == 0)
			continue;
		g = of_cipher(b, ops, cipher, &room);
		if (cipher <= CRYPTO_AES256_CBC)
			cipher_group(c, ops, b, &g, dir, cipher);
		else
			other_cipher(c, ops, &g, dir, cipher);
	}
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

/* g: of those of b with that hash. */
static void hash_fill_jobs(struct crypto *c, struct crypto_set *s, const struct crypto_op *ops,
			   const struct burst *b, const struct crypto_part *g, bool seal,
			   unsigned int hash)
{
	struct crypto_kept kept = keep(&s->hash, hash_keys(b->sa), (uint8_t)hash, g->n);
	unsigned int keyed = RTE_MIN(kept.n_keys, g->n);
	const struct crypto_places at = b->at; /* no job is in the way of a copy */
	bool esn = b->esn != 0;
	IMB_JOB *job = s->job;

	for (unsigned int i = kept.n; i < g->n; i++)
		hash_fill_kind(c, &job[i], hash);
	for (unsigned int i = 0; i < keyed; i++)
		hash_fill(&job[i], &ops[g->index[i]], tag_place(c, ops, g->index[i], seal), esn);
	for (unsigned int i = keyed; i < g->n; i++) {
		const struct crypto_op *op = &ops[g->index[i]];

		hash_fill_keys(&job[i], op->sa, &at);
		hash_fill(&job[i], op, tag_place(c, ops, g->index[i], seal), esn);
	}
}

static bool hash_jobs(IMB_MGR *mgr, IMB_JOB *jobs, unsigned int n, unsigned int hash)
{
	return n == 0 || IMB_SUBMIT_HASH_BURST_NOCHECK(mgr, jobs, n, crypto_hashes[hash].alg) == n;
}

/* g, whose jobs are filled. */
static void hash_group(struct crypto *c, struct crypto_op *ops, const struct crypto_part *g,
		       unsigned int hash)
{
	unsigned int wide = longer_than(ops, g, c->narrow_hash[hash]);

	if (wide < CRYPTO_PART_MIN && wide < g->n)
		wide = 0;
	if (!hash_jobs(c->mgr, c->own.job, wide, hash) ||
	    !hash_jobs(c->narrow, &c->own.job[wide], g->n - wide, hash))
		group_fail(g, ops);
}

/*
 * HMAC-MD5. The queue is nobody else's and empty between passes. It starts from its first slot
 * then, so that its jobs are those of the other passes, and does not wrap, which neither
 * IMB_GET_NEXT_BURST nor IMB_FLUSH_BURST of 1.3 bears.
 */
static void queue_group(struct crypto *c, struct crypto_op *ops, const struct crypto_part *g)
{
	IMB_JOB *jobs[CRYPTO_QUEUED];
	uint32_t done = 0;

	for (unsigned int at = 0; at < g->n; at += IMB_MAX_BURST_SIZE) {
		unsigned int n = RTE_MIN(g->n - at, (unsigned int)IMB_MAX_BURST_SIZE);

		if (IMB_GET_NEXT_BURST(c->queue, n, jobs) < n || jobs[0] != &c->queued.job[at])
			break;
		done += IMB_SUBMIT_BURST_NOCHECK(c->queue, n, jobs);
	}
	if (done < g->n)
		done += IMB_FLUSH_BURST(c->queue, g->n, jobs);
	if (done != g->n) {
		group_fail(g, ops);
		crypto_queue_reset(c);
	}
}

/* Whose jobs that hash takes, and how many of them at most. */
static struct crypto_set *set_of(struct crypto *c, unsigned int hash, uint16_t *most)
{
	*most = hash == CRYPTO_MD5_96 ? CRYPTO_QUEUED : CRYPTO_BURST;
	return hash == CRYPTO_MD5_96 ? &c->queued : &c->own;
}

static void hash_jobs_of(struct crypto *c, struct crypto_op *ops, const struct crypto_part *g,
			 unsigned int hash)
{
	if (hash == CRYPTO_MD5_96)
		queue_group(c, ops, g);
	else
		hash_group(c, ops, g, hash);
}

static void hash_all(struct crypto *c, struct crypto_op *ops, const struct burst *b,
		     const struct crypto_part *all, bool seal, unsigned int hash)
{
	struct crypto_part g = {.n = 0};
	uint16_t most;
	struct crypto_set *s = set_of(c, hash, &most);

	while (next_part(all, most, &g)) {
		hash_fill_jobs(c, s, ops, b, &g, seal, hash);
		hash_jobs_of(c, ops, &g, hash);
	}
}

static void hash_pass(struct crypto *c, struct crypto_op *ops, const struct burst *b, bool seal)
{
	struct crypto_group room;
	struct crypto_part g;

	for (unsigned int hash = 0; hash < CRYPTO_NO_HASH; hash++) {
		if ((b->hashes >> hash & 1) == 0)
			continue;
		g = of_hash(b, ops, hash, &room);
		hash_all(c, ops, b, &g, seal, hash);
	}
}

/* Of one cipher and one hash. A job says both at once: what the one half does with it changes
 * nothing that the other one reads. */
static void seal_part(struct crypto *c, struct crypto_set *s, struct crypto_op *ops,
		      const struct burst *b, const struct crypto_part *g, unsigned int cipher,
		      unsigned int hash)
{
	struct crypto_kept of_cipher = keep(&s->cipher, cipher_keys(b->sa), (uint8_t)cipher, g->n);
	struct crypto_kept of_hash = keep(&s->hash, hash_keys(b->sa), (uint8_t)hash, g->n);
	unsigned int keyed = RTE_MIN(RTE_MIN(of_cipher.n_keys, of_hash.n_keys), g->n);
	bool esn = b->esn != 0;
	IMB_JOB *job = s->job;

	for (unsigned int i = RTE_MIN(of_cipher.n, of_hash.n); i < g->n; i++) {
		cipher_fill_kind(&job[i], cipher);
		hash_fill_kind(c, &job[i], hash);
	}
	for (unsigned int i = 0; i < keyed; i++)
		seal_fill(&job[i], &ops[g->index[i]], esn);
	for (unsigned int i = keyed; i < g->n; i++) {
		seal_fill(&job[i], &ops[g->index[i]], esn);
		cipher_fill_keys(&job[i], ops[g->index[i]].sa, &b->at);
		hash_fill_keys(&job[i], ops[g->index[i]].sa, &b->at);
	}
	encrypt_jobs(c, job, ops, g, cipher);
	hash_jobs_of(c, ops, g, hash);
}

static void seal_both(struct crypto *c, struct crypto_op *ops, const struct burst *b,
		      unsigned int cipher, unsigned int hash)
{
	const struct crypto_part all = all_of(&b->halves);
	struct crypto_part g = {.n = 0};
	uint16_t most;
	struct crypto_set *s = set_of(c, hash, &most);

	while (next_part(&all, most, &g))
		seal_part(c, s, ops, b, &g, cipher, hash);
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
	if (is_one_cbc(&b)) {
		seal_both(c, ops, &b, rte_bsf32(b.ciphers), rte_bsf32(b.hashes));
		return;
	}
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
