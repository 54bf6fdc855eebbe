/* SPDX-License-Identifier: BSD-3-Clause */
/* vendor_name.c - names of vendors; see vendor.h. */
#include <string.h>

#include "control/ike/vendor.h"

static const char *const names[IKE_VENDORS] = {
	[IKE_VENDOR_UNKNOWN] = "unknown",   [IKE_VENDOR_ESPGW] = "espgw",
	[IKE_VENDOR_ROUTEROS] = "routeros", [IKE_VENDOR_STRONGSWAN] = "strongswan",
	[IKE_VENDOR_TENCENT] = "tencent",   [IKE_VENDOR_ALIBABA] = "alibaba",
	[IKE_VENDOR_HUAWEI] = "huawei",
};

const char *ike_vendor_name(enum ike_vendor v)
{
	return (unsigned)v < IKE_VENDORS ? names[v] : names[0];
}

enum ike_vendor ike_vendor_find(const char *name)
{
	for (unsigned v = 0; v < IKE_VENDORS; v++) {
		if (strcmp(names[v], name) == 0)
			return (enum ike_vendor)v;
	}
	return IKE_VENDORS;
}
