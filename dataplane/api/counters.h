/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * counters.h - what the workers count, and where.
 *
 * Every line is written by one worker only (relaxed stores) and read by anyone without a lock.
 * Readers sum over all max_workers lines: the last one is the manager's, who drops packets too.
 * Counters never go back while the segment lives; when an SA dies the manager folds its lines into
 * the totals of its policy before the slot is given away again.
 */
#ifndef ESPGW_API_COUNTERS_H
#define ESPGW_API_COUNTERS_H

#include <stdint.h>

/*
 * Why a packet was dropped. The first 25 are RouterOS's /ip ipsec statistics (themselves Linux's
 * xfrm_stat), by their names; the others are the router's. X(enum suffix, name, text).
 */
#define ABI_DROP_IPSEC(X)                                                                          \
	X(IN_ERRORS, "in-errors", "inbound error not covered by another counter")                  \
	X(IN_BUFFER_ERRORS, "in-buffer-errors", "packet buffers exhausted")                        \
	X(IN_HEADER_ERRORS, "in-header-errors", "outer, UDP or ESP header too short or malformed") \
	X(IN_NO_STATES, "in-no-states", "no SA with this SPI, destination and protocol")           \
	X(IN_STATE_PROTOCOL_ERRORS, "in-state-protocol-errors",                                    \
	  "integrity check failed, bad padding or truncated")                                      \
	X(IN_STATE_MODE_ERRORS, "in-state-mode-errors",                                            \
	  "tunnel packet on a transport SA or the reverse")                                        \
	X(IN_STATE_SEQUENCE_ERRORS, "in-state-sequence-errors",                                    \
	  "replayed, or left of the replay window")                                                \
	X(IN_STATE_EXPIRED, "in-state-expired", "SA past its hard lifetime")                       \
	X(IN_STATE_MISMATCHES, "in-state-mismatches",                                              \
	  "plain ESP on a UDP-encapsulated SA or the reverse")                                     \
	X(IN_STATE_INVALID, "in-state-invalid", "SA larval or dead")                               \
	X(IN_TEMPLATE_MISMATCHES, "in-template-mismatches",                                        \
	  "clear packet, or the wrong SA, for a protected policy")                                 \
	X(IN_NO_POLICIES, "in-no-policies", "inner packet outside the selectors of its SA")        \
	X(IN_POLICY_BLOCKED, "in-policy-blocked", "discard policy, inbound")                       \
	X(IN_POLICY_ERRORS, "in-policy-errors", "policy inconsistent")                             \
	X(OUT_ERRORS, "out-errors", "outbound error not covered by another counter")               \
	X(OUT_BUNDLE_ERRORS, "out-bundle-errors", "SA cannot be used for this packet")             \
	X(OUT_BUNDLE_CHECK_ERRORS, "out-bundle-check-errors",                                      \
	  "SA became invalid between look-up and use")                                             \
	X(OUT_NO_STATES, "out-no-states", "protect policy without an SA")                          \
	X(OUT_STATE_PROTOCOL_ERRORS, "out-state-protocol-errors",                                  \
	  "the cryptographic engine failed")                                                       \
	X(OUT_STATE_MODE_ERRORS, "out-state-mode-errors", "transport policy on transit traffic")   \
	X(OUT_STATE_SEQUENCE_ERRORS, "out-state-sequence-errors", "sequence numbers exhausted")    \
	X(OUT_STATE_EXPIRED, "out-state-expired", "only an expired SA is left")                    \
	X(OUT_POLICY_BLOCKED, "out-policy-blocked", "discard policy, outbound")                    \
	X(OUT_POLICY_DEAD, "out-policy-dead", "policy removed while packets were held for it")     \
	X(OUT_POLICY_ERRORS, "out-policy-errors", "policy inconsistent")

#define ABI_DROP_NET(X)                                                                            \
	X(NET_L2, "net-l2", "not for this port's MAC, or an EtherType we do not speak")            \
	X(NET_HEADER, "net-header", "IP, UDP or ICMP header malformed or truncated")               \
	X(NET_CHECKSUM, "net-checksum", "IP or UDP checksum wrong")                                \
	X(NET_TTL, "net-ttl", "TTL expired on the way")                                            \
	X(NET_NO_ROUTE, "net-no-route", "no route to the destination")                             \
	X(NET_NO_NEIGHBOUR, "net-no-neighbour",                                                    \
	  "next hop did not answer, or too many packets waiting for it")                           \
	X(NET_TOO_BIG, "net-too-big", "larger than the path and must not be fragmented")           \
	X(NET_FRAGMENT, "net-fragment", "a fragment where a whole packet is needed")               \
	X(NET_MARTIAN, "net-martian", "source or destination that must not be forwarded")          \
	X(NET_LOCAL, "net-local", "to one of our addresses, but nothing listens there")            \
	X(NET_ARP, "net-arp", "malformed or foreign ARP")                                          \
	X(NET_PUNT_FULL, "net-punt-full", "control does not take its IKE datagrams")               \
	X(NET_PUNT_SIZE, "net-punt-size", "IKE datagram larger than a punt record")                \
	X(NET_TX_FULL, "net-tx-full", "transmit queue full")                                       \
	X(NET_NO_BUFFER, "net-no-buffer", "packet buffers exhausted")                              \
	X(NET_SLOW_FULL, "net-slow-full", "the manager does not keep up with slow-path packets")   \
	X(NET_KEEPALIVE, "net-keepalive",                                                          \
	  "NAT keepalive received and consumed (RFC 3948 section 2.3)")                            \
	X(NET_CONSUMED, "net-consumed",                                                            \
	  "answered or taken by the gateway itself (ARP, ICMP, fragments put together)")           \
	X(NET_ND, "net-nd", "malformed, foreign or unwanted IPv6 neighbour discovery")             \
	X(NET_REASSEMBLY, "net-reassembly",                                                        \
	  "fragments that never became whole: late, overlapping, doubled or too many")             \
	X(NET_PMTU, "net-pmtu", "ICMP too-big that quotes nothing we sent lately, or too often")   \
	X(NET_OVERLOAD, "net-overload", "more came than is carried")

#define ABI_DROP_ENUM(name, text, why) DROP_##name,
enum drop_reason {
	DROP_NONE = 0,
	ABI_DROP_IPSEC(ABI_DROP_ENUM) ABI_DROP_NET(ABI_DROP_ENUM) DROP_MAX,
	DROP_IPSEC_LAST = DROP_OUT_POLICY_ERRORS
};
#undef ABI_DROP_ENUM

#define ABI_DROP_SLOTS 64u /* room for DROP_MAX to grow within one ABI version */
_Static_assert(DROP_IPSEC_LAST == 25, "the 25 counters of RouterOS");
_Static_assert(DROP_MAX <= ABI_DROP_SLOTS, "drop slots");

/* One cache line per SA and worker. Bytes and packets count inner IP packets that passed, as
 * RouterOS does. */
struct abi_sa_counters {
	_Alignas(64) uint64_t packets;
	uint64_t bytes;
	uint64_t wire_bytes; /* the same packets with their outer headers, without Ethernet */
	uint64_t last_used;  /* ns, resolution of one burst */
	uint64_t drops;	     /* sum of the SA's drop lines */
	uint64_t hits; /* outbound: packets that its policy has sent to it, before anything else */
	uint64_t pad[2];
};

/* Drops per SA and worker; indices 1..25 of enum drop_reason. Four cache lines, touched only by a
 * drop. */
struct abi_sa_drops {
	_Alignas(64) uint64_t count[32];
};

/*
 * Per policy slot and worker. Totals of dead SAs are in worker line 0's *_dead fields (written by
 * the manager). What went to or came out of an SA of the policy is counted there and nowhere else,
 * because a packet should not need two lines for it: hits of the policy are its own, those of its
 * SAs (outbound hits, inbound packets), and those of dead ones.
 */
struct abi_policy_counters {
	_Alignas(64) uint64_t out_hits; /* packets that matched outbound and went to no SA */
	uint64_t in_hits;		/* packets that matched in clear */
	uint64_t dead_out_packets;
	uint64_t dead_out_bytes;
	uint64_t dead_in_packets;
	uint64_t dead_in_bytes;
	uint64_t dead_out_hits;
	uint64_t pad[1];
};

/*
 * Per worker: everything it dropped, by reason, and what it moved. Nothing gets lost between them:
 * received + made = transmitted + sum of drops + what went to the manager.
 */
struct abi_worker_counters {
	_Alignas(64) uint64_t drops[ABI_DROP_SLOTS];
	uint64_t rx_packets;
	uint64_t tx_packets;
	uint64_t polls;
	uint64_t busy_polls;
	uint64_t punted;
	uint64_t heartbeat;   /* ns, moves while the worker runs */
	uint64_t made;	      /* packets of its own: ICMP errors, fragments, word of pings */
	uint64_t out_of_turn; /* bursts sent before those ahead of them, which took too long */
};

/* Per port and worker. */
struct abi_port_counters {
	_Alignas(64) uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint64_t pad[4];
};

#define ABI_SAMPLES	 8u  /* kept per reason and worker */
#define ABI_SAMPLE_BYTES 80u /* IPv6 with TCP behind Ethernet and a VLAN tag */
#define ABI_SAMPLE_NO_SA UINT32_MAX

/*
 * The headers of a dropped packet; [worker][ABI_DROP_SLOTS][ABI_SAMPLES], of each reason the last
 * ones (dataplane/api/sample.h reads them). Headers only: Ethernet, IP with its options, and
 * of TCP 20 bytes, of anything else 8, which of ESP are SPI and sequence number; nothing of a
 * fragment but the first. Never a byte of payload, so nothing that an SA protects but addresses,
 * ports and the like.
 */
struct abi_drop_sample {
	_Alignas(64) uint32_t version;	 /* odd while it is being written; 0: never was */
	uint8_t reason;			 /* enum drop_reason */
	uint8_t port;			 /* it came in there; 255: the gateway made it */
	uint8_t l2_len;			 /* bytes of bytes[] before the IP header: 0, 14 or 18 */
	uint8_t kept;			 /* bytes of bytes[] that are filled */
	uint64_t number;		 /* the how-manyth drop of this reason by this worker */
	uint64_t time;			 /* ns */
	uint32_t sa_slot;		 /* ABI_SAMPLE_NO_SA: none */
	uint32_t length;		 /* of the frame, or of what came out of the SA, bytes */
	uint8_t bytes[ABI_SAMPLE_BYTES]; /* beyond kept: of earlier samples */
	uint8_t pad[16];
};

_Static_assert(sizeof(struct abi_sa_counters) == 64, "abi_sa_counters");
_Static_assert(sizeof(struct abi_drop_sample) == 128, "abi_drop_sample");
_Static_assert(sizeof(struct abi_sa_drops) == 256, "abi_sa_drops");
_Static_assert(sizeof(struct abi_policy_counters) == 64, "abi_policy_counters");
_Static_assert(sizeof(struct abi_worker_counters) == 576, "abi_worker_counters");
_Static_assert(sizeof(struct abi_port_counters) == 64, "abi_port_counters");

#endif
