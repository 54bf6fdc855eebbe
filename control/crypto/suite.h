/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * suite.h - the one table of algorithms: IKEv2 numbers (which name algorithms everywhere inside),
 * IKEv1 numbers, OpenSSL names, RouterOS names, lengths and weakness. Whoever needs any of these
 * facts asks here.
 *
 * Only what the tables hold can be negotiated; numbers of other algorithms have a name for logs
 * and nothing else. All rows are constant and live forever.
 */
#ifndef ESPGW_CRYPTO_SUITE_H
#define ESPGW_CRYPTO_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SUITE_MAX_HASH	   64 /* bytes of the longest digest or PRF output */
#define SUITE_MAX_ENCR_KEY 32
#define SUITE_MAX_BLOCK	   16
#define SUITE_MAX_SALT	   4
#define SUITE_MAX_INTEG	   64
#define SUITE_MAX_NAME	   64 /* what the name functions need at most, NUL included */

/* Hash of IKEv1, and PRF with the same hash in both versions. Ours; never on the wire. */
enum suite_hash {
	SUITE_HASH_NONE = 0,
	SUITE_HASH_MD5,
	SUITE_HASH_SHA1,
	SUITE_HASH_SHA256,
	SUITE_HASH_SHA384,
	SUITE_HASH_SHA512,
};

/* Words of allow-weak, as bits. Modes are here too: one list for all that needs permission. */
enum suite_weak {
	SUITE_WEAK_IKEV1 = 1 << 0,
	SUITE_WEAK_AGGRESSIVE = 1 << 1,
	SUITE_WEAK_MODP768 = 1 << 2,
	SUITE_WEAK_MODP1024 = 1 << 3,
	SUITE_WEAK_MODP1536 = 1 << 4,
	SUITE_WEAK_MD5 = 1 << 5,
	SUITE_WEAK_SHA1 = 1 << 6,
	SUITE_WEAK_3DES = 1 << 7,
	SUITE_WEAK_NULL = 1 << 8,	   /* no encryption */
	SUITE_WEAK_MODP2048S256 = 1 << 9,  /* RFC 5114: nobody knows where its prime is from */
	SUITE_WEAK_SHORT_SECRET = 1 << 10, /* aggressive mode shows what it is guessed from */
};
#define SUITE_SHORT_SECRET 20u /* bytes; a pre-shared key that has fewer is short */

/* Shown as weak, used without permission (RFC 8247 section 2.2: MUST-). */
#define SUITE_WEAK_NOTICE SUITE_WEAK_SHA1

struct suite_encr {
	uint16_t id;	    /* IKEv2 transform type 1 (enum abi_encr for ESP) */
	uint16_t key_bits;  /* 0 = the algorithm has one key length, sent without attribute */
	uint16_t ike1;	    /* RFC 2409 appendix A attribute 1; 0 = not in phase 1 */
	uint16_t esp1;	    /* RFC 2407 section 4.4.4 transform id; 0 = not in ESP */
	uint8_t key_len;    /* bytes, without salt */
	uint8_t salt_len;   /* bytes after the key in key material: RFC 3686 5.1, RFC 4106 8.1 */
	uint8_t icv_len;    /* AEAD: bytes on the wire; 0 = integrity is another algorithm's */
	uint8_t block;	    /* CBC: bytes; the IV has the same length */
	uint32_t weak;	    /* enum suite_weak bits */
	const char *name;   /* RouterOS phase 1, "aes-128" */
	const char *name2;  /* RouterOS phase 2, "aes-128-cbc" */
	const char *cipher; /* OpenSSL, "AES-128-CBC"; NULL = never IKE's */
};

struct suite_digest {
	enum suite_hash hash;
	uint16_t ike1;	    /* RFC 2409 appendix A attribute 2 */
	uint16_t prf2;	    /* IKEv2 transform type 2 */
	uint8_t len;	    /* bytes of digest and of PRF output and key */
	uint32_t weak;	    /* enum suite_weak bits */
	const char *name;   /* RouterOS, "sha256" */
	const char *digest; /* OpenSSL, "SHA2-256" */
};

struct suite_integ {
	uint16_t id;	 /* enum abi_integ: names it inside */
	uint16_t wire;	 /* IKEv2 transform type 3; two rows may have one number */
	uint16_t auth1;	 /* RFC 2407 section 4.5 AUTH_ALGORITHM attribute (RFC 4868 2.2) */
	uint8_t key_len; /* bytes */
	uint8_t icv_len; /* bytes on the wire */
	enum suite_hash hash;
	uint32_t weak;
	const char *name; /* RouterOS, "sha256" */
};

enum suite_group_kind { SUITE_GROUP_MODP = 1, SUITE_GROUP_ECP, SUITE_GROUP_X25519 };

struct suite_group {
	uint16_t id; /* the same number in IKEv1 and IKEv2 */
	enum suite_group_kind kind;
	uint16_t bits;
	uint16_t public_len; /* bytes on the wire, always whole */
	uint16_t secret_len; /* bytes of the shared secret, always whole */
	uint16_t seed_len;   /* random bytes that dh_new() takes */
	uint32_t weak;
	const char *name;  /* RouterOS, "modp1024" */
	const char *curve; /* OpenSSL; NULL for MODP */
};

/** Rows by our numbers. NULL when the number is not in the table (all 65536 are valid input).
 * suite_encr_find wants the exact key length in bits (0 for 3DES, ChaCha20 and NULL). */
const struct suite_encr *suite_encr_find(uint16_t id, uint16_t key_bits);
const struct suite_digest *suite_digest_find(uint16_t hash);
const struct suite_integ *suite_integ_find(uint16_t id);
const struct suite_group *suite_group_find(uint16_t id);

/** Rows by IKEv1 attribute values. AES needs its key length attribute; key_bits 0 means that none
 * was sent, which is right for 3DES and wrong for AES (RFC 3602 section 5.3). NULL = unknown. */
const struct suite_encr *suite_encr_find_ike1(uint32_t value, uint32_t key_bits);
const struct suite_encr *suite_encr_find_esp1(uint32_t transform, uint32_t key_bits);
/** Is this ESP transform of IKEv1 an AEAD, ours or not? Those come without AUTH_ALGORITHM. */
bool suite_esp1_is_aead(uint32_t transform);
const struct suite_digest *suite_digest_find_ike1(uint32_t value);
const struct suite_integ *suite_integ_find_auth1(uint32_t value);
const struct suite_integ *suite_integ_find_wire(uint32_t value);

/** Rows by RouterOS name; phase 2's names work for encryption too. NULL = unknown. */
const struct suite_encr *suite_encr_find_name(const char *name);
const struct suite_digest *suite_digest_find_name(const char *name);
const struct suite_integ *suite_integ_find_name(const char *name);
const struct suite_group *suite_group_find_name(const char *name);

/** The i-th row, NULL past the end: for help texts and exhaustive tests. */
const struct suite_encr *suite_encr_at(size_t i);
const struct suite_digest *suite_digest_at(size_t i);
const struct suite_integ *suite_integ_at(size_t i);
const struct suite_group *suite_group_at(size_t i);

/** A bit's word ("modp768"; NULL for anything but one known bit), and back (0 = unknown word). */
const char *suite_weak_word(uint32_t bit);
uint32_t suite_weak_find(const char *word);
/** Words of all bits of a set, comma-separated, into buf (SUITE_MAX_NAME * 2 is enough); buf. */
char *suite_weak_print(uint32_t set, char *buf, size_t cap);

/**
 * Names for logs of any value from the wire, in the tables or not ("des", "unknown(77)"), written
 * into buf (SUITE_MAX_NAME); return buf. key_bits 0 = none was sent.
 */
char *suite_print_encr_ike1(uint32_t value, uint32_t key_bits, char *buf, size_t cap);
char *suite_print_encr_esp1(uint32_t transform, uint32_t key_bits, char *buf, size_t cap);
char *suite_print_hash_ike1(uint32_t value, char *buf, size_t cap);
char *suite_print_auth1(uint32_t value, char *buf, size_t cap);
char *suite_print_group(uint32_t id, char *buf, size_t cap);
/** The same for IKEv2 transforms of types 1, 2 and 3. */
char *suite_print_encr_ike2(uint16_t id, uint16_t key_bits, char *buf, size_t cap);
char *suite_print_prf2(uint16_t id, char *buf, size_t cap);
char *suite_print_integ2(uint16_t id, char *buf, size_t cap);

/**
 * Run every row through OpenSSL and compare with known answers: digest and HMAC, both ways of a
 * cipher, key agreement. Call at start, before anything is negotiated and from one thread. 0, or
 * -EIO when a result was wrong, *failed the first such row's name. Rows that the library does not
 * do at all are no failure: suite_lacks() knows them from then on.
 */
int suite_self_test(const char **failed);

/** Was that row (RouterOS name, phase 1) found lacking by the self-test? Before it, none is. */
bool suite_lacks(const char *name);
/** The i-th name of those, NULL past the end. */
const char *suite_lacking_at(size_t i);
/** Note a row's name, which must live forever; NULL: forget all. For the self-test, and tests. */
void suite_note_lacking(const char *name);

#endif
