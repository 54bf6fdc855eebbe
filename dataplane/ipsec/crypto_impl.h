/* SPDX-License-Identifier: BSD-3-Clause */
/* crypto_impl.h - what the files of the crypto engine share; nobody else includes it. */
#ifndef ESPGW_IPSEC_CRYPTO_IMPL_H
#define ESPGW_IPSEC_CRYPTO_IMPL_H

/* The library's old short names (CBC, MD5, ENCRYPT...) are not wanted. */
#define NO_COMPAT_IMB_API_053
#include <string.h>

#include <intel-ipsec-mb.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/iv.h"

/* Jobs of the burst interface carry a session since 1.4. */
#define CRYPTO_JOB_SESSIONS (IMB_VERSION_NUM >= IMB_VERSION(1, 4, 0))

/* What jobs of a worker say since an earlier pass: the first n what is alike for all of a kind, the
 * first n_keys of those where the keys are, too. That is all the same while keys of one kind lie in
 * one place. The place counts, not the SA, which may be gone and another one, with its keys
 * elsewhere in it, be where it was. n 0: nothing is known. */
struct crypto_kept {
	const uint8_t *keys; /* NULL: of several SAs */
	uint16_t n;
	uint16_t n_keys;
	uint8_t kind; /* cipher or hash */
};

/* Jobs for each of a pass's parts in turn. */
struct crypto_set {
	IMB_JOB *job;
	struct crypto_kept cipher;
	struct crypto_kept hash;
};

#define CRYPTO_QUEUED	 224u /* jobs of a part that goes through the queue */
#define CRYPTO_DECRYPTED 32u  /* of one that is decrypted */

struct crypto {
	IMB_MGR *mgr;
	IMB_MGR *narrow;       /* one with narrower vectors, for short packets; NULL: none */
	IMB_MGR *queue;	       /* jobs of HMAC-MD5 alone */
	struct crypto_set own; /* CRYPTO_BURST */
	/* CRYPTO_QUEUED, those of queue, which is empty between passes: with own ones HMAC-MD5
	 * would go through twice the memory. */
	struct crypto_set queued;
	struct iv_gen iv;
	uint16_t narrow_hash[CRYPTO_HASHES];	    /* crypto_op.len: shorter ones go to narrow */
	uint16_t narrow_cbc[CRYPTO_AES256_CBC + 1]; /* the same for encryption */
	struct gcm_context_data gcm;
	_Alignas(64) uint8_t tag[CRYPTO_BURST][SA_MAX_ICV];
	struct {
		uint8_t icv[SA_ESN_BYTES]; /* what crypto_esn_cover() has put aside */
		bool covered;
	} aside[CRYPTO_BURST];
	_Alignas(64) uint8_t counter[CRYPTO_BURST][16]; /* first counter blocks of CTR */
	_Alignas(64) IMB_JOB job[CRYPTO_BURST];		/* of own */
};

struct crypto_cipher_info {
	const char *name;
	uint8_t encr;	 /* IANA number */
	uint8_t key_len; /* bytes */
	uint8_t iv_len;
	uint8_t block;
	uint8_t salt_len;
	uint16_t schedule; /* bytes of its part of sa.keys */
};

struct crypto_hash_info {
	const char *name;
	uint8_t integ; /* enum abi_integ */
	uint8_t key_len;
	uint8_t icv_len;
	uint8_t block;
	uint8_t state; /* bytes kept of its state */
	IMB_HASH_ALG alg;
};

#define CRYPTO_AEAD_ICV 16u

/* The first counter block of CTR (RFC 3686 section 4): salt, IV, 1; its first 12 bytes are the
 * nonce of the AEADs (RFC 4106 section 4, RFC 7634 section 2). Stored as one piece, because the
 * library loads it as one. */
static inline void crypto_nonce(uint8_t out[16], const struct sa *sa, const uint8_t *iv)
{
	typedef uint64_t pair __attribute__((vector_size(16)));
	uint64_t number;
	uint32_t salt;

	memcpy(&salt, sa->salt, sizeof(salt));
	memcpy(&number, iv, sizeof(number));
	*(pair *)(void *)out =
		(pair){(uint64_t)salt | number << 32, number >> 32 | (uint64_t)1 << 56};
}

/** A multi-buffer manager for this CPU, or NULL. */
IMB_MGR *crypto_manager(void);

/** Start the queue of HMAC-MD5 anew after it has not done what it was given: jobs that stayed in
 * its lanes would be filled again for other packets, and write where those lay. */
void crypto_queue_reset(struct crypto *c);

/* Lengths are told apart in steps of so many bytes: the order of a burst knows no finer ones. */
#define CRYPTO_BIN 16u
/* So many packets make a part of a burst worth its own submission. */
#define CRYPTO_PART_MIN 64u

/** Find out what narrow is quicker for. Before the first packet. */
void crypto_tune(struct crypto *c);

/* Indices of ops, in the order of submission. */
struct crypto_group {
	uint16_t n;
	uint16_t index[CRYPTO_BURST];
};

/* Some of a group, one behind the other. */
struct crypto_part {
	const uint16_t *index;
	uint16_t n;
};

/* Longest first. All have lengths of min to max. */
void crypto_sort(struct crypto_group *g, const struct crypto_op *ops, uint16_t min, uint16_t max);

/* The ops of g, all of that cipher. What fails is no longer ok. */
void crypto_ctr_pass(struct crypto *c, struct crypto_op *ops, const struct crypto_part *g,
		     unsigned int cipher);
void crypto_des_pass(struct crypto *c, struct crypto_op *ops, const struct crypto_part *g,
		     IMB_CIPHER_DIRECTION dir);
/* The first ops as far as they are of one AEAD: encrypt and write the ICV; or compare it and
 * decrypt. How many that were. */
unsigned int crypto_aead_run(struct crypto *c, struct crypto_op *ops, unsigned int n, bool seal);

/*
 * The upper half of an extended number is hashed where the ICV is (RFC 4303 section 2.2.1): append
 * it before sealing; before verifying put the ICV aside for it, and back afterwards.
 */
void crypto_esn_append(struct crypto_op *ops, uint16_t n);
void crypto_esn_cover(struct crypto *c, struct crypto_op *ops, uint16_t n);
void crypto_esn_uncover(const struct crypto *c, struct crypto_op *ops, uint16_t n);

extern const struct crypto_cipher_info crypto_ciphers[CRYPTO_CIPHERS];
extern const struct crypto_hash_info crypto_hashes[CRYPTO_HASHES];

#endif
