/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * instructions.c - sends a fixed number of packets down each path, for scripts/instructions to
 * count instructions around gateway_input() with valgrind. Not a clock: what it prints are the
 * names of the paths in the order of their gateway_input() calls, "-" for those that only warm up.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <intel-ipsec-mb.h>
#include <rte_version.h>

#include "tests/bench/gateway.h"
#include "tests/bench/raw.h"

#define PACKETS WORKER_BURST

static const uint16_t sizes[] = {64, 1420};

#define CHANGES 10000u /* of the tables, before a path is counted */

struct path {
	enum gateway_path path;
	const char *name;
	int (*change)(struct gateway *g, unsigned int n); /* before it is counted; NULL: nothing */
	unsigned int changes;
};

/* What tunnels look like, and what that adds to a path's name. */
struct look {
	struct gateway_shape shape;
	const char *name;
	unsigned int sizes; /* how many of these */
};

static const struct look usual = {.name = "", .sizes = RTE_DIM(sizes)};

static int count(struct gateway *g, const struct path *p, const struct look *look,
		 const char *suite, uint16_t size)
{
	uint16_t len[PACKETS];

	for (unsigned int i = 0; i < PACKETS; i++)
		len[i] = size;
	for (int turn = 0; turn < 2; turn++) {
		if (turn == 1 && p->change != NULL && p->change(g, p->changes) != 0)
			return -1;
		if (gateway_run(g, p->path, len, PACKETS) == UINT64_MAX) {
			fprintf(stderr, "%s %s %u: packets were lost\n", p->name, suite, size);
			return -1;
		}
		if (turn == 0)
			printf("-\n");
		else
			printf("%s%s%s%s %u\n", p->name, look->name, suite[0] ? " " : "", suite,
			       size);
	}
	return 0;
}

/* many: tunnels, by turns in every burst. */
static int count_paths(const struct raw_suite *suite, const char *name, const struct path *paths,
		       unsigned int n, const struct look *look, bool many)
{
	struct gateway *g = gateway_create(suite, look->shape, PACKETS);
	int err = g == NULL ? -1 : 0;

	if (err == 0 && many)
		err = gateway_add_tunnels(g, suite);
	for (unsigned int p = 0; p < n; p++)
		for (unsigned int s = 0; s < look->sizes && err == 0; s++)
			err = count(g, &paths[p], look, name, sizes[s]);
	gateway_free(g);
	return err;
}

/* What other counts than these can be compared with. */
static void print_setting(void)
{
	IMB_MGR *m = alloc_mb_mgr(0);
	IMB_ARCH arch = IMB_ARCH_NONE;

	if (m != NULL)
		init_mb_mgr_auto(m, &arch);
	free_mb_mgr(m);
	printf("packets %u\ncompiler %s\ndpdk %d.%d\nipsec-mb %s arch %d\npaths\n", PACKETS,
	       __VERSION__, RTE_VER_YEAR, RTE_VER_MONTH, imb_get_version_str(), (int)arch);
}

static const struct path both[] = {{GATEWAY_OUT, "out", NULL, 0}, {GATEWAY_IN, "in", NULL, 0}};
static const struct path many[] = {{GATEWAY_OUT, "out-many-sas", NULL, 0},
				   {GATEWAY_IN, "in-many-sas", NULL, 0}};

/* Neither does a path's cost depend on the suite nor a packet's on its size, but little. */
static int count_looks(const struct raw_suite *suite)
{
	static const struct look looks[] = {
		{{.udp = true}, "-udp", 1},
		{{.esn = true}, "-esn", 1},
		{{.inner6 = true}, "-6in4", 1},
		{{.outer6 = true}, "-4in6", 1},
		{{.inner6 = true, .outer6 = true}, "-6in6", 1},
	};
	int err = 0;

	for (unsigned int i = 0; i < RTE_DIM(looks) && err == 0; i++) {
		err = count_paths(suite, suite->name, both, RTE_DIM(both), &looks[i], false);
		if (err == 0)
			err = count_paths(suite, suite->name, many, RTE_DIM(many), &looks[i], true);
	}
	return err;
}

int main(void)
{
	static const struct path alike[] = {{GATEWAY_FORWARD, "forward", NULL, 0},
					    {GATEWAY_MISS, "forward-new-flow", NULL, 0},
					    {GATEWAY_UNKNOWN, "drop-unknown-spi", NULL, 0}};
	static const struct path per_suite[] = {{GATEWAY_OUT, "out", NULL, 0},
						{GATEWAY_IN, "in", NULL, 0},
						{GATEWAY_FORGED, "drop-forged", NULL, 0}};
	/* A pass that follows changes of the tables, however many, costs what any other does; after
	 * one of the policies all flows are asked about anew, once. */
	static const struct path changed[] = {
		{GATEWAY_OUT, "out-after-10000-sas", gateway_change_sas, CHANGES},
		{GATEWAY_IN, "in-after-10000-sas", gateway_change_sas, CHANGES},
		{GATEWAY_OUT, "out-after-1-policy", gateway_change_policies, 1},
		{GATEWAY_OUT, "out-after-10000-policies", gateway_change_policies, CHANGES},
		{GATEWAY_IN, "in-after-10000-policies", gateway_change_policies, CHANGES}};
	const struct raw_suite *sha1 = &raw_suites[1];
	int err;

	print_setting();
	err = count_paths(&raw_suites[0], "", alike, RTE_DIM(alike), &usual, false);
	if (err == 0)
		err = count_paths(sha1, sha1->name, changed, RTE_DIM(changed), &usual, false);
	if (err == 0)
		err = count_paths(sha1, sha1->name, many, RTE_DIM(many), &usual, true);
	if (err == 0)
		err = count_looks(sha1);
	for (unsigned int i = 0; i < n_raw_suites && err == 0; i++)
		err = count_paths(&raw_suites[i], raw_suites[i].name, per_suite, RTE_DIM(per_suite),
				  &usual, false);
	return err == 0 ? 0 : 1;
}
