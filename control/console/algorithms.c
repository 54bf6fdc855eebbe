/* SPDX-License-Identifier: BSD-3-Clause */
/* algorithms.c - the Diffie-Hellman groups, and what each costs here; see algorithms.h. */
#include "control/console/algorithms.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "control/crypto/dh.h"
#include "control/crypto/suite.h"

/* What RFC 8247 section 2.4 says; groups it does not name are as good as their size. */
struct level {
	uint16_t id;
	uint16_t bits;
	const char *name;
	const char *rfc8247;
	const char *refused; /* NULL: usable */
};

static const struct level levels[] = {
	{1, 768, "modp768", "MUST NOT", NULL},
	{2, 1024, "modp1024", "SHOULD NOT", NULL},
	{3, 155, "ec2n155", "not named", "EC2N groups are not implemented"},
	{4, 185, "ec2n185", "not named", "EC2N groups are not implemented"},
	{5, 1536, "modp1536", "SHOULD NOT", NULL},
	{14, 2048, "modp2048", "MUST", NULL},
	{15, 3072, "modp3072", "not named", NULL},
	{16, 4096, "modp4096", "not named", NULL},
	{17, 6144, "modp6144", "not named", NULL},
	{18, 8192, "modp8192", "not named", NULL},
	{19, 256, "ecp256", "SHOULD", NULL},
	{20, 384, "ecp384", "not named", NULL},
	{21, 521, "ecp521", "not named", NULL},
	{22, 1024, "modp1024s160", "MUST NOT", "use modp2048 instead"},
	{23, 2048, "modp2048s224", "SHOULD NOT", "use modp2048 instead"},
	{24, 2048, "modp2048s256", "SHOULD NOT", NULL},
	{31, 255, "x25519", "not named", NULL},
};

struct cost {
	uint64_t pair, secret; /* ns, medians */
};

static struct dh *new_pair(const struct suite_group *g)
{
	uint8_t seed[DH_MAX_SEED];
	struct dh *dh = NULL;

	if (RAND_priv_bytes(seed, g->seed_len) == 1)
		dh = dh_new(g->id, seed, g->seed_len);
	OPENSSL_cleanse(seed, sizeof(seed));
	return dh;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static uint64_t median(uint64_t *list, unsigned int n)
{
	qsort(list, n, sizeof(*list), by_value);
	return list[n / 2];
}

/* One handshake's work: a pair of our own, and the secret with a peer's public value. */
static int measure_once(const struct suite_group *g, const struct dh *peer, uint64_t (*now)(void),
			uint64_t *pair, uint64_t *secret)
{
	uint8_t out[DH_MAX_SECRET];
	uint64_t begin = now(), made;
	struct dh *dh = new_pair(g);
	const uint8_t *public;
	size_t len, out_len;
	int rc;

	if (dh == NULL)
		return -EIO;
	made = now();
	public = dh_public(peer, &len);
	rc = dh_derive(dh, public, len, out, sizeof(out), &out_len);
	*secret = now() - made;
	*pair = made - begin;
	OPENSSL_cleanse(out, sizeof(out));
	dh_free(dh);
	return rc != 0 ? -EIO : 0;
}

static int measure(const struct suite_group *g, uint64_t (*now)(void), unsigned int runs,
		   struct cost *cost)
{
	uint64_t *pairs = calloc(2 * (size_t)runs, sizeof(*pairs));
	struct dh *peer = new_pair(g);
	int rc = pairs == NULL || peer == NULL ? -EIO : 0;

	for (unsigned int i = 0; rc == 0 && i < runs; i++)
		rc = measure_once(g, peer, now, &pairs[i], &pairs[runs + i]);
	if (rc == 0) {
		cost->pair = median(pairs, runs);
		cost->secret = median(pairs + runs, runs);
	}
	dh_free(peer);
	free(pairs);
	return rc;
}

static void use_of(const struct level *l, const struct suite_group *g, char *buf, size_t cap)
{
	char word[SUITE_MAX_NAME * 2];

	if (g == NULL)
		snprintf(buf, cap, "refused: %s", l->refused);
	else if (g->weak != 0)
		snprintf(buf, cap, "allow-weak=%s", suite_weak_print(g->weak, word, sizeof(word)));
	else
		snprintf(buf, cap, "yes");
}

static void add_text(struct text *out, const struct level *l, const char *use,
		     const struct cost *cost)
{
	char times[2][24] = {"-", "-"};

	if (cost != NULL) {
		snprintf(times[0], sizeof(times[0]), "%.1f", (double)cost->pair / 1e3);
		snprintf(times[1], sizeof(times[1]), "%.1f", (double)cost->secret / 1e3);
	}
	text_printf(out, "%5u  %-13s %5u  %-10s %11s %12s  %s\n", l->id, l->name, l->bits,
		    l->rfc8247, times[0], times[1], use);
}

static void add_json(json_t *rows, const struct level *l, const char *use, const struct cost *cost)
{
	json_t *row = json_pack("{s:i, s:s, s:i, s:s, s:s}", "group", l->id, "name", l->name,
				"bits", l->bits, "rfc8247", l->rfc8247, "use", use);

	if (row != NULL && cost != NULL) {
		json_object_set_new(row, "key-pair-us", json_real((double)cost->pair / 1e3));
		json_object_set_new(row, "secret-us", json_real((double)cost->secret / 1e3));
	}
	json_array_append_new(rows, row);
}

int algorithms_dh(uint64_t (*now)(void), unsigned int runs, bool json, struct text *out)
{
	json_t *rows = json ? json_array() : NULL;
	int rc = 0;

	if (!json)
		text_printf(out, "%5s  %-13s %5s  %-10s %11s %12s  %s\n", "group", "name", "bits",
			    "RFC 8247", "key pair/us", "secret/us", "use");
	for (size_t i = 0; rc == 0 && i < sizeof(levels) / sizeof(levels[0]); i++) {
		const struct suite_group *g = suite_group_find(levels[i].id);
		struct cost cost;
		char use[96];

		if (g != NULL)
			rc = measure(g, now, runs, &cost);
		use_of(&levels[i], g, use, sizeof(use));
		if (json)
			add_json(rows, &levels[i], use, g != NULL ? &cost : NULL);
		else
			add_text(out, &levels[i], use, g != NULL ? &cost : NULL);
	}
	if (json && rc == 0) {
		char *s = json_dumps(rows, JSON_INDENT(2));

		text_puts(out, s != NULL ? s : "");
		text_puts(out, "\n");
		free(s);
	}
	json_decref(rows);
	return rc;
}
