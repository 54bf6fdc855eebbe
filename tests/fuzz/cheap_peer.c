/* SPDX-License-Identifier: BSD-3-Clause */
/* cheap_peer.c - peer.h for a site whose library is cheap_mb.h's. */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/cheap_mb.h"
#include "tests/fuzz/peer.h"

struct peer {
	const struct reference_suite *suite;
	uint8_t encr_key[32 + 4]; /* with the salt */
	uint64_t key;
	IMB_HASH_ALG alg;
	uint64_t inner, outer; /* of HMAC */
};

static IMB_HASH_ALG alg_of(uint8_t integ)
{
	switch (integ) {
	case ABI_INTEG_HMAC_MD5_96:
		return IMB_AUTH_MD5;
	case ABI_INTEG_HMAC_SHA1_96:
		return IMB_AUTH_HMAC_SHA_1;
	case ABI_INTEG_HMAC_SHA2_384_192:
		return IMB_AUTH_HMAC_SHA_384;
	case ABI_INTEG_HMAC_SHA2_512_256:
		return IMB_AUTH_HMAC_SHA_512;
	default:
		return IMB_AUTH_HMAC_SHA_256;
	}
}

static uint64_t key_block(const struct peer *p, const uint8_t *key, uint8_t byte)
{
	uint8_t block[128];

	memset(block, byte, sizeof(block));
	for (unsigned int i = 0; i < p->suite->integ_key_len; i++)
		block[i] ^= key[i];
	return cheap_first_block(p->alg, block);
}

static void store32(uint8_t *p, uint32_t v)
{
	for (unsigned int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* RFC 4303 section 2.2.1: the upper half is covered where the ICV goes. */
static void append_icv(const struct peer *p, const uint32_t *seq_hi, uint8_t *esp, size_t len)
{
	if (seq_hi != NULL)
		store32(esp + len, *seq_hi);
	cheap_hmac(p->alg, p->inner, p->outer, esp, len + (seq_hi != NULL ? 4 : 0), esp + len,
		   p->suite->icv_len);
}

static void append_tag(const struct peer *p, const uint32_t *seq_hi, const uint8_t iv[16],
		       uint8_t *esp, size_t len)
{
	size_t at = 8u + p->suite->iv_len;
	uint8_t aad[12];

	memcpy(aad, esp, 8);
	if (seq_hi != NULL) { /* RFC 4106 section 5 */
		store32(aad + 4, *seq_hi);
		memcpy(aad + 8, esp + 4, 4);
	}
	cheap_tag(p->key, iv, aad, seq_hi != NULL ? 12 : 8, esp + at, len - at, esp + len);
}

size_t peer_seal(struct peer *p, const struct reference_esp *e, const uint8_t *payload, size_t len,
		 uint8_t *out)
{
	const struct reference_suite *s = p->suite;
	const uint32_t *seq_hi = e->esn ? &e->seq_hi : NULL;
	size_t at = 8u + s->iv_len;
	bool aead = s->integ == ABI_INTEG_NONE;
	uint8_t iv[16];

	len = reference_build(s, e, payload, len, out);
	reference_iv(s, p->encr_key, out + 8, iv);
	if (s->encr != ABI_ENCR_NULL)
		cheap_stream(p->key, iv,
			     aead			? 12
			     : s->encr == ABI_ENCR_3DES ? 8
							: 16,
			     out + at, out + at, len - at);
	if (aead)
		append_tag(p, seq_hi, iv, out, len);
	else
		append_icv(p, seq_hi, out, len);
	return len + s->icv_len;
}

struct peer *peer_create(const struct reference_suite *s, const uint8_t *encr_key,
			 const uint8_t *integ_key)
{
	struct peer *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->suite = s;
	memcpy(p->encr_key, encr_key, (size_t)s->encr_key_len + s->salt_len);
	p->key = cheap_absorb(0, encr_key, s->encr_key_len);
	p->alg = alg_of(s->integ);
	p->inner = key_block(p, integ_key, 0x36);
	p->outer = key_block(p, integ_key, 0x5c);
	return p;
}

void peer_free(struct peer *p)
{
	free(p);
}
