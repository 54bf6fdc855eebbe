/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ike2.h - what the files of IKEv2 share: the part of an IKE SA that only this version has, tasks,
 * messages on their way in and out.
 *
 * Requests and answers. Each side numbers its requests; the window is one (RFC 7296 section 2.3):
 * one request of ours is out at a time, in ike_sa.x, and the answer to the peer's last one is kept
 * in ike2_sa.answer. What we want to say waits as struct ike2_task in ike2_sa.tasks. A request of
 * the peer that needs the data plane is a task as well, until it is answered.
 *
 * Commit before send: the answer that lets the peer use a pair leaves when the data plane has
 * agreed; as initiator nothing follows, so there the pair is established then.
 */
#ifndef ESPGW_IKE2_IKE2_H
#define ESPGW_IKE2_IKE2_H

#include "control/crypto/sk2.h"
#include "control/ike/engine_counters.h"
#include "control/ike/ike_sa.h"
#include "control/ike/prop2.h"
#include "control/ike/ts2.h"

struct ike2_bytes { /* a copy on the heap */
	uint8_t *data;
	size_t len;
};

/* What only IKE_SA_INIT and IKE_AUTH need; wiped and freed when they end. */
struct ike2_handshake {
	struct dh *dh;
	uint8_t peer_public[DH_MAX_PUBLIC];
	size_t peer_public_len;
	struct ike2_bytes init_i, init_r; /* both IKE_SA_INIT messages, whole */
	uint8_t cookie[IKE2_MAX_COOKIE];
	size_t cookie_len;
	bool first_contact;	  /* nothing else was there when the pair was begun */
	unsigned cookies, groups; /* how often the responder asked for these */
	bool told;		  /* the peer sent an error notify that proves nothing */
	uint16_t told_type;
	uint16_t told_group;  /* of an INVALID_KE_PAYLOAD; 0 = none */
	uint8_t told_payload; /* which an UNSUPPORTED_CRITICAL_PAYLOAD names; 0 = none */
};

enum ike2_task_kind {
	IKE2_AUTH = 0,
	IKE2_CHILD,
	IKE2_REKEY,
	IKE2_DELETE_CHILD,
	IKE2_DELETE_IKE,
	IKE2_ALIVE,
	IKE2_PROBE, /* is the peer where it may be: roam.h */
	IKE2_LOST,  /* sent before a restart: what its answer brings is taken back */
};
enum ike2_task_state {
	IKE2_WAITING = 0, /* for earlier requests */
	IKE2_ASKED,
	IKE2_INSTALLING, /* answered; the data plane installs */
	IKE2_ANSWERING,	 /* the peer asked; the data plane installs */
};

struct ike2_task {
	TAILQ_ENTRY(ike2_task) of_sa;
	struct ike_sa *sa;
	enum ike2_task_kind kind;
	enum ike2_task_state state;
	struct ike_policy *policy;
	struct child_sa *pair;	  /* while this task makes it */
	uint64_t replaces;	  /* token of the pair that is rekeyed; 0 = none */
	uint32_t spi;		  /* our inbound one, to delete */
	struct ike_sa *successor; /* of an IKE SA being rekeyed, until that is done */
	struct dh *dh;
	uint8_t ni[IKE_MAX_NONCE], nr[IKE_MAX_NONCE];
	size_t ni_len, nr_len;
	struct ike2_bytes ready; /* the answer that waits for the data plane */
	uint8_t exchange;	 /* of IKE2_LOST */
	struct timer end;	 /* of a data plane that does not answer */
};

#define IKE2_GONE 4u

struct ike2_frags;

struct ike2_sa {
	struct keymat_ike2 keys;
	bool keyed;
	uint64_t iv; /* number of our last message: the IV of counter modes */
	/* Room for IKE_MAX_NONCE each, as much as they take once there are keys. */
	uint8_t *ni, *nr;
	size_t ni_len, nr_len;
	uint32_t next_out, next_in; /* message ids of the next requests */
	struct exchange answer;	    /* to the peer's last request */
	TAILQ_HEAD(ike2_tasks, ike2_task) tasks;
	unsigned n_tasks;
	struct ike2_handshake *hs;
	/* SPIs that the peer deleted while an answer with them may be on its way, latest last */
	uint32_t gone[IKE2_GONE];
	bool fragments;		  /* both sides can (RFC 7383) */
	struct ike2_frags *frags; /* that came so far; NULL: none */
	bool leaving;		  /* deleted by the peer, which has no answer yet: info.c */
	bool update_told;	  /* UPDATE_SA_ADDRESSES came and was ignored, as the log says */
	bool dh_waits;		  /* the next request waits for a key pair */
	uint64_t heir;		  /* id of what the peer's rekey made while ours is out; 0 = none */
};

#define IKE2_FRAGMENT	   1232u /* longest datagram: 1280 bytes with IPv6 and UDP */
#define IKE2_MAX_FRAGMENTS 32u
#define IKE2_FRAGMENTS_S   30u /* pieces whose rest does not come go after this */
#define IKE2_MAX_TASKS	   64u
#define IKE2_INSTALL_S	   10u /* how long we wait for the data plane */
#define IKE2_REFUSED_S	   10u /* how long a refused IKE_AUTH is answered again */
#define IKE2_MAX_RETRIES   4u  /* of IKE_SA_INIT for cookies, or for groups */
#define IKE2_MAX_CLOSING   4u  /* such SAs at a time that the peer may leave us with */
#define IKE2_CLOSE_S	   10u /* an SA that the peer should delete goes after this */

/* A received datagram on its way through the engine. msg is what open gave: inside SK the payloads
 * there. */
struct ike2_in {
	const struct ike_datagram *d;
	struct ike_hdr hdr;
	uint64_t now;
	struct ike_msg msg;
	bool fragmented;	/* then d is the fragment that came last, */
	struct exchange digest; /* and this holds the digest of the first */
	uint8_t plain[IKE_MAX_MESSAGE];
};

struct ike2_out {
	struct ike_builder b;
	size_t sk_at, iv_at; /* 0: in clear */
	size_t len;
	uint8_t buf[IKE_MAX_MESSAGE];
};

typedef enum ike_rx ike2_handler(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in);

/* seal.c: messages in clear and inside SK. */

/** Begin a message; response says which. sealed: payloads go inside SK. */
void ike2_seal_begin(struct ike2_out *o, const struct ike_sa *sa, uint8_t exchange, uint32_t msgid,
		     bool response, bool sealed);
/** Finish, protecting what must be. 0 or -errno. */
int ike2_seal_finish(struct ike_engine *e, struct ike2_out *o, struct ike_sa *sa);
/** Parse a message in clear. 0 or -EBADMSG. */
int ike2_seal_parse(struct ike2_in *in);
/** Decrypt and parse. 0; -EACCES: it is not authentic; -EBADMSG: authentic and malformed, with
 * in->msg.error; -EAGAIN: a good fragment, more are to come; -EALREADY: one that came before;
 * another -errno of the library. */
int ike2_seal_open(struct ike_sa *sa, struct ike2_in *in);
/** The IV of a message of ours. 0 or -errno. */
int ike2_seal_iv(struct ike_engine *e, uint8_t *iv, struct ike_sa *sa,
		 const struct sk_ike2_sizes *s);
/** A notify without SPI and protocol. */
void ike2_add_notify(struct ike2_out *o, uint16_t type, const void *data, size_t len);
/** First notify of a type, or NULL. */
const struct ike_pld_notify *ike2_find_notify(const struct ike_msg *m, uint16_t type);
/** First error notify, or NULL. */
const struct ike_pld_notify *ike2_find_error(const struct ike_msg *m);
int ike2_bytes_set(struct ike2_bytes *b, const void *data, size_t len);
void ike2_bytes_free(struct ike2_bytes *b);

/* frag.c: RFC 7383. */

/** As ike2_seal_open() of a message whose payload is SKF. */
int ike2_frag_take(struct ike_sa *sa, struct ike2_in *in, const struct ike_payload *skf);
/** Is it an authentic first fragment? What it is of is not looked at. */
bool ike2_frag_is_first(struct ike_sa *sa, struct ike2_in *in);
/** Finish a message as fragments. 0 or -errno. */
int ike2_frag_split(struct ike_engine *e, struct ike2_out *o, struct ike_sa *sa);
void ike2_frag_free(struct ike2_sa *v2);
/** Give up what has waited for its rest too long (RFC 7383 section 2.6). */
void ike2_frag_expire(struct ike2_sa *v2, uint64_t now);

/* sa.c: the part of an SA, its keys. */

int ike2_sa_init(struct ike_sa *sa);
void ike2_sa_free(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
void ike2_sa_drop_handshake(struct ike_sa *sa);
/** There are keys now. The nonces take no more room than they are long. */
void ike2_sa_keyed(struct ike2_sa *v2);
/** Keys of the SA from a shared secret, its nonces and SPIs. old: the SA it replaces, or NULL. */
int ike2_derive(struct ike_sa *sa, const struct dh *dh, const uint8_t *peer, size_t peer_len,
		const struct ike_sa *old);
/** AUTH of one side over its ID payload body. 0 or -errno. */
int ike2_auth(const struct ike_sa *sa, bool of_initiator, struct ike_view id_b, uint8_t *out);
/** Take algorithms from a choice. */
void ike2_take_choice(struct ike_sa *sa, const struct prop2_choice *choice);
/** Our own nonce and the peer's. */
int ike2_take_nonce(const struct ike_msg *m, uint8_t *nonce, size_t *len);

/* task.c: the queue of requests, and answers. */

/** A new task at the end of the queue (state WAITING) or with that state. NULL: no memory, or too
 * many. */
struct ike2_task *ike2_task_new(struct ike_engine *e, struct ike_sa *sa, enum ike2_task_kind kind,
				enum ike2_task_state state);
/** Frees it; an unfinished pair goes with it. */
void ike2_task_free(struct ike_engine *e, struct ike2_task *t, uint64_t now);
/** The one that is out; NULL. */
struct ike2_task *ike2_task_asked(const struct ike_sa *sa);
/** The key pair of the next request: 0 when it is at hand, or -EINPROGRESS. */
int ike2_task_pair(struct ike_engine *e, struct ike_sa *sa, uint16_t group);
/** Send the next waiting request when none is out. */
void ike2_task_run(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
/** Send a request of a task. 0 or -errno. */
int ike2_task_ask(struct ike_engine *e, struct ike2_task *t, struct ike2_out *o, uint64_t now);
/** Finish and send an answer to the request that came last. 0 or -errno. */
int ike2_answer(struct ike_engine *e, struct ike_sa *sa, struct ike2_out *o, uint64_t now);
/** Answer with one notify; data may be NULL. */
void ike2_answer_notify(struct ike_engine *e, struct ike_sa *sa, const struct ike2_in *in,
			uint16_t type, const void *data, size_t len);
/** Is a request for a pair out, so that the peer may hold one that we do not know yet? */
bool ike2_task_making(const struct ike_sa *sa);
/** Does a request of the peer wait for the data plane, so that it has no answer yet? */
bool ike2_task_answering(const struct ike_sa *sa);
bool ike2_busy(const struct ike_sa *sa);
exchange_give_up ike2_give_up, ike2_silent;

/* fsm.c */
enum ike2_event {
	IKE2_EV_INIT_REQUEST = 0,
	IKE2_EV_INIT_RESPONSE,
	IKE2_EV_AUTH_REQUEST,
	IKE2_EV_AUTH_RESPONSE,
	IKE2_EV_CHILD_REQUEST,
	IKE2_EV_CHILD_RESPONSE,
	IKE2_EV_INFO_REQUEST,
	IKE2_EV_INFO_RESPONSE,
	IKE2_EV_OTHER,
	IKE2_EVENTS,
};
enum ike2_event ike2_fsm_event(const struct ike_hdr *h);
/** NULL: drop. */
ike2_handler *ike2_fsm_cell(enum ike_sa_state state, enum ike2_event event);
/** A datagram of IKEv2. The SA may be gone afterwards. */
enum ike_rx ike2_receive(struct ike_engine *e, const struct ike_datagram *d,
			 const struct ike_hdr *hdr, uint64_t now);

/* init.c, init_r.c: IKE_SA_INIT. */
void ike2_begin(struct ike_engine *e, struct ike_peer *peer, uint64_t now);
ike2_handler ike2_init_response;
/** A request for an SA that was made of the same one without its cookie, sent before: the peer
 * signs the one with the cookie, so that is the one that counts. Anything else: nothing. */
void ike2_init_cookie_late(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in);
enum ike_rx ike2_init_request(struct ike_engine *e, struct ike_peer *peer, struct ike2_in *in);
/** NAT detection notifies of our message (RFC 7296 section 2.23), and those of the peer's. */
int ike2_put_nat(struct ike2_out *o, const struct ike_sa *sa);
void ike2_take_nat(struct ike_engine *e, struct ike_sa *sa, const struct ike2_in *in);

/* auth_i.c, auth_r.c: IKE_AUTH. */
int ike2_auth_ask(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
/** As initiator: is there a NAT that none of the peer's policies can pass? Says so then. */
bool ike2_auth_hindered(struct ike_engine *e, const struct ike_sa *sa, uint64_t now);
ike2_handler ike2_auth_request, ike2_auth_response;
/** Verify AUTH and identity of the peer. */
enum ike_rx ike2_take_auth(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in);
/** Write our ID and AUTH. 0 or -errno. */
int ike2_put_auth(struct ike2_out *o, const struct ike_sa *sa);

/* child.c, child_r.c: pairs, in IKE_AUTH and in CREATE_CHILD_SA. */
void ike2_child_start(struct ike_engine *e, struct ike_sa *sa, struct ike_policy *policy,
		      uint64_t now);
/** Make the pair of a task with its SPI. 0 or -errno. */
int ike2_child_new(struct ike_engine *e, struct ike2_task *t, bool initiator, uint64_t now);
/** An SPI as on the wire. */
void ike2_put_spi(uint32_t spi, uint8_t out[4]);
/** A TSi or TSr payload. 0 or -EINVAL. */
int ike2_put_ts(struct ike2_out *o, uint8_t type, const struct abi_range *r, size_t n);
/** SA, TSi, TSr of a request. 0 or -errno. */
int ike2_child_put_offer(struct ike2_out *o, const struct ike2_task *t);
/** The answer came: install the pair, or say why there is none. The task may be gone. */
enum ike_rx ike2_child_answered(struct ike_engine *e, struct ike2_task *t, struct ike2_in *in);
/** Judge the peer's request for a pair: 0 with t->pair made and the answer's payloads written to o,
 * else the notify that refuses it (the task has no pair then). */
uint16_t ike2_child_judge(struct ike_engine *e, struct ike2_task *t, struct ike2_in *in,
			  struct ike2_out *o, uint8_t *data, size_t *data_len);
/** Give the pair to the data plane. 0 or -errno. */
int ike2_child_install(struct ike_engine *e, struct ike2_task *t, const struct prop2_choice *choice,
		       const struct prf_piece *gir, uint64_t now);
void ike2_child_result(struct ike_engine *e, struct child_sa *c, int status, uint64_t now);
void ike2_child_made(struct child_sa *c);
void ike2_child_abandon(struct ike_engine *e, struct child_sa *c, uint64_t now);
/** A task for a pair failed: freed; the policy is tried again later. */
void ike2_child_failed(struct ike_engine *e, struct ike2_task *t, uint64_t now);
/** The peer refused it. */
void ike2_child_refused(struct ike_engine *e, struct ike2_task *t, uint16_t type, uint64_t now);
ike2_handler ike2_create_request, ike2_create_response;
int ike2_child_ask(struct ike_engine *e, struct ike2_task *t, uint64_t now);

/* narrow.c */

/** Log what of the policy an established pair does not cover; tell the daemon. */
void ike2_report_narrowed(struct ike_engine *e, const struct child_sa *c);
/** The answer to IKE2_LOST. */
enum ike_rx ike2_lost_response(struct ike_engine *e, struct ike2_task *t, const struct ike2_in *in);

/* rekey.c: IKE SAs. */
void ike2_rekey(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
int ike2_rekey_ask(struct ike_engine *e, struct ike2_task *t, uint64_t now);
enum ike_rx ike2_rekey_request(struct ike_engine *e, struct ike_sa *sa, struct ike2_in *in,
			       const struct ike_payload *p);
enum ike_rx ike2_rekey_response(struct ike_engine *e, struct ike2_task *t, struct ike2_in *in);
/** Both sides made an SA at the same time: the one with the lowest nonce goes, as in section 2.8.1.
 */
void ike2_rekey_crossed(struct ike_engine *e, struct ike_sa *a, struct ike_sa *b, uint64_t now);
/** The peer speaks of pairs on it, so to the peer it is what pairs have moved to. */
void ike2_rekey_in_use(struct ike_engine *e, struct ike_sa *heir, uint64_t now);
/** Of struct ike_version. */
bool ike2_rekey_retire(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
/** Our rekey of sa came to nothing, or sa goes: an heir that the peer made takes over. */
void ike2_rekey_settle(struct ike_engine *e, struct ike_sa *sa, uint64_t now);

/* reauth.c */

/** The SA is authenticated now: until when that holds, as configured. */
void ike2_reauth_begin(struct ike_sa *sa, uint64_t now);
/** Tell the initiator until when (RFC 4478), if it has to come again. */
void ike2_put_auth_lifetime(struct ike2_out *o, const struct ike_sa *sa);
/** The responder may have said so. */
void ike2_take_auth_lifetime(struct ike_engine *e, struct ike_sa *sa, const struct ike2_in *in);
/** Authentication ends soon: begin anew, as initiator; as responder say who has not come. */
void ike2_reauth(struct ike_engine *e, struct ike_sa *sa, uint64_t now);

/* info.c: INFORMATIONAL. */
ike2_handler ike2_info_request, ike2_info_response;
/** Does an INFORMATIONAL request end the IKE SA, by DELETE or by what it says? */
bool ike2_ends_sa(const struct ike_msg *m);
int ike2_info_ask(struct ike_engine *e, struct ike2_task *t, uint64_t now);
void ike2_delete_child(struct ike_engine *e, struct ike_peer *peer, struct ike_sa *sa, uint32_t spi,
		       uint64_t now);
void ike2_delete_ike_sa(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
/** Ask the peer where it may be, before all that waits. 0 or -ENOMEM. */
int ike2_probe(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
timer_fn ike2_alive_tick;
void ike2_alive_start(struct ike_engine *e, struct ike_sa *sa, uint64_t now);

/** Record and log a malformed message; IKE_RX_malformed. */
enum ike_rx ike2_malformed(struct ike_engine *e, struct ike_sa *sa, const struct ike2_in *in,
			   const char *message, const char *what);

#endif
