/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * engine_counters.h - what the IKE engine counts: X-macro lists of (name, label, text). Every
 * datagram given to ike_engine_input() moves rx and exactly one counter of IKE_RX_CLASSES, so rx is
 * their sum.
 */
#ifndef ESPGW_IKE_ENGINE_COUNTERS_H
#define ESPGW_IKE_ENGINE_COUNTERS_H

#include <stdint.h>

#define IKE_RX_CLASSES(X)                                                                          \
	X(handled, "handled", "taken up by an exchange")                                           \
	X(repeat, "repeat", "repeated messages")                                                   \
	X(keepalive, "keepalive", "NAT keepalives")                                                \
	X(malformed, "malformed", "malformed messages")                                            \
	X(version, "version", "messages of another IKE version")                                   \
	X(unknown_source, "unknown-source", "first messages from an address without peer")         \
	X(unknown_sa, "unknown-sa", "messages for an SA we do not have")                           \
	X(wrong_address, "wrong-address", "unprotected messages from elsewhere than the peer")     \
	X(wrong_state, "wrong-state", "messages that do not fit the state")                        \
	X(limited, "limited", "first messages over the limits")                                    \
	X(undecryptable, "undecryptable", "messages that do not decrypt")                          \
	X(unauthentic, "unauthentic", "messages whose HASH does not verify")                       \
	X(unprotected, "unprotected", "notifies without protection, not believed")                 \
	X(replayed, "replayed", "messages with a message ID used before")                          \
	X(refused, "refused", "messages refused; see the evidence")                                \
	X(internal, "internal", "messages lost to lack of memory or a failing library")

#define IKE_EVENT_COUNTERS(X)                                                                      \
	X(tx, "tx", "datagrams sent")                                                              \
	X(tx_retransmit, "tx-retransmit", "retransmitted requests")                                \
	X(tx_keepalive, "tx-keepalive", "NAT keepalives sent")                                     \
	X(tx_budget, "tx-budget",                                                                  \
	  "answers not sent: the address may be forged, and they are too long for it")             \
	X(cookies_sent, "cookies-sent", "cookies asked for")                                       \
	X(inbox_first, "inbox-first", "first messages dropped before the engine: too many wait")   \
	X(inbox_known, "inbox-known",                                                              \
	  "messages of known SAs dropped before the engine: too many wait")                        \
	X(dh_jobs, "dh-jobs", "Diffie-Hellman jobs given to others")                               \
	X(dh_busy, "dh-busy", "messages dropped because too many wait for Diffie-Hellman")         \
	X(guard_rate, "guard-rate", "first messages refused: rate")                                \
	X(guard_source, "guard-source", "first messages refused: half-open SAs of the source")     \
	X(guard_total, "guard-total", "first messages refused: half-open SAs in total")            \
	X(phase1_started, "phase1-started", "phase 1 exchanges begun by us")                       \
	X(phase1_answered, "phase1-answered", "phase 1 exchanges begun by peers")                  \
	X(phase1_established, "phase1-established", "phase 1 exchanges that succeeded")            \
	X(phase1_failed, "phase1-failed", "phase 1 exchanges that failed")                         \
	X(quick_started, "quick-started", "quick modes begun by us")                               \
	X(quick_answered, "quick-answered", "quick modes begun by peers")                          \
	X(quick_established, "quick-established", "quick modes that succeeded")                    \
	X(quick_failed, "quick-failed", "quick modes that failed")                                 \
	X(delete_sent, "delete-sent", "DELETE payloads sent")                                      \
	X(delete_received, "delete-received", "DELETE payloads believed")                          \
	X(dpd_sent, "dpd-sent", "R-U-THERE sent")                                                  \
	X(dpd_received, "dpd-received", "R-U-THERE answered")                                      \
	X(dpd_dead, "dpd-dead", "peers found dead")                                                \
	X(initial_contact, "initial-contact", "INITIAL-CONTACT believed")                          \
	X(roam_asked, "roam-asked", "peers asked at a new address or port")                        \
	X(roam_moved, "roam-moved", "peers that moved there")                                      \
	X(roam_failed, "roam-failed", "new addresses and ports that did not answer")               \
	X(refusals, "refusals", "refusals recorded as evidence")

#define IKE_COUNTER_RX_FIELD(name, label, text)	   uint64_t rx_##name;
#define IKE_COUNTER_EVENT_FIELD(name, label, text) uint64_t name;

struct ike_counters {
	uint64_t rx; /* datagrams received */
	IKE_RX_CLASSES(IKE_COUNTER_RX_FIELD)
	IKE_EVENT_COUNTERS(IKE_COUNTER_EVENT_FIELD)
};

#define IKE_COUNTER_RX_ENUM(name, label, text) IKE_RX_##name,
enum ike_rx { IKE_RX_CLASSES(IKE_COUNTER_RX_ENUM) IKE_RX_CLASS_COUNT };

#endif
