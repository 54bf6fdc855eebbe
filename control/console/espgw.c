/* SPDX-License-Identifier: BSD-3-Clause */
/* espgw.c - the command-line tool: a thin client of espgw-control, and "check FILE". */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control/console/algorithms.h"
#include "control/console/bundle.h"
#include "control/console/client.h"
#include "control/console/compare.h"
#include "control/console/import.h"
#include "control/console/protocol.h"
#include "control/console/wipe.h"
#include "control/console/input.h"
#include "control/diag/explain.h"
#include "control/model/apply.h"
#include "control/model/file.h"
#include "control/model/model.h"
#include "control/model/problem.h"
#include "control/model/text.h"

static const char usage[] =
	"usage: espgw [--instance NAME] [--json] [COMMAND…]\n"
	"       espgw diagnose [PEER] --bundle FILE\n"
	"       espgw diagnose [PEER] --cloud FILE\n"
	"       espgw check FILE\n"
	"       espgw explain-log [--lang en|zh] FILE\n"
	"       espgw algorithms dh\n"
	"       espgw import [--local ADDRESS] … [--output FILE] FILE\n"
	"\n"
	"COMMAND is one of the console's, like \"ip ipsec installed-sa print where spi=0x1234\";\n"
	"\"help\" lists them. Without one, commands are read from the terminal.\n"
	"diagnose --bundle writes all that is known of the gateway, without secrets, to a new "
	"file.\n"
	"diagnose --cloud holds what Alibaba's DiagnoseVpnConnections says against what this side "
	"saw.\n"
	"check reads a configuration file and says all that is wrong with it; it needs no daemon\n"
	"and touches nothing.\n"
	"explain-log reads pasted log lines of strongSwan, RouterOS or libreswan, or the errors of "
	"a\n"
	"cloud's console (FILE - is the standard input), and says what they mean.\n"
	"algorithms dh lists the Diffie-Hellman groups: what RFC 8247 says of each, what it takes "
	"to\n"
	"use it, and how long a key pair and a shared secret take on this machine.\n"
	"import reads what Alibaba's or Tencent's API or console gives out about a tunnel, and "
	"writes\n"
	"the configuration for our side, to be included inside of ip.ipsec. It holds the secret:\n"
	"--output FILE writes a new file that nobody else can read.\n"
	"\n"
	"  -i, --instance NAME  which gateway of this machine (default: default)\n"
	"  -j, --json           answers as JSON, in the shapes of RouterOS's REST interface\n"
	"  -V, --version        print the version\n"
	"  -h, --help           print this\n"
	"\n"
	"exit code: 0 done, 1 not done or wrong, 2 not understood, 3 no daemon\n";

static int usage_error(void)
{
	fputs(usage, stderr);
	return 2;
}

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
		printf("%s: good: %zu interface%s, %zu peer%s, %zu polic%s\n", path,
		       plan->n_interfaces, plan->n_interfaces == 1 ? "" : "s", plan->n_peers,
		       plan->n_peers == 1 ? "" : "s", plan->n_policies,
		       plan->n_policies == 1 ? "y" : "ies");
	else
		fprintf(stderr, "%s: refused: %zu problem%s\n", path, problems.n_errors,
			problems.n_errors == 1 ? "" : "s");
	free(text);
	problems_free(&problems);
	model_plan_free(plan);
	model_free(m);
	return plan ? 0 : 1;
}

static int explain(char **args, int n, bool json)
{
	enum diag_lang lang = DIAG_EN;
	const char *path = NULL;
	struct text out = {0};
	size_t len;
	char *log;
	int rc;

	for (int i = 0; i < n; i++) {
		if (strcmp(args[i], "--lang") == 0 && i + 1 < n) {
			i++;
			if (strcmp(args[i], "zh") != 0 && strcmp(args[i], "en") != 0)
				return usage_error();
			lang = args[i][0] == 'z' ? DIAG_ZH : DIAG_EN;
		} else if (path) {
			return usage_error();
		} else {
			path = args[i];
		}
	}
	if (!path)
		return usage_error();
	log = input_read(path, EXPLAIN_MAX_INPUT, &len);
	if (!log)
		return 1;
	rc = explain_log(log, len, lang, json, &out);
	input_free(log, len);
	if (out.s)
		fputs(out.s, stdout);
	text_free(&out);
	return rc > 0 ? 0 : 1;
}

static uint64_t cpu_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int algorithms(char **args, int n, bool json)
{
	struct text out = {0};
	int rc;

	if (n != 1 || strcmp(args[0], "dh") != 0)
		return usage_error();
	rc = algorithms_dh(cpu_clock, ALGORITHMS_RUNS, json, &out);
	if (rc == 0 && out.s)
		fputs(out.s, stdout);
	else
		fputs("espgw: OpenSSL failed\n", stderr);
	text_free(&out);
	return rc == 0 ? 0 : 1;
}

/* Takes "--bundle FILE" or the like out of a diagnose. FILE; NULL when it is not there; "" without
 * a name. */
static const char *take_file(char **args, int *n, const char *option)
{
	const char *path;

	if (strcmp(args[0], "diagnose") != 0)
		return NULL;
	for (int i = 1; i < *n; i++) {
		if (strcmp(args[i], option) != 0)
			continue;
		path = i + 1 < *n ? args[i + 1] : "";
		for (; i + 2 < *n; i++)
			args[i] = args[i + 2];
		*n = i;
		return path;
	}
	return NULL;
}

static int command(const char *instance, bool json, char **args, int n)
{
	const char *bundle = take_file(args, &n, "--bundle"),
		   *cloud = take_file(args, &n, "--cloud");
	int fd, rc;

	if (bundle != NULL && (*bundle == '\0' || json || cloud != NULL))
		return usage_error();
	if (cloud != NULL && *cloud == '\0')
		return usage_error();
	fd = client_connect(instance);
	if (cloud != NULL) {
		rc = compare_run(fd, cloud, (const char *const *)args + 1, (size_t)n - 1, json);
		if (fd >= 0)
			close(fd);
		return rc;
	}
	if (fd < 0)
		return CLIENT_UNREACHABLE;
	if (bundle != NULL)
		rc = bundle_write(fd, bundle, (const char *const *)args + 1, (size_t)n - 1);
	else
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

	wipe_setup();
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
			return usage_error();
		}
	}
	if (optind == argc)
		return client_interactive(instance, json);
	if (strcmp(argv[optind], "explain-log") == 0)
		return explain(argv + optind + 1, argc - optind - 1, json);
	if (strcmp(argv[optind], "import") == 0)
		return import_run(argv + optind + 1, argc - optind - 1);
	if (strcmp(argv[optind], "algorithms") == 0)
		return algorithms(argv + optind + 1, argc - optind - 1, json);
	if (strcmp(argv[optind], "check") != 0)
		return command(instance, json, argv + optind, argc - optind);
	if (argc - optind != 2)
		return usage_error();
	return check(argv[optind + 1]);
}
