/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * transport.h - policies in transport mode: tunnel=no. ESP then goes between an IP header and what
 * it carries (RFC 4303 section 3.1.1), so such a policy can only be for what the two gateways say
 * to each other (RFC 4301 section 4.1): its two addresses are those of the SA.
 */
#ifndef ESPGW_MODEL_TRANSPORT_H
#define ESPGW_MODEL_TRANSPORT_H

#include "control/model/model.h"

struct problems;

/** Is it a policy that protects in transport mode? */
bool transport_is(const struct model_row *policy);

/** Report what is wrong with one. Its peer must be set and not broken. */
void transport_validate(const struct model *m, const struct model_row *policy,
			struct problems *problems);

#endif
