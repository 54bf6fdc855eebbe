/* SPDX-License-Identifier: BSD-3-Clause */
/* push.c - plan to commands. */
#include "control/push.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/log.h"

struct push {
	struct dataplane *d;
	uint32_t generation;
	size_t waiting;
	bool queued; /* all of it */
	bool always; /* reports even when there is a newer one */
	int rc;
	push_done_fn *done;
	void *ctx;
};

static uint32_t last_generation;
static uint32_t last_whole; /* only the newest whole push reports */

static int find_port(const struct dataplane *d, const char *name)
{
	struct abi_port p;

	for (uint32_t i = 0; segmap_port(dataplane_map(d), i, &p); i++)
		if (p.name[0] != '\0' && strcmp(p.name, name) == 0)
			return (int)i;
	return -1;
}

/* Index in the plan -> index of the port; -1 when the dataplane has no such port. */
static int port_of(const struct dataplane *d, const struct model_plan *plan, uint16_t index)
{
	return index < plan->n_interfaces ? find_port(d, plan->interfaces[index].name) : -1;
}

int push_check(const struct dataplane *d, const struct model_plan *plan, char *why, size_t why_len)
{
	for (size_t i = 0; i < plan->n_interfaces; i++) {
		if (find_port(d, plan->interfaces[i].name) >= 0)
			continue;
		snprintf(why, why_len,
			 "interface \"%s\": the running dataplane has no such port; restart "
			 "espgw-dataplane to add it",
			 plan->interfaces[i].name);
		return -EINVAL;
	}
	if (plan->n_policies > dataplane_map(d)->hdr.max_policies) {
		snprintf(why, why_len,
			 "%zu policies, but the running dataplane has room for %u (max-policies)",
			 plan->n_policies, dataplane_map(d)->hdr.max_policies);
		return -EINVAL;
	}
	return 0;
}

static void finish(struct push *p)
{
	if (p->waiting > 0 || !p->queued)
		return;
	if (p->done != NULL && (p->always || p->generation == last_whole))
		p->done(p->ctx, p->rc);
	free(p);
}

static void on_reply(void *arg, int rc, const struct abi_ev_reply *reply)
{
	struct push *p = arg;

	if (rc != 0 && p->rc == 0) {
		p->rc = rc;
		if (reply != NULL)
			log_error(
				&log_system,
				"dataplane refused command %u of the configuration: %s, status %u "
				"detail %u",
				reply->command, strerror(-rc), reply->status, reply->detail);
	}
	p->waiting--;
	finish(p);
}

static int send(struct push *p, void *msg, size_t len)
{
	int rc = dataplane_command(p->d, msg, len, on_reply, p);

	if (rc == 0)
		p->waiting++;
	return rc;
}

static int send_mark(struct push *p, uint16_t type, size_t count)
{
	struct abi_generation g = {
		.msg.type = type, .generation = p->generation, .count = (uint32_t)count};

	return send(p, &g, sizeof(g));
}

static int send_address(struct push *p, const struct abi_address *from, int port)
{
	struct abi_address a = *from;

	a.msg.type = ABI_CMD_ADDRESS;
	a.generation = p->generation;
	a.port = (uint16_t)port;
	return send(p, &a, sizeof(a));
}

static int send_route(struct push *p, const struct abi_route *from, int port)
{
	struct abi_route r = *from;

	r.msg.type = ABI_CMD_ROUTE;
	r.generation = p->generation;
	r.port = (uint16_t)port;
	return send(p, &r, sizeof(r));
}

static int route_port(const struct dataplane *d, const struct model_plan *plan, size_t i)
{
	return plan->routes[i].port == ABI_PORT_ANY ? (int)ABI_PORT_ANY
						    : port_of(d, plan, plan->routes[i].port);
}

static size_t count_net(const struct dataplane *d, const struct model_plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n_addresses; i++)
		n += port_of(d, plan, plan->addresses[i].port) >= 0;
	for (size_t i = 0; i < plan->n_routes; i++)
		n += route_port(d, plan, i) >= 0;
	return n;
}

static int send_net(struct push *p, const struct model_plan *plan)
{
	size_t n = count_net(p->d, plan);
	int rc = send_mark(p, ABI_CMD_NET_BEGIN, n);

	for (size_t i = 0; rc == 0 && i < plan->n_addresses; i++) {
		int port = port_of(p->d, plan, plan->addresses[i].port);

		if (port >= 0)
			rc = send_address(p, &plan->addresses[i], port);
	}
	for (size_t i = 0; rc == 0 && i < plan->n_routes; i++) {
		int port = route_port(p->d, plan, i);

		if (port >= 0)
			rc = send_route(p, &plan->routes[i], port);
	}
	return rc == 0 ? send_mark(p, ABI_CMD_NET_COMMIT, n) : rc;
}

static int send_policies(struct push *p, const struct abi_policy *policies, size_t n)
{
	int rc = send_mark(p, ABI_CMD_POLICY_BEGIN, n);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct abi_policy pol = policies[i];

		pol.msg.type = ABI_CMD_POLICY;
		pol.generation = p->generation;
		rc = send(p, &pol, sizeof(pol));
	}
	return rc == 0 ? send_mark(p, ABI_CMD_POLICY_COMMIT, n) : rc;
}

static void log_missing_ports(const struct dataplane *d, const struct model_plan *plan)
{
	for (size_t i = 0; i < plan->n_interfaces; i++)
		if (find_port(d, plan->interfaces[i].name) < 0)
			log_error(&log_interface,
				  "%s: the running dataplane has no such port; its addresses and "
				  "routes are left out",
				  plan->interfaces[i].name);
}

/* All is in the queue, or nothing: then the caller knows, and done() is not called. */
static int queued(struct push *p, int rc)
{
	p->queued = true;
	if (rc == 0)
		return 0;
	dataplane_retract(p->d, p->waiting);
	p->waiting = 0;
	p->done = NULL;
	finish(p);
	return rc;
}

int push_start(struct dataplane *d, const struct push_what *what, push_done_fn *done, void *ctx)
{
	struct push *p;
	int rc;

	if (dataplane_map(d)->base == NULL)
		return -ENOTCONN;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return -ENOMEM;
	*p = (struct push){.d = d,
			   .generation = ++last_generation,
			   .always = what->net == NULL,
			   .done = done,
			   .ctx = ctx};
	/* Policies first: what they protect must not find a route before it finds them. */
	rc = send_policies(p, what->policies, what->n_policies);
	if (what->net != NULL) {
		last_whole = p->generation;
		log_missing_ports(d, what->net);
		rc = rc == 0 ? send_net(p, what->net) : rc;
	}
	return queued(p, rc);
}
