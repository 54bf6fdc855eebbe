/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bench_ike.c - what the IKE engine costs: N tunnels between two engines in one process come up.
 * Printed for each version and group: handshakes (IKE SA and first child SA) in a second of one
 * core, of responder and initiator apart, and memory per tunnel of one side. One thread; the data
 * plane answers at once.
 *
 * Arguments: tunnels (default 2000), then groups (default 31 19 14).
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/crypto/suite.h"
#include "tests/sim/many.h"

#define SEC	   1000000000ULL
#define MAX_GROUPS 16

static const struct version {
	enum ike_exchange_mode mode;
	const char *name;
} versions[] = {{IKE_MODE_IKE2, "IKEv2"}, {IKE_MODE_MAIN, "IKEv1 main"}};

/* Heap in use, large blocks too. */
static size_t in_use(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static int measure(const struct version *v, uint16_t group, unsigned count)
{
	const struct many m = {.count = count, .mode = v->mode, .group = group};
	const struct suite_group *g = suite_group_find(group);
	uint64_t now = 1000 * SEC;
	struct many_node n[2];
	size_t before, idle;

	if (g == NULL) {
		fprintf(stderr, "group %u is not known\n", group);
		return -1;
	}
	before = in_use();
	many_init(n, &m, now);
	idle = in_use();
	n[0].count_cpu = n[1].count_cpu = 1;
	many_advance(n, &now, now + (10 + count / 500) * SEC);
	n[0].count_cpu = n[1].count_cpu = 0;
	/* what is kept for repeats is given back with time */
	many_advance(n, &now, now + 120 * SEC);
	if (n[0].pairs != count || n[1].pairs != count) {
		fprintf(stderr, "only %u of %u tunnels came up\n", n[0].pairs, count);
		many_fini(n);
		return -1;
	}
	printf("%-10s  %-10s %10.0f %10.0f %12.1f %12.1f\n", v->name, g->name,
	       count * 1e9 / (double)n[0].cpu, count * 1e9 / (double)n[1].cpu,
	       (double)(in_use() - idle) / count / 2 / 1024,
	       (double)(idle - before) / count / 2 / 1024);
	many_fini(n);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 2000;
	uint16_t groups[MAX_GROUPS] = {31, 19, 14};
	int n_groups = 3;

	if (count == 0 || count > 1000000) {
		fprintf(stderr, "usage: bench_ike [TUNNELS [GROUP]...]\n");
		return EXIT_FAILURE;
	}
	for (int i = 2; i < argc && i - 2 < MAX_GROUPS; i++) {
		n_groups = i - 1;
		groups[i - 2] = (uint16_t)strtoul(argv[i], NULL, 10);
	}
	printf("%u tunnels; handshakes in a second of one core, memory of one side\n"
	       "%-10s  %-10s %10s %10s %12s %12s\n",
	       count, "", "group", "responder", "initiator", "KiB/tunnel", "KiB/peer");
	for (size_t v = 0; v < sizeof(versions) / sizeof(versions[0]); v++) {
		for (int i = 0; i < n_groups; i++) {
			if (measure(&versions[v], groups[i], count) != 0)
				return EXIT_FAILURE;
		}
	}
	return EXIT_SUCCESS;
}
