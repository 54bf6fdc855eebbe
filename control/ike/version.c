/* SPDX-License-Identifier: BSD-3-Clause */
/* version.c - which version an exchange mode means; see version.h. */
#include "control/ike/version.h"

#include <stddef.h>

const struct ike_version *ike_version_find(enum ike_exchange_mode mode)
{
	switch (mode) {
	case IKE_MODE_MAIN:
	case IKE_MODE_AGGRESSIVE:
		return &ike1_version;
	case IKE_MODE_IKE2:
		return &ike2_version;
	default:
		return NULL;
	}
}
