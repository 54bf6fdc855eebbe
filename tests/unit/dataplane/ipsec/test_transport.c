/* SPDX-License-Identifier: BSD-3-Clause */
/* test_transport.c - transport mode between the gateway and its peer: both families, plain and in
 * UDP, both ways, against OpenSSL and headers made by hand. */
#include "tests/unit/dataplane/ipsec/shapekit.h"

#include "dataplane/ipsec/spd.h"
#include "dataplane/net/parse.h"

static const char *const suites[] = {"aes128+sha1", "null+sha256", "3des+md5", "aes256gcm"};
#define SUITES (sizeof(suites) / sizeof(suites[0]))

static struct shape nth_shape(unsigned int k)
{
	return (struct shape){.transport = true,
			      .outer6 = (k & 1) != 0,
			      .encap = k & 2 ? ABI_ENCAP_UDP : ABI_ENCAP_NONE};
}

/* UDP between the gateways. */
static struct frame own_packet_of(bool six, bool out, size_t len)
{
	if (six)
		return out ? frame6_udp(wan6_us, peer6, 4000, 53, len)
			   : frame6_udp(peer6, wan6_us, 53, 4000, len);
	return out ? frame_udp(WAN_US, PEER, 4000, 53, NULL, len)
		   : frame_udp(PEER, WAN_US, 53, 4000, NULL, len);
}

/* A packet as the gateway makes it. */
static struct rte_mbuf *originate(const struct frame *f)
{
	struct rte_mbuf *m = harness_mbuf(kit.h, f->b, f->len);

	assert_non_null(m);
	pkt_meta(m)->flags = PKT_F_ORIGIN;
	if (f->b[ETH] >> 4 == 6)
		parse_ipv6(kit.w, m, ETH);
	else
		parse_ipv4(kit.w, m, ETH);
	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	pkt_meta(m)->flags |= PKT_F_PROTECTED;
	pkt_meta(m)->sa_slot = OUT_SLOT;
	return m;
}

static enum drop_reason sent_reason(const struct frame *f)
{
	struct rte_mbuf *m = originate(f);
	enum drop_reason why = espkit_send(&m);

	rte_pktmbuf_free(m);
	return why;
}

static void packets_of_the_gateway_go_out(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < SUITES; s++)
		for (unsigned int k = 0; k < 4; k++) {
			shapekit_pair(suites[s], nth_shape(k));
			for (uint32_t i = 0; i < 40; i++) {
				struct frame f = own_packet_of(shape.outer6, true, i * 31);
				struct rte_mbuf *m = originate(&f);
				size_t head = shape.outer6 ? 40 : 20;
				uint8_t payload[2100];
				struct reference_esp e;

				assert_int_equal(espkit_send(&m), DROP_NONE);
				assert_int_equal(shapekit_open(m, &e, payload), f.len - ETH - head);
				assert_memory_equal(payload, f.b + ETH + head, f.len - ETH - head);
				assert_int_equal(e.seq, i + 1);
				assert_int_equal(e.next_header, 17);
				assert_true(e.pad < esp.suite->block);
				assert_int_equal(pkt_meta(m)->ip_len, m->data_len - ETH);
				assert_int_equal(pkt_meta(m)->flags,
						 PKT_F_PROTECTED | (shape.outer6 ? PKT_F_IPV6 : 0));
				assert_int_equal(pkt_meta(m)->sa_slot, OUT_SLOT);
				rte_pktmbuf_free(m);
			}
		}
}

static void df_of_an_ipv4_packet_stays(void **state)
{
	struct frame f = own_packet_of(false, true, 100);
	struct rte_mbuf *m;

	(void)state;
	shapekit_pair("aes128+sha1", nth_shape(0));
	put16(f.b + ETH + 6, 0x4000);
	frame_fix(&f);
	m = originate(&f);
	assert_int_equal(espkit_send(&m), DROP_NONE);
	assert_true(pkt_meta(m)->flags & PKT_F_DF);
	assert_int_equal(get16(rte_pktmbuf_mtod_offset(m, uint8_t *, ETH + 6)), 0x4000);
	rte_pktmbuf_free(m);
}

static void only_what_is_between_the_gateways_goes_out(void **state)
{
	struct frame f;
	struct rte_mbuf *m;

	(void)state;
	shapekit_pair("aes128+sha1", nth_shape(0));
	/* In transit: a transport SA is not for it (RFC 4301 section 4.1). */
	f = espkit_udp_out(20);
	m = espkit_clear(&f);
	assert_int_equal(espkit_send(&m), DROP_OUT_STATE_MODE_ERRORS);
	rte_pktmbuf_free(m);
	f = frame_udp(WAN_US, FAR_HOST, 4000, 53, NULL, 20);
	assert_int_equal(sent_reason(&f), DROP_OUT_BUNDLE_ERRORS);
	f = frame_udp(LAN_US, PEER, 4000, 53, NULL, 20);
	assert_int_equal(sent_reason(&f), DROP_OUT_BUNDLE_ERRORS);
	f = own_packet_of(true, true, 20);
	assert_int_equal(sent_reason(&f), DROP_OUT_BUNDLE_ERRORS);
	/* Never a fragment (RFC 4303 section 3.3.4). */
	f = own_packet_of(false, true, 24);
	put16(f.b + ETH + 6, 0x2000);
	frame_fix(&f);
	assert_int_equal(sent_reason(&f), DROP_OUT_BUNDLE_ERRORS);
	shapekit_pair("aes128+sha1", nth_shape(1));
	f = own_packet_of(false, true, 20);
	assert_int_equal(sent_reason(&f), DROP_OUT_BUNDLE_ERRORS);
	f = frame6_udp(wan6_us, far6_host, 4000, 53, 20);
	assert_int_equal(sent_reason(&f), DROP_OUT_BUNDLE_ERRORS);
	f = own_packet_of(true, true, 20);
	assert_int_equal(sent_reason(&f), DROP_NONE);
}

static void expect_local(const struct frame *outer, const struct frame *clear)
{
	struct rte_mbuf *m;
	enum drop_reason why = espkit_receive(outer, &m);

	if (why != DROP_NONE)
		fail_msg("%s: dropped for reason %d", esp.suite->name, why);
	assert_int_equal(pkt_meta(m)->verdict, PKT_LOCAL);
	assert_true(pkt_meta(m)->flags & PKT_F_FROM_SA);
	assert_int_equal(pkt_meta(m)->sa_slot, IN_SLOT);
	assert_int_equal(pkt_meta(m)->proto, 17);
	assert_int_equal(pkt_meta(m)->src_port, 53);
	assert_int_equal(pkt_meta(m)->ip_len, clear->len - ETH);
	assert_int_equal(m->data_len, clear->len);
	assert_int_equal(m->pkt_len, clear->len);
	assert_memory_equal(rte_pktmbuf_mtod_offset(m, uint8_t *, ETH), clear->b + ETH,
			    clear->len - ETH);
	rte_pktmbuf_free(m);
}

static struct frame seal(const struct frame *clear)
{
	size_t head = shape.outer6 ? 40 : 20;

	return shapekit_seal(clear->b + ETH + head, clear->len - ETH - head, 17, 0);
}

static void packets_for_the_gateway_come_in(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < SUITES; s++)
		for (unsigned int k = 0; k < 4; k++) {
			shapekit_pair(suites[s], nth_shape(k));
			for (size_t i = 0; i < 40; i++) {
				struct frame clear = own_packet_of(shape.outer6, false, i * 31);
				struct frame f = seal(&clear);

				expect_local(&f, &clear);
			}
			assert_int_equal(espkit_counters(IN_SLOT)->packets, 40 * (s * 4 + k + 1));
		}
}

/* A NAT on the way gave the packet another source: what the sender summed up is not what we see. */
static void behind_a_nat_checksums_are_made_anew(void **state)
{
	(void)state;
	for (unsigned int k = 0; k < 2; k++)
		for (unsigned int proto = 6; proto <= 17; proto += 11) {
			size_t head = k ? 40 : 20;
			struct frame clear = own_packet_of(k, false, 60), f;
			uint8_t *l4 = clear.b + ETH + head;
			unsigned int at = proto == 6 ? 16 : 6;
			struct rte_mbuf *m;
			uint16_t right;

			shapekit_pair("aes128+sha1", nth_shape(2 + k));
			put16(l4 + at, 0);
			right = k ? ref_cksum6(clear.b + ETH, (uint8_t)proto, l4, 68) : 0;
			if (!k) {
				uint8_t all[12 + 68];

				memcpy(all, clear.b + ETH + 12, 8);
				put16(all + 8, proto);
				put16(all + 10, 68);
				memcpy(all + 12, l4, 68);
				right = ref_cksum(all, sizeof(all));
			}
			put16(l4 + at, 0xbeef);
			f = shapekit_seal(l4, 68, (uint8_t)proto, 0);
			assert_int_equal(espkit_receive(&f, &m), DROP_NONE);
			assert_int_equal(
				get16(rte_pktmbuf_mtod_offset(m, uint8_t *, ETH + head + at)),
				right);
			rte_pktmbuf_free(m);
		}
}

static void udp_without_a_checksum_stays_so(void **state)
{
	struct frame clear = own_packet_of(false, false, 60), f;

	(void)state;
	shapekit_pair("aes128+sha1", nth_shape(2));
	put16(clear.b + ETH + 26, 0);
	f = seal(&clear);
	expect_local(&f, &clear);
}

static void next_headers_must_fit_the_mode(void **state)
{
	(void)state;
	for (unsigned int k = 0; k < 2; k++) {
		struct frame clear = own_packet_of(k, false, 60);
		const uint8_t *l4 = clear.b + ETH + (k ? 40 : 20);

		shapekit_pair("aes128+sha1", nth_shape(k));
		for (unsigned int next = 0; next < 256; next++) {
			struct frame f = shapekit_seal(l4, 68, (uint8_t)next, 0);
			enum drop_reason why = espkit_reason(&f);

			if (next == 4 || next == 41)
				assert_int_equal(why, DROP_IN_STATE_MODE_ERRORS);
			else if (next == 59) /* a dummy (RFC 4303 section 2.6) */
				assert_int_equal(why, DROP_NET_CONSUMED);
			else if (next == 17)
				assert_int_equal(why, DROP_NONE);
			else
				assert_int_not_equal(why, DROP_IN_STATE_MODE_ERRORS);
		}
		/* A packet in a tunnel is not for a transport SA, nor the reverse. */
		shapekit_pair("aes128+sha1", (struct shape){.outer6 = k});
		clear = seal(&clear);
		assert_int_equal(espkit_reason(&clear), DROP_IN_STATE_MODE_ERRORS);
	}
}

static void selectors_are_held_against_what_came_out(void **state)
{
	struct frame clear = own_packet_of(true, false, 20), f;
	struct abi_sa_add c;

	(void)state;
	shapekit_pair("aes128+sha1", nth_shape(1));
	espkit_remove(IN_SLOT);
	c = shapekit_in();
	c.ts_remote[1].protocol = 17;
	c.ts_remote[1].port_lo = 54;
	espkit_add(&c);
	f = seal(&clear);
	assert_int_equal(espkit_reason(&f), DROP_IN_NO_POLICIES);
}

/* Extension headers up to the last that concerns routers stay in front; options for the destination
 * travel inside (RFC 4303 section 3.1.1). */
static void ipv6_extension_headers_are_split_at_esp(void **state)
{
	struct frame f = own_packet_of(true, true, 20);
	uint8_t payload[256];
	struct reference_esp e;
	struct rte_mbuf *m;
	const uint8_t *ip;
	long len;

	(void)state;
	shapekit_pair("aes128+sha1", nth_shape(1));
	frame6_extend(&f, 60, 16); /* last: for the destination */
	frame6_extend(&f, 0, 8);   /* first: hop by hop */
	m = originate(&f);
	assert_int_equal(espkit_send(&m), DROP_NONE);
	ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH);
	assert_int_equal(ip[6], 0);
	assert_int_equal(ip[40], 50);
	assert_int_equal(get16(ip + 4), m->data_len - ETH - 40);
	assert_int_equal(pkt_meta(m)->l4_off, ETH + 48);
	e.esn = false;
	len = reference_open(esp.suite, esp.out_key, esp.out_auth, ip + 48, m->data_len - ETH - 48,
			     &e, payload);
	assert_int_equal(len, 16 + 28);
	assert_int_equal(e.next_header, 60);
	assert_memory_equal(payload, f.b + ETH + 48, (size_t)len);
	rte_pktmbuf_free(m);
}

static void ipv6_extension_headers_in_front_of_esp_stay(void **state)
{
	struct frame clear = own_packet_of(true, false, 20), f = {.len = 0};

	(void)state;
	shapekit_pair("aes128+sha1", nth_shape(1));
	f = seal(&clear);
	frame6_extend(&f, 60, 16);
	frame6_extend(&f, 0, 8);
	frame6_extend(&clear, 60, 16);
	frame6_extend(&clear, 0, 8);
	expect_local(&f, &clear);
}

static void policy_for(bool transport)
{
	struct abi_policy p = {.policy_id = 42,
			       .action = ABI_ACT_PROTECT,
			       .mode = transport ? ABI_MODE_TRANSPORT : ABI_MODE_TUNNEL,
			       .local = {.family = 4, .port_hi = UINT16_MAX},
			       .remote = {.family = 4, .port_hi = UINT16_MAX}};
	uint32_t index = ESPKIT_POLICY, status, detail;

	memset(p.local.hi, 0xff, 4);
	memset(p.remote.hi, 0xff, 4);
	spd_free(kit.h->tables.spd);
	kit.h->tables.spd = spd_build(&p, &index, 1, 1, SOCKET_ID_ANY, &status, &detail);
	assert_non_null(kit.h->tables.spd);
}

static struct pkt_meta judged(const struct frame *f, uint8_t flags)
{
	struct rte_mbuf *m = originate(f);
	struct pkt_meta meta;

	pkt_meta(m)->sa_slot = PKT_NO_SA;
	pkt_meta(m)->flags = flags;
	spd_out_burst(kit.w, &m, 1);
	meta = *pkt_meta(m);
	rte_pktmbuf_free(m);
	return meta;
}

static void a_transport_policy_is_for_the_gateways_own(void **state)
{
	struct frame f = own_packet_of(false, true, 20);
	struct pkt_meta meta;

	(void)state;
	shapekit_pair("aes128+sha1", nth_shape(0));
	policy_for(true);
	meta = judged(&f, PKT_F_ORIGIN);
	assert_int_equal(meta.verdict, PKT_FORWARD);
	assert_int_equal(meta.sa_slot, OUT_SLOT);
	meta = judged(&f, 0);
	assert_int_equal(meta.verdict, PKT_DROP);
	assert_int_equal(meta.reason, DROP_OUT_STATE_MODE_ERRORS);
	/* An SA of the other mode than its policy. */
	policy_for(false);
	meta = judged(&f, PKT_F_ORIGIN);
	assert_int_equal(meta.reason, DROP_OUT_STATE_MODE_ERRORS);
	espkit_remove(OUT_SLOT);
	policy_for(true);
	meta = judged(&f, PKT_F_ORIGIN);
	assert_int_equal(meta.verdict, PKT_SLOW);
	meta = judged(&f, 0);
	assert_int_equal(meta.reason, DROP_OUT_STATE_MODE_ERRORS);
	spd_free(kit.h->tables.spd);
	kit.h->tables.spd = NULL;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, espkit_begin_empty, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(packets_of_the_gateway_go_out),
		CASE(df_of_an_ipv4_packet_stays),
		CASE(only_what_is_between_the_gateways_goes_out),
		CASE(packets_for_the_gateway_come_in),
		CASE(behind_a_nat_checksums_are_made_anew),
		CASE(udp_without_a_checksum_stays_so),
		CASE(next_headers_must_fit_the_mode),
		CASE(selectors_are_held_against_what_came_out),
		CASE(ipv6_extension_headers_are_split_at_esp),
		CASE(ipv6_extension_headers_in_front_of_esp_stay),
		CASE(a_transport_policy_is_for_the_gateways_own),
	};

	return cmocka_run_group_tests(tests, shapekit_setup, shapekit_teardown);
}
