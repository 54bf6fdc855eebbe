/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bench_scale.c - what many SAs, policies and flows cost a packet (scale_cost.h), and what changing
 * them costs the worker that moves packets meanwhile (scale_change.h).
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "dataplane/api/segment.h"
#include "tests/bench/scale_change.h"
#include "tests/bench/scale_cost.h"

struct options {
	struct scale_cost cost;
	struct scale_change change;
};

static int bench_cost(struct scale_cost *o, const char *file)
{
	int err;

	o->rows = json_array();
	err = o->rows != NULL ? scale_cost(o) : -1;
	if (err == 0 && file != NULL && json_dump_file(o->rows, file, JSON_INDENT(1)) != 0) {
		fprintf(stderr, "cannot write %s\n", file);
		err = -1;
	}
	json_decref(o->rows);
	return err;
}

static int usage(FILE *f)
{
	fprintf(f, "bench_scale [--sas N] [--flows N] [--installed N] [--rounds N] [--stages] "
		   "[--turns N]\n"
		   "            [--inner6] [--outer6] [--json FILE] [cost|change]\n"
		   "  --sas N        tunnels and policies, at most 20000 (10000)\n"
		   "  --flows N      flows of each tunnel (10)\n"
		   "  --installed N  SAs installed through the command ring (100000)\n"
		   "  --rounds N     turns of 448 packets (101)\n"
		   "  --turns N      turns without and with changes, 2 to 200 (6)\n"
		   "  --inner6       cost: IPv6 in the tunnels\n"
		   "  --outer6       cost: tunnels over IPv6\n"
		   "  --stages       show the cycles of each stage, too\n"
		   "  --json FILE    write the figures of cost for programs\n");
	return f == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"sas", required_argument, NULL, 's'},
						{"flows", required_argument, NULL, 'f'},
						{"installed", required_argument, NULL, 'i'},
						{"rounds", required_argument, NULL, 'r'},
						{"turns", required_argument, NULL, 'n'},
						{"inner6", no_argument, NULL, '6'},
						{"outer6", no_argument, NULL, 'o'},
						{"stages", no_argument, NULL, 't'},
						{"json", required_argument, NULL, 'j'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	struct options o = {.cost = {.tunnels = 10000, .flows = 10, .rounds = 101},
			    .change = {.installed = 100000, .turns = 6}};
	const char *what, *file = NULL;
	int c, err = 0;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		uint32_t n = optarg != NULL ? (uint32_t)strtoul(optarg, NULL, 10) : 0;

		if (c == 's')
			o.cost.tunnels = n;
		else if (c == 'f')
			o.cost.flows = n;
		else if (c == 'i')
			o.change.installed = n;
		else if (c == 'r')
			o.cost.rounds = n;
		else if (c == 'n')
			o.change.turns = n;
		else if (c == '6')
			o.cost.shape.inner6 = true;
		else if (c == 'o')
			o.cost.shape.outer6 = true;
		else if (c == 't')
			o.cost.stages = true;
		else if (c == 'j')
			file = optarg;
		else
			return usage(c == 'h' ? stdout : stderr);
	}
	what = optind < argc ? argv[optind] : "all";
	if (o.cost.tunnels == 0 || o.cost.tunnels > 20000 || o.cost.flows == 0 ||
	    o.cost.flows > 16384 || o.change.installed < SCALE_CHANGE_SAS ||
	    o.change.installed > ABI_MAX_SAS_LIMIT / 2 || o.cost.rounds == 0 ||
	    o.cost.rounds > SCALE_COST_ROUNDS || o.change.turns < 2 ||
	    o.change.turns > SCALE_CHANGE_TURNS)
		return usage(stderr);
	o.change.policies = o.cost.tunnels;
	if (strcmp(what, "change") != 0)
		err = bench_cost(&o.cost, file);
	if (err == 0 && strcmp(what, "cost") != 0)
		err = scale_change(&o.change);
	return err == 0 ? 0 : 1;
}
