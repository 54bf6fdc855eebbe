/* SPDX-License-Identifier: BSD-3-Clause */
/* test_rx_rank.c - what of what is received goes ahead of the rest under overload. */
#include "tests/unit/dataplane/sitekit.h"

#include "dataplane/net/ip4.h"
#include "dataplane/pipeline_impl.h"

static struct rte_mbuf *frame(const uint8_t *b, uint16_t len)
{
	struct rte_mbuf *m = harness_mbuf(h, b, len);

	assert_non_null(m);
	return m;
}

static bool urgent(const uint8_t *b, uint16_t len)
{
	struct rte_mbuf *m = frame(b, len);
	bool is = rx_rank(NULL, m) == RX_URGENT;

	rte_pktmbuf_free(m);
	return is;
}

static void knows_what_is_urgent(void **state)
{
	uint8_t arp[42] = {[12] = 8, [13] = 6};
	uint8_t ip4[60] = {[12] = 8, [14] = 0x45, [23] = 17, [36] = 0x01, [37] = 0xf4};
	uint8_t ip6[80] = {[12] = 0x86, 0xdd, 0x60, [20] = 58, 255, [54] = 135};
	uint8_t tagged[64] = {[12] = 0x81, [16] = 8, [18] = 0x45, [27] = 17, [40] = 0x01, 0xf4};

	(void)state;
	assert_true(urgent(arp, sizeof(arp)));
	assert_true(urgent(ip4, sizeof(ip4)));
	assert_true(urgent(tagged, sizeof(tagged)));
	assert_true(urgent(ip6, sizeof(ip6)));
	for (uint16_t len = 0; len < 18; len++)
		assert_false(urgent(arp, len));
	for (uint16_t len = 0; len < 46; len++)
		assert_false(urgent(ip4, len));
	ip4[21] = 8; /* a later piece */
	assert_false(urgent(ip4, sizeof(ip4)));
	ip4[21] = 0;
	ip4_store16(ip4 + 36, 4500); /* with the marker of IKE */
	assert_true(urgent(ip4, sizeof(ip4)));
	ip4[45] = 1; /* an SPI */
	assert_false(urgent(ip4, sizeof(ip4)));
	ip4_store16(ip4 + 36, 53);
	assert_false(urgent(ip4, sizeof(ip4)));
	ip6[21] = 254; /* from beyond the link */
	assert_false(urgent(ip6, sizeof(ip6)));
	ip6[21] = 255;
	ip6[54] = 128; /* a ping */
	assert_false(urgent(ip6, sizeof(ip6)));
	ip6[20] = 17;
	ip4_store16(ip6 + 56, 500);
	assert_true(urgent(ip6, sizeof(ip6)));
	ip6[20] = 50;
	assert_false(urgent(ip6, sizeof(ip6)));
}

/* As ASan sees: no byte beyond the end is looked at. */
static void reads_no_more_than_there_is(void **state)
{
	uint8_t b[80];

	(void)state;
	srand(11);
	for (unsigned int i = 0; i < 100000; i++) {
		static const uint16_t types[] = {0x0800, 0x86dd, 0x8100, 0x0806};
		struct rte_mbuf m = {.data_off = 0};
		uint16_t len = (uint16_t)(rand() % 80);
		uint8_t *exact;

		for (unsigned int k = 0; k < sizeof(b); k++)
			b[k] = (uint8_t)rand();
		ip4_store16(b + 12, types[rand() % 4]);
		ip4_store16(b + 16, types[rand() % 4]);
		b[23] = b[27] = b[20] = 17;
		exact = malloc(len ? len : 1);
		memcpy(exact, b, len);
		m.buf_addr = exact;
		m.data_len = len;
		rx_rank(NULL, &m);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(knows_what_is_urgent, setup, teardown),
		cmocka_unit_test(reads_no_more_than_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
