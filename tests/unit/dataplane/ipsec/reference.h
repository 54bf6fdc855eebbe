/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * reference.h - ESP by OpenSSL, byte by byte and one packet at a time: the independent other end of
 * the tests. It shares no code with the data plane.
 */
#ifndef ESPGW_TESTS_REFERENCE_H
#define ESPGW_TESTS_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "dataplane/api/messages.h"
#include "tests/random.h"

struct reference_suite {
	const char *name;
	uint8_t encr; /* IANA */
	uint8_t encr_key_len;
	uint8_t integ; /* IANA */
	uint8_t integ_key_len;
	uint8_t icv_len;
	uint8_t iv_len;
	uint8_t block;
	uint8_t salt_len; /* the salt follows the key, as in the keying material of IKE */
};

#define REFERENCE_SUITES 52u
/** Every cipher with every hash, and the AEADs. */
extern const struct reference_suite reference_suites[REFERENCE_SUITES];

/** OpenSSL's cipher; of NULL none that would do. */
const EVP_CIPHER *reference_cipher(const struct reference_suite *s);
/** IV of the cipher from IV of the packet: CBC takes it as it is, the others put the salt, which
 * follows the key, in front and CTR a 1 behind. */
void reference_iv(const struct reference_suite *s, const uint8_t *key, const uint8_t *iv,
		  uint8_t out[16]);

/**
 * Encrypt the text of an ESP packet of len bytes (header, IV, text) in place, and write the ICV
 * behind. seq_hi: the upper half of an extended sequence number, or NULL.
 */
void reference_protect(const struct reference_suite *s, const uint8_t *encr_key,
		       const uint8_t *integ_key, const uint32_t *seq_hi, uint8_t *esp, size_t len);

struct reference_esp {
	uint32_t spi;
	uint32_t seq;
	uint32_t seq_hi; /* with esn */
	bool esn;	 /* the number has 64 bits; reference_open() wants both told */
	uint8_t next_header;
	int pad;	/* number of pad bytes, or -1 for the least */
	bool bad_pad;	/* pad bytes are not 1, 2, 3... */
	int pad_length; /* what the trailer says, or -1 for the truth */
	uint8_t iv[16];
};

/** What is to be protected around the payload: ESP header, IV, text with its trailer. Returns its
 * length; as reference_seal() otherwise. */
size_t reference_build(const struct reference_suite *s, const struct reference_esp *e,
		       const uint8_t *payload, size_t len, uint8_t *out);

/**
 * Build an ESP packet, from ESP header to ICV, around the payload. Returns its length. out holds
 * at least len + 400 bytes. With pad >= 0 the caller answers for block alignment.
 */
size_t reference_seal(const struct reference_suite *s, const uint8_t *encr_key,
		      const uint8_t *integ_key, const struct reference_esp *e,
		      const uint8_t *payload, size_t len, uint8_t *out);

/**
 * Take an ESP packet apart: checks ICV and pad bytes, writes payload without trailer to out, and
 * fills spi, seq, next_header, pad. Returns the payload's length, or -1.
 */
long reference_open(const struct reference_suite *s, const uint8_t *encr_key,
		    const uint8_t *integ_key, const uint8_t *esp, size_t len,
		    struct reference_esp *e, uint8_t *out);

/** len bytes of random_next(). */
void reference_fill(uint64_t *state, void *out, size_t len);

#endif
