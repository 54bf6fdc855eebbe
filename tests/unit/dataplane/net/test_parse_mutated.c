/* SPDX-License-Identifier: BSD-3-Clause */
/* test_parse_mutated.c - every truncation and a million mutations, at the end of their memory. */
#include "tests/unit/dataplane/net/netkit.h"

#define SAMPLES 12u

static void make_samples(struct frame s[SAMPLES])
{
	static const uint8_t ike[40] = {0, 0, 0, 0, 1}, esp[40] = {1};
	static const uint8_t opt[8] = {7, 7, 4};

	s[0] = frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 30);
	s[1] = frame_ipv4(LAN_HOST, FAR_HOST, 6, 40);
	s[2] = frame_icmp(LAN_HOST, FAR_HOST, 8, 0, 30);
	s[3] = frame_ipv4(PEER, WAN_US, 50, 60);
	s[4] = frame_udp(PEER, WAN_US, 4500, 4500, esp, sizeof(esp));
	s[5] = frame_udp(PEER, WAN_US, 4500, 4500, ike, sizeof(ike));
	s[6] = frame_udp(PEER, WAN_US, 500, 500, ike, sizeof(ike));
	s[7] = frame_udp(PEER, WAN_US, 4500, 4500, "\xff", 1);
	s[8] = frame_icmp(LAN_HOST, LAN_US, 8, 0, 30);
	s[9] = frame_fragment(FAR_HOST, 0x2000, 17, 64);
	s[10] = frame_udp(LAN_HOST, FAR_HOST, 1, 2, NULL, 30);
	frame_options(&s[10], opt, 8);
	s[11] = (struct frame){.len = 42};
	memset(s[11].b, 0xff, 6);
	put16(s[11].b + 12, 0x0806);
}

static void drops_every_truncation(void **state)
{
	struct frame s[SAMPLES];

	(void)state;
	make_samples(s);
	for (unsigned int i = 0; i < SAMPLES - 1; i++) {
		for (size_t len = 0; len < s[i].len; len++)
			assert_int_equal(kit_classify_tight(s[i].b, len).verdict, PKT_DROP);
		assert_true(kit_classify_tight(s[i].b, s[i].len).verdict != PKT_DROP ||
			    kit_classify_tight(s[i].b, s[i].len).reason == DROP_NET_KEEPALIVE);
	}
	for (size_t len = 0; len < ETH; len++)
		assert_int_equal(kit_classify_tight(s[11].b, len).reason, DROP_NET_L2);
}

static void survives_a_million_mutations(void **state)
{
	struct frame s[SAMPLES];
	uint64_t seed = 4711;
	unsigned int passed = 0;

	(void)state;
	make_samples(s);
	for (unsigned int n = 0; n < 1000000; n++) {
		struct frame f = s[random_next(&seed) % SAMPLES];
		unsigned int changes = 1 + random_next(&seed) % 4;

		while (changes-- > 0)
			f.b[random_next(&seed) % f.len] = (uint8_t)random_next(&seed);
		/* Half of them with a header checksum that is right, to get behind it. */
		if (n % 2 == 0 && (f.b[ETH] & 15u) * 4u + ETH <= f.len)
			frame_fix(&f);
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
		T(drops_every_truncation),
		T(survives_a_million_mutations),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
