/* SPDX-License-Identifier: BSD-3-Clause */
/* gateway.c - brings configuration, engine, children and dataplane together. */
#include "control/dh_pool.h"
#include "control/gateway.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/diagnose.h"
#include "control/enforce.h"
#include "control/log.h"
#include "control/sa_store.h"
#include "control/model/model.h"
#include "control/rows.h"

uint64_t gateway_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

/* --- what children need and tell --- */

static void child_result(void *ctx, uint64_t token, int rc)
{
	struct gateway *g = ctx;

	ike_engine_child_result(g->engine, token, rc, g->now);
	g->next_tick = 0;
}

static void child_expired(void *ctx, uint64_t token, bool hard, uint8_t limit)
{
	struct gateway *g = ctx;

	ike_engine_child_expired(g->engine, token, hard, limit, g->now);
	g->next_tick = 0;
}

static void child_first_traffic(void *ctx, uint64_t token)
{
	struct gateway *g = ctx;

	ike_engine_child_first_traffic(g->engine, token, g->now);
	g->next_tick = 0;
}

static void child_moved(void *ctx, uint64_t token, const struct abi_addr *remote, uint16_t port)
{
	struct gateway *g = ctx;

	ike_engine_child_moved(g->engine, token, remote, port, g->now);
	g->next_tick = 0;
}

static bool child_policy(void *ctx, uint32_t policy_id, struct children_policy *out)
{
	const struct gateway *g = ctx;
	const struct setup_policy *p = setup_find(&g->setup, policy_id);
	const struct generated_policy *gen = generated_find(&g->generated, policy_id);
	const struct ike_peer_conf *peer;

	if (gen != NULL)
		*out = (struct children_policy){
			.peer = gen->peer,
			.comment = gen->conf.comment,
			.remote = gen->records[0].tunnel_remote,
		};
	if (p == NULL)
		return gen != NULL;
	peer = &g->setup.plan->peers[p->peer];
	*out = (struct children_policy){
		.peer = peer->name,
		.comment = p->child->comment[0] != '\0' ? p->child->comment : peer->comment,
	};
	/* a network instead of an address: anybody in it; a name: it may have been another one */
	if (!peer->named && peer->remote_prefix_len == (peer->remote.family == 6 ? 128 : 32))
		out->remote = peer->remote;
	return true;
}

static int child_random(void *ctx, void *buf, size_t len)
{
	return ike_io_ops.random(ctx, buf, len);
}

static int64_t child_wall(void *ctx)
{
	(void)ctx;
	return (int64_t)time(NULL);
}

static const struct children_ops child_ops = {
	.result = child_result,
	.expired = child_expired,
	.first_traffic = child_first_traffic,
	.moved = child_moved,
	.policy = child_policy,
	.wall = child_wall,
	.random = child_random,
};

/* --- configuration --- */

static int restore_one(void *ctx, uint32_t slot, const uint8_t *data, size_t len)
{
	struct gateway *g = ctx;

	return ike_engine_restore(g->engine, data, len, slot, g->now);
}

/* IKE SAs of a control that was killed, for the pairs that have just been adopted. */
static void restore_sas(struct gateway *g)
{
	unsigned n = g->store != NULL ? sa_store_load(g->store, restore_one, g) : 0;

	if (n > 0)
		log_notice(&log_ipsec, "going on with %u IKE SAs of an earlier run", n);
}

/* Peers whose SAs were adopted must not be told to forget them. */
static void set_peers(struct gateway *g)
{
	struct model_plan *plan = g->setup.plan;
	int rc;

	for (size_t i = 0; i < plan->n_peers; i++)
		plan->peers[i].suppress_initial_contact =
			children_has_adopted(g->children, plan->peers[i].name);
	rc = ike_engine_set_peers(g->engine, plan->peers, plan->n_peers, g->now);
	if (rc != 0)
		log_error(&log_ipsec, "peers not taken: %s", strerror(-rc));
	else if (!g->peers_set) {
		g->peers_set = true;
		restore_sas(g);
	}
	netwatch_io_configure(g);
	g->next_tick = 0;
}

static void free_pending(struct gateway *g)
{
	if (g->pending.model == g->setup.model)
		g->pending.model = NULL; /* it stays */
	setup_free(&g->pending);
	g->has_pending = false;
}

/* It is refused. */
static void drop_pending(struct gateway *g, int rc)
{
	change_io_ended(g, rc);
	names_io_refused(g);
	free_pending(g);
}

static void take_pending(struct gateway *g, struct setup *old)
{
	*old = g->setup;
	g->setup = g->pending;
	g->pending = (struct setup){0};
	g->has_pending = false;
	change_io_ended(g, 0);
	if (old->model == g->setup.model) {
		old->model = NULL;
		g->names_changed |= names_settle(g->names, true);
		return; /* nothing was reloaded */
	}
	names_io_follow(g);
	g->names_changed |= names_settle(g->names, true);
	log_info(&log_system, "configuration reloaded: %zu peers, %zu policies",
		 g->setup.plan->n_peers, g->setup.plan->n_policies);
}

/* Policies and addresses are in force, or were refused. */
static void pushed(void *ctx, int rc)
{
	struct setup old = {0};
	struct gateway *g = ctx;

	if (rc == -ENOTCONN)
		return; /* the next attachment pushes again */
	if (rc == -ETIMEDOUT) {
		enforce_again(g, pushed);
		return;
	}
	if (rc != 0 && g->has_pending) {
		log_error(&log_system,
			  "reload refused by the dataplane (%s); the configuration "
			  "of before stays in force",
			  strerror(-rc));
		drop_pending(g, rc);
		if (enforce_plan(g, g->setup.plan, pushed) != 0)
			enforce_again(g, pushed);
		return;
	}
	if (rc != 0) {
		log_error(&log_system,
			  "the dataplane refused the configuration (%s); no IKE until a reload",
			  strerror(-rc));
		return;
	}
	if (g->has_pending)
		take_pending(g, &old);
	g->gate_open = true;
	if (g->fresh || old.plan != NULL)
		children_adopt(g->children, g->now); /* a reload may orphan adopted ones */
	g->fresh = false;
	if (!g->peers_set || old.plan != NULL)
		set_peers(g); /* the engine copies what it keeps of the plan */
	setup_free(&old);
}

/* --- the dataplane --- */

static int restore_policies(void *ctx, uint32_t slot, const uint8_t *data, size_t len)
{
	struct gateway *g = ctx;
	int rc = ike_engine_restore_policies(g->engine, data, len, g->now);

	(void)slot;
	return rc == -EBADMSG ? rc : 0; /* restore_one() decides */
}

/* What was generated has to be in force without a gap, and known before its SAs are adopted. The
 * engine does nothing with the peers until it is called again. */
static void know_policies(struct gateway *g)
{
	const struct model_plan *plan = g->has_pending ? g->pending.plan : g->setup.plan;

	if (!g->peers_set && g->store != NULL && plan->n_templates != 0 &&
	    ike_engine_set_peers(g->engine, plan->peers, plan->n_peers, g->now) == 0)
		(void)sa_store_load(g->store, restore_policies, g);
}

static void on_attached(void *ctx, bool fresh)
{
	struct gateway *g = ctx;
	struct model_plan *plan = g->has_pending ? g->pending.plan : g->setup.plan;
	int rc;

	g->fresh = fresh;
	g->gate_open = false;
	g->busy_until = g->now + GATEWAY_BUSY;
	know_policies(g);
	if (!g->peers_set)
		standby_io_restore(g, plan);
	rc = enforce_plan(g, plan, pushed);
	if (rc != 0) {
		log_error(&log_system, "dataplane: configuration not queued: %s", strerror(-rc));
		enforce_again(g, pushed);
	}
	/* Behind the policies in the ring. When control is the new one, there is nothing yet. */
	if (fresh && g->peers_set)
		children_resume(g->children, g->now);
}

static void on_detaching(void *ctx)
{
	struct gateway *g = ctx;

	g->gate_open = false;
	children_detaching(g->children);
	(void)totals_keep(&g->totals, dataplane_map(g->dp));
}

static void on_sa_event(void *ctx, const struct abi_ev_sa *ev)
{
	children_event(((struct gateway *)ctx)->children, ev);
}

static void on_acquire(void *ctx, const struct abi_ev_acquire *ev)
{
	struct gateway *g = ctx;

	if (!g->peers_set || g->stopping)
		return;
	ike_engine_acquire(g->engine, ev->policy_id, g->now);
	g->next_tick = 0;
}

static void on_port(void *ctx, const struct abi_ev_port *ev)
{
	struct gateway *g = ctx;
	struct abi_port p;

	if (segmap_port(dataplane_map(g->dp), ev->port, &p))
		log_notice(&log_interface, "%s link %s", p.name, ev->link_up ? "up" : "down");
}

static void on_packet(void *ctx, const struct abi_packet *p)
{
	struct gateway *g = ctx;

	ike_io_input(g, p);
}

static void on_resync(void *ctx)
{
	struct gateway *g = ctx;

	children_resync(g->children);
	ike_engine_resync(g->engine, g->now);
}

static const struct dataplane_ops dp_ops = {
	.attached = on_attached,
	.detaching = on_detaching,
	.sa_event = on_sa_event,
	.acquire = on_acquire,
	.port = on_port,
	.packet = on_packet,
	.resync = on_resync,
};

/* --- life --- */

struct gateway *gateway_new(const char *config_path, const char *segment, struct setup *setup)
{
	struct gateway *g = calloc(1, sizeof(*g));

	if (g == NULL) {
		setup_free(setup);
		return NULL;
	}
	g->setup = *setup;
	*setup = (struct setup){0};
	g->seen = g->setup.model->text_hash;
	g->now = gateway_clock();
	generated_init(&g->generated);
	g->config_path = strdup(config_path);
	g->dp = dataplane_new(segment, &dp_ops, g);
	g->children = g->dp != NULL ? children_new(g->dp, &child_ops, g) : NULL;
	g->engine = ike_engine_new(&ike_io_ops, g);
	inbox_init(&g->inbox);
	g->names = names_io_new();
	if (g->names == NULL || g->config_path == NULL || g->children == NULL ||
	    g->engine == NULL) {
		gateway_free(g);
		errno = ENOMEM;
		return NULL;
	}
	rows_setup(g);
	netwatch_io_init(g);
	names_io_follow(g);
	return g;
}

void gateway_free(struct gateway *g)
{
	if (g == NULL)
		return;
	dh_pool_free(g->pool);
	ike_engine_free(g->engine);
	generated_free(&g->generated);
	inbox_free(&g->inbox);
	sa_store_close(g->store);
	dataplane_free(g->dp);
	children_free(g->children);
	free_pending(g);
	setup_free(&g->setup);
	change_undo_cut(&g->settling.changed, 0);
	text_free(&g->settling.refused);
	text_free(&g->settling.unkept);
	names_free(g->names);
	totals_free(&g->totals);
	watch_free(&g->watch);
	netwatch_free(&g->netwatch);
	free(g->config_path);
	free(g);
}

void gateway_use_store(struct gateway *g, struct sa_store *store)
{
	g->store = store;
}

void gateway_use_pool(struct gateway *g, struct dh_pool *pool)
{
	g->pool = pool;
}

/* What the engine waits for: results, then datagrams. */
static unsigned int feed_engine(struct gateway *g, uint64_t now)
{
	unsigned int n = 0;
	struct dh_job *job;

	while (g->pool != NULL && (job = dh_pool_collect(g->pool)) != NULL) {
		ike_engine_dh_done(g->engine, job, now);
		n++;
	}
	return n + inbox_serve(&g->inbox, g->engine, now);
}

/* -ENOTCONN: it is, when there is a data plane. Else it is dropped, and what was on its way before
 * it no longer reports: the plan in force is sent, for nobody knows what of it the data plane has.
 */
static int put_pending(struct gateway *g)
{
	int rc;

	g->has_pending = true;
	g->busy_until = g->now + GATEWAY_BUSY;
	rc = enforce_plan(g, g->pending.plan, pushed);
	if (rc != 0 && rc != -ENOTCONN) {
		drop_pending(g, rc);
		enforce_again(g, pushed);
	}
	return rc;
}

/* Something was learnt about a peer: the same configuration means another plan now. */
static void replan(struct gateway *g)
{
	uint64_t begun = gateway_clock();
	int rc = setup_again(&g->pending, &g->setup, names_hosts(g->names));

	g->replan = false;
	names_io_planned(g, gateway_clock() - begun);
	if (rc == 0) {
		rc = put_pending(g);
	} else {
		names_io_refused(g);
		names_io_again(g);
	}
	if (rc != 0 && rc != -ENOTCONN)
		log_error(&log_system, "what was learnt about a peer is not put to use: %s",
			  strerror(-rc));
}

unsigned int gateway_turn(struct gateway *g, uint64_t now)
{
	unsigned int moved;

	g->now = now;
	moved = dataplane_poll(g->dp, now);
	children_tick(g->children, now);
	if (g->peers_set && !g->stopping)
		moved += feed_engine(g, now);
	if (g->peers_set && !g->stopping && (moved > 0 || now >= g->next_tick))
		g->next_tick = ike_engine_tick(g->engine, now);
	enforce_tick(g);
	diagnose_tick(g);
	netwatch_io_tick(g);
	names_io_tick(g);
	if (g->replan && !g->has_pending && !g->stopping)
		replan(g);
	alarm_look(&g->alarm, ike_engine_counters(g->engine), now);
	log_tick(now);
	return moved;
}

/* --- operator --- */

static char *text_of(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *text_of(const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	return n < 0 ? NULL : text;
}

int gateway_fits(struct gateway *g, const struct model_plan *plan, char *why, size_t size)
{
	why[0] = '\0';
	if (dataplane_map(g->dp)->base == NULL)
		return 0;
	return push_check(g->dp, plan, why, size);
}

bool gateway_is_busy(const struct gateway *g)
{
	return g->has_pending && g->now < g->busy_until && dataplane_map(g->dp)->base != NULL;
}

int gateway_put(struct gateway *g, struct setup *next)
{
	struct settling *s = &g->settling;
	int rc;

	if (g->has_pending) /* no data plane was there for it, or it is late */
		free_pending(g);
	g->pending = *next;
	*next = (struct setup){0};
	s->begun++;
	s->pending_first = s->pending != 0 ? s->pending_first : s->begun;
	s->pending = s->begun;
	rc = put_pending(g);
	return rc == -ENOTCONN ? 0 : rc;
}

static int action_reload(void *ctx, char **message)
{
	return gateway_reload(ctx, message);
}

static int action_change(void *ctx, const struct change *c, char **message)
{
	return gateway_change(ctx, c, message);
}

static int action_flush(void *ctx, char **message)
{
	struct gateway *g = ctx;

	*message = NULL;
	children_remove_adopted(g->children);
	ike_engine_flush_children(g->engine, g->now);
	g->next_tick = 0;
	log_notice(&log_ipsec, "installed SAs flushed by the operator");
	return 0;
}

static int action_kill(void *ctx, const char *peer, char **message)
{
	struct gateway *g = ctx;

	*message = NULL;
	if (peer != NULL && !setup_knows_peer(&g->setup, peer)) {
		*message = text_of("no peer \"%s\"\n", peer);
		return -ENOENT;
	}
	if (peer == NULL)
		children_remove_adopted(g->children);
	ike_engine_terminate(g->engine, peer, g->now);
	g->next_tick = 0;
	log_notice(&log_ipsec, "connections of %s killed by the operator",
		   peer != NULL ? peer : "all peers");
	return 0;
}

static int action_rekey(void *ctx, const char *peer, bool ike_sa, char **message)
{
	struct gateway *g = ctx;
	const struct model_plan *plan = g->setup.plan;
	size_t n = 0;

	*message = NULL;
	for (size_t i = 0; i < plan->n_peers; i++)
		if (peer == NULL || strcmp(plan->peers[i].name, peer) == 0)
			n += ike_engine_rekey(g->engine, plan->peers[i].name, ike_sa, g->now) == 0;
	g->next_tick = 0;
	if (n > 0 || peer == NULL)
		return 0;
	*message =
		text_of("peer \"%s\" has no %s to replace\n", peer, ike_sa ? "IKE SA" : "SA pair");
	return -ENOENT;
}

void gateway_stop(struct gateway *g)
{
	if (g->stopping)
		return;
	if (g->peers_set)
		ike_engine_terminate(g->engine, NULL, g->now);
	children_remove_all(g->children);
	g->stopping = true; /* the engine is not asked again, so it starts nothing anew */
}

bool gateway_stopped(const struct gateway *g)
{
	return g->stopping && dataplane_pending(g->dp) == 0;
}

struct console gateway_console(struct gateway *g)
{
	g->request++;
	return (struct console){
		/* what was changed is shown at once, not when it has taken effect */
		.model = g->has_pending ? g->pending.model : g->setup.model,
		.plan = g->has_pending ? g->pending.plan : g->setup.plan,
		.source = g->source,
		.trouble = diagnose_trouble(g),
		.actions = {.flush_sas = action_flush,
			    .kill_peers = action_kill,
			    .rekey = action_rekey,
			    .reload = action_reload,
			    .change = action_change,
			    .diagnose = diagnose_run,
			    .probe = diagnose_probe,
			    .ctx = g},
	};
}
