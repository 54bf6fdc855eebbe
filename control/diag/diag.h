/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * diag.h - from evidence to who must change which setting. Pure: what is known of a peer goes in as
 * struct diag_peer, findings come out; nothing here reads a log line, a clock or a socket.
 *
 *   evidence, traffic facts --diag_reason()--> findings --diag_text(), diag_json()--> the operator
 *
 * A finding names a code of features A.19, how sure it is, what else it can be, and changes: each a
 * setting of one side. Those of one side belong together, and one side's are enough, unless the
 * finding says that both are needed. How a change
 * is written in the words of a product is vendor.h's business, how things are said texts.h's.
 */
#ifndef ESPGW_DIAG_DIAG_H
#define ESPGW_DIAG_DIAG_H

#include "control/diag/says.h"
#include "control/diag/truth.h"
#include "control/ike/evidence.h"
#include "control/ike/vendor.h"

struct ike_probe;
struct ike_probe_child;
struct probe_child_row;
struct text; /* control/model/text.h */

enum diag_lang { DIAG_EN = 0, DIAG_ZH };
enum diag_side { DIAG_HERE = 0, DIAG_PEER };
enum diag_confidence { DIAG_CERTAIN = 0, DIAG_LIKELY, DIAG_POSSIBLE };

/* A policy of the peer. */
struct diag_policy {
	const struct ike_child_conf *conf;
	bool up;		    /* it has a pair of SAs */
	uint64_t up_since;	    /* ns, of its newest pair */
	uint16_t n_local, n_remote; /* what that pair carries; 0 = nothing known */
	struct abi_range local[ABI_MAX_SELECTORS], remote[ABI_MAX_SELECTORS];
	struct truth truth;
	uint32_t shadowed_by; /* an earlier policy that takes some of its packets; 0 = none */
};

/* What is known of one peer. Everything is borrowed. */
struct diag_peer {
	const struct ike_peer_conf *conf;
	const char *profile;	/* its name in /ip ipsec profile */
	const char *allow_weak; /* words in force for it, comma-separated; "" = none */
	uint32_t weak;		/* the same as enum suite_weak bits */
	enum ike_vendor vendor; /* as seen or as the operator says */
	bool nat_local;		/* a NAT changes our address on the way */
	uint64_t up_since;	/* ns: IKE SA established; 0 = none */
	bool hide_sensitive;	/* nothing that narrows the secret down */
	const char *state;	/* of its newest IKE SA; "" = none */
	uint64_t now;
	const struct ike_evidence *evidence;
	size_t n_evidence;
	const struct ike_probe *probe;		   /* the last one, ended and recent; NULL = none */
	const struct ike_probe_child *probe_child; /* of phase 2, the same */
	const struct diag_policy *policies;
	size_t n_policies;
};

/* Which setting. Values as named. */
enum diag_set {
	DIAG_SET_HERE = 0,	 /* side here: menu, find, prop, text */
	DIAG_SET_IKE_SUITE,	 /* suite */
	DIAG_SET_ESP_SUITE,	 /* suite */
	DIAG_SET_MODE,		 /* mode */
	DIAG_SET_PSK,		 /* nothing: the same secret */
	DIAG_SET_LOCAL_ID,	 /* id: what that side calls itself */
	DIAG_SET_REMOTE_ID,	 /* id: what that side expects of the other */
	DIAG_SET_REMOTE_ADDRESS, /* addr: where that side looks for the other */
	DIAG_SET_NETS,		 /* local, remote of that side */
	DIAG_SET_TUNNEL,	 /* number: 1 tunnel, 0 transport */
	DIAG_SET_LIFETIME1,	 /* number: seconds */
	DIAG_SET_LIFETIME2,	 /* number: seconds */
	DIAG_SET_NO_NAT,	 /* local, remote of that side: must not be translated */
	DIAG_SET_ROUTE,		 /* remote of that side: must go into the tunnel */
	DIAG_SET_BEGIN,		 /* nothing: it must begin */
	DIAG_SET_FRAGMENTATION,	 /* nothing: of IKE messages, on */
	DIAG_SETS,
};

/* Algorithms; what: bits 1 << enum prop_type of those that must change. */
struct diag_suite {
	uint32_t what;
	struct ike_encr_choice encr;
	uint16_t hash;	/* enum suite_hash; phase 1 */
	uint16_t integ; /* phase 2; ABI_INTEG_NONE with an AEAD */
	uint16_t group; /* 0 = none */
};

struct diag_change {
	enum diag_side side;
	enum diag_set set;
	/* DIAG_SET_HERE: a property of a row of the configuration */
	const char *menu;     /* "ip ipsec profile" */
	char find[2][2][128]; /* names and values that say which row; "" = none */
	const char *prop;
	char text[320]; /* its new value */
	/* the others */
	struct diag_suite suite;
	enum ike_exchange_mode mode;
	struct ike_identity_conf id;
	struct abi_addr addr;
	struct abi_range local, remote;
	char locals[256], remotes[256]; /* several of them; "" = local, remote */
	uint64_t number;
};

/* What stands in a change for a secret, which is never shown. */
#define DIAG_THE_SECRET "<the secret of both sides>"

#define DIAG_MAX_CHANGES  12u
#define DIAG_MAX_SAYS	  8u
#define DIAG_MAX_FINDINGS 32u

struct diag_finding {
	enum ike_code code;
	enum diag_confidence confidence;
	const struct ike_evidence *ev;	  /* NULL: from traffic or selectors */
	const struct diag_policy *policy; /* NULL: phase 1, or not known which */
	unsigned n_says, n_checks, n_changes;
	enum diag_say says[DIAG_MAX_SAYS];   /* what it means, and what else it can be */
	enum diag_say checks[DIAG_MAX_SAYS]; /* what to look at, where no setting helps */
	bool together; /* the changes of both sides are needed, not those of one */
	struct diag_change changes[DIAG_MAX_CHANGES];
};

struct diag_report {
	const struct diag_peer *peer;
	size_t n;
	struct diag_finding findings[DIAG_MAX_FINDINGS]; /* the most certain first of each phase */
};

/** Reason. Borrows from peer. Evidence from before the tunnel came up is left out. */
void diag_reason(struct diag_report *r, const struct diag_peer *peer);

/** Say it. The text ends with a newline; the JSON is one object. */
void diag_text(const struct diag_report *r, enum diag_lang lang, struct text *out);
void diag_json(const struct diag_report *r, enum diag_lang lang, struct text *out);

/** What a probe (control/ike/probe.h) that has ended found. 0, or -1: no memory. */
int diag_probe_report(const char *peer, const struct abi_addr *address, const struct ike_probe *p,
		      bool json, struct text *out);

/** The same of one of phase 2 (control/ike/probe_child.h). */
int diag_probe_child_report(const char *peer, const struct ike_probe_child *p, bool json,
			    struct text *out);

/* fix.c: what reason.c builds findings from. */

/** A change of one property of a row here; NULL when there is no room. */
struct diag_change *diag_set_here(struct diag_finding *f, const char *menu, const char *key,
				  const char *value, const char *prop, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
/** A second property by which a change here finds its row. c may be NULL. */
void diag_find_also(struct diag_change *c, const char *key, const char *value);
/** An empty change of the peer's side. NULL when there is no room. */
struct diag_change *diag_set_peer(struct diag_finding *f, enum diag_set set);
/** Changes for proposals that differ: here what is missing is added, there it is set to our first.
 */
void diag_fix_diff(struct diag_finding *f, const struct diag_peer *p, const struct prop_diff *d,
		   const struct ike_child_conf *child);
/** Changes when the peer took nothing we offered and does not say what it has: offer more here, or
 * set ours there. child: phase 2; NULL: phase 1. */
void diag_fix_offer(struct diag_finding *f, const struct diag_peer *p,
		    const struct ike_child_conf *child);
/** The same, when a probe has found what it takes: just that here. */
void diag_fix_taken(struct diag_finding *f, const struct diag_peer *p,
		    const struct ike_child_conf *child, const struct probe_child_row *taken);
/** The group that the peer asked for is not in our list. */
void diag_fix_group(struct diag_finding *f, const struct diag_peer *p, uint16_t group);
/** exchange-mode here, with the permission that it needs. */
void diag_fix_mode_here(struct diag_finding *f, const struct diag_peer *p,
			enum ike_exchange_mode mode);
/** Add words to allow-weak of the peer, when what is needed is not allowed yet. */
void diag_fix_weak(struct diag_finding *f, const struct diag_peer *p, uint32_t weak);

void diag_say(struct diag_finding *f, enum diag_say say);
void diag_check(struct diag_finding *f, enum diag_say say);

#endif
