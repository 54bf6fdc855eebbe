/* SPDX-License-Identifier: BSD-3-Clause */
/* test_parse_behind.c - ESP behind ESP, of which parse knows some before it looks. */
#include "tests/unit/dataplane/net/netkit.h"

/* What a frame is taken for behind an ESP packet of one burst is what it is taken for alone. */
static void same_behind_esp(const struct frame *first, const struct frame *f)
{
	struct pkt_meta alone = kit_classify_tight(f->b, f->len);
	struct pkt_meta behind = kit_classify_behind(first, f->b, f->len);

	assert_int_equal(kit_classify(first).verdict, PKT_ESP_IN);
	assert_int_equal(behind.verdict, alone.verdict);
	if (alone.verdict == PKT_DROP)
		assert_int_equal(behind.reason, alone.reason);
	else
		assert_memory_equal(&behind, &alone, sizeof(alone));
}

/* In UDP, with a checksum or not. */
static struct frame natt(bool sum)
{
	static const uint8_t esp[40] = {1, 2, 3, 4, 0, 0, 0, 5};
	struct frame f = frame_udp(PEER, WAN_US, 1024, 4500, esp, sizeof(esp));

	if (!sum)
		put16(f.b + ETH + 26, 0);
	return f;
}

/* Every bit of the headers, with a checksum that says so and without, and every length. */
static void judge_all_behind(const struct frame *first, const struct frame *like)
{
	struct frame f = *like;

	same_behind_esp(first, &f);
	for (unsigned int bit = 0; bit < 36 * 8; bit++) {
		f = *like;
		f.b[ETH + bit / 8] ^= (uint8_t)(1u << bit % 8);
		same_behind_esp(first, &f);
		if ((f.b[ETH] & 0x0f) == 5)
			frame_fix(&f);
		same_behind_esp(first, &f);
	}
	for (size_t len = 15; len < like->len; len++) {
		f = *like;
		f.len = len;
		same_behind_esp(first, &f);
		if (len < ETH + 20)
			continue;
		put16(f.b + ETH + 2, (unsigned int)(len - ETH));
		if (len >= ETH + 28 && like->b[ETH + 9] == 17)
			put16(f.b + ETH + 24, (unsigned int)(len - ETH - 20));
		frame_fix(&f);
		same_behind_esp(first, &f);
	}
}

static void judges_esp_behind_esp_as_alone(void **state)
{
	const struct frame like[] = {frame_ipv4(PEER, WAN_US, 50, 100), natt(true), natt(false)};

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		for (unsigned int k = 0; k < 3; k++)
			judge_all_behind(&like[i], &like[k]);
}

/* A marker, a keepalive and IKE, between the same addresses. */
static void judges_what_is_no_esp_behind_it_as_alone(void **state)
{
	static const uint8_t data[2][40] = {{0, 0, 0, 0, 1}, {0xff}};
	const struct frame first = natt(false);

	(void)state;
	for (unsigned int i = 0; i < 2; i++)
		for (size_t len = 0; len <= sizeof(data[i]); len++)
			for (unsigned int port = 499; port <= 4501;
			     port += port == 501 ? 3998 : 1) {
				struct frame f = frame_udp(PEER, WAN_US, port, port, data[i], len);

				same_behind_esp(&first, &f);
				put16(f.b + ETH + 26, 0);
				same_behind_esp(&first, &f);
			}
}

#define T(f) cmocka_unit_test_setup_teardown(f, kit_begin, kit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(judges_esp_behind_esp_as_alone),
		T(judges_what_is_no_esp_behind_it_as_alone),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
