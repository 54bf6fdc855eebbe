/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crypto_selftest.c - known answers before any key is trusted to the engine: every cipher and hash,
 * alone and with all lanes full, because one packet and many take different code in the library;
 * in both implementations, where there are two.
 */
#include <errno.h>
#include <string.h>

#include <rte_common.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/crypto_impl.h"
#include "dataplane/ipsec/crypto_kat.h"

#define LANES	 CRYPTO_BURST
#define MESSAGE	 8u
#define MAX_TEXT 96u
#define ROOM	 (SA_ESP_HEADER + IV_LEN + MAX_TEXT + SA_MAX_ICV)

/* "Hi There" under a key of bytes 0x0b as long as the hash: RFC 2202 test case 1, RFC 4868
 * section 2.7.2 test cases AUTH256-1, AUTH384-1, AUTH512-1; first bytes. */
static const uint8_t message[MESSAGE] = {'H', 'i', ' ', 'T', 'h', 'e', 'r', 'e'};
static const uint8_t hmac[CRYPTO_HASHES][SA_MAX_ICV] = {
	[CRYPTO_MD5_96] = {0x92, 0x94, 0x72, 0x7a, 0x36, 0x38, 0xbb, 0x1c, 0x13, 0xf4, 0x8e, 0xf8},
	[CRYPTO_SHA1_96] = {0xb6, 0x17, 0x31, 0x86, 0x55, 0x05, 0x72, 0x64, 0xe2, 0x8b, 0xc0, 0xb6},
	[CRYPTO_SHA256_128] = {0x19, 0x8a, 0x60, 0x7e, 0xb4, 0x4b, 0xfb, 0xc6, 0x99, 0x03, 0xa0,
			       0xf1, 0xcf, 0x2b, 0xbd, 0xc5},
	[CRYPTO_SHA384_192] = {0xb6, 0xa8, 0xd5, 0x63, 0x6f, 0x5c, 0x6a, 0x72,
			       0x24, 0xf9, 0x97, 0x7d, 0xcf, 0x7e, 0xe6, 0xc7,
			       0xfb, 0x6d, 0x0c, 0x48, 0xcb, 0xde, 0xe9, 0x73},
	[CRYPTO_SHA512_256] = {0x63, 0x7e, 0xdc, 0x6e, 0x01, 0xdc, 0xe7, 0xe6, 0x74, 0x2a, 0x99,
			       0x45, 0x1a, 0xae, 0x82, 0xdf, 0x23, 0xda, 0x3e, 0x92, 0x43, 0x9e,
			       0x59, 0x0e, 0x43, 0xe7, 0x61, 0xb3, 0x3e, 0x91, 0x0f, 0xb8},
	[CRYPTO_SHA256_96] = {0x19, 0x8a, 0x60, 0x7e, 0xb4, 0x4b, 0xfb, 0xc6, 0x99, 0x03, 0xa0,
			      0xf1},
};

struct bench {
	_Alignas(64) uint8_t with_keys[sizeof(struct sa) + sizeof(struct gcm_key_data)];
	struct crypto_op op[LANES];
	uint8_t buf[LANES][ROOM];
};

static struct sa *sa_of(struct bench *b)
{
	return (struct sa *)(void *)b->with_keys;
}

static unsigned int digit(char c)
{
	return (unsigned int)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static unsigned int unhex(const char *hex, uint8_t *out)
{
	unsigned int n = 0;

	for (; hex[2 * n] != '\0'; n++)
		out[n] = (uint8_t)(digit(hex[2 * n]) << 4 | digit(hex[2 * n + 1]));
	return n;
}

static int make_sa(struct bench *b, enum crypto_cipher cipher, enum crypto_hash hash, uint8_t dir)
{
	uint8_t encr_key[32], integ_key[64], salt[4];

	memset(integ_key, 0x0b, sizeof(integ_key));
	memset(b->with_keys, 0, sizeof(b->with_keys));
	sa_of(b)->direction = dir;
	if (crypto_suite(sa_of(b), crypto_ciphers[cipher].encr, crypto_hashes[hash].integ,
			 crypto_ciphers[cipher].key_len, crypto_hashes[hash].key_len,
			 crypto_ciphers[cipher].salt_len) != 0)
		return -EIO;
	if (cipher != CRYPTO_NULL) {
		unhex(crypto_kat[cipher].key, encr_key);
		unhex(crypto_kat[cipher].salt, salt);
	}
	return crypto_set_keys(sa_of(b), encr_key, integ_key, salt) == 0 ? 0 : -EIO;
}

static void make_ops(struct bench *b, unsigned int n, const void *bytes, uint16_t len)
{
	for (unsigned int i = 0; i < n; i++) {
		b->op[i] = (struct crypto_op){
			.sa = sa_of(b), .esp = b->buf[i], .len = len, .ok = true};
		memset(b->buf[i], 0, ROOM);
		memcpy(b->buf[i], bytes, len);
	}
}

static bool all(const struct bench *b, unsigned int n, unsigned int at, const void *want,
		unsigned int len)
{
	for (unsigned int i = 0; i < n; i++)
		if (!b->op[i].ok || memcmp(b->buf[i] + at, want, len) != 0)
			return false;
	return true;
}

static bool test_hash(struct crypto *c, struct bench *b, enum crypto_hash hash, unsigned int n)
{
	if (make_sa(b, CRYPTO_NULL, hash, ABI_DIR_OUT) != 0)
		return false;
	make_ops(b, n, message, MESSAGE);
	crypto_seal(c, b->op, (uint16_t)n);
	if (!all(b, n, MESSAGE, hmac[hash], crypto_hashes[hash].icv_len))
		return false;
	crypto_verify(c, b->op, (uint16_t)n);
	if (!all(b, n, 0, message, MESSAGE))
		return false;
	/* And it must be able to say no. */
	for (unsigned int i = 0; i < n; i++)
		b->buf[i][MESSAGE + crypto_hashes[hash].icv_len - 1] ^= 1;
	crypto_verify(c, b->op, (uint16_t)n);
	for (unsigned int i = 0; i < n; i++)
		if (b->op[i].ok)
			return false;
	return true;
}

/* Seal, and open again as the other direction. An AEAD has its ICV in the known answer; with the
 * others it is there for the sake of crypto_verify(). */
static bool test_cipher(struct crypto *c, struct bench *b, enum crypto_cipher cipher,
			unsigned int n)
{
	enum crypto_hash hash = cipher < CRYPTO_AEAD_FIRST ? CRYPTO_SHA1_96 : CRYPTO_NO_HASH;
	uint8_t packet[ROOM], sealed[ROOM];
	unsigned int len = unhex(crypto_kat[cipher].packet, packet);
	unsigned int sealed_len = unhex(crypto_kat[cipher].sealed, sealed);
	unsigned int at = SA_ESP_HEADER + crypto_ciphers[cipher].iv_len;

	if (make_sa(b, cipher, hash, ABI_DIR_OUT) != 0)
		return false;
	make_ops(b, n, packet, (uint16_t)len);
	crypto_seal(c, b->op, (uint16_t)n);
	if (!all(b, n, at, sealed, sealed_len))
		return false;
	if (make_sa(b, cipher, hash, ABI_DIR_IN) != 0)
		return false;
	crypto_verify(c, b->op, (uint16_t)n);
	crypto_open(c, b->op, (uint16_t)n);
	return all(b, n, 0, packet, len);
}

/* An AEAD must be able to say no, and then gives no text away. */
static bool test_refusal(struct crypto *c, struct bench *b, enum crypto_cipher cipher,
			 unsigned int n)
{
	static const uint8_t zeros[MAX_TEXT];
	uint8_t packet[ROOM];
	unsigned int len = unhex(crypto_kat[cipher].packet, packet);
	unsigned int at = SA_ESP_HEADER + crypto_ciphers[cipher].iv_len;

	if (make_sa(b, cipher, CRYPTO_NO_HASH, ABI_DIR_OUT) != 0)
		return false;
	make_ops(b, n, packet, (uint16_t)len);
	crypto_seal(c, b->op, (uint16_t)n);
	for (unsigned int i = 0; i < n; i++)
		b->buf[i][len + CRYPTO_AEAD_ICV - 1] ^= 1;
	crypto_verify(c, b->op, (uint16_t)n);
	for (unsigned int i = 0; i < n; i++)
		if (b->op[i].ok || memcmp(b->buf[i] + at, zeros, len - at) != 0)
			return false;
	return true;
}

/* All of them, so many packets at a time. */
static bool test_all(struct crypto *c, unsigned int n, const char **failed)
{
	static struct bench b;

	for (unsigned int h = 0; h < CRYPTO_NO_HASH; h++) {
		*failed = crypto_hashes[h].name;
		if (!test_hash(c, &b, (enum crypto_hash)h, n))
			return false;
	}
	for (unsigned int k = CRYPTO_NULL + 1; k < CRYPTO_CIPHERS; k++) {
		*failed = crypto_ciphers[k].name;
		if (!test_cipher(c, &b, (enum crypto_cipher)k, n) ||
		    (k >= CRYPTO_AEAD_FIRST && !test_refusal(c, &b, (enum crypto_cipher)k, n)))
			return false;
	}
	return true;
}

int crypto_selftest(const char **failed)
{
	static const uint16_t below[] = {0, UINT16_MAX};
	struct crypto *c = crypto_create(-1);
	bool ok = c != NULL;

	*failed = "intel-ipsec-mb";
	for (unsigned int i = 0; ok && i < RTE_DIM(below); i++) {
		crypto_choose(c, below[i]);
		ok = test_all(c, 1, failed) && test_all(c, LANES, failed);
	}
	crypto_free(c);
	if (!ok)
		return -EIO;
	*failed = NULL;
	return 0;
}
