/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * loop.c - one libevent loop. The rings have no file descriptor, so they are polled: every
 * millisecond while something moves, and less and less often, down to every 5 ms, while nothing
 * does. That is 200 wake-ups a second at rest, a fraction of a per cent of a core, and an answer to
 * an IKE message within 5 ms.
 */
#include "control/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "control/dh_pool.h"
#include "control/gateway.h"
#include "control/log.h"
#include "control/names_evdns.h"
#include "control/server.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define HOSTS_FILE  "/etc/hosts"
#define BUSY_US	    1000
#define IDLE_US	    5000
#define IDLE_TURNS  20u		  /* idle turns before the interval grows */
#define STOP_NS	    3000000000ull /* for the orderly end */

struct loop {
	struct gateway *g;
	struct event_base *base;
	struct event *timer, *pool, *term, *intr, *hup;
	struct server *server;
	struct names_evdns *names;
	unsigned int idle_turns;
	uint64_t stop_by;
};

static void arm(struct loop *l)
{
	struct timeval tv = {.tv_usec = l->idle_turns < IDLE_TURNS ? BUSY_US : IDLE_US};

	evtimer_add(l->timer, &tv);
}

static int on_settled(void *ctx, uint64_t ticket, char **note)
{
	return gateway_settled(((struct loop *)ctx)->g, ticket, note);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	uint64_t now = gateway_clock();

	(void)fd;
	(void)what;
	if (gateway_turn(l->g, now) > 0)
		l->idle_turns = 0;
	else if (l->idle_turns < IDLE_TURNS)
		l->idle_turns++;
	if (l->server != NULL)
		server_turn(l->server, now, on_settled);
	if (l->stop_by != 0 && (gateway_stopped(l->g) || now >= l->stop_by)) {
		if (!gateway_stopped(l->g))
			log_warn(&log_system, "the dataplane did not confirm the removal of SAs");
		event_base_loopbreak(l->base);
		return;
	}
	arm(l);
}

static void on_stop(evutil_socket_t sig, short what, void *arg)
{
	struct loop *l = arg;

	(void)what;
	if (l->stop_by != 0) {
		event_base_loopbreak(l->base); /* asked twice */
		return;
	}
	log_notice(&log_system, "stopping on signal %d: peers are told, SAs removed", (int)sig);
	l->stop_by = gateway_clock() + STOP_NS;
	l->idle_turns = 0;
	gateway_stop(l->g);
}

static void on_hup(evutil_socket_t sig, short what, void *arg)
{
	struct loop *l = arg;
	char *message = NULL, *line, *rest;
	int rc;

	(void)sig;
	(void)what;
	rc = gateway_reload(l->g, &message);
	l->idle_turns = 0;
	for (line = strtok_r(message, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		log_write(&log_system, rc == 0 ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "reload: %s",
			  line);
	free(message);
}

static void on_command(void *ctx, const char *const *args, size_t n_args, int json,
		       unsigned int width, struct console_result *result)
{
	struct loop *l = ctx;
	uint64_t begun = l->g->settling.begun;
	struct console c;

	l->g->now = gateway_clock();
	c = gateway_console(l->g);
	console_execute(&c, args, n_args, json != 0, width, result);
	if (result->status == PROTOCOL_OK && l->g->settling.begun != begun)
		result->ticket = l->g->settling.begun;
	l->idle_turns = 0;
}

static int make_events(struct loop *l)
{
	l->base = event_base_new();
	if (l->base == NULL)
		return -ENOMEM;
	l->timer = evtimer_new(l->base, on_timer, l);
	if (l->g->pool != NULL) /* results: a turn at once */
		l->pool = event_new(l->base, dh_pool_fd(l->g->pool), EV_READ | EV_PERSIST, on_timer,
				    l);
	l->term = evsignal_new(l->base, SIGTERM, on_stop, l);
	l->intr = evsignal_new(l->base, SIGINT, on_stop, l);
	l->hup = evsignal_new(l->base, SIGHUP, on_hup, l);
	l->names = names_evdns_new(l->base, l->g->names, RESOLV_CONF, HOSTS_FILE);
	if (l->names == NULL || l->timer == NULL || l->term == NULL || l->intr == NULL ||
	    l->hup == NULL)
		return -ENOMEM;
	if (l->g->pool != NULL && (l->pool == NULL || event_add(l->pool, NULL) != 0))
		return -EIO;
	if (event_add(l->term, NULL) != 0 || event_add(l->intr, NULL) != 0 ||
	    event_add(l->hup, NULL) != 0)
		return -EIO;
	return 0;
}

static void free_event(struct event *e)
{
	if (e != NULL)
		event_free(e);
}

int loop_run(struct gateway *g, const char *socket_path)
{
	struct loop l = {.g = g};
	const char *why;
	int rc = make_events(&l);

	if (rc != 0)
		goto fail;
	signal(SIGPIPE, SIG_IGN);
	l.server = server_new(l.base, socket_path, on_command, &l, &why);
	if (l.server == NULL) {
		rc = -errno;
		if (rc == -EADDRINUSE)
			log_error(&log_system, "%s: another espgw-control of this instance runs",
				  socket_path);
		else
			log_error(&log_system, "%s: %s: %s", socket_path, why, strerror(-rc));
		goto fail;
	}
	arm(&l);
	event_base_dispatch(l.base);
fail:
	server_free(l.server);
	names_evdns_free(l.names);
	free_event(l.timer);
	free_event(l.pool);
	free_event(l.term);
	free_event(l.intr);
	free_event(l.hup);
	if (l.base != NULL)
		event_base_free(l.base);
	return rc;
}
