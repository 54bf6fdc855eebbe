/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * gateway.h - the whole of control in one struct, and the order in which its parts meet:
 *
 *   attach -> push policies, addresses and routes -> (first time) look for SAs to adopt, start the
 *   engine's peers; (new dataplane) install all SAs again -> let IKE out
 *
 * Nothing of IKE leaves before the policies are in force, so nothing they protect can go in clear
 * because a tunnel is not up yet. The gateway knows no sockets and no event loop: loop.c turns it.
 * Single-threaded.
 */
#ifndef ESPGW_CONTROL_GATEWAY_H
#define ESPGW_CONTROL_GATEWAY_H

#include <stdbool.h>
#include <stdint.h>

#include "control/alarm.h"
#include "control/children.h"
#include "control/console/server.h"
#include "control/dataplane.h"
#include "control/generated.h"
#include "control/ike/engine.h"
#include "control/ike/inbox.h"
#include "control/model/apply.h"
#include "control/model/change_undo.h"
#include "control/model/menu_source.h"
#include "control/totals.h"
#include "control/names.h"
#include "control/netwatch.h"
#include "control/push.h"
#include "control/watch.h"

#define GATEWAY_BUSY 30000000000ull /* ns that the data plane has for one change */

struct dh_pool;
struct problems;
struct sa_store;
struct source_instead;
struct model;
struct ike_evidence;

/* A configuration and what follows from it. */
struct setup {
	struct model *model;
	struct model_plan *plan;
	struct setup_policy {
		uint32_t id;
		uint32_t peer; /* index into plan->peers */
		const struct ike_child_conf *child;
	} * policy; /* those that protect, sorted by id */
	size_t n_policies;
};

/* What the operator has changed and the data plane has not answered yet. Each has a number. */
struct settling {
	uint64_t begun;		    /* the last one */
	uint64_t pending;	    /* that of the setup that is pending; 0: it has none, */
	uint64_t pending_first;	    /* and of the first one that it has taken the place of */
	uint64_t done, done_first;  /* the same of those that ended last, */
	int rc;			    /* and how; */
	int undone;		    /* when refused, as of change_undo() */
	struct change_undo changed; /* what is pending */
	struct text refused;	    /* where the text of the last one that was refused is, */
	struct text unkept;	    /* and why it is not: lines */
};

struct gateway {
	char *config_path;
	struct dataplane *dp;
	struct children *children;
	struct ike_engine *engine;
	struct inbox inbox;	/* of the engine */
	struct sa_store *store; /* NULL: IKE SAs end with this process */
	struct dh_pool *pool;	/* NULL: Diffie-Hellman on the spot */
	struct setup setup;	/* in force */
	struct setup
		pending; /* being pushed; becomes the one in force when the dataplane took it */
	struct generated generated; /* policies besides those of setup */
	push_done_fn *unanswered;   /* of enforce.c: whom to tell when a plan was sent again */
	struct settling settling;
	uint64_t seen; /* source_hash() of the file as it was last loaded or written */
	bool has_pending;
	bool peers_set; /* the engine has its peers */
	bool gate_open; /* policies are in force: IKE may go out */
	bool fresh;	/* the attached dataplane has not been given our SAs yet */
	bool replan;	/* something was learnt that the plan in force does not know */
	bool stopping;
	uint64_t now;	     /* monotonic ns, of this turn */
	uint64_t busy_until; /* until then nothing takes the place of what is pending */
	uint64_t next_tick;
	uint64_t held_back; /* datagrams not sent because the gate was closed */
	struct alarm alarm;
	struct totals totals;
	struct watch watch;
	struct netwatch netwatch;
	struct names *names;				 /* of peers */
	bool names_changed;				 /* a plan has to be made of them */
	uint64_t names_due;				 /* but not before this */
	uint64_t request, totals_request, watch_request; /* read once per console command */
	struct menu_source source[MENU_MAX];
};

/** Monotonic time, ns. */
uint64_t gateway_clock(void);

/**
 * Read and check a configuration, build its plan. Problems, warnings too, go to *text (malloc()ed).
 * 0, -EINVAL or -ENOMEM; out is empty then. previous may be NULL. names: what the names of peers
 * stand for; NULL: nothing is known yet.
 */
int setup_load(struct setup *out, const char *path, const struct model_plan *previous,
	       const struct hosts *names, char **text);
/** The same with one of the files read from memory (model/source.h), and the problems as they are.
 */
int setup_load_with(struct setup *out, const char *path, const struct source_instead *instead,
		    const struct model_plan *previous, const struct hosts *names,
		    struct problems *problems);
/** The plan of a model once more, after something was learnt about a peer. The model is shared:
 * whoever drops one of the two leaves it alone. 0 or -ENOMEM, out is empty then. */
int setup_again(struct setup *out, const struct setup *from, const struct hosts *names);
void setup_free(struct setup *s);
/** The policy that protects with this id, or NULL. */
const struct setup_policy *setup_find(const struct setup *s, uint32_t policy_id);
/** Is a peer of this name in force? */
bool setup_knows_peer(const struct setup *s, const char *name);

/** Takes the setup over (also on failure). segment: name of the shared memory. NULL + errno. */
struct gateway *gateway_new(const char *config_path, const char *segment, struct setup *setup);
void gateway_free(struct gateway *g);

/** Have Diffie-Hellman done by a pool, the gateway's from now on. */
void gateway_use_pool(struct gateway *g, struct dh_pool *pool);
/** Keep records of IKE SAs, and go on with those that are there; the gateway's from now on. */
void gateway_use_store(struct gateway *g, struct sa_store *store);
/** One turn at time now. Returns how much moved: 0 means idle. */
unsigned int gateway_turn(struct gateway *g, uint64_t now);

/**
 * Read the file again; check it whole, push it whole. *message (malloc()ed) says how it went. 0, or
 * -errno with everything as before. What only the dataplane can refuse: gateway_settled().
 * change_io.c
 */
int gateway_reload(struct gateway *g, char **message);

/**
 * Change rows of the file: the new file is checked whole, written, and takes effect. *message
 * (malloc()ed) says what is wrong, or what to know. 0; -EAGAIN: an earlier change is just taking
 * effect; or -errno with file and all else as before. What only the data plane can refuse:
 * gateway_settled(). change_io.c
 */
int gateway_change(struct gateway *g, const struct change *c, char **message);

/**
 * How did what the operator changed (settling.begun behind the command) end? 0: it is in force, or
 * will be when there is a dataplane; -EAGAIN: not known yet; else it was refused, and all is as
 * before: the file too, if it was changed from the console and by nobody else meanwhile. *note
 * (malloc()ed) may say more. change_io.c
 */
int gateway_settled(struct gateway *g, uint64_t number, char **note);

/** Does the attached dataplane, if there is one, have room for a plan? 0, or -errno + why. */
int gateway_fits(struct gateway *g, const struct model_plan *plan, char *why, size_t size);
/** Is a setup on its way into the dataplane, and in time? */
bool gateway_is_busy(const struct gateway *g);
/** Have a setup take effect, now or when a dataplane attaches, in the place of one that is pending.
 * Takes it over in any case. -errno: neither is pending then. */
int gateway_put(struct gateway *g, struct setup *next);

/** Orderly end: DELETE to all peers, all SAs out of the dataplane. Turn on until gateway_stopped().
 */
void gateway_stop(struct gateway *g);
bool gateway_stopped(const struct gateway *g);

/** What the console works on; valid until the next turn. */
struct console gateway_console(struct gateway *g);

/* change_io.c: the setup that is pending is in force (rc 0), or was refused. */
void change_io_ended(struct gateway *g, int rc);
/* ike_io.c: the engine's way out. ctx is the gateway. */
extern const struct ike_ops ike_io_ops;
/* netwatch_io.c: pings. */
void netwatch_io_init(struct gateway *g);
/** The setup in force has changed. */
void netwatch_io_configure(struct gateway *g);
void netwatch_io_tick(struct gateway *g);
void netwatch_io_input(struct gateway *g, const struct abi_packet *p);
/* names_io.c: DNS names of peers. */
/** NULL: no memory or no randomness. */
struct names *names_io_new(void);
/** The setup in force has changed. */
void names_io_follow(struct gateway *g);
void names_io_tick(struct gateway *g);
/** A plan was made, in so many ns. */
void names_io_planned(struct gateway *g, uint64_t took);
/** The plan that was made of what names stand for now is not in force: later again. */
void names_io_refused(struct gateway *g);
/** A plan could not be made: later again. */
void names_io_again(struct gateway *g);
/** Runtime values of /ip ipsec peer. */
void names_io_fill(struct gateway *g, const char *peer, struct value *v);
/** What is wrong with the name of a peer, as evidence. False: nothing, or it has none. */
bool names_io_evidence(const struct gateway *g, const struct ike_peer_conf *peer,
		       struct ike_evidence *ev);
/* standby_io.c: has policies change places with their standby, as it must be. */
void standby_io_tick(struct gateway *g);
/* Before the first push: those that have changed places in the data plane, by a control of before,
 * have so in the plan. */
void standby_io_restore(struct gateway *g, struct model_plan *plan);
/** Runtime values of /tool netwatch; ctx is the gateway. */
void netwatch_io_fill(void *ctx, const struct menu_key *key, struct value *v);
/** A punted datagram to the engine; of pings, to netwatch. */
void ike_io_input(struct gateway *g, const struct abi_packet *p);

#endif
