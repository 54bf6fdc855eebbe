/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sim.h - two IKE engines on a virtual clock, with a network between them that loses, repeats,
 * reorders and delays, and data planes that confirm late and carry ESP packets marked with the keys
 * they would be protected by. Everything follows from one seed.
 */
#ifndef ESPGW_SIM_H
#define ESPGW_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/ike/engine.h"
#include "control/ike/engine_counters.h"
#include "control/ike/evidence.h"
#include "control/ike/inbox.h"

#define SIM_MS	      1000000ULL
#define SIM_SEC	      1000000000ULL
#define SIM_PAIRS     64
#define SIM_RESERVED  64
#define SIM_RECORDS   16
#define SIM_LOG	      (256 * 1024)
#define SIM_CHILDREN  8
#define SIM_GENERATED 32
#define SIM_POLICY(i) (100u + (i))

struct sim;

struct sim_pair { /* what a data plane holds of a pair */
	bool used, confirmed, current, seen;
	uint64_t last_seen; /* inbound */
	uint64_t bytes[2];  /* in, out */
	bool told_soft[2];
	uint16_t told_port; /* elsewhere, that the engine was told of; 0 = nowhere */
	struct ike_child_sa sa;
};

struct sim_generated { /* a policy that the engine asked for */
	uint32_t id, template_id;
	struct ike_child_conf conf; /* more points to the next */
	struct ike_child_more more;
};

struct sim_node {
	struct sim *sim;
	int index;
	struct ike_engine *engine;
	uint64_t due; /* of its next tick */
	struct abi_addr addr;
	struct abi_addr also; /* it has this one, too; family 0: none */
	struct abi_addr nat;  /* family 0: none; else the address others see, */
	uint16_t forwards;    /* ports so much higher are forwarded as well; 0 = none are */
	uint16_t nat_ports;   /* with ports raised by this; another value is another mapping */
	struct ike_peer_conf conf;
	struct ike_child_conf children[SIM_CHILDREN];
	uint8_t psk[64];
	struct sim_pair pairs[SIM_PAIRS];
	int pairs_end; /* none from here on was ever used */
	uint32_t reserved[SIM_RESERVED];
	unsigned n_reserved;
	uint32_t next_spi;
	int install_status; /* answer to the next installs */
	uint64_t install_delay_max;
	uint64_t dh_delay_max; /* Diffie-Hellman takes up to this; 0: done on the spot */
	unsigned dh_room;      /* jobs at a time; 0: any number */
	unsigned dh_out;       /* jobs that are out */
	uint64_t dh_jobs, dh_full;
	unsigned ring; /* datagrams that fit between two turns; 0: all go straight in */
	unsigned ring_used;
	uint64_t ring_lost;
	struct inbox inbox;
	bool mute_dataplane; /* never answers installs */
	bool fails_restore;  /* there is no randomness while records are read, */
	bool no_random;	     /* or at all */
	bool dead;	     /* takes nothing in */
	uint64_t esp_every;  /* 0: sends no ESP */
	uint64_t esp_size;   /* bytes of a packet, for lifetimes in bytes; 0: not counted */
	uint64_t moves;	     /* of pairs, by the engine */
	uint64_t failures;   /* of a peer with a name, that the engine tells of */
	uint64_t esp_sent, esp_lost, esp_got, esp_no_sa, installs;
	uint8_t *record[SIM_RECORDS]; /* of IKE SAs, when keeps; slot i + 1 */
	size_t record_len[SIM_RECORDS];
	bool keeps, killed;
	struct sim_generated generated[SIM_GENERATED]; /* id 0: free */
	unsigned n_generated, max_generated;	       /* now, and at most; 0: SIM_GENERATED */
	uint64_t generations;			       /* how many there were */
	char *log;
	size_t log_len, log_cap;
};

struct sim_net {
	unsigned loss_pct, dup_pct;
	uint64_t delay_min, delay_max;
	bool loses_esp; /* else ESP is only delayed */
	/* A look at, or a change to, each IKE datagram on the way; false: it is lost. */
	bool (*hook)(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx);
	void *hook_ctx;
};

struct sim_event;

struct sim {
	uint64_t now, seed, seq;
	struct sim_net net;
	struct sim_node node[2];
	struct sim_event *heap;
	size_t n_events, cap_events;
	uint64_t ike_sent;
	/* May change what a node's engine has drawn; NULL. */
	void (*drawn)(struct sim *s, int node, void *buf, size_t len);
};

/** Two nodes that know each other: main mode, aes-128/sha1/ecp256, one policy aes-128-cbc/sha1
 * without PFS; both non-passive. Change node[i].conf, then sim_start(). */
void sim_init(struct sim *s, uint64_t seed);
/** Hand the configurations to the engines. */
void sim_start(struct sim *s);
/** Hand node i its configuration (again). */
int sim_configure(struct sim *s, int i);
/** Run until a point of virtual time. */
void sim_run(struct sim *s, uint64_t until);
/** Free the engines; then asserts that no data plane holds anything. */
void sim_fini(struct sim *s);
/** Replace the engine by a new one as after a crash: its data plane keeps nothing. */
void sim_restart(struct sim *s, int i);

/** The same, but the data plane and the records of IKE SAs are still there: how many go on. */
unsigned sim_kill(struct sim *s, int i);

uint64_t sim_random(struct sim *s);
/** How often a test repeats itself: its argument i, which $ESPGW_SIM_COUNT replaces for the long
 * form, else usual. */
unsigned long sim_count(int argc, char **argv, int i, unsigned long usual);
/** Draw for each node whether Diffie-Hellman takes time there, and how many may be under way. */
void sim_slow_dh(struct sim *s);
/** Give a datagram to a node from anywhere, through its ring when it has one. */
void sim_arrive(struct sim *s, int to, const struct ike_datagram *d);
/** Give a datagram to a node as if it came from the other. */
void sim_inject(struct sim *s, int to, const uint8_t *data, size_t len, bool marker);

/** The pair a node's data plane sends a policy's traffic through; NULL. */
const struct sim_pair *sim_current(const struct sim *s, int i, unsigned child);
unsigned sim_installed(const struct sim *s, int i);
/** Both nodes use one pair for a policy, the same one, with the same keys, and hold no other. */
bool sim_agreed(const struct sim *s, unsigned child);
/** The same, but older pairs may still be there. */
bool sim_working(const struct sim *s, unsigned child);
/** A node rekeys a pair, or its IKE SA, with the other one; as ike_engine_rekey(). */
int sim_rekey(struct sim *s, int node, bool ike_sa);
bool sim_logged(const struct sim *s, int i, const char *text);
uint64_t sim_evidence(const struct sim *s, int i, enum ike_code code);
unsigned sim_ike_sas(const struct sim *s, int i, const char *state);
/** How many IKE SAs are up at a node that are not up at the other. */
unsigned sim_ike_sas_alone(const struct sim *s, int i);
/** Is a node's newest IKE SA one that the other node began? */
bool sim_is_responder(const struct sim *s, int i);
/** The initiator's cookie of a node's newest IKE SA, as on the wire. */
void sim_first_cookie(const struct sim *s, int i, uint8_t cookie[8]);
const struct ike_counters *sim_counters(const struct sim *s, int i);
/** Every datagram counted in exactly one class. */
bool sim_counters_add_up(const struct sim *s, int i);

struct abi_addr sim_addr(const char *text);
struct abi_range sim_net_range(const char *addr, uint8_t prefix_len);

#endif
