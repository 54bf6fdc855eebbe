/* SPDX-License-Identifier: BSD-3-Clause */
/* test_harness.c - EAL starts without hugepages, packets carry their meta, and none is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/dataplane/harness.h"

static void gives_packets_that_carry_their_meta(void **state)
{
	struct harness *h = harness_create(64, 16, 127);
	struct rte_mbuf *m;

	(void)state;
	assert_non_null(h);
	m = harness_mbuf(h, "abc", 3);
	assert_non_null(m);
	assert_int_equal(rte_pktmbuf_pkt_len(m), 3);
	assert_memory_equal(rte_pktmbuf_mtod(m, char *), "abc", 3);
	assert_int_equal(pkt_meta(m)->sa_slot, PKT_NO_SA);
	pkt_drop(m, DROP_NET_TTL);
	assert_int_equal(pkt_meta(m)->verdict, PKT_DROP);
	assert_int_equal(pkt_meta(m)->reason, DROP_NET_TTL);
	assert_int_equal(harness_in_use(h), 1);
	rte_pktmbuf_free(m);
	assert_int_equal(harness_in_use(h), 0);
	harness_free(h);
}

static void refuses_more_bytes_than_a_packet_holds(void **state)
{
	static const uint8_t big[4096];
	struct harness *h = harness_create(64, 16, 127);

	(void)state;
	assert_non_null(h);
	assert_null(harness_mbuf(h, big, sizeof(big)));
	assert_int_equal(harness_in_use(h), 0);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_packets_that_carry_their_meta),
		cmocka_unit_test(refuses_more_bytes_than_a_packet_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
