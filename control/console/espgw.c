/* SPDX-License-Identifier: BSD-3-Clause */
/* espgw.c - the command-line tool: a thin client of espgw-control, and "check FILE". */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/console/client.h"
#include "control/console/protocol.h"
#include "control/model/apply.h"
#include "control/model/file.h"
#include "control/model/model.h"
#include "control/model/problem.h"

static const char usage[] =
	"usage: espgw [--instance NAME] [--json] [COMMAND…]\n"
	"       espgw check FILE\n"
	"\n"
	"COMMAND is one of the console's, like \"ip ipsec installed-sa print where spi=0x1234\";\n"
	"\"help\" lists them. Without one, commands are read from the terminal.\n"
	"check reads a configuration file and says all that is wrong with it; it needs no daemon\n"
	"and touches nothing.\n"
	"\n"
	"  -i, --instance NAME  which gateway of this machine (default: default)\n"
	"  -j, --json           answers as JSON, in the shapes of RouterOS's REST interface\n"
	"  -V, --version        print the version\n"
	"  -h, --help           print this\n"
	"\n"
	"exit code: 0 done, 1 not done or wrong, 2 not understood, 3 no daemon\n";

static int check(const char *path)
{
	static struct problems problems;
	struct model_plan *plan = NULL;
	struct model *m;
	char *text;

	problems_init(&problems);
	m = model_load(path, &problems);
	if (m)
		plan = model_plan_new(m, NULL, &problems);
	text = problems_text(&problems);
	fputs(text ? text : "espgw: not enough memory\n", plan ? stdout : stderr);
	if (plan)
		printf("%s: good: %zu interfaces, %zu peers, %zu policies\n", path,
		       plan->n_interfaces, plan->n_peers, plan->n_policies);
	else
		fprintf(stderr, "%s: refused: %zu problems\n", path, problems.n_errors);
	free(text);
	problems_free(&problems);
	model_plan_free(plan);
	model_free(m);
	return plan ? 0 : 1;
}

static int command(const char *instance, bool json, char **args, int n)
{
	int fd = client_connect(instance), rc;

	if (fd < 0)
		return CLIENT_UNREACHABLE;
	rc = client_run(fd, (const char *const *)args, (size_t)n, json);
	close(fd);
	return rc;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"instance", required_argument, NULL, 'i'},
						{"json", no_argument, NULL, 'j'},
						{"version", no_argument, NULL, 'V'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	const char *instance = "default";
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "+i:jVh", options, NULL)) != -1) {
		switch (c) {
		case 'i':
			instance = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'V':
			printf("espgw %s\n", ESPGW_VERSION);
			return 0;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind == argc)
		return client_interactive(instance, json);
	if (strcmp(argv[optind], "check") != 0)
		return command(instance, json, argv + optind, argc - optind);
	if (argc - optind != 2) {
		fputs(usage, stderr);
		return 2;
	}
	return check(argv[optind + 1]);
}
