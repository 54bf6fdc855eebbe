/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_reasm_twin.c - reassembly against a naive twin: a million fragments of datagrams that were
 * cut, shuffled, and now and then lost, doubled, shifted or laid over each other.
 */
#include "tests/unit/dataplane/net/reasmkit.h"

/* The twin: a list of pieces, looked through from the start each time. */

#define TWIN_IDS    24u
#define TWIN_PIECES 16u
#define TWIN_MAX    12000u
#define TWIN_FEEDS  1000000u

struct twin_piece {
	unsigned int offset, len;
	bool more;
	uint8_t data[1500];
};

struct twin {
	unsigned int n;
	uint64_t since;
	struct twin_piece piece[TWIN_PIECES];
};

static struct twin twins[2][TWIN_IDS]; /* of IPv4, of IPv6 */
static uint8_t twin_whole[TWIN_MAX + 8000];

/* Do they cover 0 to total, each byte once? */
static bool twin_tiles(const struct twin *t, unsigned int total)
{
	unsigned int at = 0, used = 0;

	for (bool found = true; found && at < total;) {
		found = false;
		for (unsigned int i = 0; i < t->n && !found; i++)
			if (t->piece[i].offset == at) {
				memcpy(twin_whole + at, t->piece[i].data, t->piece[i].len);
				at += t->piece[i].len;
				used++;
				found = true;
			}
	}
	return at == total && used == t->n;
}

/* Length of the whole datagram, or 0. */
static unsigned int twin_feed(struct twin *t, uint64_t now, unsigned int offset, bool more,
			      const uint8_t *data, unsigned int len)
{
	unsigned int first = 0, last = 0, total = 0, sum = 0;
	struct twin_piece *p;

	if (t->n != 0 && t->since + TIMEOUT_MS * MS < now)
		t->n = 0;
	if (t->n == 0)
		t->since = now;
	p = &t->piece[t->n++];
	*p = (struct twin_piece){.offset = offset, .len = len, .more = more};
	memcpy(p->data, data, len);
	for (unsigned int i = 0; i < t->n; i++) {
		first += t->piece[i].offset == 0;
		last += t->piece[i].offset != 0 && !t->piece[i].more;
		sum += t->piece[i].len;
		if (t->piece[i].offset != 0 && !t->piece[i].more)
			total = t->piece[i].offset + t->piece[i].len;
	}
	if (first > 1 || last > 1 || t->n - first - last > REASM_MAX_PIECES - 2) {
		t->n = 0;
		return 0;
	}
	if (last == 0 || sum < total)
		return 0;
	if (!twin_tiles(t, total))
		total = 0;
	t->n = 0;
	return total;
}

/* A datagram on its way: cut, shuffled, and now and then tampered with. */
struct plan {
	unsigned int n, at;
	uint16_t from; /* in some[] */
	struct {
		unsigned int offset, len;
		bool more;
	} piece[TWIN_PIECES];
};

static void plan_swap(struct plan *p, unsigned int a, unsigned int b)
{
	__typeof__(p->piece[0]) keep = p->piece[a];

	p->piece[a] = p->piece[b];
	p->piece[b] = keep;
}

static void plan_tamper(struct plan *p, uint64_t *seed)
{
	unsigned int i = (unsigned int)(random_next(seed) % p->n);

	switch (random_next(seed) % 16) {
	case 0: /* lost */
		plan_swap(p, i, --p->n);
		break;
	case 1: /* doubled */
		if (p->n < TWIN_PIECES)
			p->piece[p->n++] = p->piece[i];
		break;
	case 2: /* overlapping what is before it */
		if (p->piece[i].offset >= 8 && p->piece[i].len < 1400) {
			p->piece[i].offset -= 8;
			p->piece[i].len += 8;
		}
		break;
	case 3: /* shifted */
		p->piece[i].offset += 8;
		break;
	case 4: /* cut short: a hole */
		if (p->piece[i].len > 8)
			p->piece[i].len -= 8;
		break;
	case 5: /* another end */
		p->piece[i].more = !p->piece[i].more;
		p->piece[i].len = (p->piece[i].len + 7) & ~7u;
		break;
	default:
		break;
	}
}

static void plan_make(struct plan *p, uint64_t *seed)
{
	unsigned int want = 2 + (unsigned int)(random_next(seed) % 9), offset = 0;

	p->n = want;
	p->at = 0;
	p->from = (uint16_t)random_next(seed) & 0x7fff;
	for (unsigned int i = 0; i < want; i++) {
		bool more = i + 1 < want;
		unsigned int len = 8 + (unsigned int)(random_next(seed) % 1180);

		if (random_next(seed) % 2)
			len = 8 + len % 64;
		p->piece[i].offset = offset;
		p->piece[i].len = more ? len & ~7u : len;
		p->piece[i].more = more;
		offset += p->piece[i].len;
	}
	plan_tamper(p, seed);
	if (random_next(seed) % 4 != 0)
		for (unsigned int i = p->n; i > 1; i--)
			plan_swap(p, i - 1, (unsigned int)(random_next(seed) % i));
}

/* The next fragment of p, fed to both; true when it made a whole. */
static bool feed_both(struct plan *p, bool six, uint16_t id, unsigned int number)
{
	unsigned int k = p->at++, offset = p->piece[k].offset, len = p->piece[k].len, want;
	const uint8_t *data = some + p->from + offset;
	bool more = p->piece[k].more;
	struct rte_mbuf *m;

	if (offset == 0 && !more)
		return false; /* no fragment at all */
	want = twin_feed(&twins[six][id], kit.w->now, offset, more, data, len);
	m = six ? feed6(id, offset, more, data, len) : feed(id, offset, more, data, len);
	if ((m != NULL) != (want != 0))
		fail_msg("feed %u, IPv6 %d: whole %d, the twin has %u bytes", number, six,
			 m != NULL, want);
	if (m == NULL)
		return false;
	if (six)
		expect_whole6(m, twin_whole, want);
	else
		expect_whole(m, id, twin_whole, want);
	return true;
}

/* Both families in the same table, with the same identifications. */
static void agrees_with_the_naive_twin(void **state)
{
	static struct plan plans[2][TWIN_IDS];
	uint64_t seed = 20, wholes = 0;

	(void)state;
	for (unsigned int i = 0; fed < TWIN_FEEDS; i++) {
		uint16_t id = (uint16_t)(random_next(&seed) % TWIN_IDS);
		bool six = random_next(&seed) % 2;
		struct plan *p = &plans[six][id];

		if (p->at == p->n)
			plan_make(p, &seed);
		if (p->n == 0)
			continue;
		if (random_next(&seed) % 1000 == 0)
			kit.w->now += (random_next(&seed) % 1500) * MS;
		wholes += feed_both(p, six, id, i);
		reasm_expire(kit.w);
	}
	kit.w->now += 2 * TIMEOUT_MS * MS;
	reasm_expire(kit.w);
	assert_int_equal(reasm_held(kit.w->reasm), 0);
	assert_int_equal(fed, rise(DROP_NET_REASSEMBLY) + rise(DROP_NET_CONSUMED) + wholes);
	assert_in_range(wholes, TWIN_FEEDS / 50, TWIN_FEEDS / 3);
	assert_true(rise(DROP_NET_REASSEMBLY) > TWIN_FEEDS / 20);
}

static int begin(void **state)
{
	reasmkit_start(1024); /* never full here */
	return kit_begin(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(agrees_with_the_naive_twin, begin, reasmkit_end),
	};

	return cmocka_run_group_tests(tests, reasmkit_setup6, reasmkit_teardown6);
}
