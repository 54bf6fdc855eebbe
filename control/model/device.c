/* SPDX-License-Identifier: BSD-3-Clause */
/* device.c - VLANs of other interfaces; see device.h. */
#include "control/model/device.h"

#include <stdlib.h>
#include <string.h>

static const char prefix[] = "vlan";

bool device_is_vlan(const char *device)
{
	return strncmp(device, prefix, sizeof(prefix) - 1) == 0;
}

const char *device_parent(const char *device)
{
	const char *number = device + sizeof(prefix) - 1;
	char *end;

	if (!device_is_vlan(device) || *number < '1' || *number > '9')
		return NULL;
	if (strtoul(number, &end, 10) > DEVICE_VLAN_MAX || *end != '@' || end[1] == '\0')
		return NULL;
	return end + 1;
}
