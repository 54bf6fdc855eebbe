/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * transport.h - ESP in transport mode (RFC 4303 section 3.1.1), for packets between the gateway
 * itself and its peer: the IP header stays in front, ESP goes between it and what it carries. It is
 * applied to whole packets alone, so these are fragmented after encryption and reassembled before
 * decryption (RFC 4303 sections 3.3.4 and 3.4.1).
 */
#ifndef ESPGW_IPSEC_TRANSPORT_H
#define ESPGW_IPSEC_TRANSPORT_H

#include "dataplane/ipsec/esp_shape.h"

/** May the packet, made by the gateway, go through the SA? */
enum drop_reason transport_admit(const struct sa *sa, const struct sa_outer *outer,
				 struct rte_mbuf *m);

/** As esp_shape_build(), for an SA in transport mode. */
enum drop_reason transport_build(struct worker *w, const struct esp_seal *s, struct rte_mbuf *m,
				 struct crypto_op *op);

/**
 * Take ESP out of the decrypted packet of op: text has len bytes of payload that the trailer calls
 * next. The packet lies behind 14 bytes of Ethernet room then. When it came in UDP, through a NAT,
 * the checksum of TCP or UDP is computed anew (RFC 3948 section 3.1.2).
 */
enum drop_reason transport_unwrap(struct rte_mbuf *m, const struct crypto_op *op, uint32_t len,
				  uint8_t next);

#endif
