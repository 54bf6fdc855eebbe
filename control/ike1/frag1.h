/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * frag1.h - fragments of IKEv1 messages, as the vendors do it that say so by the FRAGMENTATION
 * vendor ID: the finished message, header and all, is cut in pieces; each travels behind a header
 * of its own in one payload of type 132:
 *
 *   0, 0, length (16 bits), fragment ID (16 bits), number from 1, flags (bit 0: the last), data
 *
 * Nothing protects a piece, so what is put together is as good as a datagram, no better, and goes
 * the same way. Pieces are taken for SAs that exist, from their peer's address, of peers that said
 * they do this; one set for each SA, of bounded number and size, for a bounded time.
 */
#ifndef ESPGW_IKE1_FRAG1_H
#define ESPGW_IKE1_FRAG1_H

#include "control/ike/ike_sa.h"
#include "control/ike1/seal.h"

#define FRAG1_MAX      64u   /* pieces of a message */
#define FRAG1_DATAGRAM 1232u /* longest datagram of ours: 1280 bytes with IPv6 and UDP */
#define FRAG1_SECONDS  30u   /* a set that is older is given up */

/**
 * A datagram whose first payload is a fragment. -EAGAIN: kept. 0: *whole is the message, its data
 * in buf (IKE_MAX_MESSAGE). -EALREADY: it came before. -EACCES: the SA takes none from there.
 * -EBADMSG: it makes no sense, or what came of it does not. -ENOSPC: too much. -ENOMEM.
 */
int frag1_take(struct ike_sa *sa, const struct ike1_in *in, struct ike_datagram *whole,
	       uint8_t *buf);
/** Cut a message that is too long for a datagram: *out is the pieces one after the other, each as
 * long as its header says; the caller frees it. 0, -ERANGE (it is short enough, or the peer does
 * not take pieces) or -ENOMEM. */
int frag1_cut(struct ike_engine *e, const struct ike_sa *sa, const uint8_t *msg, size_t len,
	      uint8_t **out, size_t *out_len);
/** What an SA keeps of them. */
void frag1_free(struct ike_sa *sa);

#endif
