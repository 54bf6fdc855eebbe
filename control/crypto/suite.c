/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * suite.c - the tables of suite.h and the look-ups over them. Order of rows is order of help texts.
 */
#include "control/crypto/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

/* IKEv2: IANA transform type 1. Phase 1: RFC 2409 appendix A (3DES 5), RFC 3602 section 5.3 (AES
 * 7). ESP in IKEv1: RFC 2407 section 4.4.4 (3DES 3, NULL 11), RFC 3602 section 5.3 (12), RFC 3686
 * section 5 (13), RFC 4106 section 8.2 (20: ICV of 16 bytes). ChaCha20 has a number in IKEv2 alone
 * (RFC 7634). */
static const struct suite_encr encrs[] = {
	{12, 128, 7, 12, 16, 0, 0, 16, 0, "aes-128", "aes-128-cbc", "AES-128-CBC"},
	{12, 192, 7, 12, 24, 0, 0, 16, 0, "aes-192", "aes-192-cbc", "AES-192-CBC"},
	{12, 256, 7, 12, 32, 0, 0, 16, 0, "aes-256", "aes-256-cbc", "AES-256-CBC"},
	{13, 128, 0, 13, 16, 4, 0, 0, 0, "aes-128-ctr", "aes-128-ctr", "AES-128-CTR"},
	{13, 192, 0, 13, 24, 4, 0, 0, 0, "aes-192-ctr", "aes-192-ctr", "AES-192-CTR"},
	{13, 256, 0, 13, 32, 4, 0, 0, 0, "aes-256-ctr", "aes-256-ctr", "AES-256-CTR"},
	{20, 128, 0, 20, 16, 4, 16, 0, 0, "aes-128-gcm", "aes-128-gcm", "AES-128-GCM"},
	{20, 192, 0, 20, 24, 4, 16, 0, 0, "aes-192-gcm", "aes-192-gcm", "AES-192-GCM"},
	{20, 256, 0, 20, 32, 4, 16, 0, 0, "aes-256-gcm", "aes-256-gcm", "AES-256-GCM"},
	{28, 0, 0, 0, 32, 4, 16, 0, 0, "chacha20poly1305", "chacha20poly1305", "ChaCha20-Poly1305"},
	{3, 0, 5, 3, 24, 0, 0, 8, SUITE_WEAK_3DES, "3des", "3des", "DES-EDE3-CBC"},
	{11, 0, 0, 11, 0, 0, 0, 0, SUITE_WEAK_NULL, "null", "null", NULL},
};

/* IKEv1: RFC 2409 appendix A and the IANA ipsec-registry (SHA2 4, 5, 6). IKEv2 PRF: RFC 7296
 * section 3.3.2, RFC 4868 section 4. */
static const struct suite_digest digests[] = {
	{SUITE_HASH_MD5, 1, 1, 16, SUITE_WEAK_MD5, "md5", "MD5"},
	{SUITE_HASH_SHA1, 2, 2, 20, SUITE_WEAK_SHA1, "sha1", "SHA1"},
	{SUITE_HASH_SHA256, 4, 5, 32, 0, "sha256", "SHA2-256"},
	{SUITE_HASH_SHA384, 5, 6, 48, 0, "sha384", "SHA2-384"},
	{SUITE_HASH_SHA512, 6, 7, 64, 0, "sha512", "SHA2-512"},
};

/* AUTH_ALGORITHM: RFC 2407 section 4.5, RFC 4868 section 2.2 with the IANA values 5, 6, 7. */
static const struct suite_integ integs[] = {
	{1, 1, 1, 16, 12, SUITE_HASH_MD5, SUITE_WEAK_MD5, "md5"},
	{2, 2, 2, 20, 12, SUITE_HASH_SHA1, SUITE_WEAK_SHA1, "sha1"},
	{12, 12, 5, 32, 16, SUITE_HASH_SHA256, 0, "sha256"},
	{13, 13, 6, 48, 24, SUITE_HASH_SHA384, 0, "sha384"},
	{14, 14, 7, 64, 32, SUITE_HASH_SHA512, 0, "sha512"},
	/* Agreed on as sha256, which stands first and is found by the numbers. */
	{252, 12, 5, 32, 12, SUITE_HASH_SHA256, 0, "sha256_96"},
};

/* MODP exponents have at least twice the group's strength (RFC 3526 section 8, upper estimate).
 * ECP seeds are 64 bits longer than the order: see dh_new(). */
static const struct suite_group groups[] = {
	{1, SUITE_GROUP_MODP, 768, 96, 96, 32, SUITE_WEAK_MODP768, "modp768", NULL},
	{2, SUITE_GROUP_MODP, 1024, 128, 128, 32, SUITE_WEAK_MODP1024, "modp1024", NULL},
	{5, SUITE_GROUP_MODP, 1536, 192, 192, 32, SUITE_WEAK_MODP1536, "modp1536", NULL},
	{14, SUITE_GROUP_MODP, 2048, 256, 256, 40, 0, "modp2048", NULL},
	{15, SUITE_GROUP_MODP, 3072, 384, 384, 56, 0, "modp3072", NULL},
	{16, SUITE_GROUP_MODP, 4096, 512, 512, 64, 0, "modp4096", NULL},
	{17, SUITE_GROUP_MODP, 6144, 768, 768, 72, 0, "modp6144", NULL},
	{18, SUITE_GROUP_MODP, 8192, 1024, 1024, 80, 0, "modp8192", NULL},
	{19, SUITE_GROUP_ECP, 256, 64, 32, 40, 0, "ecp256", "P-256"},
	{20, SUITE_GROUP_ECP, 384, 96, 48, 56, 0, "ecp384", "P-384"},
	{21, SUITE_GROUP_ECP, 521, 132, 66, 74, 0, "ecp521", "P-521"},
	/* x = 1 + seed mod (q - 1), q being of 256 bits */
	{24, SUITE_GROUP_MODP, 2048, 256, 256, 40, SUITE_WEAK_MODP2048S256, "modp2048s256", NULL},
	{31, SUITE_GROUP_X25519, 255, 32, 32, 32, 0, "x25519", "X25519"},
};

static const struct {
	uint32_t bit;
	const char *word;
} weak_words[] = {
	{SUITE_WEAK_IKEV1, "ikev1"},
	{SUITE_WEAK_AGGRESSIVE, "aggressive"},
	{SUITE_WEAK_MODP768, "modp768"},
	{SUITE_WEAK_MODP1024, "modp1024"},
	{SUITE_WEAK_MODP1536, "modp1536"},
	{SUITE_WEAK_MD5, "md5"},
	{SUITE_WEAK_SHA1, "sha1"},
	{SUITE_WEAK_3DES, "3des"},
	{SUITE_WEAK_NULL, "null"},
	{SUITE_WEAK_MODP2048S256, "modp2048s256"},
	{SUITE_WEAK_SHORT_SECRET, "short-secret"},
};

/* What peers may offer and we only name. */
struct value_name {
	uint16_t value;
	const char *name;
};

static const struct value_name encr1_names[] = {
	{1, "des"},  {2, "idea"}, {3, "blowfish"}, {4, "rc5"},
	{6, "cast"}, {7, "aes"},  {8, "camellia"},
};

/* RFC 2407 section 4.4.4, RFC 3686, 4106, 4309, 4312, 4543. */
static const struct value_name esp1_names[] = {
	{1, "des-iv64"},   {2, "des"},	       {3, "3des"},	   {4, "rc5"},
	{5, "idea"},	   {6, "cast"},	       {7, "blowfish"},	   {8, "3idea"},
	{9, "des-iv32"},   {10, "rc4"},	       {11, "null"},	   {12, "aes-cbc"},
	{13, "aes-ctr"},   {14, "aes-ccm-8"},  {15, "aes-ccm-12"}, {16, "aes-ccm-16"},
	{18, "aes-gcm-8"}, {19, "aes-gcm-12"}, {20, "aes-gcm"},	   {22, "camellia-cbc"},
	{23, "null-gmac"},
};

/* IKEv2: IANA transform types 1, 2, 3. */
static const struct value_name encr2_names[] = {
	{1, "des-iv64"},   {2, "des"},	      {4, "rc5"},	    {5, "idea"},
	{6, "cast"},	   {7, "blowfish"},   {8, "3idea"},	    {9, "des-iv32"},
	{12, "aes"},	   {13, "aes-ctr"},   {14, "aes-ccm-8"},    {15, "aes-ccm-12"},
	{16, "aes-ccm"},   {18, "aes-gcm-8"}, {19, "aes-gcm-12"},   {20, "aes-gcm"},
	{21, "null-gmac"}, {23, "camellia"},  {24, "camellia-ctr"},
};
static const struct value_name prf2_names[] = {{3, "tiger"}, {4, "aes-xcbc"}, {8, "aes-cmac"}};
static const struct value_name integ2_names[] = {
	{3, "des-mac"}, {4, "kpdk"}, {5, "aes-xcbc"}, {8, "aes-cmac"}, {9, "aes-128-gmac"},
};

static const struct value_name hash1_names[] = {{3, "tiger"}};

static const struct value_name auth1_names[] = {
	{3, "des-mac"},
	{4, "kpdk"},
	{8, "ripemd"},
	{9, "aes-xcbc"},
};

static const struct value_name group_names[] = {
	{3, "ec2n155"}, {4, "ec2n185"}, {22, "modp1024s160"}, {23, "modp2048s224"}, {25, "ecp192"},
	{26, "ecp224"}, {28, "bp256"},	{29, "bp384"},	      {30, "bp512"},	    {32, "x448"},
};

#define FIND(table, condition)                                                                     \
	do {                                                                                       \
		for (size_t i = 0; i < N_OF(table); i++) {                                         \
			if (condition)                                                             \
				return &(table)[i];                                                \
		}                                                                                  \
		return NULL;                                                                       \
	} while (0)

const struct suite_encr *suite_encr_find(uint16_t id, uint16_t key_bits)
{
	FIND(encrs, encrs[i].id == id && encrs[i].key_bits == key_bits);
}

const struct suite_digest *suite_digest_find(uint16_t hash)
{
	FIND(digests, digests[i].hash == hash);
}

const struct suite_integ *suite_integ_find(uint16_t id)
{
	FIND(integs, integs[i].id == id);
}

const struct suite_integ *suite_integ_find_wire(uint32_t value)
{
	FIND(integs, integs[i].wire == value);
}

const struct suite_group *suite_group_find(uint16_t id)
{
	FIND(groups, groups[i].id == id);
}

const struct suite_encr *suite_encr_find_ike1(uint32_t value, uint32_t key_bits)
{
	FIND(encrs, encrs[i].ike1 != 0 && encrs[i].ike1 == value && encrs[i].key_bits == key_bits);
}

const struct suite_encr *suite_encr_find_esp1(uint32_t transform, uint32_t key_bits)
{
	FIND(encrs,
	     encrs[i].esp1 != 0 && encrs[i].esp1 == transform && encrs[i].key_bits == key_bits);
}

bool suite_esp1_is_aead(uint32_t transform)
{
	/* CCM, GCM, GMAC: RFC 4309 section 7.2, RFC 4106 section 8.2, RFC 4543 section 9 */
	return (transform >= 14 && transform <= 16) || (transform >= 18 && transform <= 20) ||
	       transform == 23;
}

const struct suite_digest *suite_digest_find_ike1(uint32_t value)
{
	FIND(digests, digests[i].ike1 == value);
}

const struct suite_integ *suite_integ_find_auth1(uint32_t value)
{
	FIND(integs, integs[i].auth1 == value);
}

const struct suite_encr *suite_encr_find_name(const char *name)
{
	FIND(encrs, strcmp(encrs[i].name, name) == 0 || strcmp(encrs[i].name2, name) == 0);
}

const struct suite_digest *suite_digest_find_name(const char *name)
{
	FIND(digests, strcmp(digests[i].name, name) == 0);
}

const struct suite_integ *suite_integ_find_name(const char *name)
{
	FIND(integs, strcmp(integs[i].name, name) == 0);
}

const struct suite_group *suite_group_find_name(const char *name)
{
	FIND(groups, strcmp(groups[i].name, name) == 0);
}

const struct suite_encr *suite_encr_at(size_t i)
{
	return i < N_OF(encrs) ? &encrs[i] : NULL;
}

const struct suite_digest *suite_digest_at(size_t i)
{
	return i < N_OF(digests) ? &digests[i] : NULL;
}

const struct suite_integ *suite_integ_at(size_t i)
{
	return i < N_OF(integs) ? &integs[i] : NULL;
}

const struct suite_group *suite_group_at(size_t i)
{
	return i < N_OF(groups) ? &groups[i] : NULL;
}

const char *suite_weak_word(uint32_t bit)
{
	for (size_t i = 0; i < N_OF(weak_words); i++) {
		if (weak_words[i].bit == bit)
			return weak_words[i].word;
	}
	return NULL;
}

uint32_t suite_weak_find(const char *word)
{
	for (size_t i = 0; i < N_OF(weak_words); i++) {
		if (strcmp(weak_words[i].word, word) == 0)
			return weak_words[i].bit;
	}
	return 0;
}

char *suite_weak_print(uint32_t set, char *buf, size_t cap)
{
	size_t at = 0;

	if (cap == 0)
		return buf;
	buf[0] = '\0';
	for (size_t i = 0; i < N_OF(weak_words) && at < cap; i++) {
		if (set & weak_words[i].bit)
			at += (size_t)snprintf(buf + at, cap - at, "%s%s", at ? "," : "",
					       weak_words[i].word);
	}
	return buf;
}

/* A name from a list, "-bits" added when bits is not 0; unknown(value) otherwise. */
static char *print_value(const struct value_name *names, size_t n, uint32_t value, uint32_t bits,
			 char *buf, size_t cap)
{
	for (size_t i = 0; i < n; i++) {
		if (names[i].value != value)
			continue;
		if (bits)
			snprintf(buf, cap, "%s-%u", names[i].name, bits);
		else
			snprintf(buf, cap, "%s", names[i].name);
		return buf;
	}
	if (bits)
		snprintf(buf, cap, "unknown(%u)-%u", value, bits);
	else
		snprintf(buf, cap, "unknown(%u)", value);
	return buf;
}

static char *print_known(const char *name, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s", name);
	return buf;
}

char *suite_print_encr_ike1(uint32_t value, uint32_t key_bits, char *buf, size_t cap)
{
	const struct suite_encr *e = suite_encr_find_ike1(value, key_bits);

	if (e)
		return print_known(e->name, buf, cap);
	return print_value(encr1_names, N_OF(encr1_names), value, key_bits, buf, cap);
}

char *suite_print_encr_esp1(uint32_t transform, uint32_t key_bits, char *buf, size_t cap)
{
	const struct suite_encr *e = suite_encr_find_esp1(transform, key_bits);

	if (e)
		return print_known(e->name2, buf, cap);
	return print_value(esp1_names, N_OF(esp1_names), transform, key_bits, buf, cap);
}

char *suite_print_hash_ike1(uint32_t value, char *buf, size_t cap)
{
	const struct suite_digest *d = suite_digest_find_ike1(value);

	if (d)
		return print_known(d->name, buf, cap);
	return print_value(hash1_names, N_OF(hash1_names), value, 0, buf, cap);
}

char *suite_print_auth1(uint32_t value, char *buf, size_t cap)
{
	const struct suite_integ *t = suite_integ_find_auth1(value);

	if (t)
		return print_known(t->name, buf, cap);
	return print_value(auth1_names, N_OF(auth1_names), value, 0, buf, cap);
}

char *suite_print_group(uint32_t id, char *buf, size_t cap)
{
	const struct suite_group *g = id <= UINT16_MAX ? suite_group_find((uint16_t)id) : NULL;

	if (g)
		return print_known(g->name, buf, cap);
	return print_value(group_names, N_OF(group_names), id, 0, buf, cap);
}

char *suite_print_encr_ike2(uint16_t id, uint16_t key_bits, char *buf, size_t cap)
{
	const struct suite_encr *e = suite_encr_find(id, key_bits);

	if (e)
		return print_known(e->name2, buf, cap);
	return print_value(encr2_names, N_OF(encr2_names), id, key_bits, buf, cap);
}

char *suite_print_prf2(uint16_t id, char *buf, size_t cap)
{
	for (size_t i = 0; i < N_OF(digests); i++) {
		if (digests[i].prf2 == id)
			return print_known(digests[i].name, buf, cap);
	}
	return print_value(prf2_names, N_OF(prf2_names), id, 0, buf, cap);
}

char *suite_print_integ2(uint16_t id, char *buf, size_t cap)
{
	const struct suite_integ *t = suite_integ_find_wire(id);

	if (t)
		return print_known(t->name, buf, cap);
	return print_value(integ2_names, N_OF(integ2_names), id, 0, buf, cap);
}

/* Written by the self-test at start alone, so it needs no lock. */
static const char *lacking[N_OF(encrs) + N_OF(digests) + N_OF(groups)];
static size_t n_lacking;

void suite_note_lacking(const char *name)
{
	if (name == NULL)
		n_lacking = 0;
	else if (n_lacking < N_OF(lacking) && !suite_lacks(name))
		lacking[n_lacking++] = name;
}

const char *suite_lacking_at(size_t i)
{
	return i < n_lacking ? lacking[i] : NULL;
}

bool suite_lacks(const char *name)
{
	for (size_t i = 0; i < n_lacking; i++) {
		if (strcmp(lacking[i], name) == 0)
			return true;
	}
	return false;
}
