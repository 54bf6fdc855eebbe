/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_sizes6.c - IPv6 fragments through the whole pipeline: policies and selectors of single ports
 * see whole packets, and what leaves is in pieces again that pass everywhere. Each test ends with
 * every buffer given back.
 */
#include "tests/unit/dataplane/ipsec/shapekit.h"

#include "dataplane/ipsec/spd.h"
#include "dataplane/net/frag.h"
#include "dataplane/net/neigh.h"
#include "dataplane/net/reasm.h"
#include "dataplane/net/route.h"

#define SENT 64u
#define DATA 3000u
#define V6   40u

static struct rte_mbuf *sent[SENT];
static uint8_t sent_port[SENT];
static unsigned int n_sent;
static uint8_t data[DATA], got[DATA + 1500];
static uint32_t next_id;

static uint16_t take_nothing(void *ctx, uint8_t port, struct rte_mbuf **pkts, uint16_t n)
{
	(void)ctx;
	(void)port;
	(void)pkts;
	(void)n;
	return 0;
}

/* Whoever needs a neighbour has done its way. */
static void take_slow(void)
{
	struct rte_mbuf *m;

	while (rte_ring_dequeue(kit.w->slow, (void **)&m) == 0) {
		assert_int_equal(pkt_meta(m)->reason, PKT_SLOW_NEIGH);
		assert_true(n_sent < SENT);
		sent_port[n_sent] = pkt_meta(m)->out_port;
		sent[n_sent++] = m;
	}
}

static void clear_sent(void)
{
	take_slow();
	rte_pktmbuf_free_bulk(sent, n_sent);
	n_sent = 0;
}

static void set_port(struct abi_range *r, uint8_t protocol, uint16_t port)
{
	r->protocol = protocol;
	r->port_lo = r->port_hi = port;
}

/* What the outbound SA is for; port: UDP to it alone, 0 = anything. */
static void protect(uint16_t port)
{
	struct abi_sa_add c = shapekit_out();
	struct abi_policy p = {.policy_id = 42, .action = ABI_ACT_PROTECT, .mode = ABI_MODE_TUNNEL};
	uint32_t index = ESPKIT_POLICY, status, detail;

	p.local = c.ts_local[1];
	p.remote = c.ts_remote[1];
	if (port != 0)
		set_port(&p.remote, 17, port);
	kit.h->tables.spd = spd_build(&p, &index, 1, 1, SOCKET_ID_ANY, &status, &detail);
	assert_non_null(kit.h->tables.spd);
}

static int begin(void **state)
{
	if (espkit_begin_empty(state) != 0)
		return -1;
	for (unsigned int i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	kit.h->tables.neigh = neigh_create(SOCKET_ID_ANY);
	kit.h->tables.neigh6 = neigh_create(SOCKET_ID_ANY);
	kit.w->reasm = reasm_create(0, 64, 15000, SOCKET_ID_ANY);
	shapekit_pair("aes128+sha1", (struct shape){.outer6 = true});
	return pipeline_create(kit.w, take_nothing, NULL, SOCKET_ID_ANY);
}

static int end(void **state)
{
	clear_sent();
	assert_int_equal(reasm_held(kit.w->reasm), 0);
	pipeline_free(kit.w);
	reasm_free(kit.w->reasm);
	kit.w->reasm = NULL;
	spd_free(kit.h->tables.spd);
	kit.h->tables.spd = NULL;
	neigh_free(kit.h->tables.neigh);
	neigh_free(kit.h->tables.neigh6);
	kit.h->tables.neigh = kit.h->tables.neigh6 = NULL;
	return espkit_end(state);
}

/* Bytes of that datagram from at on, as a fragment. */
static struct frame piece(const uint8_t *src, const uint8_t *dst, uint8_t proto, size_t at,
			  size_t len, size_t total)
{
	struct frame f = frame6(src, dst, 44, 8 + len);
	uint8_t *fh = f.b + ETH + V6;

	memset(fh, 0, 8);
	fh[0] = proto;
	put16(fh + 2, (unsigned int)at | (at + len < total));
	put32(fh + 4, next_id);
	memcpy(fh + 8, data + at, len);
	return f;
}

/* UDP's bytes in data; the checksum is nobody's affair on the way. */
static void make_udp(unsigned int sport, unsigned int dport)
{
	put16(data, sport);
	put16(data + 2, dport);
	put16(data + 4, DATA);
}

/* The datagram in data into port 0 in pieces, through the inbound SA when sealed. */
static void input(const uint8_t *src, const uint8_t *dst, uint8_t proto, bool sealed)
{
	const size_t step = 1200;

	next_id++;
	for (size_t at = 0; at < DATA; at += step) {
		struct frame f = piece(src, dst, proto, at, RTE_MIN(step, DATA - at), DATA);
		struct rte_mbuf *m;

		if (sealed)
			f = shapekit_seal(f.b + ETH, f.len - ETH, 41, 0);
		m = harness_mbuf(kit.h, f.b, f.len);
		pipeline_input(kit.w, 0, &m, 1);
	}
	take_slow();
}

/* One piece more of what left, behind len bytes; its source and destination are those. */
static size_t add_piece(const uint8_t *ip, size_t len, const uint8_t *src, const uint8_t *dst)
{
	size_t n = get16(ip + 4) - 8u;

	assert_int_equal(ip[6], 44);
	assert_true(V6 + 8 + n <= 1280);
	assert_memory_equal(ip + 8, src, ADDR6);
	assert_memory_equal(ip + 24, dst, ADDR6);
	assert_int_equal(get16(ip + V6 + 2) & 0xfff8, len);
	assert_true(len + n <= sizeof(got));
	memcpy(got + len, ip + V6 + 8, n);
	return len + n;
}

static size_t collect_clear(uint8_t port, const uint8_t *src, const uint8_t *dst)
{
	size_t len = 0;

	for (unsigned int i = 0; i < n_sent; i++) {
		assert_int_equal(sent_port[i], port);
		len = add_piece(rte_pktmbuf_mtod_offset(sent[i], const uint8_t *, ETH), len, src,
				dst);
	}
	return len;
}

static size_t collect_opened(const uint8_t *src, const uint8_t *dst)
{
	uint8_t inner[2000];
	size_t len = 0;

	for (unsigned int i = 0; i < n_sent; i++) {
		struct reference_esp e;

		assert_true(shapekit_open(sent[i], &e, inner) > (long)(V6 + 8));
		len = add_piece(inner, len, src, dst);
	}
	return len;
}

/* RFC 4301 section 7: the ports are in the first piece only, yet none may go in clear. */
static void fragments_follow_a_policy_of_ports(void **state)
{
	(void)state;
	protect(53);
	make_udp(4000, 53);
	input(lan6_host, far6_host, 17, false);
	assert_int_equal(collect_opened(lan6_host, far6_host), DATA);
	assert_memory_equal(got, data, DATA);
	clear_sent();
	make_udp(4000, 54);
	input(lan6_host, far6_host, 17, false);
	assert_int_equal(collect_clear(1, lan6_host, far6_host), DATA); /* nothing covers it */
	assert_memory_equal(got, data, DATA);
}

/* What would fit the port was smaller when it came, for a reason. */
static void small_pieces_stay_small(void **state)
{
	struct rte_mbuf *m[2];
	struct frame f;

	(void)state;
	protect(53);
	make_udp(4000, 54);
	for (unsigned int i = 0; i < 2; i++) {
		f = piece(lan6_host, far6_host, 17, i * 1200, i == 0 ? 1200 : 200, 1400);
		m[i] = harness_mbuf(kit.h, f.b, f.len);
	}
	pipeline_input(kit.w, 0, m, 2);
	take_slow();
	assert_int_equal(n_sent, 2);
	assert_int_equal(collect_clear(1, lan6_host, far6_host), 1400);
	assert_memory_equal(got, data, 1400);
}

static void without_ports_they_pass_as_they_come(void **state)
{
	(void)state;
	protect(0);
	make_udp(4000, 54);
	input(lan6_host, far6_host, 17, false);
	assert_int_equal(n_sent, 3);
	assert_int_equal(collect_opened(lan6_host, far6_host), DATA);
}

/* And on the way in, where the SA is for single ports. */
static void fragments_meet_selectors_of_ports(void **state)
{
	struct abi_sa_add c = shapekit_in();

	(void)state;
	protect(0);
	espkit_remove(IN_SLOT);
	set_port(&c.ts_remote[1], 17, 53);
	espkit_add(&c);
	for (unsigned int port = 53; port < 55; port++) {
		uint64_t before = kit.w->counters->drops[DROP_IN_NO_POLICIES];

		make_udp(port, 4000);
		input(far6_host, lan6_host, 17, true);
		assert_int_equal(collect_clear(0, far6_host, lan6_host), port == 53 ? DATA : 0);
		assert_int_equal(kit.w->counters->drops[DROP_IN_NO_POLICIES] - before, port != 53);
		clear_sent();
	}
}

/* Options for the destination may stand between a fragment header and UDP: of the pieces behind the
 * first, none says what they are of (RFC 8200 section 4.5). */
static void fragments_meet_selectors_of_a_protocol(void **state)
{
	struct abi_sa_add c = shapekit_in();

	(void)state;
	protect(0);
	espkit_remove(IN_SLOT);
	c.ts_remote[1].protocol = 17;
	espkit_add(&c);
	for (uint8_t proto = 17; proto > 15; proto--) {
		uint64_t before = kit.w->counters->drops[DROP_IN_NO_POLICIES];

		memcpy(data, (const uint8_t[8]){proto, 0, 1, 4}, 8);
		input(far6_host, lan6_host, 60, true);
		assert_int_equal(collect_clear(0, far6_host, lan6_host), proto == 17 ? DATA : 0);
		assert_memory_equal(got, data, proto == 17 ? DATA : 0);
		assert_int_equal(kit.w->counters->drops[DROP_IN_NO_POLICIES] - before, proto != 17);
		clear_sent();
	}
}

static void fragments_meet_selectors_of_addresses(void **state)
{
	const uint64_t *drops = &kit.w->counters->drops[DROP_IN_NO_POLICIES], before = *drops;

	(void)state;
	protect(0);
	make_udp(53, 4000);
	input(peer6, lan6_host, 17, true);
	assert_int_equal(*drops - before, 3);
	input(far6_host, peer6, 17, true);
	assert_int_equal(*drops - before, 6);
	assert_int_equal(n_sent, 0);
	input(far6_host, lan6_host, 17, true);
	assert_int_equal(*drops - before, 6);
	assert_int_equal(collect_clear(0, far6_host, lan6_host), DATA);
}

static void make_echo(const uint8_t *src, const uint8_t *dst)
{
	struct frame pseudo = frame6(src, dst, 58, 0);

	memset(data, 0, 4);
	data[0] = 128;
	put16(data + 2, ref_cksum6(pseudo.b + ETH, 58, data, DATA));
}

static void a_large_echo_is_answered(void **state)
{
	(void)state;
	protect(0);
	make_echo(lan6_host, lan6_us);
	input(lan6_host, lan6_us, 58, false);
	assert_int_equal(collect_clear(0, lan6_us, lan6_host), DATA);
	assert_int_equal(got[0], 129);
	assert_memory_equal(got + 4, data + 4, DATA - 4);
}

/* Out of the SA, and back into it. */
static void a_large_echo_in_a_tunnel_is_answered(void **state)
{
	(void)state;
	protect(0);
	make_echo(far6_host, lan6_us);
	input(far6_host, lan6_us, 58, true);
	assert_int_equal(collect_opened(lan6_us, far6_host), DATA);
	assert_int_equal(got[0], 129);
	assert_memory_equal(got + 4, data + 4, DATA - 4);
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(fragments_follow_a_policy_of_ports),
		T(small_pieces_stay_small),
		T(without_ports_they_pass_as_they_come),
		T(fragments_meet_selectors_of_ports),
		T(fragments_meet_selectors_of_a_protocol),
		T(fragments_meet_selectors_of_addresses),
		T(a_large_echo_is_answered),
		T(a_large_echo_in_a_tunnel_is_answered),
	};

	return cmocka_run_group_tests(tests, shapekit_setup, shapekit_teardown);
}
