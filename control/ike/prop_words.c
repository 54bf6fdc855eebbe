/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * prop_words.c - one side of a proposals' difference as strongSwan writes it, and so the logs of
 * the clouds: "ESP:AES_CBC_256/HMAC_SHA1_96/MODP_1024/NO_EXT_SEQ", all values of a type behind each
 * other.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "control/crypto/suite.h"
#include "control/ike/prop.h"

static const char *const words[][2] = {
	{"3des", "3DES_CBC"},
	{"md5", "HMAC_MD5_96"},
	{"sha1", "HMAC_SHA1_96"},
	{"sha256", "HMAC_SHA2_256_128"},
	{"sha384", "HMAC_SHA2_384_192"},
	{"sha512", "HMAC_SHA2_512_256"},
	{"sha256_96", "HMAC_SHA2_256_96"},
	{"x25519", "CURVE_25519"},
	{"curve25519", "CURVE_25519"},
};

static const char *const prfs[][2] = {
	{"md5", "PRF_HMAC_MD5"},	 {"sha1", "PRF_HMAC_SHA1"},
	{"sha256", "PRF_HMAC_SHA2_256"}, {"sha384", "PRF_HMAC_SHA2_384"},
	{"sha512", "PRF_HMAC_SHA2_512"},
};

struct line {
	char *buf;
	size_t cap, at;
};

static void put(struct line *l, const char *word)
{
	int n = snprintf(l->buf + l->at, l->cap - l->at, "%s%s",
			 l->at > 0 && l->buf[l->at - 1] != ':' ? "/" : "", word);

	l->at = n > 0 && l->at + (size_t)n < l->cap ? l->at + (size_t)n : l->cap - 1;
}

/* aes-128, aes-128-gcm */
static bool put_aes(struct line *l, const char *name)
{
	char word[SUITE_MAX_NAME * 2];
	unsigned bits;
	int end = 0;

	if (sscanf(name, "aes-%u%n", &bits, &end) != 1)
		return false;
	snprintf(word, sizeof(word), "AES_%s_%u",
		 strcmp(name + end, "-gcm") == 0   ? "GCM_16"
		 : strcmp(name + end, "-ctr") == 0 ? "CTR"
						   : "CBC",
		 bits);
	put(l, word);
	return true;
}

/* modp1024 is MODP_1024, modp2048s256 MODP_2048_256; what is not known stands in capitals. */
static void put_capitals(struct line *l, const char *name, bool group)
{
	char word[SUITE_MAX_NAME * 2];
	size_t n = 0;

	for (; *name != '\0' && n + 2 < sizeof(word); name++) {
		if (group && n > 0 && isdigit((unsigned char)*name) &&
		    isalpha((unsigned char)name[-1]) && word[n - 1] != '_')
			word[n++] = '_';
		if (group && *name == 's' && n > 0 && isdigit((unsigned char)name[-1]))
			continue;
		word[n++] = *name == '-' ? '_' : (char)toupper((unsigned char)*name);
	}
	word[n] = '\0';
	put(l, word);
}

static void put_name(struct line *l, const char *name, enum prop_type type)
{
	const char *const(*table)[2] = type == PROP_HASH ? prfs : words;
	size_t n = type == PROP_HASH ? sizeof(prfs) / sizeof(prfs[0])
				     : sizeof(words) / sizeof(words[0]);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(table[i][0], name) == 0) {
			put(l, table[i][1]);
			return;
		}
	}
	if (type != PROP_ENCR || !put_aes(l, name))
		put_capitals(l, name, type == PROP_GROUP);
}

static void put_type(struct line *l, const struct prop_diff *d, enum prop_type from,
		     enum prop_type as, bool received)
{
	const struct prop_diff_type *t = &d->types[from];
	unsigned n = received ? t->n_received : t->n_configured;
	char name[SUITE_MAX_NAME];

	for (unsigned i = 0; i < n && i < PROP_DIFF_MAX; i++) {
		uint16_t value = received ? t->received[i].value : t->configured[i].value;
		uint16_t bits = received ? t->received[i].bits : t->configured[i].bits;

		if (value != 0)
			put_name(l,
				 prop_value_print(d->phase, from, value, bits, name, sizeof(name)),
				 as);
	}
}

static bool has_esn(const struct prop_diff *d, bool received)
{
	const struct prop_diff_type *t = &d->types[PROP_ESN];
	unsigned n = received ? t->n_received : t->n_configured;

	for (unsigned i = 0; i < n && i < PROP_DIFF_MAX; i++) {
		if ((received ? t->received[i].value : t->configured[i].value) != 0)
			return true;
	}
	return false;
}

char *prop_diff_words(const struct prop_diff *d, bool received, char *buf, size_t cap)
{
	struct line l = {buf, cap, 0};
	bool ike = d->phase == 1 || d->phase == PROP_PHASE_IKE2;

	l.at = (size_t)snprintf(buf, cap, "%s", ike ? "IKE:" : "ESP:");
	put_type(&l, d, PROP_ENCR, PROP_ENCR, received);
	/* In IKEv1 the hash is both. */
	put_type(&l, d, d->phase == 1 ? PROP_HASH : PROP_INTEG, PROP_INTEG, received);
	if (ike)
		put_type(&l, d, PROP_HASH, PROP_HASH, received);
	put_type(&l, d, PROP_GROUP, PROP_GROUP, received);
	if (!ike)
		put(&l, has_esn(d, received) ? "EXT_SEQ" : "NO_EXT_SEQ");
	return buf;
}
