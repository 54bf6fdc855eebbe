/* SPDX-License-Identifier: BSD-3-Clause */
/* probe_msg.h - the messages of a probe; see probe.h. */
#ifndef ESPGW_IKE_PROBE_MSG_H
#define ESPGW_IKE_PROBE_MSG_H

#include <stddef.h>
#include <stdint.h>

struct ike_engine;
struct ike_peer;

enum probe_form {
	PROBE_FORM_IKE2,       /* IKE_SA_INIT, the peer's profile, a KE of a private group */
	PROBE_FORM_MAIN,       /* main mode message 1, the peer's profile */
	PROBE_FORM_AGGRESSIVE, /* aggressive mode message 1, profile and identity */
	PROBE_FORM_WIDE2,      /* as the first and the second, with what nearly everybody has */
	PROBE_FORM_WIDE1,
	PROBE_FORM_WIDE1_MORE,
	PROBE_FORM_PRIVATE1, /* main mode message 1, a private cipher */
};

/** A message of at least min bytes (it is filled up with a vendor ID). 0; -EINVAL: the profile
 * cannot be offered in this form; -ENOSPC, -EIO or another of dh_new(). */
int probe_msg_make(struct ike_engine *e, const struct ike_peer *peer, enum probe_form form,
		   uint64_t spi, size_t min, uint8_t *buf, size_t cap, size_t *len);

#endif
