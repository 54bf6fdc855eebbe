/* SPDX-License-Identifier: BSD-3-Clause */
/* main.c - espgw-control: arguments, the configuration, then the loop. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

#include "control/console/wipe.h"
#include "control/crypto/suite.h"
#include "control/dh_pool.h"
#include "control/gateway.h"
#include "control/log.h"
#include "control/loop.h"
#include "control/sa_store.h"
#include "control/secret.h"
#include "control/server.h"

#define ARENA_BYTES	 (16u << 20) /* keys of 60000 SA pairs, and the engine's */
#define DEFAULT_INSTANCE "default"
#define EXIT_USAGE	 2

struct options {
	const char *config;
	const char *instance;
	const char *socket;
	bool check_only;
	enum log_level level;
};

static const char usage_text[] =
	"usage: espgw-control -c FILE [--instance NAME] [-n] [--log LEVEL] [--socket PATH]\n"
	"  -c, --config FILE    configuration\n"
	"  -i, --instance NAME  names the segment and the socket (default: " DEFAULT_INSTANCE ")\n"
	"  -n, --check          check the configuration and exit\n"
	"  -l, --log LEVEL      error, warning, notice, info (default) or debug\n"
	"  -s, --socket PATH    instead of " PROTOCOL_SOCKET_DIR "/NAME.sock\n"
	"  -V, --version\n";

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'}, {"instance", required_argument, NULL, 'i'},
	{"check", no_argument, NULL, 'n'},	  {"log", required_argument, NULL, 'l'},
	{"socket", required_argument, NULL, 's'}, {"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},	  {NULL, 0, NULL, 0},
};

static int parse_level(const char *word, enum log_level *level)
{
	static const char *const name[] = {"error", "warning", "notice", "info", "debug"};

	for (unsigned int i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		if (strcmp(word, name[i]) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	fprintf(stderr, "espgw-control: --log %s: not a level\n", word);
	return -EINVAL;
}

/* 0: go on; 1: done, successfully; else -EINVAL. */
static int parse_options(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt_long(argc, argv, "c:i:nl:s:Vh", long_options, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->config = optarg;
			break;
		case 'i':
			o->instance = optarg;
			break;
		case 'n':
			o->check_only = true;
			break;
		case 'l':
			if (parse_level(optarg, &o->level) != 0)
				return -EINVAL;
			break;
		case 's':
			o->socket = optarg;
			break;
		case 'V':
			puts("espgw-control " ESPGW_VERSION);
			return 1;
		case 'h':
			fputs(usage_text, stdout);
			return 1;
		default:
			return -EINVAL;
		}
	}
	if (o->config == NULL)
		fputs("espgw-control: -c FILE is needed\n", stderr);
	else if (optind < argc)
		fprintf(stderr, "espgw-control: %s: unexpected\n", argv[optind]);
	else
		return 0;
	return -EINVAL;
}

static void log_missing_protection(int missing)
{
	if (missing & SECRET_W_ARENA_NOT_LOCKED)
		log_warn(&log_system, "keys are not in locked memory: raise RLIMIT_MEMLOCK to 64M");
	if (missing & SECRET_W_PROCESS_NOT_LOCKED)
		log_notice(&log_system, "the process as a whole is not in locked memory");
	if (missing & (SECRET_W_DUMPABLE | SECRET_W_CORE_LIMIT))
		log_warn(&log_system, "core dumps could not be switched off");
}

/* Beside the socket: as long-lived as it, and as private. */
static struct sa_store *open_store(const char *path)
{
	struct sa_store *s = server_make_dir(path) == 0 ? sa_store_open(path) : NULL;

	if (s == NULL)
		log_warn(&log_system, "%s: %s; a restart will negotiate IKE SAs anew", path,
			 strerror(errno));
	return s;
}

static int run(const struct options *o, const char *socket_path)
{
	char segment[ABI_NAME_LEN + 16], records[160];
	struct sa_store *store;
	struct dh_pool *pool;
	struct gateway *g;
	struct setup setup;
	char *said;
	int rc = setup_load(&setup, o->config, NULL, NULL, &said);

	if (said != NULL)
		fputs(said, stderr);
	free(said);
	if (rc != 0 || o->check_only) {
		setup_free(&setup);
		return rc;
	}
	snprintf(segment, sizeof(segment), "/espgw-%s", o->instance);
	log_notice(&log_system,
		   "espgw-control " ESPGW_VERSION " instance %s, %zu peers, %zu policies",
		   o->instance, setup.plan->n_peers, setup.plan->n_policies);
	g = gateway_new(o->config, segment, &setup);
	if (g == NULL) {
		fprintf(stderr, "espgw-control: %s\n", strerror(errno));
		return -errno;
	}
	pool = dh_pool_new(0);
	if (pool == NULL)
		log_warn(&log_system, "no threads for Diffie-Hellman: %s", strerror(errno));
	gateway_use_pool(g, pool);
	snprintf(records, sizeof(records), "%s.sas", socket_path);
	store = open_store(records);
	gateway_use_store(g, store);
	rc = loop_run(g, socket_path);
	if (rc == 0 && store != NULL) /* after an orderly end there is nothing to go on with */
		unlink(records);
	gateway_free(g);
	log_notice(&log_system, "stopped");
	return rc;
}

/* Nothing is read, listened to or negotiated with a library that computes wrongly. What it does not
 * do at all the configuration must not use. */
static int test_crypto(void)
{
	const char *name;
	int rc = suite_self_test(&name);

	if (rc != 0)
		log_error(&log_system, "known-answer test failed: %s: OpenSSL computes it wrongly",
			  name);
	for (size_t i = 0; rc == 0 && (name = suite_lacking_at(i)) != NULL; i++)
		log_warn(&log_system, "not available in this OpenSSL: %s", name);
	return rc;
}

int main(int argc, char **argv)
{
	struct options o = {.instance = DEFAULT_INSTANCE, .level = LOG_LEVEL_INFO};
	char path[128];
	int rc = parse_options(argc, argv, &o);

	if (rc != 0) {
		if (rc < 0)
			fputs(usage_text, stderr);
		return rc < 0 ? EXIT_USAGE : EXIT_SUCCESS;
	}
	if (protocol_socket_path(path, sizeof(path), o.instance) != 0) {
		fprintf(stderr, "espgw-control: instance \"%s\": 1 to %u of a-z A-Z 0-9 - _\n",
			o.instance, PROTOCOL_MAX_INSTANCE);
		return EXIT_USAGE;
	}
	umask(077);
	wipe_setup();
	event_set_mem_functions(malloc, wipe_realloc, wipe_free); /* a socket's bytes */
	log_setup(STDERR_FILENO, o.level);
	rc = secret_setup(ARENA_BYTES);
	if (rc < 0) {
		fprintf(stderr, "espgw-control: no memory for secrets: %s\n", strerror(-rc));
		return EXIT_FAILURE;
	}
	if (!o.check_only)
		log_missing_protection(rc);
	if (test_crypto() != 0)
		return EXIT_FAILURE;
	return run(&o, o.socket != NULL ? o.socket : path) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
