/* SPDX-License-Identifier: BSD-3-Clause */
/* test_neigh_table.c - readers of the neighbour table beside its writer. */
#include "tests/unit/dataplane/net/neighkit.h"

#include <pthread.h>

/* Midway in a write a reader finds nobody, and the manager gets the packet. */
static void takes_a_slot_being_written_for_empty(void **state)
{
	uint64_t value;
	int at;

	(void)state;
	neighkit_arp(1, neighkit_a, LAN_HOST, LAN_US, 0);
	at = neigh_table_find(nk.table, 0, neigh_key4(LAN_HOST), &value);
	assert_true(at >= 0);
	nk.table->slots[at].seq++;
	assert_true(neigh_table_find(nk.table, 0, neigh_key4(LAN_HOST), &value) < 0);
	nk.table->slots[at].seq++;
	assert_int_equal(neigh_table_find(nk.table, 0, neigh_key4(LAN_HOST), &value), at);
}

static struct rte_ether_addr mac_of(uint32_t addr, uint32_t version)
{
	struct rte_ether_addr m;

	put32(m.addr_bytes, addr * 2654435761u);
	m.addr_bytes[0] &= 0xfe;
	put16(m.addr_bytes + 4, version);
	return m;
}

#define RIVALS 8u

/* Addresses that all want the same slot, so that it changes hands all the time. */
static uint32_t rivals[RIVALS];

static void find_rivals(void)
{
	uint32_t home = neigh_table_hash(nk.table, 0, neigh_key4(1)) & (NEIGH_SLOTS - 1), addr = 1;

	for (unsigned int n = 0; n < RIVALS; addr++)
		if ((neigh_table_hash(nk.table, 0, neigh_key4(addr)) & (NEIGH_SLOTS - 1)) == home)
			rivals[n++] = addr;
}

static void *read_on(void *arg)
{
	const int *stop = arg;
	uint64_t seed = 77, wrong = 0;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		uint32_t addr = rivals[random_next(&seed) % RIVALS];
		struct rte_ether_addr want = mac_of(addr, 0);
		uint64_t value;

		if (neigh_table_find(nk.table, 0, neigh_key4(addr), &value) < 0)
			continue;
		/* The first four bytes belong to the address, whatever the version. */
		wrong += memcmp(&value, &want, 4) != 0;
		wrong += neigh_value_state(value) != NEIGH_KNOWN;
	}
	return (void *)(uintptr_t)wrong;
}

static void readers_never_see_half_a_write(void **state)
{
	pthread_t reader;
	uint64_t seed = 3;
	int stop = 0;
	void *wrong;

	(void)state;
	find_rivals();
	assert_int_equal(pthread_create(&reader, NULL, read_on, &stop), 0);
	for (uint32_t i = 0; i < 2000000; i++) {
		uint32_t addr = rivals[random_next(&seed) % RIVALS];
		struct rte_ether_addr mac = mac_of(addr, i & 0xffff);
		uint64_t value;
		int at = neigh_table_find(nk.table, 0, neigh_key4(addr), &value);

		if (at < 0)
			neigh_table_insert(nk.table, 0, neigh_key4(addr), NEIGH_KNOWN, &mac);
		else if (i % 3 != 0)
			neigh_table_change(nk.table, at, NEIGH_FREE, NULL);
		else
			neigh_table_change(nk.table, at, NEIGH_KNOWN, &mac);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	assert_int_equal(pthread_join(reader, &wrong), 0);
	assert_null(wrong);
}

#define T(f) cmocka_unit_test_setup_teardown(f, neighkit_begin, neighkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(takes_a_slot_being_written_for_empty),
		T(readers_never_see_half_a_write),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
