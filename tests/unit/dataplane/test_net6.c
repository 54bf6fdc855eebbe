/* SPDX-License-Identifier: BSD-3-Clause */
/* test_net6.c - the manager with IPv6: generations of addresses and routes, solicitations and
 * unknown neighbours from the slow ring. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <rte_ring.h>

#include "dataplane/net/fib6.h"
#include "dataplane/net/parse.h"
#include "dataplane/net/port.h"
#include "tests/unit/dataplane/fixture.h"

static const struct abi_addr us = {6, {0}, {0x20, 1, 0x0d, 0xb8, [15] = 1}};
static const struct abi_addr us4 = {4, {0}, {192, 0, 2, 1}};

static struct fixture *f;

static int setup(void **state)
{
	(void)state;
	f = fixture_create();
	return f ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	fixture_free(f);
	return 0;
}

/* What the manager sent, oldest first; freed by the caller. NULL: nothing more. */
static struct rte_mbuf *sent(void)
{
	void *m;

	return rte_ring_dequeue(f->workers[0]->reply, &m) == 0 ? m : NULL;
}

static unsigned int empty(void)
{
	struct rte_mbuf *m;
	unsigned int n = 0;

	for (; (m = sent()) != NULL; n++)
		rte_pktmbuf_free(m);
	return n;
}

static uint16_t address(uint32_t generation, const struct abi_addr *addr, uint8_t len)
{
	struct abi_address a = {
		.generation = generation, .port = 1, .prefix_len = len, .addr = *addr};

	return fixture_ask(f, &a, ABI_CMD_ADDRESS, sizeof(a), NULL);
}

static uint16_t install(uint32_t generation)
{
	fixture_generation(f, ABI_CMD_NET_BEGIN, generation, 2);
	assert_int_equal(address(generation, &us4, 24), ABI_OK);
	assert_int_equal(address(generation, &us, 64), ABI_OK);
	return fixture_generation(f, ABI_CMD_NET_COMMIT, generation, 2);
}

static void pass(unsigned int ms)
{
	for (; ms >= 100; ms -= 100)
		fixture_tick(f, 100000000);
}

static void takes_both_families_in_one_generation(void **state)
{
	(void)state;
	assert_int_equal(install(1), ABI_OK);
	assert_non_null(f->h->tables.fib6);
	assert_true(fib6_is_local(f->h->tables.fib6, us.bytes));
	assert_true(fib_is_local(f->h->tables.fib, 0xc0000201));
	empty();
}

static void has_no_table_without_an_address(void **state)
{
	(void)state;
	install(1);
	empty();
	fixture_generation(f, ABI_CMD_NET_BEGIN, 2, 1);
	assert_int_equal(address(2, &us4, 24), ABI_OK);
	assert_int_equal(fixture_generation(f, ABI_CMD_NET_COMMIT, 2, 1), ABI_OK);
	assert_null(f->h->tables.fib6);
	fixture_grace(f);
	empty();
}

static void a_generation_that_does_not_fit_changes_neither(void **state)
{
	const struct fib6 *six;
	const struct fib *four;

	(void)state;
	install(1);
	six = f->h->tables.fib6;
	four = f->h->tables.fib;
	fixture_generation(f, ABI_CMD_NET_BEGIN, 2, 3);
	assert_int_equal(address(2, &us4, 24), ABI_OK);
	assert_int_equal(address(2, &us, 64), ABI_OK);
	assert_int_equal(address(2, &us, 64), ABI_OK); /* twice: only the whole shows it */
	assert_int_equal(fixture_generation(f, ABI_CMD_NET_COMMIT, 2, 3), ABI_ERR_EXISTS);
	assert_ptr_equal(f->h->tables.fib6, six);
	assert_ptr_equal(f->h->tables.fib, four);
	empty();
}

static void replaces_tables_again_and_again(void **state)
{
	(void)state;
	for (uint32_t i = 1; i < 20; i++) {
		assert_int_equal(install(i), ABI_OK);
		fixture_grace(f);
		empty();
	}
}

/* A packet through parse, as a worker hands it over. */
static void slow_input(const uint8_t *bytes, size_t len, enum pkt_slow why)
{
	struct rte_mbuf *m = harness_mbuf(f->h, bytes, len);

	parse_burst(f->workers[0], 1, &m, 1);
	pkt_meta(m)->reason = (uint8_t)why;
	if (why == PKT_SLOW_NEIGH)
		pkt_meta(m)->out_port = 1;
	assert_int_equal(rte_ring_enqueue(f->workers[0]->slow, m), 0);
}

static void make_packet(uint8_t b[14 + 40 + 24], uint8_t next, const uint8_t src[16],
			const uint8_t dst[16])
{
	memset(b, 0, 14 + 40 + 24);
	memcpy(b, &ports[1].mac, 6);
	b[6] = 2;
	b[11] = 9;
	b[12] = 0x86;
	b[13] = 0xdd;
	b[14] = 0x60;
	b[19] = 24;
	b[20] = next;
	b[21] = 255;
	memcpy(b + 22, src, 16);
	memcpy(b + 38, dst, 16);
}

static void answers_a_solicitation_after_a_second(void **state)
{
	uint8_t b[14 + 40 + 24], host[16];
	struct rte_mbuf *m;
	uint16_t sum;

	(void)state;
	memcpy(host, us.bytes, 16);
	host[15] = 9;
	make_packet(b, 58, host, us.bytes);
	b[54] = 135;
	memcpy(b + 62, us.bytes, 16);
	sum = ip6_cksum(b + 22, b + 38, 58, b + 54, 24);
	memcpy(b + 56, &sum, 2);
	install(1);
	pass(200);
	empty();
	slow_input(b, sizeof(b), PKT_SLOW_ND);
	fixture_tick(f, 1000000);
	assert_null(sent()); /* nobody knows yet whether it is ours alone */
	pass(1200);
	assert_int_equal(empty(), 2); /* ours, and the link-local one: announced */
	slow_input(b, sizeof(b), PKT_SLOW_ND);
	fixture_tick(f, 1000000);
	m = sent();
	assert_non_null(m);
	assert_int_equal(rte_pktmbuf_mtod(m, uint8_t *)[54], 136);
	assert_memory_equal(rte_pktmbuf_mtod(m, uint8_t *) + 38, host, 16);
	rte_pktmbuf_free(m);
	assert_int_equal(f->manager.self.counters->drops[DROP_NET_CONSUMED], 2);
}

static void asks_for_an_unknown_neighbour(void **state)
{
	uint8_t b[14 + 40 + 24], host[16], far[16] = {0x20, 2, [15] = 7};
	struct rte_mbuf *m;

	(void)state;
	memcpy(host, us.bytes, 16);
	host[15] = 9;
	make_packet(b, 59, far, host);
	install(1);
	pass(1500);
	empty();
	slow_input(b, sizeof(b), PKT_SLOW_NEIGH);
	fixture_tick(f, 1000000);
	m = sent();
	assert_non_null(m);
	assert_int_equal(rte_pktmbuf_mtod(m, uint8_t *)[54], 135);
	assert_memory_equal(rte_pktmbuf_mtod(m, uint8_t *) + 62, host, 16);
	rte_pktmbuf_free(m);
	pass(5500);
	assert_int_equal(f->manager.self.counters->drops[DROP_NET_NO_NEIGHBOUR], 1);
	empty();
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(takes_both_families_in_one_generation),
		T(has_no_table_without_an_address),
		T(a_generation_that_does_not_fit_changes_neither),
		T(replaces_tables_again_and_again),
		T(answers_a_solicitation_after_a_second),
		T(asks_for_an_unknown_neighbour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
