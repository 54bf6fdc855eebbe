/* SPDX-License-Identifier: BSD-3-Clause */
/* peer.c - see peer.h. Hashes by OpenSSL's old functions, whose state is a plain struct. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "tests/fuzz/peer.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

#define BLOCK_MAX 128u

struct hash {
	union {
		MD5_CTX md5;
		SHA_CTX sha1;
		SHA256_CTX sha256;
		SHA512_CTX sha512; /* and 384 */
	};
};

struct peer {
	const struct reference_suite *suite;
	EVP_CIPHER_CTX *cipher;	  /* keyed; NULL: none */
	uint8_t encr_key[32 + 4]; /* with the salt */
	struct hash inner, outer; /* of HMAC, behind the key */
};

static void need(bool ok)
{
	if (!ok)
		abort();
}

static void hash_start(struct hash *h, uint8_t integ)
{
	switch (integ) {
	case ABI_INTEG_HMAC_MD5_96:
		need(MD5_Init(&h->md5) == 1);
		break;
	case ABI_INTEG_HMAC_SHA1_96:
		need(SHA1_Init(&h->sha1) == 1);
		break;
	case ABI_INTEG_HMAC_SHA2_384_192:
		need(SHA384_Init(&h->sha512) == 1);
		break;
	case ABI_INTEG_HMAC_SHA2_512_256:
		need(SHA512_Init(&h->sha512) == 1);
		break;
	default:
		need(SHA256_Init(&h->sha256) == 1);
		break;
	}
}

static void hash_more(struct hash *h, uint8_t integ, const void *data, size_t len)
{
	switch (integ) {
	case ABI_INTEG_HMAC_MD5_96:
		need(MD5_Update(&h->md5, data, len) == 1);
		break;
	case ABI_INTEG_HMAC_SHA1_96:
		need(SHA1_Update(&h->sha1, data, len) == 1);
		break;
	case ABI_INTEG_HMAC_SHA2_384_192:
	case ABI_INTEG_HMAC_SHA2_512_256:
		need(SHA512_Update(&h->sha512, data, len) == 1);
		break;
	default:
		need(SHA256_Update(&h->sha256, data, len) == 1);
		break;
	}
}

/* Returns how many bytes. */
static size_t hash_end(struct hash *h, uint8_t integ, uint8_t *out)
{
	switch (integ) {
	case ABI_INTEG_HMAC_MD5_96:
		need(MD5_Final(out, &h->md5) == 1);
		return MD5_DIGEST_LENGTH;
	case ABI_INTEG_HMAC_SHA1_96:
		need(SHA1_Final(out, &h->sha1) == 1);
		return SHA_DIGEST_LENGTH;
	case ABI_INTEG_HMAC_SHA2_384_192:
	case ABI_INTEG_HMAC_SHA2_512_256:
		need(SHA512_Final(out, &h->sha512) == 1);
		return integ == ABI_INTEG_HMAC_SHA2_384_192 ? SHA384_DIGEST_LENGTH
							    : SHA512_DIGEST_LENGTH;
	default:
		need(SHA256_Final(out, &h->sha256) == 1);
		return SHA256_DIGEST_LENGTH;
	}
}

/* RFC 2104 section 2: the block (key xor byte). No key is longer than a block. */
static void key_block(struct hash *h, const struct reference_suite *s, const uint8_t *key,
		      uint8_t byte)
{
	size_t n =
		s->integ == ABI_INTEG_HMAC_SHA2_384_192 || s->integ == ABI_INTEG_HMAC_SHA2_512_256
			? BLOCK_MAX
			: BLOCK_MAX / 2;
	uint8_t block[BLOCK_MAX];

	memset(block, byte, n);
	for (unsigned int i = 0; i < s->integ_key_len; i++)
		block[i] ^= key[i];
	hash_start(h, s->integ);
	hash_more(h, s->integ, block, n);
}

static void append_icv(const struct peer *p, const uint32_t *seq_hi, uint8_t *esp, size_t len)
{
	const struct reference_suite *s = p->suite;
	uint8_t sum[EVP_MAX_MD_SIZE];
	struct hash h = p->inner;
	size_t n;

	hash_more(&h, s->integ, esp, len);
	if (seq_hi != NULL) /* RFC 4303 section 2.2.1 */
		hash_more(&h, s->integ,
			  (const uint8_t[4]){(uint8_t)(*seq_hi >> 24), (uint8_t)(*seq_hi >> 16),
					     (uint8_t)(*seq_hi >> 8), (uint8_t)*seq_hi},
			  4);
	n = hash_end(&h, s->integ, sum);
	h = p->outer;
	hash_more(&h, s->integ, sum, n);
	hash_end(&h, s->integ, sum);
	memcpy(esp + len, sum, s->icv_len);
}

/* What an AEAD covers beside the text (RFC 4106 section 5). */
static void cover(const struct peer *p, const uint32_t *seq_hi, const uint8_t *esp)
{
	uint8_t aad[12];
	int n;

	memcpy(aad, esp, 8);
	if (seq_hi != NULL) {
		memcpy(aad + 8, esp + 4, 4);
		for (unsigned int i = 0; i < 4; i++)
			aad[4 + i] = (uint8_t)(*seq_hi >> (24 - 8 * i));
	}
	need(EVP_EncryptUpdate(p->cipher, NULL, &n, aad, seq_hi != NULL ? 12 : 8) == 1);
}

static void protect(const struct peer *p, const uint32_t *seq_hi, uint8_t *esp, size_t len)
{
	const struct reference_suite *s = p->suite;
	uint8_t iv[16], *text = esp + 8 + s->iv_len;
	bool aead = s->integ == ABI_INTEG_NONE;
	int n, size = (int)(len - 8 - s->iv_len);

	if (p->cipher != NULL) {
		reference_iv(s, p->encr_key, esp + 8, iv);
		need(EVP_EncryptInit_ex(p->cipher, NULL, NULL, NULL, iv) == 1);
		if (aead)
			cover(p, seq_hi, esp);
		need(EVP_EncryptUpdate(p->cipher, text, &n, text, size) == 1 && n == size);
	}
	if (aead)
		need(EVP_EncryptFinal_ex(p->cipher, esp + len, &n) == 1 &&
		     EVP_CIPHER_CTX_ctrl(p->cipher, EVP_CTRL_AEAD_GET_TAG, s->icv_len, esp + len) ==
			     1);
	else
		append_icv(p, seq_hi, esp, len);
}

size_t peer_seal(struct peer *p, const struct reference_esp *e, const uint8_t *payload, size_t len,
		 uint8_t *out)
{
	len = reference_build(p->suite, e, payload, len, out);
	protect(p, e->esn ? &e->seq_hi : NULL, out, len);
	return len + p->suite->icv_len;
}

/* Some lengths, and none that depends on the packet before. */
static bool seals_right(struct peer *p, const uint8_t *integ_key)
{
	static uint8_t payload[300], ours[700], theirs[700];
	bool same = true;

	for (size_t len = 0; len < sizeof(payload) && same; len += 37) {
		const struct reference_esp e = {.spi = 0x12345678,
						.seq = (uint32_t)len + 1,
						.seq_hi = (uint32_t)len + 2,
						.esn = len % 2 != 0,
						.next_header = 4,
						.pad = -1,
						.pad_length = -1,
						.iv = {1, (uint8_t)len}};
		size_t n = peer_seal(p, &e, payload, len, ours);

		same = n == reference_seal(p->suite, p->encr_key, integ_key, &e, payload, len,
					   theirs) &&
		       memcmp(ours, theirs, n) == 0;
	}
	return same;
}

struct peer *peer_create(const struct reference_suite *s, const uint8_t *encr_key,
			 const uint8_t *integ_key)
{
	struct peer *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->suite = s;
	memcpy(p->encr_key, encr_key, (size_t)s->encr_key_len + s->salt_len);
	if (s->encr != ABI_ENCR_NULL) {
		p->cipher = EVP_CIPHER_CTX_new();
		need(p->cipher != NULL &&
		     EVP_EncryptInit_ex(p->cipher, reference_cipher(s), NULL, encr_key, NULL) ==
			     1 &&
		     EVP_CIPHER_CTX_set_padding(p->cipher, 0) == 1);
	}
	if (s->integ != ABI_INTEG_NONE) {
		key_block(&p->inner, s, integ_key, 0x36);
		key_block(&p->outer, s, integ_key, 0x5c);
	}
	if (seals_right(p, integ_key))
		return p;
	peer_free(p);
	return NULL;
}

void peer_free(struct peer *p)
{
	if (p == NULL)
		return;
	EVP_CIPHER_CTX_free(p->cipher);
	free(p);
}
