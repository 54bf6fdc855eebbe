/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * engine_counters.h - what the IKE engine counts: X-macro lists of (name, text). Every datagram
 * given to ike_engine_input() moves rx and exactly one counter of IKE_RX_CLASSES, so rx is their
 * sum.
 */
#ifndef ESPGW_IKE_ENGINE_COUNTERS_H
#define ESPGW_IKE_ENGINE_COUNTERS_H

#include <stdint.h>

#define IKE_RX_CLASSES(X)                                                                          \
	X(handled, "taken up by an exchange")                                                      \
	X(repeat, "repeated messages")                                                             \
	X(keepalive, "NAT keepalives")                                                             \
	X(malformed, "malformed messages")                                                         \
	X(version, "messages of another IKE version")                                              \
	X(unknown_source, "first messages from an address without peer")                           \
	X(unknown_sa, "messages for an SA we do not have")                                         \
	X(wrong_address, "unprotected messages from elsewhere than the peer")                      \
	X(wrong_state, "messages that do not fit the state")                                       \
	X(limited, "first messages over the limits")                                               \
	X(undecryptable, "messages that do not decrypt")                                           \
	X(unauthentic, "messages whose HASH does not verify")                                      \
	X(unprotected, "notifies without protection, not believed")                                \
	X(replayed, "messages with a message ID used before")                                      \
	X(refused, "messages refused; see the evidence")                                           \
	X(internal, "messages lost to lack of memory or a failing library")

#define IKE_EVENT_COUNTERS(X)                                                                      \
	X(tx, "datagrams sent")                                                                    \
	X(tx_retransmit, "retransmitted requests")                                                 \
	X(tx_keepalive, "NAT keepalives sent")                                                     \
	X(tx_budget, "answers not sent: the address may be forged, and they are too long for it")  \
	X(cookies_sent, "cookies asked for")                                                       \
	X(inbox_first, "first messages dropped before the engine: too many wait")                  \
	X(inbox_known, "messages of known SAs dropped before the engine: too many wait")           \
	X(dh_jobs, "Diffie-Hellman jobs given to others")                                          \
	X(dh_busy, "messages dropped because too many wait for Diffie-Hellman")                    \
	X(guard_rate, "first messages refused: rate")                                              \
	X(guard_source, "first messages refused: half-open SAs of the source")                     \
	X(guard_total, "first messages refused: half-open SAs in total")                           \
	X(phase1_started, "phase 1 exchanges begun by us")                                         \
	X(phase1_answered, "phase 1 exchanges begun by peers")                                     \
	X(phase1_established, "phase 1 exchanges that succeeded")                                  \
	X(phase1_failed, "phase 1 exchanges that failed")                                          \
	X(quick_started, "quick modes begun by us")                                                \
	X(quick_answered, "quick modes begun by peers")                                            \
	X(quick_established, "quick modes that succeeded")                                         \
	X(quick_failed, "quick modes that failed")                                                 \
	X(delete_sent, "DELETE payloads sent")                                                     \
	X(delete_received, "DELETE payloads believed")                                             \
	X(dpd_sent, "R-U-THERE sent")                                                              \
	X(dpd_received, "R-U-THERE answered")                                                      \
	X(dpd_dead, "peers found dead")                                                            \
	X(initial_contact, "INITIAL-CONTACT believed")                                             \
	X(roam_asked, "peers asked at a new address or port")                                      \
	X(roam_moved, "peers that moved there")                                                    \
	X(roam_failed, "new addresses and ports that did not answer")                              \
	X(refusals, "refusals recorded as evidence")

#define IKE_COUNTER_RX_FIELD(name, text)    uint64_t rx_##name;
#define IKE_COUNTER_EVENT_FIELD(name, text) uint64_t name;

struct ike_counters {
	uint64_t rx; /* datagrams received */
	IKE_RX_CLASSES(IKE_COUNTER_RX_FIELD)
	IKE_EVENT_COUNTERS(IKE_COUNTER_EVENT_FIELD)
};

#define IKE_COUNTER_RX_ENUM(name, text) IKE_RX_##name,
enum ike_rx { IKE_RX_CLASSES(IKE_COUNTER_RX_ENUM) IKE_RX_CLASS_COUNT };

#endif
