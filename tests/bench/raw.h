/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * raw.h - the denominator of every benchmark: intel-ipsec-mb alone on the jobs that the gateway has
 * to do, one combined job per packet, burst API without checks, 32 jobs a burst, lanes kept full,
 * arrival order. AES-GCM: one direct call per packet, which is faster than jobs are.
 */
#ifndef ESPGW_BENCH_RAW_H
#define ESPGW_BENCH_RAW_H

#include <stdbool.h>
#include <stdint.h>

struct raw_suite {
	const char *name;      /* "aes128-sha1" */
	uint8_t encr;	       /* enum abi_encr */
	uint8_t encr_key_len;  /* bytes */
	uint8_t integ_key_len; /* bytes */
	uint8_t icv_len;       /* bytes on the wire */
	uint8_t integ;	       /* enum abi_integ */
	uint8_t salt_len;      /* bytes */
};

extern const struct raw_suite raw_suites[];
extern const unsigned int n_raw_suites;

struct raw;

/** Buffers for n packets and a multi-buffer manager of its own. NULL when the library or memory
 * fails. */
struct raw *raw_create(const struct raw_suite *suite, unsigned int n);
void raw_free(struct raw *r);

/** Have n keys, all different, instead of one; not of an AEAD. 0, or -1. */
int raw_use_keys(struct raw *r, unsigned int n);

/** The job of buffer i takes that key from now on. */
void raw_choose_key(struct raw *r, unsigned int i, uint32_t key);

/**
 * Run n jobs, inner packet i being inner_len[i] bytes, and return the TSC cycles they took in the
 * middle of a stream of such jobs: all lanes are in use before and after. encrypt: CBC then HMAC as
 * esp_out submits it; else HMAC then CBC, as esp_in. UINT64_MAX when a job failed.
 */
uint64_t raw_run(struct raw *r, bool encrypt, const uint16_t *inner_len, unsigned int n);

/** Is it an AEAD: no hash of its own, 8 bytes of IV, text in blocks of 4? */
static inline bool raw_is_aead(const struct raw_suite *s)
{
	return s->integ_key_len == 0;
}

/** Bytes of ciphertext that an inner packet of len bytes makes (RFC 4303 section 2.4: pad to the
 * block). */
static inline uint16_t raw_cipher_len(const struct raw_suite *s, uint16_t len)
{
	unsigned int mask = raw_is_aead(s) ? 3 : 15;

	return (uint16_t)((len + 2 + mask) & ~mask);
}

#endif
