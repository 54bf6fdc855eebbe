/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_esp_out_run.c - bursts of one SA, or of many, and what disturbs them, against the plain
 * twin: the same packets, each in a burst of its own, which share nothing.
 */
#include "dataplane/ipsec/crypto_impl.h"
#include "dataplane/ipsec/warm.h"
#include "dataplane/net/neigh_table.h"
#include "dataplane/order.h"
#include "tests/unit/dataplane/ipsec/espkit.h"

#define SLOTS	  2u
#define RUN	  20u /* the SAs of bursts, and from TWIN on the same for the twin */
#define TWIN	  30u
#define ROUNDS	  120u
#define LEFT_MIN  42u		/* bytes before a packet without room: less than its header takes */
#define PEER_PORT 40007u	/* of a NAT: not ours */
#define NOTHING	  (RUN + SLOTS) /* no SA is there */

enum kind {
	PLAIN, /* and all beyond SPECIAL */
	LARGE, /* refused; split ones would number their pieces after the burst */
	ELSEWHERE,
	SHARED,
	SYN,
	NO_ROOM,
	NO_TAIL,
	CUT,  /* shorter than it says */
	IPV6, /* which the selectors of an SA for IPv4 cannot mean */
	OTHER_SA,
	NO_SA,
	SPECIAL
};

static uint64_t seed = 41;
static bool many; /* SAs in each burst */
/* What every second one of them is; OTHER_SUITE: and the other encapsulation. */
static enum { ALIKE, LIMITED, DF_CLEAR, TRANSPORT, OTHER_SUITE } second;
static const char *other_suite;
static struct {
	const struct reference_suite *suite;
	uint8_t encap;
} worn[2];		   /* by SAs of even slots, and of odd ones */
static bool among_others;  /* bursts are those of one of several workers */
static unsigned int sends; /* packets that knew their way */

/* What is made or opened is of this SA. */
static void put_on(uint32_t slot)
{
	_Static_assert(RUN % 2 == 0 && TWIN % 2 == 0, "twins are alike");
	esp.suite = worn[slot % 2].suite;
	esp.encap = worn[slot % 2].encap;
}

static unsigned int any(unsigned int n)
{
	return (unsigned int)(random_next(&seed) % n);
}

static void make_syn(struct frame *f)
{
	uint8_t *tcp = f->b + ETH + 20;

	f->b[ETH + 9] = 6;
	memset(tcp, 0, 24);
	tcp[12] = 6 << 4;
	tcp[13] = 2;
	tcp[20] = 2;
	tcp[21] = 4;
	put16(tcp + 22, 1460);
	frame_fix(f);
}

static struct frame frame_of(enum kind kind, uint32_t mtu)
{
	struct frame f =
		espkit_udp_out(kind == LARGE ? mtu - 27 + any(2) * any(100) : 24 + any(mtu - 51));

	f.b[ETH + 1] = (uint8_t)any(256);
	f.b[ETH + 6] = kind == LARGE || any(2) ? 0x40 : 0; /* DF */
	if (kind == ELSEWHERE)
		put32(f.b + ETH + (any(2) ? 12 : 16), IP(10, 100, 2, 6));
	if (kind == SYN)
		make_syn(&f);
	frame_fix(&f);
	return f;
}

/* In front of it there is no room, or just enough, or one byte less. */
static void move_to_front(struct rte_mbuf *m, unsigned int left)
{
	memmove((uint8_t *)m->buf_addr + left, rte_pktmbuf_mtod(m, uint8_t *), m->data_len);
	m->data_off = (uint16_t)left;
}

/* As parse_burst() leaves one whose addresses are not what meta says of IPv4. */
static void make_ipv6(struct rte_mbuf *m)
{
	uint8_t *ip = rte_pktmbuf_mtod_offset(m, uint8_t *, ETH);

	memset(ip, 0, 40);
	ip[0] = 0x60;
	put16(ip + 4, pkt_meta(m)->ip_len - 40u);
	ip[6] = 17;
	ip[7] = 64;
	ip[8] = ip[24] = 0x20;
	pkt_meta(m)->flags |= PKT_F_IPV6;
	pkt_meta(m)->l4_off = ETH + 40;
}

static struct rte_mbuf *packet(const struct frame *f, enum kind kind, uint32_t slot,
			       unsigned int left)
{
	struct rte_mbuf *m = espkit_clear(f);

	pkt_meta(m)->sa_slot = slot;
	pkt_meta(m)->in_port = left % 2;
	if (kind == IPV6)
		make_ipv6(m);
	if (kind == SHARED)
		rte_mbuf_refcnt_update(m, 1);
	if (kind == NO_ROOM)
		move_to_front(m, left);
	if (kind == NO_TAIL) /* up to the end, or with some of what is put there */
		move_to_front(m, m->buf_len - m->data_len - 3 * (left - LEFT_MIN));
	if (kind == CUT)
		rte_pktmbuf_trim(m, 1);
	return m;
}

static const struct rte_ether_addr gateway = {{2, 0, 0, 0, 2, 0x54}};

/* That of one that knows its way; and its meta as of one that does not. */
static void expect_way(const struct rte_mbuf *m, struct pkt_meta *meta)
{
	const uint8_t *ether = rte_pktmbuf_mtod(m, const uint8_t *);

	assert_non_null(kit.h->tables.neigh);
	assert_int_equal(meta->out_port, 1);
	assert_int_equal(meta->next_hop, WAN_GW);
	assert_memory_equal(ether, &gateway, 6);
	assert_memory_equal(ether + 6, &ports[1].mac, 6);
	assert_int_equal(get16(ether + 12), 0x0800);
	meta->verdict = PKT_FORWARD;
	meta->out_port = 0;
	meta->next_hop = 0;
	sends++;
}

/* All but the numbers of the SAs, IV and what is encrypted. */
static void expect_alike(const struct rte_mbuf *m, const struct rte_mbuf *twin)
{
	struct pkt_meta a = *pkt_meta((struct rte_mbuf *)(uintptr_t)m);
	struct pkt_meta b = *pkt_meta((struct rte_mbuf *)(uintptr_t)twin);
	uint8_t inner[2][ESPKIT_MAX_INNER];
	struct reference_esp e[2];
	long len;

	assert_int_equal(a.verdict, b.verdict);
	if (a.verdict == PKT_SEND) {
		expect_way(m, &a);
		expect_way(twin, &b);
	}
	assert_int_equal(a.reason, b.reason);
	if (a.verdict == PKT_DROP)
		return;
	assert_int_equal(a.sa_slot + TWIN - RUN, b.sa_slot);
	a.sa_slot = b.sa_slot;
	assert_int_equal(a.trim != ORDER_NONE, among_others);
	a.trim = b.trim;
	assert_memory_equal(&a, &b, sizeof(a));
	assert_int_equal(m->data_off, twin->data_off);
	assert_int_equal(m->data_len, twin->data_len);
	assert_memory_equal(rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH),
			    rte_pktmbuf_mtod_offset(twin, const uint8_t *, ETH), 28);
	put_on(b.sa_slot);
	len = espkit_open(m, &e[0], inner[0]);
	assert_true(len > 0);
	assert_int_equal(len, espkit_open(twin, &e[1], inner[1]));
	assert_memory_equal(inner[0], inner[1], (size_t)len);
	assert_int_equal(e[0].seq, e[1].seq);
}

static void expect_counted_alike(void)
{
	for (uint32_t i = 0; i < SLOTS; i++) {
		const struct abi_sa_counters *a = espkit_counters(RUN + i);
		const struct abi_sa_counters *b = espkit_counters(TWIN + i);

		assert_int_equal(a->hits, b->hits);
		assert_int_equal(a->packets, b->packets);
		assert_int_equal(a->bytes, b->bytes);
		assert_int_equal(a->wire_bytes, b->wire_bytes);
		assert_int_equal(a->last_used, b->last_used);
	}
}

/* Among others a burst has a number for each of its packets: those that were not sent leave the
 * last of them unused, and nobody waits for these. */
static void expect_numbered_alike(struct rte_mbuf **m, const uint32_t *slot, uint16_t n)
{
	uint64_t unused[SLOTS] = {0};

	for (uint16_t i = 0; among_others && i < n; i++)
		if (slot[i] < RUN + SLOTS && pkt_meta(m[i])->verdict == PKT_DROP)
			unused[slot[i] - RUN]++;
	for (uint32_t i = 0; i < SLOTS; i++) {
		struct sa *a = sad_slot(esp.sad, RUN + i), *b = sad_slot(esp.sad, TWIN + i);

		assert_int_equal(a->seq, b->seq + unused[i]);
		b->seq = a->seq;
	}
}

/* All blocks leave. */
static void drain(struct order *o)
{
	struct rte_mbuf *out[WORKER_BURST];
	uint16_t n;

	while (order_next(o, esp.sad, kit.w->now, out, &n) != ORDER_NOTHING)
		assert_int_equal(n, 0);
	assert_int_equal(order_waiting(o), 0);
	for (uint32_t i = 0; i < SLOTS; i++)
		assert_int_equal(sad_slot(esp.sad, RUN + i)->sent, sad_slot(esp.sad, RUN + i)->seq);
}

/* No IV was there before in the burst: what is shared is taken once for each packet. */
static void expect_own_iv(struct rte_mbuf **m, uint16_t i)
{
	size_t at = ETH + 20 + (pkt_meta(m[i])->proto == 17 ? 8 : 0) + 8;

	for (uint16_t k = 0; k < i; k++)
		if (pkt_meta(m[i])->verdict != PKT_DROP && pkt_meta(m[k])->verdict != PKT_DROP)
			assert_memory_not_equal(rte_pktmbuf_mtod_offset(m[i], uint8_t *, at),
						rte_pktmbuf_mtod_offset(m[k], uint8_t *, at), 8);
}

static void release(struct rte_mbuf *m, struct rte_mbuf *given)
{
	if (m != given) /* a copy: our hold on the original is left */
		rte_pktmbuf_free(given);
	else if (rte_mbuf_refcnt_read(m) == 2)
		rte_mbuf_refcnt_update(m, -1);
	rte_pktmbuf_free(m);
}

static void compare_burst(uint16_t n, unsigned int disturbed, struct order *order)
{
	struct rte_mbuf *m[WORKER_BURST], *twin[WORKER_BURST], *given[2][WORKER_BURST];
	uint32_t slot[WORKER_BURST];
	uint32_t mtu = RTE_MIN(sad_slot(esp.sad, RUN)->mtu, sad_slot(esp.sad, RUN + 1)->mtu);

	for (uint16_t i = 0; i < n; i++) {
		/* Three of them say that a burst is of one SA. */
		bool fixed = i == 0 || i == n / 2 || i == n - 1;
		enum kind kind = any(disturbed) == 0 ? (enum kind)any(SPECIAL) : PLAIN;
		struct frame f = frame_of(kind, mtu);
		uint32_t at = kind == OTHER_SA && !fixed ? 1 : kind == NO_SA && !fixed ? SLOTS : 0;
		unsigned int left = LEFT_MIN + any(12);

		if (many && at == 0)
			at = fixed ? i != 0 : any(SLOTS);
		slot[i] = RUN + at;
		given[0][i] = m[i] = packet(&f, kind, RUN + at, left);
		given[1][i] = twin[i] = packet(&f, kind, TWIN + at, left);
	}
	kit.w->now++;
	kit.w->order = order;
	esp_out_burst(kit.w, m, n);
	kit.w->order = NULL;
	if (order != NULL)
		drain(order);
	for (uint16_t i = 0; i < n; i++)
		esp_out_burst(kit.w, &twin[i], 1);
	kit_clear(); /* ICMP errors */
	assert_int_equal(esp.n_routed, 0);
	for (uint16_t i = 0; i < n; i++)
		expect_own_iv(m, i);
	expect_numbered_alike(m, slot, n);
	for (uint16_t i = 0; i < n; i++) {
		expect_alike(m[i], twin[i]);
		assert_int_equal(m[i] == given[0][i], twin[i] == given[1][i]); /* or a copy */
		release(m[i], given[0][i]);
		release(twin[i], given[1][i]);
	}
	expect_counted_alike();
}

static void add_sas(bool narrow, bool limited)
{
	worn[0].suite = worn[1].suite = esp.suite;
	worn[0].encap = worn[1].encap = esp.encap;
	if (second == OTHER_SUITE) {
		worn[1].suite = espkit_suite(other_suite);
		worn[1].encap = esp.encap == ABI_ENCAP_UDP ? ABI_ENCAP_NONE : ABI_ENCAP_UDP;
	}
	for (uint32_t i = 0; i < 2 * SLOTS; i++) {
		uint32_t slot = i < SLOTS ? RUN + i : TWIN + i - SLOTS;
		bool other = second == LIMITED && i % 2 != 0;
		struct abi_sa_add c;

		put_on(slot);
		c = espkit_out();
		c.slot = slot;
		if (second == DF_CLEAR && i % 2 != 0)
			c.df = ABI_DF_CLEAR;
		if (second == TRANSPORT && i % 2 != 0)
			c.mode = ABI_MODE_TRANSPORT;
		c.life.hard_packets = limited || other ? 1u << 30 : 0;
		if (!narrow || other) {
			c.n_remote = 2;
			c.ts_remote[1] = espkit_range(IP(10, 200, 1, 0), IP(10, 200, 1, 255));
		}
		espkit_add(&c);
	}
}

static void compare_sas(const char *suite, uint8_t encap, bool narrow, bool limited)
{
	uint64_t out_of_turn = 0;
	struct order *order = among_others ? order_create(SOCKET_ID_ANY, &out_of_turn) : NULL;

	assert_int_equal(order != NULL, among_others);
	esp.peer_port = PEER_PORT;
	espkit_pair(espkit_suite(suite), encap);
	add_sas(narrow, limited);
	for (unsigned int round = 0; round < ROUNDS; round++)
		compare_burst((uint16_t)((many ? WARM_LEAST : 1) + any(WORKER_BURST / 4)),
			      2 + any(40), order);
	compare_burst(WORKER_BURST, 30, order);
	order_free(order);
	for (uint32_t i = 0; i < SLOTS; i++) {
		espkit_remove(RUN + i);
		espkit_remove(TWIN + i);
	}
}

static void bursts_are_built_as_single_packets_are(void **state)
{
	(void)state;
	compare_sas("aes128+sha1", ABI_ENCAP_NONE, true, false);
	compare_sas("aes256+sha256", ABI_ENCAP_UDP, true, true);
}

static void nor_do_other_selectors_and_ivs_matter(void **state)
{
	(void)state;
	compare_sas("aes128+md5", ABI_ENCAP_NONE, false, false);
	compare_sas("3des+sha1", ABI_ENCAP_UDP, true, false);
}

static void nor_does_it_matter_that_there_are_other_workers(void **state)
{
	(void)state;
	among_others = true;
	compare_sas("aes128+sha1", ABI_ENCAP_NONE, true, true);
	compare_sas("aes256+sha256", ABI_ENCAP_UDP, true, false);
	compare_sas("aes128+md5", ABI_ENCAP_NONE, false, false);
	among_others = false;
}

static void nor_does_it_matter_how_many_sas_they_are_of(void **state)
{
	(void)state;
	many = true;
	compare_sas("aes128+sha1", ABI_ENCAP_NONE, true, false);
	compare_sas("aes256+sha256", ABI_ENCAP_UDP, true, false);
	compare_sas("3des+sha1", ABI_ENCAP_NONE, true, false);
	compare_sas("aes128+md5", ABI_ENCAP_NONE, false, true);
	for (second = LIMITED; second <= TRANSPORT; second++)
		compare_sas("aes128+sha1", ABI_ENCAP_UDP, true, false);
	many = false;
	second = ALIKE;
}

static void nor_does_it_matter_that_they_are_of_several_kinds(void **state)
{
	static const char *const suites[][2] = {{"aes128+sha1", "aes256+sha256"},
						{"aes128+sha1", "aes128gcm"},
						{"aes128gcm", "aes128+sha1"},
						{"3des+sha1", "aes128ctr+sha256"}};

	(void)state;
	many = true;
	second = OTHER_SUITE;
	for (unsigned int i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		other_suite = suites[i][1];
		compare_sas(suites[i][0], i % 2 ? ABI_ENCAP_UDP : ABI_ENCAP_NONE, true, false);
	}
	many = false;
	second = ALIKE;
}

static void nor_does_it_matter_that_the_way_is_known(void **state)
{
	struct neigh *t = neigh_create(SOCKET_ID_ANY);

	(void)state;
	assert_int_not_equal(neigh_table_insert(t, 1, neigh_key4(WAN_GW), NEIGH_KNOWN, &gateway),
			     -1);
	kit.h->tables.neigh = t;
	for (unsigned int i = 0; i < 3; i++) {
		sends = 0;
		many = i == 1;
		among_others = i == 2;
		compare_sas("aes128+sha1", ABI_ENCAP_NONE, true, false);
		compare_sas("aes256+sha256", ABI_ENCAP_UDP, true, true);
		assert_in_range(sends, ROUNDS * WORKER_BURST / 8, 2 * ROUNDS * WORKER_BURST);
	}
	many = among_others = false;
	kit.h->tables.neigh = NULL;
	neigh_free(t);
}

static void one_of_many_sas_that_is_of_no_use_any_more_is_found_out(void **state)
{
	(void)state;
	many = true;
	for (unsigned int what = 0; what < ESPKIT_SPOILS; what++) {
		espkit_pair(espkit_suite("aes128+sha1"), ABI_ENCAP_NONE);
		add_sas(true, false);
		espkit_spoil(RUN + 1, what);
		espkit_spoil(TWIN + 1, what);
		compare_burst(WORKER_BURST, 1000, NULL);
		for (uint32_t i = 0; i < SLOTS; i++) {
			espkit_mend(RUN + i);
			espkit_mend(TWIN + i);
			espkit_remove(RUN + i);
			espkit_remove(TWIN + i);
		}
	}
	many = false;
}

static aes_gcm_enc_dec_t seal_gcm;

/* The manager gives the SAs a lifetime in packets just now. */
static void seal_and_limit(const struct gcm_key_data *key, struct gcm_context_data *ctx,
			   uint8_t *out, uint8_t const *in, uint64_t len, const uint8_t *iv,
			   uint8_t const *aad, uint64_t aad_len, uint8_t *tag, uint64_t tag_len)
{
	for (uint32_t i = 0; i < SLOTS; i++)
		sad_slot(esp.sad, RUN + i)->limited = 1;
	seal_gcm(key, ctx, out, in, len, iv, aad, aad_len, tag, tag_len);
}

static void a_lifetime_that_comes_during_a_burst_is_spent_by_it(void **state)
{
	enum { N = 40 };
	IMB_MGR *mgr = kit.w->crypto->mgr;
	struct frame f = espkit_udp_out(100);
	struct rte_mbuf *m[N];

	(void)state;
	espkit_pair(espkit_suite("aes128gcm"), ABI_ENCAP_NONE);
	add_sas(true, false);
	for (uint32_t i = 0; i < N; i++)
		m[i] = packet(&f, PLAIN, RUN + i % SLOTS, 0);
	seal_gcm = mgr->gcm128_enc;
	mgr->gcm128_enc = seal_and_limit;
	esp_out_burst(kit.w, m, N);
	mgr->gcm128_enc = seal_gcm;
	rte_pktmbuf_free_bulk(m, N);
	for (uint32_t i = 0; i < SLOTS; i++) {
		assert_int_equal(espkit_counters(RUN + i)->packets, N / SLOTS);
		assert_int_equal(sad_slot(esp.sad, RUN + i)->volume.packets, N / SLOTS);
		assert_int_equal(sad_slot(esp.sad, RUN + i)->volume.bytes,
				 espkit_counters(RUN + i)->bytes);
	}
}

/* As test_esp_out.c does for one. */
static void the_last_numbers_are_the_same(void **state)
{
	(void)state;
	add_sas(true, false);
	for (unsigned int left = 0; left < 40; left++) {
		for (uint32_t i = 0; i < SLOTS; i++) {
			struct sa *a = sad_slot(esp.sad, RUN + i), *b = sad_slot(esp.sad, TWIN + i);

			a->seq = a->seq_limit - left;
			b->seq = b->seq_limit - left;
		}
		struct rte_mbuf *m[30];
		struct frame f = espkit_udp_out(100);

		for (unsigned int i = 0; i < 30; i++)
			m[i] = packet(&f, PLAIN, RUN, 0);
		esp_out_burst(kit.w, m, 30);
		for (unsigned int i = 0; i < 30; i++) {
			bool sent = i < left;

			assert_int_equal(pkt_meta(m[i])->verdict, sent ? PKT_FORWARD : PKT_DROP);
			if (!sent)
				assert_int_equal(pkt_meta(m[i])->reason,
						 DROP_OUT_STATE_SEQUENCE_ERRORS);
			rte_pktmbuf_free(m[i]);
		}
		assert_int_equal(sad_slot(esp.sad, RUN)->seq,
				 sad_slot(esp.sad, RUN)->seq_limit - (left > 30 ? left - 30 : 0));
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, espkit_begin, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(bursts_are_built_as_single_packets_are),
		CASE(nor_do_other_selectors_and_ivs_matter),
		CASE(nor_does_it_matter_that_there_are_other_workers),
		CASE(nor_does_it_matter_how_many_sas_they_are_of),
		CASE(nor_does_it_matter_that_they_are_of_several_kinds),
		CASE(nor_does_it_matter_that_the_way_is_known),
		CASE(one_of_many_sas_that_is_of_no_use_any_more_is_found_out),
		CASE(a_lifetime_that_comes_during_a_burst_is_spent_by_it),
		CASE(the_last_numbers_are_the_same),
	};

	return cmocka_run_group_tests(tests, espkit_setup, espkit_teardown);
}
