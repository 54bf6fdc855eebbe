/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_sizes.c - packets of every size through the whole pipeline: fragments around ESP, inside it
 * and without it, several segments, jumbo frames. Each test ends with every buffer given back.
 */
#include "tests/unit/dataplane/ipsec/espkit.h"

#include "dataplane/ipsec/spd.h"
#include "dataplane/ipsec/spd_cache.h"
#include "dataplane/net/frag.h"
#include "dataplane/net/neigh.h"
#include "dataplane/net/reasm.h"
#include "dataplane/net/route.h"

#define SENT 256u
#define DATA 5000u

static struct rte_mbuf *sent[SENT];
static uint8_t sent_port[SENT];
static unsigned int n_sent;
static bool full; /* the transmit queues take nothing */
static uint8_t data[70000];

static uint16_t take_sent(void *ctx, uint8_t port, struct rte_mbuf **pkts, uint16_t n)
{
	(void)ctx;
	for (uint16_t i = 0; i < n; i++) {
		if (full || n_sent == SENT)
			return i;
		sent_port[n_sent] = port;
		sent[n_sent++] = pkts[i];
	}
	return n;
}

static void clear_sent(void)
{
	rte_pktmbuf_free_bulk(sent, n_sent);
	n_sent = 0;
}

/* PROTECT between the two sites; port: of the far side, 0 = any. */
static void use_policy(uint16_t port)
{
	struct abi_policy p = {.policy_id = 42, .action = ABI_ACT_PROTECT, .mode = ABI_MODE_TUNNEL};
	uint32_t index = ESPKIT_POLICY, status, detail;

	p.local = espkit_range(IP(192, 168, 1, 0), IP(192, 168, 1, 255));
	p.remote = espkit_range(IP(10, 100, 1, 0), IP(10, 100, 1, 255));
	if (port != 0) {
		p.remote.protocol = 17;
		p.remote.port_lo = p.remote.port_hi = port;
	}
	spd_free(kit.h->tables.spd);
	kit.h->tables.spd = spd_build(&p, &index, 1, 1, SOCKET_ID_ANY, &status, &detail);
	assert_non_null(kit.h->tables.spd);
}

/* What a neighbour is does not matter here: every packet that has come as far as to need one has
 * done its way. */
static unsigned int take_slow(uint8_t why)
{
	struct rte_mbuf *m;

	while (rte_ring_dequeue(kit.w->ike, (void **)&m) == 0 ||
	       rte_ring_dequeue(kit.w->slow, (void **)&m) == 0) {
		if (pkt_meta(m)->reason != why || n_sent == SENT) {
			rte_pktmbuf_free(m);
			continue;
		}
		sent_port[n_sent] = pkt_meta(m)->out_port;
		sent[n_sent++] = m;
	}
	return n_sent;
}

static int begin(void **state)
{
	if (espkit_begin(state) != 0)
		return -1;
	for (unsigned int i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	full = false;
	use_policy(0);
	kit.w->spd_cache = spd_cache_create(SOCKET_ID_ANY);
	kit.h->tables.neigh = neigh_create(SOCKET_ID_ANY);
	kit.w->reasm = reasm_create(0, 64, 15000, SOCKET_ID_ANY);
	return pipeline_create(kit.w, take_sent, NULL, SOCKET_ID_ANY);
}

static int end(void **state)
{
	clear_sent();
	take_slow(UINT8_MAX);
	assert_int_equal(reasm_held(kit.w->reasm), 0);
	ports[0].mtu = ports[1].mtu = 1500;
	pipeline_free(kit.w);
	reasm_free(kit.w->reasm);
	kit.w->reasm = NULL;
	spd_free(kit.h->tables.spd);
	kit.h->tables.spd = NULL;
	spd_cache_free(kit.w->spd_cache);
	kit.w->spd_cache = NULL;
	neigh_free(kit.h->tables.neigh);
	return espkit_end(state);
}

/* An IPv4 packet of any size in one large buffer, Ethernet to our port in front. */
static struct rte_mbuf *large(uint32_t src, uint32_t dst, uint8_t proto, const uint8_t *payload,
			      size_t len)
{
	struct frame f = frame_ipv4(src, dst, proto, 0);
	struct rte_mbuf *m = rte_pktmbuf_alloc(kit.h->large);
	uint8_t *b = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)(ETH + 20 + len));

	assert_non_null(b);
	put16(f.b + ETH + 2, (unsigned int)(20 + len));
	frame_fix(&f);
	memcpy(b, f.b, ETH + 20);
	memcpy(b + ETH + 20, payload, len);
	*pkt_meta(m) = (struct pkt_meta){.l3_off = ETH,
					 .l4_off = ETH + 20,
					 .proto = proto,
					 .ip_len = (uint16_t)(20 + len),
					 .sa_slot = PKT_NO_SA};
	return m;
}

/* In pieces of at most mtu bytes of IP, into port 0. Takes m. */
static void input_pieces(struct rte_mbuf *m, uint16_t mtu)
{
	struct rte_mbuf *pieces[64];
	int n = frag_ipv4(kit.h->pool, m, mtu, pieces, 64);

	assert_true(n > 1);
	for (int i = 0; i < n; i++)
		memcpy(rte_pktmbuf_mtod(pieces[i], void *),
		       "\x02\0\0\0\0\x01\x02\0\0\0\x01\x12\x08\0", ETH);
	pipeline_input(kit.w, 0, pieces, (uint16_t)n);
}

/* A UDP datagram's bytes with ports and length; its checksum is 0. */
static const uint8_t *udp(unsigned int sport, unsigned int dport, unsigned int len)
{
	put16(data, sport);
	put16(data + 2, dport);
	put16(data + 4, len);
	put16(data + 6, 0);
	return data;
}

/* Payload of what was sent on port, its pieces put together in the order they left. */
static size_t collect(uint8_t port, uint16_t mtu, uint8_t *out)
{
	size_t len = 0;

	for (unsigned int i = 0; i < n_sent; i++) {
		const uint8_t *ip = rte_pktmbuf_mtod_offset(sent[i], const uint8_t *, ETH);

		if (sent_port[i] != port)
			continue;
		assert_true(get16(ip + 2) <= mtu);
		assert_int_equal(sent[i]->data_len, ETH + get16(ip + 2));
		assert_int_equal((get16(ip + 6) & 0x1fff) * 8, len);
		memcpy(out + len, ip + 20, get16(ip + 2) - 20u);
		len += get16(ip + 2) - 20u;
	}
	return len;
}

/* The same of ESP packets: what is inside of them. */
static size_t collect_opened(uint8_t *out)
{
	static uint8_t inner[66000];
	size_t len = 0;

	for (unsigned int i = 0; i < n_sent; i++) {
		struct reference_esp e;
		long n = espkit_open(sent[i], &e, inner);

		assert_true(n > 20);
		assert_int_equal((get16(inner + 6) & 0x1fff) * 8, len);
		memcpy(out + len, inner + 20, (size_t)n - 20);
		len += (size_t)n - 20;
	}
	return len;
}

static uint8_t got[70000];

/* A sealed packet of any size from the peer. */
static struct rte_mbuf *sealed(uint32_t dst, const uint8_t *payload, size_t len)
{
	static uint8_t inner[66000], bytes[66000];
	struct rte_mbuf *m = large(FAR_HOST, dst, 17, payload, len);
	struct reference_esp e = espkit_next(++esp.peer_seq);
	size_t n;

	memcpy(inner, rte_pktmbuf_mtod_offset(m, uint8_t *, ETH), 20 + len);
	rte_pktmbuf_free(m);
	n = reference_seal(esp.suite, esp.in_key, esp.in_auth, &e, inner, 20 + len, bytes);
	return large(PEER, WAN_US, 50, bytes, n);
}

static void esp_in_fragments_is_delivered(void **state)
{
	(void)state;
	for (size_t len = 1500; len < 9000; len += 700) {
		input_pieces(sealed(LAN_HOST, udp(53, 4000, (unsigned int)len), len), 1500);
		take_slow(PKT_SLOW_NEIGH);
		assert_int_equal(collect(0, 1500, got), len);
		assert_memory_equal(got, data, len);
		clear_sent();
	}
	assert_int_equal(kit.w->counters->drops[DROP_NET_REASSEMBLY], 0);
}

static void esp_in_pieces_of_a_buffer_is_delivered(void **state)
{
	struct rte_mbuf *m = sealed(LAN_HOST, udp(53, 4000, 1300), 1300), *first, *last;

	(void)state;
	memcpy(rte_pktmbuf_mtod(m, void *), "\x02\0\0\0\0\x01\x02\0\0\0\x01\x12\x08\0", ETH);
	first = harness_mbuf(kit.h, rte_pktmbuf_mtod(m, void *), 99);
	last = harness_mbuf(kit.h, rte_pktmbuf_mtod_offset(m, void *, 99), m->data_len - 99u);
	rte_pktmbuf_free(m);
	assert_int_equal(rte_pktmbuf_chain(first, last), 0);
	pipeline_input(kit.w, 0, &first, 1);
	take_slow(PKT_SLOW_NEIGH);
	assert_int_equal(collect(0, 1500, got), 1300);
	assert_memory_equal(got, data, 1300);
}

/* Attached to a buffer that another holds: that stays as it was. */
static void esp_in_anothers_buffer_is_copied(void **state)
{
	struct rte_mbuf *m = sealed(LAN_HOST, udp(53, 4000, 1300), 1300);
	struct rte_mbuf *clone;

	(void)state;
	memcpy(rte_pktmbuf_mtod(m, void *), "\x02\0\0\0\0\x01\x02\0\0\0\x01\x12\x08\0", ETH);
	memcpy(got, rte_pktmbuf_mtod(m, void *), m->data_len);
	clone = rte_pktmbuf_clone(m, kit.h->pool);
	pipeline_input(kit.w, 0, &clone, 1);
	assert_memory_equal(got, rte_pktmbuf_mtod(m, void *), m->data_len);
	rte_pktmbuf_free(m);
	take_slow(PKT_SLOW_NEIGH);
	assert_int_equal(collect(0, 1500, got), 1300);
	assert_memory_equal(got, data, 1300);
}

static void ike_in_fragments_is_punted_whole(void **state)
{
	const struct pkt_meta *meta;

	(void)state;
	input_pieces(large(PEER, WAN_US, 17, udp(500, 500, 1900), 1900), 1500);
	assert_int_equal(take_slow(PKT_SLOW_IKE), 1);
	meta = pkt_meta(sent[0]);
	assert_int_equal(meta->ip_len, 1920);
	assert_int_equal(meta->dst_port, 500);
	assert_memory_equal(rte_pktmbuf_mtod_offset(sent[0], uint8_t *, ETH + 20), data, 1900);
}

static const uint8_t *echo(unsigned int len)
{
	data[0] = 8;
	data[1] = 0;
	put16(data + 2, 0);
	put16(data + 2, ref_cksum(data, len));
	return data;
}

static void a_large_echo_is_answered(void **state)
{
	(void)state;
	input_pieces(large(PEER, WAN_US, 1, echo(DATA), DATA), 1500);
	take_slow(PKT_SLOW_NEIGH);
	assert_int_equal(collect(1, 1500, got), DATA);
	assert_int_equal(got[0], 0);
	assert_int_equal(ref_cksum(got, DATA), 0);
	assert_memory_equal(got + 4, data + 4, DATA - 4);
}

/* Fragments that come out of the SA, to ourselves: the answer goes back into it. */
static void fragments_inside_esp_are_put_together(void **state)
{
	struct rte_mbuf *pieces[8];
	int n;

	(void)state;
	n = frag_ipv4(kit.h->pool, large(FAR_HOST, LAN_US, 1, echo(DATA), DATA), 1400, pieces, 8);
	assert_in_range(n, 2, 8);
	for (int i = 0; i < n; i++) {
		struct frame inner = {.len = pieces[i]->data_len}, f;
		struct rte_mbuf *m;

		memcpy(inner.b, rte_pktmbuf_mtod(pieces[i], void *), inner.len);
		rte_pktmbuf_free(pieces[i]);
		f = espkit_sealed(&inner, NULL);
		m = harness_mbuf(kit.h, f.b, f.len);
		pipeline_input(kit.w, 0, &m, 1);
	}
	take_slow(PKT_SLOW_NEIGH);
	assert_int_equal(collect_opened(got), DATA);
	assert_int_equal(got[0], 0);
	assert_memory_equal(got + 4, data + 4, DATA - 4);
}

/* RFC 4301 section 7: the ports are in the first piece only. */
static void fragments_follow_a_policy_of_ports(void **state)
{
	(void)state;
	use_policy(53);
	input_pieces(large(LAN_HOST, FAR_HOST, 17, udp(4000, 53, DATA), DATA), 1500);
	take_slow(PKT_SLOW_NEIGH);
	assert_int_equal(collect_opened(got), DATA);
	assert_memory_equal(got, data, DATA);
	clear_sent();
	input_pieces(large(LAN_HOST, FAR_HOST, 17, udp(4000, 54, DATA), DATA), 1500);
	take_slow(PKT_SLOW_NEIGH);
	assert_int_equal(collect(1, 1500, got), DATA); /* in clear: nothing covers it */
	assert_memory_equal(got, data, DATA);
}

/* And so they do on the way in, where the SA is for single ports. */
static void fragments_meet_selectors_of_ports(void **state)
{
	struct abi_sa_add c = espkit_in();

	(void)state;
	espkit_remove(IN_SLOT);
	c.ts_remote[0].protocol = 17;
	c.ts_remote[0].port_lo = c.ts_remote[0].port_hi = 53;
	espkit_add(&c);
	for (unsigned int port = 53; port < 55; port++) {
		uint64_t before = kit.w->counters->drops[DROP_IN_NO_POLICIES];
		struct rte_mbuf *pieces[8], *m;
		int n = frag_ipv4(kit.h->pool,
				  large(FAR_HOST, LAN_HOST, 17, udp(port, 4000, DATA), DATA), 1400,
				  pieces, 8);

		for (int i = 0; i < n; i++) {
			struct frame inner = {.len = pieces[i]->data_len}, f;

			memcpy(inner.b, rte_pktmbuf_mtod(pieces[i], void *), inner.len);
			rte_pktmbuf_free(pieces[i]);
			f = espkit_sealed(&inner, NULL);
			m = harness_mbuf(kit.h, f.b, f.len);
			pipeline_input(kit.w, 0, &m, 1);
		}
		take_slow(PKT_SLOW_NEIGH);
		assert_int_equal(collect(0, 1500, got), port == 53 ? DATA : 0);
		assert_int_equal(kit.w->counters->drops[DROP_IN_NO_POLICIES] - before, port != 53);
		clear_sent();
	}
}

/* To our port, as a device hands it over: in one buffer, or in many of the usual size. Takes m. */
static void input_frame(struct rte_mbuf *m, bool in_many)
{
	const uint16_t room = 2000;
	struct rte_mbuf *all = m, *next;

	memcpy(rte_pktmbuf_mtod(m, void *), "\x02\0\0\0\0\x01\x02\0\0\0\x01\x12\x08\0", ETH);
	for (uint16_t at = 0; in_many && at < m->data_len; at = (uint16_t)(at + room)) {
		next = harness_mbuf(kit.h, rte_pktmbuf_mtod_offset(m, void *, at),
				    RTE_MIN(room, m->data_len - at));
		if (at == 0)
			all = next;
		else
			assert_int_equal(rte_pktmbuf_chain(all, next), 0);
	}
	if (in_many)
		rte_pktmbuf_free(m);
	pipeline_input(kit.w, 0, &all, 1);
	assert_int_equal(take_slow(PKT_SLOW_NEIGH), 1);
}

static void carry_jumbo_frames(bool in_many)
{
	ports[0].mtu = ports[1].mtu = 9600;
	sad_slot(esp.sad, OUT_SLOT)->mtu = 9400;
	for (unsigned int len = 8000; len <= 9380; len += 345) {
		input_frame(large(LAN_HOST, FAR_HOST, 17, udp(4000, 53, len), len), in_many);
		assert_int_equal(collect_opened(got), len);
		assert_memory_equal(got, data, len);
		clear_sent();
		input_frame(sealed(LAN_HOST, udp(53, 4000, len), len), in_many);
		assert_int_equal(collect(0, 9600, got), len);
		assert_memory_equal(got, data, len);
		clear_sent();
	}
}

static void jumbo_frames_are_carried(void **state)
{
	(void)state;
	carry_jumbo_frames(false);
}

static void jumbo_frames_in_many_buffers_are_carried(void **state)
{
	unsigned int base = harness_in_use(kit.h);

	(void)state;
	carry_jumbo_frames(true);
	assert_int_equal(harness_in_use(kit.h), base);
}

/* Nothing is kept when the manager, or a port, takes no more. */
static void full_queues_lose_no_buffer(void **state)
{
	struct rte_ring *ike = kit.w->ike;
	unsigned int base = harness_in_use(kit.h);

	(void)state;
	full = true;
	while (rte_ring_free_count(kit.w->slow) != 0)
		rte_ring_enqueue(kit.w->slow, harness_mbuf(kit.h, data, 60));
	kit.w->ike = kit.w->slow; /* full as well */
	base = harness_in_use(kit.h);
	input_pieces(large(PEER, WAN_US, 17, udp(500, 500, 1900), 1900), 1500);
	input_pieces(large(PEER, WAN_US, 1, echo(DATA), DATA), 1500);
	input_pieces(sealed(LAN_HOST, udp(53, 4000, DATA), DATA), 1500);
	input_pieces(large(LAN_HOST, FAR_HOST, 17, udp(4000, 53, DATA), DATA), 1500);
	assert_int_equal(harness_in_use(kit.h), base);
	kit.w->ike = ike;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(esp_in_fragments_is_delivered, begin, end),
		cmocka_unit_test_setup_teardown(esp_in_pieces_of_a_buffer_is_delivered, begin, end),
		cmocka_unit_test_setup_teardown(esp_in_anothers_buffer_is_copied, begin, end),
		cmocka_unit_test_setup_teardown(ike_in_fragments_is_punted_whole, begin, end),
		cmocka_unit_test_setup_teardown(a_large_echo_is_answered, begin, end),
		cmocka_unit_test_setup_teardown(fragments_inside_esp_are_put_together, begin, end),
		cmocka_unit_test_setup_teardown(fragments_follow_a_policy_of_ports, begin, end),
		cmocka_unit_test_setup_teardown(fragments_meet_selectors_of_ports, begin, end),
		cmocka_unit_test_setup_teardown(jumbo_frames_are_carried, begin, end),
		cmocka_unit_test_setup_teardown(jumbo_frames_in_many_buffers_are_carried, begin,
						end),
		cmocka_unit_test_setup_teardown(full_queues_lose_no_buffer, begin, end),
	};

	return cmocka_run_group_tests(tests, espkit_setup, espkit_teardown);
}
