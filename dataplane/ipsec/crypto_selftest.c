/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * crypto_selftest.c - known answers before any key is trusted to the engine: every cipher and hash,
 * alone and with all lanes full, because one packet and many take different code in the library.
 */
#include <errno.h>
#include <string.h>

#include <rte_common.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/crypto_impl.h"

#define LANES	CRYPTO_BURST
#define ROOM	(SA_ESP_HEADER + IV_LEN + 16 + SA_MAX_ICV)
#define MESSAGE 8u

/* First blocks of CBC-AES128, -192 and -256 in NIST SP 800-38A, F.2.1, F.2.3 and F.2.5. */
static const uint8_t cbc_iv[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const uint8_t cbc_plain[16] = {0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96,
				      0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a};
static const struct {
	uint8_t key[32];
	uint8_t text[16];
} cbc[CRYPTO_CIPHERS] = {
	[CRYPTO_AES128_CBC] = {{0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15,
				0x88, 0x09, 0xcf, 0x4f, 0x3c},
			       {0x76, 0x49, 0xab, 0xac, 0x81, 0x19, 0xb2, 0x46, 0xce, 0xe9, 0x8e,
				0x9b, 0x12, 0xe9, 0x19, 0x7d}},
	[CRYPTO_AES192_CBC] = {{0x8e, 0x73, 0xb0, 0xf7, 0xda, 0x0e, 0x64, 0x52,
				0xc8, 0x10, 0xf3, 0x2b, 0x80, 0x90, 0x79, 0xe5,
				0x62, 0xf8, 0xea, 0xd2, 0x52, 0x2c, 0x6b, 0x7b},
			       {0x4f, 0x02, 0x1d, 0xb2, 0x43, 0xbc, 0x63, 0x3d, 0x71, 0x78, 0x18,
				0x3a, 0x9f, 0xa0, 0x71, 0xe8}},
	[CRYPTO_AES256_CBC] = {{0x60, 0x3d, 0xeb, 0x10, 0x15, 0xca, 0x71, 0xbe, 0x2b, 0x73, 0xae,
				0xf0, 0x85, 0x7d, 0x77, 0x81, 0x1f, 0x35, 0x2c, 0x07, 0x3b, 0x61,
				0x08, 0xd7, 0x2d, 0x98, 0x10, 0xa3, 0x09, 0x14, 0xdf, 0xf4},
			       {0xf5, 0x8c, 0x4c, 0x04, 0xd6, 0xe5, 0xf1, 0xba, 0x77, 0x9e, 0xab,
				0xfb, 0x5f, 0x7b, 0xfb, 0xd6}},
};

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
};

struct bench {
	struct sa sa;
	struct crypto_op op[LANES];
	uint8_t buf[LANES][ROOM];
};

static int make_sa(struct bench *b, enum crypto_cipher cipher, enum crypto_hash hash, uint8_t dir)
{
	uint8_t key[64];

	memset(key, 0x0b, sizeof(key));
	memset(&b->sa, 0, sizeof(b->sa));
	b->sa.direction = dir;
	if (crypto_suite(&b->sa, crypto_ciphers[cipher].encr, crypto_hashes[hash].integ,
			 crypto_ciphers[cipher].key_len, crypto_hashes[hash].key_len, 0) != 0)
		return -EIO;
	return crypto_set_keys(&b->sa, cbc[cipher].key, key) == 0 ? 0 : -EIO;
}

static void make_ops(struct bench *b, unsigned int n, const void *bytes, uint16_t len)
{
	for (unsigned int i = 0; i < n; i++) {
		b->op[i] =
			(struct crypto_op){.sa = &b->sa, .esp = b->buf[i], .len = len, .ok = true};
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

static bool test_cipher(struct crypto *c, struct bench *b, enum crypto_cipher cipher,
			unsigned int n)
{
	const unsigned int at = SA_ESP_HEADER + IV_LEN;
	uint8_t packet[SA_ESP_HEADER + IV_LEN + 16] = {0};

	memcpy(packet + SA_ESP_HEADER, cbc_iv, sizeof(cbc_iv));
	memcpy(packet + at, cbc_plain, sizeof(cbc_plain));
	if (make_sa(b, cipher, CRYPTO_SHA1_96, ABI_DIR_OUT) != 0)
		return false;
	make_ops(b, n, packet, sizeof(packet));
	crypto_seal(c, b->op, (uint16_t)n);
	if (!all(b, n, at, cbc[cipher].text, 16))
		return false;
	if (make_sa(b, cipher, CRYPTO_SHA1_96, ABI_DIR_IN) != 0)
		return false;
	crypto_open(c, b->op, (uint16_t)n);
	return all(b, n, at, cbc_plain, 16);
}

int crypto_selftest(const char **failed)
{
	static const unsigned int counts[] = {1, LANES};
	static struct bench b;
	struct crypto *c = crypto_create(-1);

	*failed = "intel-ipsec-mb";
	if (c == NULL)
		return -EIO;
	for (unsigned int k = 0; k < RTE_DIM(counts); k++) {
		for (unsigned int h = 0; h < CRYPTO_HASHES; h++) {
			*failed = crypto_hashes[h].name;
			if (!test_hash(c, &b, (enum crypto_hash)h, counts[k]))
				goto fail;
		}
		for (unsigned int h = CRYPTO_NULL + 1; h < CRYPTO_CIPHERS; h++) {
			*failed = crypto_ciphers[h].name;
			if (!test_cipher(c, &b, (enum crypto_cipher)h, counts[k]))
				goto fail;
		}
	}
	*failed = NULL;
	crypto_free(c);
	return 0;
fail:
	crypto_free(c);
	return -EIO;
}
