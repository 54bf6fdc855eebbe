/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_parse_behind6.c - IPv6 behind packets of one burst, of whose addresses parse knows some
 * before it looks: taken for what the whole of the parser takes it for.
 */
#include "tests/unit/dataplane/net/netkit6.h"

#include "dataplane/net/parse_impl.h"
#include "dataplane/net/parse_plain6.h"
#include "dataplane/net/vlan.h"

#define VID  100u
#define VLAN 2u /* the port that it is, of port 0 */

static const uint8_t esp[40] = {1, 2, 3, 4, 0, 0, 0, 5};

/* What the slowest way says of a frame on that port. */
static struct pkt_meta judge(const uint8_t *b, size_t len, uint8_t port)
{
	struct pkt_meta meta = {.in_port = port, .sa_slot = PKT_NO_SA};
	enum drop_reason why;

	if (len < ETH || memcmp(b, &ports[port].mac, 6) != 0 || b[6] & 1 || get16(b + 12) != 0x86dd)
		return kit_classify_tight(b, len);
	why = parse_packet6(kit.h->tables.fib6, &meta, b + ETH, (uint32_t)(len - ETH), ETH, true);
	if (why != DROP_NONE) {
		meta.verdict = PKT_DROP;
		meta.reason = (uint8_t)why;
	}
	return meta;
}

static void assert_same(struct pkt_meta is, struct pkt_meta want)
{
	assert_int_equal(is.verdict, want.verdict);
	if (want.verdict == PKT_DROP)
		assert_int_equal(is.reason, want.reason);
	else
		assert_memory_equal(&is, &want, sizeof(want));
}

static void same_behind(const struct frame *first, const struct frame *f)
{
	struct pkt_meta want = judge(f->b, f->len, 0);

	assert_same(kit_classify_tight(f->b, f->len), want);
	assert_same(kit_classify_behind(first, f->b, f->len), want);
}

/* In UDP, with a checksum or not. */
static struct frame natt(bool sum)
{
	struct frame f = frame6_udp(PEER6, WAN6_US, 1024, 4500, esp, sizeof(esp));

	if (!sum)
		put16(f.b + ETH + 46, 0);
	return f;
}

/* ESP as it comes, and what is only forwarded. */
#define LIKES 5u
#define TO_US 3u /* of them */
static struct frame likes[LIKES];

static int begin(void **state)
{
	likes[0] = frame6(PEER6, WAN6_US, 50, 60);
	likes[1] = natt(true);
	likes[2] = natt(false);
	likes[3] = frame6_udp(LAN6_HOST, FAR6_HOST, 1, 4500, esp, sizeof(esp));
	likes[4] = frame6(LAN6_HOST, FAR6_HOST, 6, 60);
	for (unsigned int i = 0; i < LIKES; i++)
		if (kit_classify(&likes[i]).verdict != (i < TO_US ? PKT_ESP_IN : PKT_FORWARD))
			return -1;
	return kit_begin(state);
}

static void all_pairs(void (*check)(const struct frame *first, const struct frame *like))
{
	for (unsigned int i = 0; i < LIKES; i++)
		for (unsigned int k = 0; k < LIKES; k++)
			check(&likes[i], &likes[k]);
}

/* Every bit, with a checksum that says so and without; every type of what is carried. */
static void flip_bits(const struct frame *first, const struct frame *like)
{
	struct frame f;

	same_behind(first, like);
	for (unsigned int bit = 0; bit < (ETH + 60) * 8; bit++) {
		f = *like;
		f.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		same_behind(first, &f);
		if (f.b[ETH + 6] != 17)
			continue;
		frame6_fix(&f);
		same_behind(first, &f);
	}
	f = *like;
	for (unsigned int next = 0; next < 256; next++) {
		f.b[ETH + 6] = (uint8_t)next;
		same_behind(first, &f);
	}
}

static void judges_every_bit_as_alone(void **state)
{
	(void)state;
	all_pairs(flip_bits);
}

/* Every length, of the frame and in the headers. */
static void cut_and_pad(const struct frame *first, const struct frame *like)
{
	struct frame f = *like;

	for (f.len = ETH; f.len < like->len + 48; f.len++)
		same_behind(first, &f);
	for (size_t len = ETH + 40; len < like->len; len++) {
		f = *like;
		put16(f.b + ETH + 4, (unsigned int)(len - ETH - 40));
		same_behind(first, &f); /* the rest is padding, */
		f.len = len;
		same_behind(first, &f); /* or not there, */
		if (len < ETH + 48 || like->b[ETH + 6] != 17)
			continue;
		put16(f.b + ETH + 44, (unsigned int)(len - ETH - 40));
		same_behind(first, &f);
		frame6_fix(&f);
		same_behind(first, &f);
		f.len = like->len; /* or padding again */
		same_behind(first, &f);
	}
}

static void judges_every_length_as_alone(void **state)
{
	(void)state;
	all_pairs(cut_and_pad);
}

/* A marker, a keepalive and IKE, between the same addresses. */
static void judges_what_is_no_esp_as_alone(void **state)
{
	static const uint8_t data[2][40] = {{0, 0, 0, 0, 1}, {0xff}};
	static const unsigned int ports_of_ike[] = {499, 500, 501, 4499, 4500, 4501};

	(void)state;
	for (unsigned int i = 0; i < TO_US; i++)
		for (unsigned int k = 0; k < 2 * RTE_DIM(ports_of_ike); k++)
			for (size_t len = 0; len <= sizeof(data[0]); len++) {
				unsigned int port = ports_of_ike[k / 2];
				struct frame f =
					frame6_udp(PEER6, WAN6_US, port, port, data[k % 2], len);

				same_behind(&likes[i], &f);
				put16(f.b + ETH + 46, 0);
				same_behind(&likes[i], &f);
			}
}

/* Only our own MAC says that it is for us, whoever went before. */
static void judges_frames_to_groups_as_alone(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < LIKES; i++)
		for (unsigned int k = 0; k < LIKES; k++) {
			struct frame f = likes[k];

			frame6_to_group(&f);
			same_behind(&likes[i], &f);
			assert_int_equal(kit_classify(&f).reason, DROP_NET_L2);
		}
}

/* Whatever comes between two that must not speak, or not through us, does not once more behind
 * itself. */
static void judges_all_addresses_as_alone(void **state)
{
	static const char *addrs[] = {LAN6_HOST,   FAR6_HOST, PEER6,	 LAN6_US,
				      WAN6_US,	   "::",      "::1",	 "::1.2.3.4",
				      LINK6_A,	   LINK6_US,  LINK6_US1, "::ffff:1.2.3.4",
				      "::5:0:0:1", ALL6,      "ff02::2", "ff0e::1"};
	static const uint8_t next[] = {50, 17, 6, 58};

	(void)state;
	for (unsigned int s = 0; s < RTE_DIM(addrs); s++)
		for (unsigned int d = 0; d < RTE_DIM(addrs); d++)
			for (unsigned int n = 0; n < RTE_DIM(next); n++) {
				struct frame f = frame6(addrs[s], addrs[d], next[n], 60);

				if (next[n] == 17)
					frame6_fix(&f);
				same_behind(&f, &f);
				for (unsigned int i = 0; i < LIKES; i++)
					same_behind(&likes[i], &f);
			}
}

/* With an extension header in front, of which the first ones have none. */
static void judges_extension_headers_as_alone(void **state)
{
	static const uint8_t pad[8] = {0, 0, 1, 4};

	(void)state;
	for (unsigned int i = 0; i < LIKES; i++)
		for (unsigned int k = 0; k < LIKES; k++) {
			struct frame f = likes[k];

			frame6_extend(&f, 60, pad, sizeof(pad));
			same_behind(&likes[i], &f);
			same_behind(&f, &likes[i]);
			f = likes[k];
			frame6_fragment(&f, 1);
			same_behind(&likes[i], &f);
			same_behind(&f, &likes[i]);
		}
}

/* The second frame, that comes in with the VLAN's tag, behind the first, that has none. */
static struct pkt_meta in_vlan(const struct frame *first, const struct frame *f)
{
	struct rte_mbuf *m[2] = {harness_mbuf(kit.h, first->b, first->len),
				 harness_mbuf(kit.h, f->b, f->len)};
	struct pkt_meta meta;

	m[1]->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	m[1]->vlan_tci = VID;
	parse_burst(kit.w, 0, m, 2);
	meta = *pkt_meta(m[1]);
	rte_pktmbuf_free_bulk(m, 2);
	return meta;
}

static void same_in_vlan(const struct frame *first, const struct frame *f)
{
	assert_same(in_vlan(first, f), judge(f->b, f->len, VLAN));
}

/* In a VLAN a link-local address is another one, and the port is its own. */
static void judges_a_vlan_behind_its_device_as_alone(void **state)
{
	struct fib6 *site = kit.h->tables.fib6;
	const struct abi_address a[] = {
		{.port = 0, .prefix_len = 64, .addr = abi6(LAN6_US)},
		{.port = 1, .prefix_len = 64, .addr = abi6(WAN6_US)},
		{.port = VLAN, .prefix_len = 64, .addr = abi6("2001:db8:3::1")},
		{.port = VLAN, .prefix_len = 64, .addr = abi6("fe80::7")}};
	const struct frame local[] = {frame6(LINK6_A, LINK6_US, 50, 60),
				      frame6("fe80::7", LAN6_US, 50, 60),
				      frame6(PEER6, LINK6_US, 50, 60)};
	struct frame group = frame6_icmp(LINK6_A, "ff02::1:ff00:7", 128, 0, 10);
	uint32_t status;
	char err[128];

	(void)state;
	frame6_to_group(&group);
	strcpy(ports[0].name, "lan");
	assert_int_equal(vlan_open("office", "lan", VID, 1500, err, sizeof(err)), 0);
	kit.h->tables.fib6 = fib6_build(a, RTE_DIM(a), NULL, 0, n_ports, SOCKET_ID_ANY, &status);
	assert_non_null(kit.h->tables.fib6);
	for (unsigned int i = 0; i < LIKES; i++)
		for (unsigned int k = 0; k < LIKES; k++)
			same_in_vlan(&likes[i], &likes[k]);
	for (unsigned int i = 0; i < RTE_DIM(local); i++) {
		assert_int_equal(kit_classify(&local[i]).verdict, PKT_ESP_IN);
		same_behind(&local[i], &local[i]);
		assert_int_equal(judge(local[i].b, local[i].len, VLAN).verdict, PKT_DROP);
		same_in_vlan(&local[i], &local[i]);
	}
	assert_int_equal(kit_classify(&group).reason, DROP_NET_L2);
	assert_int_equal(in_vlan(&likes[0], &group).verdict, PKT_LOCAL);
	fib6_free(kit.h->tables.fib6);
	kit.h->tables.fib6 = site;
	vlan_close_all();
	n_ports = 2;
}

/* One address may be that of the packet before, and the other one be none to pass. */
static void knows_each_address_by_itself(void **state)
{
	static const char *const addrs[] = {
		LAN6_HOST, FAR6_HOST,	       LAN6_US,	       WAN6_US, "::", "::1", "ff02::1",
		LINK6_A,   "::ffff:192.0.2.1", "2001:db8:9::9"};
	struct parse_run6 run = parse_run6_start(kit.w);
	const struct pkt_meta given = {.sa_slot = PKT_NO_SA};
	struct pkt_meta meta;

	(void)state;
	for (unsigned int i = 0; i < 100 * 100; i++) {
		unsigned int k[] = {i / 1000, i / 100 % 10, i / 10 % 10, i % 10};

		for (unsigned int n = 0; n < 2; n++) { /* the second behind the first */
			struct frame f =
				frame6_udp(addrs[k[2 * n]], addrs[k[2 * n + 1]], 1, 2, NULL, 0);
			struct parse_run6 alone = parse_run6_start(kit.w);
			bool passes = parse_plain6(&alone, &given, &meta, f.b + ETH, 48, ETH);

			assert_int_equal(passes, kit_classify(&f).verdict == PKT_FORWARD);
			assert_int_equal(parse_plain6(&run, &given, &meta, f.b + ETH, 48, ETH),
					 passes);
		}
	}
}

/* A part of a header, at the end of an allocation. */
static void takes_no_part_of_a_header_for_plain(void **state)
{
	struct parse_run6 run = parse_run6_start(kit.w);
	const struct pkt_meta given = {.sa_slot = PKT_NO_SA};
	struct pkt_meta meta;

	(void)state;
	for (uint32_t len = 0; len <= 48; len++) {
		struct frame f = frame6_udp(LAN6_HOST, FAR6_HOST, 1, 2, NULL, 0);
		uint8_t *ip = malloc(len + 1);

		assert_non_null(ip);
		memcpy(ip + 1, f.b + ETH, len);
		assert_int_equal(parse_plain6(&run, &given, &meta, ip + 1, len, ETH), len == 48);
		free(ip);
	}
}

/* Without an address of ours nothing is for us, and all of it in transit. */
static void judges_without_ipv6_as_alone(void **state)
{
	struct fib6 *site = kit.h->tables.fib6;

	(void)state;
	kit.h->tables.fib6 = NULL;
	for (unsigned int i = 0; i < LIKES; i++)
		for (unsigned int k = 0; k < LIKES; k++)
			same_behind(&likes[i], &likes[k]);
	kit.h->tables.fib6 = site;
}

#define T(f) cmocka_unit_test_setup_teardown(f, begin, kit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(judges_every_bit_as_alone),
		T(judges_every_length_as_alone),
		T(judges_what_is_no_esp_as_alone),
		T(judges_frames_to_groups_as_alone),
		T(judges_all_addresses_as_alone),
		T(judges_extension_headers_as_alone),
		T(judges_a_vlan_behind_its_device_as_alone),
		T(knows_each_address_by_itself),
		T(takes_no_part_of_a_header_for_plain),
		T(judges_without_ipv6_as_alone),
	};

	return cmocka_run_group_tests(tests, kit6_setup, kit6_teardown);
}
