/* SPDX-License-Identifier: BSD-3-Clause */
/* test_parse6_chain.c - extension headers and fragments of IPv6; truncated and mutated packets at
 * the end of their memory. */
#include "tests/unit/dataplane/net/netkit6.h"

#include "dataplane/net/parse.h"

static const uint8_t padded[64] = {0, 0, 1, 4}; /* PadN of 4, then Pad1 */

static void drops(const struct frame *f, enum drop_reason why)
{
	struct pkt_meta meta = kit_classify(f);

	assert_int_equal(meta.verdict, PKT_DROP);
	assert_int_equal(meta.reason, why);
}

static struct frame transit(void)
{
	return frame6_udp(LAN6_HOST, FAR6_HOST, 1000, 2000, NULL, 24);
}

/* The place of UDP, which must be found behind all that was put in front of it. */
static void finds_udp_at(const struct frame *f, unsigned int off)
{
	struct pkt_meta meta = kit_classify(f);

	assert_int_equal(meta.verdict, PKT_FORWARD);
	assert_int_equal(meta.proto, 17);
	assert_int_equal(meta.l4_off, ETH + off);
	assert_int_equal(meta.dst_port, 2000);
	assert_int_equal(meta.flags, PKT_F_IPV6 | PKT_F_DF);
}

static void walks_a_chain(void **state)
{
	static const uint8_t routing[24] = {0, 0, 4, 1};
	struct frame f = transit();

	(void)state;
	frame6_extend(&f, 60, padded, 8);
	finds_udp_at(&f, 48);
	frame6_fragment(&f, 0); /* atomic */
	finds_udp_at(&f, 56);
	frame6_extend(&f, 43, routing, 24);
	finds_udp_at(&f, 80);
	frame6_extend(&f, 60, padded, 16);
	finds_udp_at(&f, 96);
	frame6_extend(&f, 0, padded, 32);
	finds_udp_at(&f, 128);
	assert_true(kit_classify(&f).ip_len == f.len - ETH);
}

/* An option may begin at any byte, and nothing at all may follow a header. */
static void walks_to_the_end(void **state)
{
	static const uint8_t odd[8] = {0, 0, 0, 0x1e, 3, 0xff, 0xff, 0xff};
	struct frame f = transit();
	struct pkt_meta meta;

	(void)state;
	frame6_extend(&f, 60, odd, 8);
	finds_udp_at(&f, 48);
	f = transit();
	f.len = ETH + 40;
	f.b[ETH + 6] = 59;
	frame6_extend(&f, 60, odd, 8);
	meta = kit_classify(&f);
	assert_int_equal(meta.verdict, PKT_FORWARD);
	assert_int_equal(meta.proto, 59);
	assert_int_equal(meta.l4_off, ETH + 48);
}

static void has_enough_after_eight_headers(void **state)
{
	struct frame f = transit();

	(void)state;
	for (unsigned int i = 1; i <= 8; i++) {
		frame6_extend(&f, 60, padded, 8);
		finds_udp_at(&f, 40 + 8 * i);
	}
	frame6_extend(&f, 60, padded, 8);
	drops(&f, DROP_NET_HEADER);
}

static void has_enough_where_an_offset_ends(void **state)
{
	static const uint8_t pad1[256];
	struct frame f;

	(void)state;
	for (size_t n = 8; n < 256; n += 8) {
		f = transit();
		frame6_extend(&f, 60, pad1, n);
		/* 247 from the start of the frame: ESP in UDP starts 8 bytes further. */
		if (ETH + 40 + n <= 247)
			finds_udp_at(&f, (unsigned int)(40 + n));
		else
			drops(&f, DROP_NET_HEADER);
	}
}

static void refuses_malformed_options(void **state)
{
	static const uint8_t bad[][8] = {
		{0, 0, 1, 5, 0, 0, 0, 0},    /* beyond the header */
		{0, 0, 0, 0, 0, 0, 0, 1},    /* no room for its length */
		{0, 0, 0xc2, 4, 0, 1, 0, 0}, /* jumbo payload */
		{0, 0, 0x3e, 0xff, 0, 0, 0, 0},
	};
	struct frame f;

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(bad); i++) {
		f = transit();
		frame6_extend(&f, 0, bad[i], 8);
		drops(&f, DROP_NET_HEADER);
		f = transit();
		frame6_extend(&f, 60, bad[i], 8);
		drops(&f, DROP_NET_HEADER);
	}
}

/* RFC 8200 section 4.2: what option types say to who does not know them, and is to act on them. */
static void heeds_unknown_options_when_it_is_the_receiver(void **state)
{
	uint8_t ext[8] = {0, 0, 0x1e, 4};
	struct frame f;

	(void)state;
	for (unsigned int action = 0; action < 4; action++) {
		ext[2] = (uint8_t)(action << 6 | 0x1e);
		f = transit();
		frame6_extend(&f, 60, ext, 8);
		finds_udp_at(&f, 48);
		f = frame6_icmp(LAN6_HOST, LAN6_US, 128, 0, 8);
		frame6_extend(&f, 60, ext, 8);
		if (action == 0)
			assert_int_equal(kit_classify(&f).verdict, PKT_LOCAL);
		else
			drops(&f, DROP_NET_HEADER);
	}
}

static void follows_no_source_route(void **state)
{
	uint8_t routing[24] = {0, 0, 0, 0};
	struct frame f = transit();

	(void)state;
	frame6_extend(&f, 43, routing, 24); /* type 0, also when it is used up (RFC 5095) */
	drops(&f, DROP_NET_MARTIAN);
	routing[3] = 1;
	f = transit();
	frame6_extend(&f, 43, routing, 24);
	drops(&f, DROP_NET_MARTIAN);
	routing[2] = 3;
	f = frame6_icmp(LAN6_HOST, LAN6_US, 128, 0, 8);
	frame6_extend(&f, 43, routing, 24);
	drops(&f, DROP_NET_MARTIAN);
	routing[3] = 0;
	f = frame6_icmp(LAN6_HOST, LAN6_US, 128, 0, 8);
	frame6_extend(&f, 43, routing, 24);
	assert_int_equal(kit_classify(&f).verdict, PKT_LOCAL);
}

static void wants_hop_by_hop_first(void **state)
{
	struct frame f = transit();

	(void)state;
	frame6_extend(&f, 0, padded, 8);
	finds_udp_at(&f, 48);
	frame6_extend(&f, 60, padded, 8);
	drops(&f, DROP_NET_HEADER);
}

static void marks_fragments(void **state)
{
	struct frame f = transit();
	struct pkt_meta meta;

	(void)state;
	frame6_fragment(&f, 1);
	meta = kit_classify(&f);
	assert_int_equal(meta.verdict, PKT_FORWARD);
	assert_int_equal(meta.flags, PKT_F_IPV6 | PKT_F_DF | PKT_F_FRAGMENT);
	assert_int_equal(meta.dst_port, 2000);
	f = transit();
	frame6_fragment(&f, 8);
	meta = kit_classify(&f);
	assert_int_equal(meta.verdict, PKT_FORWARD);
	assert_int_equal(meta.flags, PKT_F_IPV6 | PKT_F_DF | PKT_F_FRAGMENT | PKT_F_NONFIRST);
	assert_int_equal(meta.dst_port, 0);
	assert_int_equal(meta.l4_off, ETH + 48);
	/* What a later fragment starts with is data, whatever its type says. */
	f = frame6(LAN6_HOST, FAR6_HOST, 60, 3);
	frame6_fragment(&f, 8);
	meta = kit_classify(&f);
	assert_int_equal(meta.verdict, PKT_FORWARD);
	assert_int_equal(meta.proto, 60);
}

static void refuses_fragments_that_cannot_be(void **state)
{
	struct frame f = frame6_udp(LAN6_HOST, FAR6_HOST, 1, 2, NULL, 25);

	(void)state;
	frame6_fragment(&f, 1); /* not a multiple of 8, and more follows */
	drops(&f, DROP_NET_HEADER);
	f = frame6(LAN6_HOST, FAR6_HOST, 17, 40);
	frame6_fragment(&f, 0xfff0); /* ends beyond 65535 */
	drops(&f, DROP_NET_HEADER);
	f = transit();
	frame6_fragment(&f, 8);
	frame6_fragment(&f, 0);
	drops(&f, DROP_NET_HEADER);
	/* RFC 7112: the first holds everything up to the ports. */
	f = frame6(LAN6_HOST, FAR6_HOST, 6, 16);
	frame6_fragment(&f, 1);
	drops(&f, DROP_NET_HEADER);
	f = frame6(LAN6_HOST, FAR6_HOST, 60, 0);
	frame6_fragment(&f, 1);
	drops(&f, DROP_NET_HEADER);
	f = frame6_icmp(LAN6_HOST, LAN6_US, 128, 0, 16);
	frame6_fragment(&f, 1);
	assert_int_equal(kit_classify(&f).verdict, PKT_REASSEMBLE);
}

/* --- at the end of memory --- */

#define SAMPLES 9u

static void make_samples(struct frame s[SAMPLES])
{
	static const uint8_t ike[40] = {0, 0, 0, 0, 1}, esp[40] = {1}, routing[24] = {0, 0, 4, 1};

	s[0] = transit();
	s[1] = frame6(LAN6_HOST, FAR6_HOST, 6, 40);
	s[2] = frame6_icmp(LAN6_HOST, LAN6_US, 128, 0, 30);
	s[3] = frame6(PEER6, WAN6_US, 50, 60);
	s[4] = frame6_udp(PEER6, WAN6_US, 4500, 4500, esp, sizeof(esp));
	s[5] = frame6_udp(PEER6, WAN6_US, 500, 500, ike, sizeof(ike));
	s[6] = transit();
	frame6_extend(&s[6], 60, padded, 16);
	frame6_fragment(&s[6], 0);
	frame6_extend(&s[6], 43, routing, 24);
	frame6_extend(&s[6], 0, padded, 8);
	s[7] = transit();
	frame6_fragment(&s[7], 1);
	s[8] = frame6_icmp(LINK6_A, LINK6_US, 135, 0, 24);
	s[8].b[ETH + 7] = 255;
	frame6_fix(&s[8]);
}

static void drops_every_truncation(void **state)
{
	struct frame s[SAMPLES];

	(void)state;
	make_samples(s);
	for (unsigned int i = 0; i < SAMPLES; i++) {
		for (size_t len = 0; len < s[i].len; len++)
			assert_int_equal(kit_classify_tight(s[i].b, len).verdict, PKT_DROP);
		assert_int_not_equal(kit_classify_tight(s[i].b, s[i].len).verdict, PKT_DROP);
	}
}

static void survives_a_million_mutations(void **state)
{
	struct frame s[SAMPLES];
	uint64_t seed = 6174;
	unsigned int passed = 0;

	(void)state;
	make_samples(s);
	for (unsigned int n = 0; n < 1000000; n++) {
		struct frame f = s[random_next(&seed) % SAMPLES];
		unsigned int changes = 1 + random_next(&seed) % 4;

		while (changes-- > 0) /* mostly headers */
			f.b[ETH + random_next(&seed) % (f.len - ETH)] = (uint8_t)random_next(&seed);
		if (n % 8 == 0)
			f.len = random_next(&seed) % (f.len + 1);
		passed += kit_classify_tight(f.b, f.len).verdict != PKT_DROP;
	}
	assert_true(passed > 100000 && passed < 900000);
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_begin, kit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(walks_a_chain),
		T(walks_to_the_end),
		T(has_enough_after_eight_headers),
		T(has_enough_where_an_offset_ends),
		T(refuses_malformed_options),
		T(heeds_unknown_options_when_it_is_the_receiver),
		T(follows_no_source_route),
		T(wants_hop_by_hop_first),
		T(marks_fragments),
		T(refuses_fragments_that_cannot_be),
		T(drops_every_truncation),
		T(survives_a_million_mutations),
	};

	return cmocka_run_group_tests(tests, kit6_setup, kit6_teardown);
}
