/* SPDX-License-Identifier: BSD-3-Clause */
/* device.h - what the device of an interface says of other interfaces. */
#ifndef ESPGW_MODEL_DEVICE_H
#define ESPGW_MODEL_DEVICE_H

#include <stdbool.h>

#define DEVICE_VLAN_MAX 4094ul /* 0 and 4095 are no VLANs (IEEE 802.1Q) */

/** Is it meant to be a VLAN of another interface, "vlan100@wan"? */
bool device_is_vlan(const char *device);

/** The name of that interface, within device. NULL: it is no VLAN, or no good one. */
const char *device_parent(const char *device);

#endif
