/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * site.h - the whole pipeline between two pretended ports with a tunnel up, for hostile input:
 * frames as they are, and ESP packets sealed by OpenSSL with the right key, so that what is hostile
 * inside is reached too.
 *
 *   192.168.1.0/24 - port 0 [gateway 192.0.2.1] port 1 - peer 203.0.113.2, behind it 10.100.1.0/24
 *
 * site_check() holds the books: every packet fed (and every one the gateway made) was sent, dropped
 * under exactly one reason or handed to the manager, and the pool has all its buffers back.
 */
#ifndef ESPGW_FUZZ_SITE_H
#define ESPGW_FUZZ_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/unit/dataplane/ipsec/reference.h"

#define SITE_LAN 0
#define SITE_WAN 1

/** Set the site up: once per process. 0 or -1, said on stderr. */
int site_create(void);
void site_free(void);

/** Feed one frame to a port. Longer than a packet buffer: cut. */
void site_frame(uint8_t port, const uint8_t *bytes, size_t len);

#define SITE_UDP       1u /* over UDP 4500 */
#define SITE_TRANSPORT 4u /* the SA in transport mode, which is plain */

/** Write the frame that carries payload in an inbound SA: sealed with e (seq and spi 0: right
 * ones), outer addresses right. Returns its length; out holds len + 512 bytes. */
size_t site_seal(unsigned int how, struct reference_esp *e, const uint8_t *payload, size_t len,
		 uint8_t *out);

/** What has been fed and where it went. Frees what was sent. True when the books balance. */
bool site_check(void);

/** Packets fed, sent, and dropped so far; drops of one reason. */
uint64_t site_fed(void);
uint64_t site_sent(void);
uint64_t site_dropped(void);
uint64_t site_drops(unsigned int reason);

#endif
