/* SPDX-License-Identifier: BSD-3-Clause */
/* test_early.c - ESP that comes before its SA: what waits, for how long, and that it stays in
 * order.
 */
#include "tests/unit/dataplane/sitekit.h"

#include "dataplane/early.h"
#include "dataplane/net/reasm.h"

/* ESP for an inbound SA that is not there yet, and whose SPI is expected, or is not. */
static struct rte_mbuf *early(bool expected)
{
	use_policy(ABI_ACT_PROTECT);
	add_sa(1, ABI_DIR_OUT);
	if (expected)
		early_expect(h->tables.early, SPI);
	input(LAN, packet(LAN, HOST, CLOUD, IPPROTO_UDP, 64));
	assert_int_equal(h->n_sent, 1);
	return returned();
}

static void what_comes_before_its_sa_waits_for_it(void **state)
{
	(void)state;
	input(WAN, early(true));
	(void)pipeline_poll(&h->worker);
	assert_int_equal(harness_drops(h), 0);
	h->worker.now += EARLY_NS - 1;
	add_sa(2, ABI_DIR_IN);
	(void)pipeline_poll(&h->worker);
	assert_int_equal(worker_sa(&h->worker, 2)->packets, 1);
	assert_int_equal(h->n_sent, 1);
	assert_int_equal(harness_drops(h), 0);
	(void)pipeline_poll(&h->worker); /* once */
	assert_int_equal(worker_sa(&h->worker, 2)->packets, 1);
}

static void what_waits_too_long_is_dropped(void **state)
{
	(void)state;
	input(WAN, early(true));
	h->worker.now += EARLY_NS - 1;
	(void)pipeline_poll(&h->worker);
	assert_int_equal(drops(DROP_IN_NO_STATES), 0);
	h->worker.now++;
	(void)pipeline_poll(&h->worker);
	assert_int_equal(drops(DROP_IN_NO_STATES), 1);
	add_sa(2, ABI_DIR_IN);
	(void)pipeline_poll(&h->worker);
	assert_int_equal(worker_sa(&h->worker, 2)->packets, 0);
}

static void what_nobody_expects_does_not_wait(void **state)
{
	struct rte_mbuf *m = early(false);

	(void)state;
	early_expect(h->tables.early, 0x20000 + 2); /* another one of this slot */
	input(WAN, m);
	assert_int_equal(drops(DROP_IN_NO_STATES), 1);
	m = packet(WAN, PEER, WAN_ADDRESS, IPPROTO_ESP, 64);
	memset(rte_pktmbuf_mtod_offset(m, void *, 34), 0, 4); /* no SPI, as in empty slots */
	input(WAN, m);
	assert_int_equal(drops(DROP_IN_NO_STATES), 2);
}

/* An SA that is there and takes other packets is not waited for. */
static void what_is_to_another_address_does_not_wait(void **state)
{
	struct rte_mbuf *m = early(true);

	(void)state;
	add_sa(2, ABI_DIR_IN);
	sad_slot(h->tables.sad, 2)->endpoint++;
	input(WAN, m);
	assert_int_equal(drops(DROP_IN_NO_STATES), 1);
}

static void only_so_many_wait(void **state)
{
	struct rte_mbuf *m = early(true), *copy;

	(void)state;
	for (unsigned int i = 0; i < EARLY_MAX + 10; i++) {
		copy = harness_mbuf(h, rte_pktmbuf_mtod(m, void *), rte_pktmbuf_pkt_len(m));
		input(WAN, copy);
	}
	rte_pktmbuf_free(m);
	assert_int_equal(drops(DROP_IN_NO_STATES), 10);
	assert_int_equal(harness_in_use(h), EARLY_MAX);
	add_sa(2, ABI_DIR_IN);
	(void)pipeline_poll(&h->worker);
	assert_int_equal(worker_sa(&h->worker, 2)->packets, 1);
	assert_int_equal(drops(DROP_IN_STATE_SEQUENCE_ERRORS), EARLY_MAX - 1);
	/* What still waits at the end is freed with the worker. */
	assert_int_equal(sad_delete(h->tables.sad, 2, SPI), ABI_OK);
	sad_reclaim(h->tables.sad, 2);
	harness_clear_sent(h);
	input(LAN, packet(LAN, HOST, CLOUD, IPPROTO_UDP, 64));
	input(WAN, returned());
	assert_int_equal(harness_in_use(h), 1);
	early_clear(&h->worker.pipe->early);
}

/* Half a datagram of ESP to us, whose SPI is 0. */
static struct rte_mbuf *half(uint16_t id, bool second)
{
	struct rte_mbuf *m = packet(WAN, PEER, WAN_ADDRESS, IPPROTO_ESP, 64);
	struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, 14);

	memset(ip + 1, 0, 40);
	ip->packet_id = rte_cpu_to_be_16(id);
	ip->fragment_offset = second ? RTE_BE16(40 / 8) : RTE_BE16(RTE_IPV4_HDR_MF_FLAG);
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	return m;
}

/* A batch has no room for all of both. */
static void what_waits_and_fragments_handed_over_are_apart(void **state)
{
	struct reasm *own = h->worker.reasm, *all[2], *another;
	struct rte_mbuf *m = early(true);
	struct worker other = h->worker;

	(void)state;
	/* Both places of the other one's table are this worker: it keeps nothing itself. */
	h->worker.reasm = all[0] = all[1] = reasm_create(0, 1024, 15000, SOCKET_ID_ANY);
	other.reasm = another = reasm_create(7, 16, 15000, SOCKET_ID_ANY);
	assert_non_null(all[0]);
	assert_non_null(another);
	reasm_connect(another, all, 2);
	for (unsigned int i = 0; i < EARLY_MAX; i++)
		input(WAN, harness_mbuf(h, rte_pktmbuf_mtod(m, void *), rte_pktmbuf_pkt_len(m)));
	rte_pktmbuf_free(m);
	for (uint16_t id = 0; id < WORKER_BURST; id++) {
		input(WAN, half(id, false));
		m = half(id, true);
		pipeline_input(&other, WAN, &m, 1);
	}
	assert_int_equal(harness_in_use(h), EARLY_MAX + 2 * WORKER_BURST);
	add_sa(2, ABI_DIR_IN);
	(void)pipeline_poll(&h->worker);
	assert_int_equal(worker_sa(&h->worker, 2)->packets, 1);
	assert_int_equal(drops(DROP_IN_STATE_SEQUENCE_ERRORS), EARLY_MAX - 1);
	assert_int_equal(drops(DROP_IN_NO_STATES), WORKER_BURST);
	h->worker.reasm = own;
	reasm_free(all[0]);
	reasm_free(another);
}

/* An SA that appears after the look at those that wait, and before the next burst is decrypted:
 * that would shut them out of the window. */
static void what_waits_is_before_what_comes_next(void **state)
{
	struct rte_mbuf *first, *last;

	(void)state;
	use_policy(ABI_ACT_PROTECT);
	add_sa(1, ABI_DIR_OUT);
	early_expect(h->tables.early, SPI);
	for (unsigned int i = 0; i < 200; i++)
		input(LAN, packet(LAN, HOST, CLOUD, IPPROTO_UDP, 64));
	assert_int_equal(h->n_sent, 200);
	last = sealed(199);
	first = sealed(0);
	harness_clear_sent(h);
	input(WAN, first);
	add_sa(2, ABI_DIR_IN);
	input(WAN, last);
	assert_int_equal(worker_sa(&h->worker, 2)->packets, 2);
	assert_int_equal(harness_drops(h), 0);
	assert_int_equal(h->worker.pipe->early.n, 0);
}

/* A packet as parse leaves it: an ESP header of that SPI behind len - 8 other bytes. */
static struct rte_mbuf *headed(uint32_t spi, uint16_t len)
{
	uint8_t bytes[64] = {0};
	struct rte_mbuf *m;

	spi = rte_cpu_to_be_32(spi);
	memcpy(bytes + 34, &spi, sizeof(spi));
	m = harness_mbuf(h, bytes, len);
	pkt_meta(m)->l4_off = 34;
	pkt_meta(m)->verdict = PKT_DROP;
	return m;
}

static void a_whole_header_is_enough(void **state)
{
	struct rte_mbuf *whole = headed(SPI, 34 + 8), *less = headed(SPI, 34 + 7);

	(void)state;
	early_expect(h->tables.early, SPI);
	assert_false(early_keep(&h->worker, less));
	assert_true(early_keep(&h->worker, whole));
	assert_int_equal(pkt_meta(whole)->verdict, PKT_ESP_IN); /* as from parse */
	rte_pktmbuf_free(less);
	early_clear(&h->worker.pipe->early);
	assert_int_equal(h->worker.pipe->early.n, 0);
}

static void each_waits_for_its_own_time(void **state)
{
	struct rte_mbuf *out[EARLY_MAX], *second = headed(0x10000 + 3, 42);

	(void)state;
	early_expect(h->tables.early, SPI);
	early_expect(h->tables.early, 0x10000 + 3);
	assert_true(early_keep(&h->worker, headed(SPI, 42)));
	h->worker.now += EARLY_NS / 2;
	assert_true(early_keep(&h->worker, second));
	add_sa(2, ABI_DIR_IN);
	assert_int_equal(early_take(&h->worker, out), 1);
	rte_pktmbuf_free(out[0]);
	h->worker.now += EARLY_NS - 1;
	assert_int_equal(early_take(&h->worker, out), 0);
	assert_int_equal(h->worker.pipe->early.n, 1);
	assert_ptr_equal(h->worker.pipe->early.kept[0], second);
	h->worker.now++;
	assert_int_equal(early_take(&h->worker, out), 0);
	assert_int_equal(drops(DROP_IN_NO_STATES), 1);
}

/* Of two SPIs of one slot the later one is expected; that the earlier one's SA goes is no matter.
 */
static void only_what_is_expected_is_forgotten(void **state)
{
	struct rte_mbuf *m = headed(0x20000 + 2, 42);

	(void)state;
	early_expect(h->tables.early, SPI);
	early_expect(h->tables.early, 0x20000 + 2);
	early_forget(h->tables.early, SPI);
	assert_true(early_keep(&h->worker, m));
	early_clear(&h->worker.pipe->early);
	early_forget(h->tables.early, 0x20000 + 2);
	m = headed(0x20000 + 2, 42);
	assert_false(early_keep(&h->worker, m));
	rte_pktmbuf_free(m);
}

static void what_follows_one_that_waits_waits_too(void **state)
{
	struct rte_mbuf *other = headed(0x10000 + 3, 42), *cut = headed(SPI, 41);
	struct rte_mbuf *pkts[] = {headed(SPI, 42), other, headed(SPI, 42), cut}, *out[EARLY_MAX];
	struct rte_mbuf *first = headed(SPI, 42), *second = pkts[0], *third = pkts[2];

	(void)state;
	early_expect(h->tables.early, SPI);
	assert_int_equal(early_follow(&h->worker, pkts, 1), 1); /* none waits */
	assert_true(early_keep(&h->worker, first));
	add_sa(2, ABI_DIR_IN); /* only now */
	assert_int_equal(early_follow(&h->worker, pkts, 4), 2);
	assert_ptr_equal(pkts[0], other);
	assert_ptr_equal(pkts[1], cut);
	assert_int_equal(early_take(&h->worker, out), 3);
	assert_ptr_equal(out[0], first);
	assert_ptr_equal(out[1], second);
	assert_ptr_equal(out[2], third);
	for (unsigned int i = 0; i < 3; i++)
		rte_pktmbuf_free(out[i]);
	rte_pktmbuf_free(other);
	rte_pktmbuf_free(cut);
}

static void what_follows_finds_room_or_is_dropped(void **state)
{
	struct rte_mbuf *pkts[2] = {headed(SPI, 42), headed(SPI, 42)};

	(void)state;
	early_expect(h->tables.early, SPI);
	for (unsigned int i = 0; i < EARLY_MAX - 1; i++)
		assert_true(early_keep(&h->worker, headed(SPI, 42)));
	assert_int_equal(early_follow(&h->worker, pkts, 2), 0);
	assert_int_equal(h->worker.pipe->early.n, EARLY_MAX);
	assert_int_equal(drops(DROP_IN_NO_STATES), 1);
	early_clear(&h->worker.pipe->early);
}

#define WITH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(what_comes_before_its_sa_waits_for_it),
		WITH(what_waits_too_long_is_dropped),
		WITH(what_nobody_expects_does_not_wait),
		WITH(what_is_to_another_address_does_not_wait),
		WITH(only_so_many_wait),
		WITH(what_waits_and_fragments_handed_over_are_apart),
		WITH(what_waits_is_before_what_comes_next),
		WITH(a_whole_header_is_enough),
		WITH(each_waits_for_its_own_time),
		WITH(only_what_is_expected_is_forgotten),
		WITH(what_follows_one_that_waits_waits_too),
		WITH(what_follows_finds_room_or_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
