/* SPDX-License-Identifier: BSD-3-Clause */
/* guard.c - admission of new phase 1 exchanges; see guard.h. */
#include "control/ike/guard.h"

#include <stdlib.h>
#include <string.h>

#define NS_PER_MILLITOKEN(rate) (1000000ULL / (rate)) /* ns in which 1/1000 token comes in */

int guard_init(struct guard *g, uint64_t seed)
{
	memset(g, 0, sizeof(*g));
	TAILQ_INIT(&g->idle);
	g->total[0].tokens = g->total[1].tokens = GUARD_BURST_TOTAL * 1000ULL;
	g->costly[0].tokens = g->costly[1].tokens = GUARD_BURST_COSTLY * 1000ULL;
	return table_init(&g->sources, seed);
}

static void forget(struct guard *g, struct guard_source *s)
{
	TAILQ_REMOVE(&g->idle, s, lru);
	table_remove(&g->sources, &s->node);
	free(s);
}

void guard_fini(struct guard *g)
{
	for (size_t i = 0; i < g->sources.n_buckets; i++) {
		struct table_node *n = g->sources.buckets[i], *next;

		for (; n != NULL; n = next) {
			next = n->next;
			free(TABLE_ENTRY(n, struct guard_source, node));
		}
	}
	table_fini(&g->sources);
}

/* Family, then the bytes that make a source: /32 or /64. */
static void source_key(const struct abi_addr *a, uint8_t key[9])
{
	memset(key, 0, 9);
	key[0] = a->family;
	memcpy(key + 1, a->bytes, a->family == 4 ? 4 : 8);
}

static struct guard_source *find(const struct guard *g, const uint8_t key[9], uint64_t hash)
{
	struct table_node *n;

	for (n = table_first(&g->sources, hash); n != NULL; n = table_next(n)) {
		struct guard_source *s = TABLE_ENTRY(n, struct guard_source, node);

		if (memcmp(s->key, key, sizeof(s->key)) == 0)
			return s;
	}
	return NULL;
}

static struct guard_source *find_or_add(struct guard *g, const struct abi_addr *a, uint64_t now)
{
	struct guard_source *s;
	uint8_t key[9];
	uint64_t hash;

	source_key(a, key);
	hash = table_hash(&g->sources, key, sizeof(key));
	s = find(g, key, hash);
	if (s != NULL)
		return s;
	if (g->sources.count >= GUARD_MAX_SOURCES)
		forget(g, TAILQ_FIRST(&g->idle)); /* half-open ones are at most half of all */
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	memcpy(s->key, key, sizeof(key));
	s->bucket.tokens = GUARD_BURST_SOURCE * 1000ULL;
	s->bucket.filled = now;
	table_insert(&g->sources, &s->node, hash);
	TAILQ_INSERT_TAIL(&g->idle, s, lru);
	return s;
}

static void fill(struct guard_bucket *b, uint64_t now, uint64_t rate, uint64_t burst)
{
	uint64_t step = NS_PER_MILLITOKEN(rate), add;

	if (now <= b->filled)
		return;
	add = (now - b->filled) / step;
	b->filled += add * step;
	b->tokens = add >= burst * 1000 - b->tokens ? burst * 1000 : b->tokens + add;
}

/* Half-open ones are few enough: one more. */
static enum guard_verdict count(struct guard *g, struct guard_source *s)
{
	if (s->half_open >= GUARD_HALF_OPEN_SOURCE)
		return GUARD_SOURCE_FULL;
	if (g->half_open >= GUARD_HALF_OPEN_TOTAL)
		return GUARD_TOTAL_FULL;
	if (s->half_open++ == 0)
		TAILQ_REMOVE(&g->idle, s, lru);
	g->half_open++;
	return GUARD_ADMIT;
}

static enum guard_verdict admit(struct guard *g, struct guard_bucket *total,
				const struct abi_addr *src, uint64_t now)
{
	struct guard_source *s = find_or_add(g, src, now);

	if (s == NULL)
		return GUARD_NO_MEMORY;
	if (s->half_open == 0) { /* most recently seen last */
		TAILQ_REMOVE(&g->idle, s, lru);
		TAILQ_INSERT_TAIL(&g->idle, s, lru);
	}
	fill(&s->bucket, now, GUARD_RATE_SOURCE, GUARD_BURST_SOURCE);
	fill(total, now, GUARD_RATE_TOTAL, GUARD_BURST_TOTAL);
	if (s->bucket.tokens < 1000 || total->tokens < 1000)
		return GUARD_RATE;
	s->bucket.tokens -= 1000;
	total->tokens -= 1000;
	return count(g, s);
}

enum guard_verdict guard_admit(struct guard *g, const struct abi_addr *src, uint64_t now)
{
	return admit(g, &g->total[0], src, now);
}

enum guard_verdict guard_admit_any(struct guard *g, const struct abi_addr *src, uint64_t now)
{
	return admit(g, &g->total[1], src, now);
}

bool guard_admit_costly(struct guard *g, bool known, uint64_t now)
{
	struct guard_bucket *b = &g->costly[!known];

	fill(b, now, GUARD_RATE_COSTLY, GUARD_BURST_COSTLY);
	if (b->tokens < 1000)
		return false;
	b->tokens -= 1000;
	return true;
}

enum guard_verdict guard_admit_again(struct guard *g, const struct abi_addr *src)
{
	struct guard_source *s;
	uint8_t key[9];

	source_key(src, key);
	s = find(g, key, table_hash(&g->sources, key, sizeof(key)));
	return s != NULL ? count(g, s) : GUARD_NO_MEMORY;
}

bool guard_wants_cookie(const struct guard *g, const struct abi_addr *src)
{
	const struct guard_source *s;
	uint8_t key[9];

	if (g->half_open >= GUARD_COOKIE_TOTAL)
		return true;
	source_key(src, key);
	s = find(g, key, table_hash(&g->sources, key, sizeof(key)));
	return s != NULL && s->half_open >= GUARD_COOKIE_SOURCE;
}

bool guard_same_source(const struct abi_addr *a, const struct abi_addr *b)
{
	uint8_t ka[9], kb[9];

	source_key(a, ka);
	source_key(b, kb);
	return memcmp(ka, kb, sizeof(ka)) == 0;
}

void guard_release(struct guard *g, const struct abi_addr *src)
{
	struct guard_source *s;
	uint8_t key[9];

	source_key(src, key);
	s = find(g, key, table_hash(&g->sources, key, sizeof(key)));
	if (s == NULL || s->half_open == 0)
		return;
	g->half_open--;
	if (--s->half_open == 0)
		TAILQ_INSERT_TAIL(&g->idle, s, lru);
}

const char *guard_text(enum guard_verdict v)
{
	switch (v) {
	case GUARD_ADMIT:
		return "admitted";
	case GUARD_RATE:
		return "too many first messages a second";
	case GUARD_SOURCE_FULL:
		return "too many half-open SAs from this source";
	case GUARD_TOTAL_FULL:
		return "too many half-open SAs in total";
	case GUARD_NO_MEMORY:
		return "out of memory";
	}
	return "unknown";
}
