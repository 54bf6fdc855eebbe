/* SPDX-License-Identifier: BSD-3-Clause */
/* test_pool.c - the packet pool: as many buffers as asked for, apart, and spread over the cache. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_memory.h>

#include "dataplane/pool.h"
#include "tests/unit/dataplane/harness.h"

#define N	   600u
#define ROOM	   (RTE_PKTMBUF_HEADROOM + 2176u)
#define PAGE	   4096u
#define LINE	   64u
#define LARGE_PAGE (2ul << 20)

static struct rte_mbuf *pkts[N];

static int take_all(void **state)
{
	struct rte_mempool *pool = pool_create("test", N, 32, ROOM, SOCKET_ID_ANY);

	*state = pool;
	if (!pool)
		return -1;
	for (unsigned int i = 0; i < N; i++) {
		pkts[i] = rte_pktmbuf_alloc(pool);
		if (!pkts[i])
			return -1;
	}
	return 0;
}

static int give_all(void **state)
{
	rte_pktmbuf_free_bulk(pkts, N);
	rte_mempool_free(*state);
	return 0;
}

static void holds_as_many_as_asked_for(void **state)
{
	assert_int_equal(rte_mempool_in_use_count(*state), N);
	assert_null(rte_pktmbuf_alloc(*state));
}

static void every_buffer_is_a_packet_buffer(void **state)
{
	for (unsigned int i = 0; i < N; i++) {
		assert_ptr_equal(pkts[i]->pool, *state);
		assert_int_equal(pkts[i]->buf_len, ROOM);
		assert_int_equal(rte_pktmbuf_headroom(pkts[i]), RTE_PKTMBUF_HEADROOM);
		assert_int_equal(rte_mbuf_iova_get(pkts[i]), (uintptr_t)pkts[i]->buf_addr);
		rte_mbuf_sanity_check(pkts[i], 1);
	}
}

static void buffers_do_not_overlap(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < N; i++)
		memset(pkts[i]->buf_addr, (int)(i & 0xff), ROOM);
	for (unsigned int i = 0; i < N; i++) {
		const uint8_t *p = pkts[i]->buf_addr;

		assert_ptr_equal(pkts[i]->pool, *state);
		for (unsigned int k = 0; k < ROOM; k++)
			assert_int_equal(p[k], i & 0xff);
	}
}

/* Of a page's 64 lines no one holds many more headers than another. */
static void headers_lie_on_different_lines(void **state)
{
	unsigned int count[PAGE / LINE] = {0};

	(void)state;
	for (unsigned int i = 0; i < N; i++)
		count[(uintptr_t)pkts[i] % PAGE / LINE]++;
	for (unsigned int i = 0; i < PAGE / LINE; i++)
		assert_true(count[i] <= 2 * N / (PAGE / LINE));
}

/* The flags of the mapping that holds p, as the kernel tells them. */
static void flags_of(const void *p, char *flags, size_t size)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long from, to;
	bool here = false;
	char line[512];

	flags[0] = '\0';
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			here = from <= (uintptr_t)p && (uintptr_t)p < to;
		else if (here && strncmp(line, "VmFlags:", 8) == 0)
			snprintf(flags, size, "%s", line);
	}
	if (f)
		fclose(f);
}

/* "hg": large pages are asked for. */
static void lies_in_large_pages_where_the_kernel_has_some(void **state)
{
	const struct rte_mempool *pool = *state;
	char flags[512];

	assert_int_equal((uintptr_t)STAILQ_FIRST(&pool->mem_list)->addr % LARGE_PAGE, 0);
	if (access("/sys/kernel/mm/transparent_hugepage/enabled", F_OK) != 0)
		skip();
	for (unsigned int i = 0; i < N; i += 100) {
		flags_of(pkts[i], flags, sizeof(flags));
		if (strstr(flags, " hg") == NULL)
			fail_msg("buffer %u lies in: %s", i, flags);
	}
}

static void a_name_is_used_once(void **state)
{
	(void)state;
	assert_null(pool_create("test", N, 32, ROOM, SOCKET_ID_ANY));
}

/* Bytes that are mapped, used or not. */
static unsigned long address_space(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu", &pages), 1);
	fclose(f);
	return pages * PAGE;
}

static void gives_its_memory_back(void **state)
{
	unsigned long before = address_space();

	(void)state;
	for (unsigned int i = 0; i < 200; i++) {
		struct rte_mempool *pool = pool_create("again", 4095, 32, ROOM, SOCKET_ID_ANY);
		struct rte_mbuf *m = pool != NULL ? rte_pktmbuf_alloc(pool) : NULL;
		void *page = (void *)RTE_ALIGN_FLOOR((uintptr_t)m, PAGE);

		assert_non_null(m);
		rte_pktmbuf_free(m);
		assert_int_equal(msync(page, PAGE, MS_ASYNC), 0);
		rte_mempool_free(pool);
		if (rte_eth_dev_count_avail() == 0)
			assert_int_equal(msync(page, PAGE, MS_ASYNC), -1); /* nothing is there */
	}
	assert_true(address_space() < before + 100 * LARGE_PAGE);
}

/* EAL has found a device: what it does not know it does not map for it. */
static void is_of_eals_memory_where_there_are_devices(void **state)
{
	struct rte_mempool *pool;
	struct rte_mbuf *m;

	(void)state;
	if (rte_eal_hotplug_add("vdev", "net_null0", "") != 0)
		skip();
	pool = pool_create("device", N, 32, ROOM, SOCKET_ID_ANY);
	assert_non_null(pool);
	m = rte_pktmbuf_alloc(pool);
	assert_non_null(rte_mem_virt2memseg(m, NULL));
	rte_pktmbuf_free(m);
	rte_mempool_free(pool);
	gives_its_memory_back(state);
	assert_int_equal(rte_eal_hotplug_remove("vdev", "net_null0"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_as_many_as_asked_for),
		cmocka_unit_test(every_buffer_is_a_packet_buffer),
		cmocka_unit_test(buffers_do_not_overlap),
		cmocka_unit_test(headers_lie_on_different_lines),
		cmocka_unit_test(lies_in_large_pages_where_the_kernel_has_some),
		cmocka_unit_test(a_name_is_used_once),
		cmocka_unit_test(gives_its_memory_back),
		cmocka_unit_test(is_of_eals_memory_where_there_are_devices),
	};

	if (harness_eal() != 0)
		return 77;
	return cmocka_run_group_tests(tests, take_all, give_all);
}
