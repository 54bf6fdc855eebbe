/* SPDX-License-Identifier: BSD-3-Clause */
/* main.c - espgw-dataplane: arguments, hardening, the manager's loop, orderly stop. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/heap.h"
#include "dataplane/launch.h"
#include "dataplane/log.h"

#define IDLE_NS	    500000 /* the manager's sleep between ticks without work */
#define TIMER_SLACK 50000ul
#define EXIT_USAGE  2

static volatile sig_atomic_t stop_signal;

static void on_signal(int sig)
{
	stop_signal = sig;
}

static void usage(FILE *f)
{
	fprintf(f,
		"usage: espgw-dataplane -c FILE [--instance NAME] [-- EAL options]\n"
		"  -c, --config FILE    configuration: the interface list and the dataplane group\n"
		"  -i, --instance NAME  name of this gateway on this machine (default: default)\n"
		"  -V, --version        print the version and exit\n"
		"  -h, --help           print this and exit\n"
		"EAL options are DPDK's; they win over those made from the configuration.\n");
}

struct arguments {
	const char *config;
	const char *instance;
	int rest; /* index of the first EAL option */
};

/* 0 to go on, else the exit status plus one. */
static int read_arguments(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"instance", required_argument, NULL, 'i'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	*a = (struct arguments){.instance = "default"};
	while ((c = getopt_long(argc, argv, "+c:i:Vh", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			a->config = optarg;
			break;
		case 'i':
			a->instance = optarg;
			break;
		case 'V':
			puts("espgw-dataplane " ESPGW_VERSION);
			return EXIT_SUCCESS + 1;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS + 1;
		default:
			usage(stderr);
			return EXIT_USAGE + 1;
		}
	}
	a->rest = optind;
	if (a->rest < argc && strcmp(argv[a->rest - 1], "--") != 0) {
		fprintf(stderr,
			"espgw-dataplane: \"%s\" is not expected; EAL options stand behind --\n",
			argv[a->rest]);
		return EXIT_USAGE + 1;
	}
	if (!a->config) {
		usage(stderr);
		return EXIT_USAGE + 1;
	}
	if (!segment_instance_ok(a->instance)) {
		fprintf(stderr,
			"espgw-dataplane: instance \"%s\"; accepted: 1 to %d letters, digits, "
			"'_', '-'\n",
			a->instance, SEGMENT_INSTANCE_LEN - 1);
		return EXIT_USAGE + 1;
	}
	return 0;
}

/* Keys are in this memory: no core file, no debugger of the same user. */
static void harden(void)
{
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
		log_warn("core files cannot be switched off: %s", strerror(errno));
}

static void catch_signals(void)
{
	struct sigaction sa = {.sa_handler = on_signal};

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

static void report(const struct dataplane *d)
{
	const struct segment *s = &d->segment;

	if (s->old_fault)
		log_warn("%s: an old segment is replaced unread: %s", s->path, s->old_fault);
	else if (s->taken_over != 0)
		log_notice("%s: %u SAs of an earlier run can be resumed", s->path, s->taken_over);
	for (unsigned int i = 0; i < d->conf.n_ports; i++)
		log_info("port %u: %s = %s, MTU %u", i, d->conf.ports[i].name,
			 d->conf.ports[i].device, d->conf.ports[i].mtu);
	log_notice("ready: instance %s, %u worker%s (%s), %u SAs, %u policies, %s", d->instance,
		   d->n_workers, d->n_workers == 1 ? "" : "s",
		   conf_idle_sleep(&d->conf) ? "sleeping when idle" : "polling", d->conf.max_sas,
		   d->conf.max_policies, d->conf.hugepages ? "hugepages" : "no hugepages");
}

static void loop(struct dataplane *d)
{
	const struct timespec idle = {.tv_nsec = IDLE_NS};

	while (!stop_signal)
		if (!manager_tick(&d->manager, clock_monotonic()))
			nanosleep(&idle, NULL);
}

int main(int argc, char **argv)
{
	static struct dataplane d;
	struct arguments a;
	char err[512] = "";
	int ret = read_arguments(argc, argv, &a);

	if (ret != 0)
		return ret - 1;
	if (conf_load(a.config, &d.conf, err, sizeof(err)) < 0) {
		log_error("%s", err);
		return EXIT_FAILURE;
	}
	snprintf(d.instance, sizeof(d.instance), "%s", a.instance);
	catch_signals();
	prctl(PR_SET_TIMERSLACK, TIMER_SLACK);
	heap_keep();
	ret = launch_up(&d, argv + a.rest, argc - a.rest, err, sizeof(err));
	harden(); /* after EAL, which reads /proc/self; no key has come yet */
	if (ret < 0) {
		log_error("%s", err);
		launch_down(&d);
		return EXIT_FAILURE;
	}
	report(&d);
	loop(&d);
	log_notice("stopping: signal %d", (int)stop_signal);
	launch_down(&d);
	return EXIT_SUCCESS;
}
