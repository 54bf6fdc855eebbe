/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * engine.h - the IKE engine: pure state. Datagrams and time go in; datagrams, SA commands and
 * events come out through struct ike_ops. It opens no socket, reads no clock and draws randomness
 * only through ops->random, so a test drives any number of engines through a simulated network on a
 * virtual clock.
 *
 * Times are monotonic nanoseconds, passed in as now. Calls never block and never call back into the
 * engine; an ops function must not call the engine either (queue, then call).
 *
 * Commit before send: a message that lets the peer use a child SA leaves only after
 * ops->child_install() of that SA was answered with ike_engine_child_result().
 */
#ifndef ESPGW_IKE_ENGINE_H
#define ESPGW_IKE_ENGINE_H

#include "control/ike/conf.h"
#include "control/ike/vendor.h"
#include "dataplane/api/messages.h"

struct ike_engine;
struct dh_job;

/* A datagram of IKE, without the non-ESP marker; marker says that it had or gets one (port 4500).
 */
struct ike_datagram {
	struct abi_addr src, dst;
	uint16_t src_port, dst_port;
	bool marker;
	bool keepalive; /* out only: the one-byte NAT keepalive, sent without marker */
	const uint8_t *data;
	size_t len;
};

/* One direction of a negotiated child SA. */
struct ike_child_key {
	uint32_t spi;
	uint8_t encr_key[32];
	uint8_t integ_key[64];
	uint8_t salt[8];
};

/* A child SA pair for the data plane. Keys are valid only during the call. */
struct ike_child_sa {
	uint64_t token;	 /* names the pair in ike_engine_child_result() and in updates */
	uint64_t ike_sa; /* id of the IKE SA it belongs to: struct ike_sa_info.id */
	uint32_t policy_id;
	const char *peer;
	const char *comment;
	uint8_t mode;  /* enum abi_mode */
	uint8_t encap; /* enum abi_encap */
	uint8_t encr;
	uint8_t integ;
	uint8_t encr_key_len, integ_key_len, salt_len; /* bytes */
	bool esn;
	bool current; /* outbound may be used at once; otherwise wait for child_current() */
	uint16_t pfs_group;
	struct abi_addr local, remote;
	uint16_t local_port, remote_port;
	uint32_t replay_window;
	uint8_t df, dscp;		 /* of the outer header, as in struct abi_sa_add */
	bool keep_mss;			 /* ABI_SA_F_KEEP_MSS */
	uint64_t soft_time, hard_time;	 /* absolute ns */
	uint64_t soft_bytes, hard_bytes; /* 0 = none */
	struct abi_range ts_local[ABI_MAX_SELECTORS], ts_remote[ABI_MAX_SELECTORS];
	uint16_t n_local, n_remote;
	struct ike_child_key in, out;
};

/* A policy that a peer's proposal makes from a template; what it points to lives during the call.
 */
struct ike_generated {
	const char *peer;
	uint32_t template_id; /* policy_id of the template */
	const struct ike_child_conf
		*conf; /* with the selectors that are to be in force; no id yet, or the old one */
};

enum ike_log_level { IKE_LOG_ERROR = 0, IKE_LOG_WARN, IKE_LOG_NOTICE, IKE_LOG_INFO, IKE_LOG_DEBUG };

struct ike_log_ctx { /* always whole; empty strings and zeros when not known */
	const char *peer;
	struct abi_addr remote;
	uint64_t ispi, rspi; /* IKE cookies */
	uint32_t msgid;
};

struct ike_ops {
	void (*send)(void *ctx, const struct ike_datagram *d);
	int (*random)(void *ctx, void *buf, size_t len); /* 0 or -errno */
	/* An inbound SPI of ours, its slot reserved until child_install or spi_release; 0 when none
	 * is free. */
	uint32_t (*spi_alloc)(void *ctx);
	void (*spi_release)(void *ctx, uint32_t spi);
	/* It goes out in a request now: the peer's ESP may come before its answer. May be NULL. */
	void (*spi_expect)(void *ctx, uint32_t spi);
	void (*child_install)(
		void *ctx,
		const struct ike_child_sa *sa); /* answered by ike_engine_child_result() */
	void (*child_current)(void *ctx,
			      uint64_t token); /* outbound traffic moves to this pair now */
	void (*child_remove)(void *ctx, uint64_t token);
	/* ESP of the pair, both ways, is to and from there now; also when that is what it was: then
	 * the data plane is to tell again when packets come from elsewhere. NULL: not of interest.
	 */
	void (*child_moved)(void *ctx, uint64_t token, const struct abi_addr *remote,
			    uint16_t remote_port);
	/* When the pair's last genuine packet came in; 0 = never. NULL: not known. */
	uint64_t (*child_last_seen)(void *ctx, uint64_t token);
	/* A pair that should cover several pairs of networks covers fewer, at the peer's wish.
	 * NULL: not of interest. */
	void (*child_narrowed)(void *ctx, const char *peer);
	void (*log)(void *ctx, enum ike_log_level level, const struct ike_log_ctx *lc,
		    const char *text);
	/* Have a Diffie-Hellman job done (dh_job_run()) and answer with ike_engine_dh_done(), in
	 * any order, later; urgent ones before others. 0, or -EBUSY: too many wait. NULL: all is
	 * done on the spot. */
	int (*dh_submit)(void *ctx, struct dh_job *job);
	/* Keep the record of an IKE SA (see record.h): secrets. slot: what an earlier call for it
	 * returned, or 0; returns the slot, 0 when it cannot be kept. Nothing is kept when sa_save
	 * is NULL. */
	uint32_t (*sa_save)(void *ctx, uint32_t slot, const uint8_t *record, size_t len);
	void (*sa_forget)(void *ctx, uint32_t slot);
	/* While an SA is restored: does the data plane hold this pair? It is named by token from
	 * now on. */
	bool (*child_adopt)(void *ctx, uint64_t token, uint32_t policy_id, uint32_t spi_in,
			    uint32_t spi_out);
	/* Is a group worth it? NULL: all are. */
	bool (*dh_wanted)(void *ctx, uint16_t group);
	/* Put a policy in force before any child_install() for it, until policy_remove(), which is
	 * called when it has no pair any more. Its id, which no other policy has: that of
	 * what->conf if that is not 0 (an engine of before had it); 0: no room.
	 * NULL: no policy is generated. */
	uint32_t (*policy_add)(void *ctx, const struct ike_generated *what);
	void (*policy_remove)(void *ctx, uint32_t policy_id);
	/* An attempt with a peer that has a name failed, or its last IKE SA was lost: the name may
	 * stand for another address by now. NULL: not of interest. */
	void (*peer_failed)(void *ctx, const char *peer);
};

/** Create and destroy. ops and ctx must outlive it. NULL + errno. Destroying wipes keys and sends
 * nothing; jobs of ops->dh_submit that were not answered are the engine's again: nobody may work at
 * them any more. */
struct ike_engine *ike_engine_new(const struct ike_ops *ops, void *ctx);
void ike_engine_free(struct ike_engine *e);

/**
 * Replace the peers, whole. Peers that did not change keep their SAs, and so do those with a name
 * that stands for another address now: their next IKE SA is made there. SAs of removed or changed
 * peers are deleted with DELETE payloads. 0 or -errno (nothing changed then).
 */
int ike_engine_set_peers(struct ike_engine *e, const struct ike_peer_conf *peers, size_t n,
			 uint64_t now);

/**
 * An IKE SA as sa_save() got it, from an engine that is gone; after ike_engine_set_peers(). 0;
 * -EBADMSG: no whole record of this version; -ENOENT: its peer is not configured as it was, or its
 * time is over; -ENOMEM. On failure the caller forgets the record.
 */
int ike_engine_restore(struct ike_engine *e, const uint8_t *record, size_t len, uint32_t slot,
		       uint64_t now);

/** Only the policies that were generated for an SA, through ops->policy_add(): who has to know them
 * before ops->child_adopt() can be asked calls this first. Those that then get no pair end. Returns
 * as ike_engine_restore() does. */
int ike_engine_restore_policies(struct ike_engine *e, const uint8_t *record, size_t len,
				uint64_t now);

/** A datagram from the network. Anything: it is checked here. */
void ike_engine_input(struct ike_engine *e, const struct ike_datagram *d, uint64_t now);

/* An ICMP error about a message of ours. */
struct ike_unreachable {
	struct abi_addr local, remote, from;
	uint16_t remote_port;
	uint8_t type, code; /* ICMP, or ICMPv6 when the addresses are IPv6 */
	uint64_t ispi;	    /* of the message; 0 = not quoted */
};

/** It was not delivered, somebody says: kept with what fails, nothing is done (RFC 7296 section
 * 2.4). */
void ike_engine_unreachable(struct ike_engine *e, const struct ike_unreachable *u, uint64_t now);

/** Run what is due. Returns when to call again (ns), UINT64_MAX when nothing is pending. */
uint64_t ike_engine_tick(struct ike_engine *e, uint64_t now);

/** The data plane's answer to child_install. status 0 or -errno. A pair that failed is gone for the
 * engine: neither child_remove nor spi_release follows for it. child_remove may come before the
 * answer; an answer for a token the engine gave up is ignored. */
void ike_engine_child_result(struct ike_engine *e, uint64_t token, int status, uint64_t now);

/** A job of ops->dh_submit was done; it is the engine's again. */
void ike_engine_dh_done(struct ike_engine *e, struct dh_job *job, uint64_t now);

/** Events of the data plane. token of the pair they concern. */
/** limit: enum abi_limit, or 0 when it is not known. */
void ike_engine_child_expired(struct ike_engine *e, uint64_t token, bool hard, uint8_t limit,
			      uint64_t now);
void ike_engine_child_first_traffic(struct ike_engine *e, uint64_t token,
				    uint64_t now); /* inbound */
/** The peer's ESP, verified and newer than all before, comes from elsewhere: a NAT on its way may
 * have changed. The peer is asked there; when it answers, ops->child_moved() follows for all its
 * pairs. */
void ike_engine_child_moved(struct ike_engine *e, uint64_t token, const struct abi_addr *remote,
			    uint16_t remote_port, uint64_t now);
/** Events were lost: places that the data plane has told are told again, spread over some seconds.
 */
void ike_engine_resync(struct ike_engine *e, uint64_t now);
void ike_engine_acquire(struct ike_engine *e, uint32_t policy_id, uint64_t now);

/** Operator: delete all SAs of a peer (NULL: of all), telling the peer. Policies that are not
 * passive start again. */
void ike_engine_terminate(struct ike_engine *e, const char *peer, uint64_t now);
/** Operator: delete child SAs only (installed-sa flush); policies start again. */
void ike_engine_flush_children(struct ike_engine *e, uint64_t now);
/** Rekey now: child SAs of a peer, or its IKE SA. 0 or -ENOENT. */
int ike_engine_rekey(struct ike_engine *e, const char *peer, bool ike_sa, uint64_t now);

/* What operators see of an IKE SA (active-peers) and of a child SA (policy state). */
struct ike_sa_info {
	uint64_t id;
	const char *peer, *comment;
	bool responder, natt, dynamic;
	const char *state; /* message-1-sent, established, expired, ... */
	uint8_t version;
	struct ike_identity_conf id_remote;
	struct abi_addr local, remote;
	uint16_t local_port, remote_port;
	uint64_t established; /* ns, 0 = not yet */
	uint64_t last_seen;
	uint32_t ph2_total;
	uint64_t ispi, rspi;
};

struct ike_child_info {
	uint64_t token, ike_sa;
	uint32_t policy_id;
	const char *peer, *comment;
	uint32_t spi_in, spi_out;
	bool current;
	uint64_t added, soft_time, hard_time;
	uint16_t n_local, n_remote; /* selectors agreed on */
	const struct abi_range *ts_local, *ts_remote;
};

typedef void ike_sa_visit(void *ctx, const struct ike_sa_info *info);
typedef void ike_child_visit(void *ctx, const struct ike_child_info *info);
void ike_engine_visit_sas(const struct ike_engine *e, ike_sa_visit *fn, void *ctx);
void ike_engine_visit_children(const struct ike_engine *e, ike_child_visit *fn, void *ctx);

/** Why things failed, by peer (NULL: all): see evidence.h. Pointers are valid during the call. */
struct ike_evidence;
typedef void ike_evidence_visit(void *ctx, const char *peer, const struct ike_evidence *ev);
void ike_engine_visit_evidence(const struct ike_engine *e, const char *peer, ike_evidence_visit *fn,
			       void *ctx);

/** All of that of one peer, however many there are. */
void ike_engine_visit_peer(const struct ike_engine *e, const char *peer, ike_sa_visit *sa_fn,
			   ike_child_visit *child_fn, ike_evidence_visit *evidence_fn, void *ctx);

/** Whose product it seems to be. */
enum ike_vendor ike_engine_peer_vendor(const struct ike_engine *e, const char *peer);

/* Counters: X-macro names in engine_counters.h. */
struct ike_counters;
const struct ike_counters *ike_engine_counters(const struct ike_engine *e);

#endif
