/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vlan.h - VLAN tags (IEEE 802.1Q): each VLAN of a device is a port of its own, beside the one for
 * frames without a tag.
 *
 * What comes in loses its tag before anything else looks at it, what goes out gets it as the last
 * thing, so all between knows ports only. A VLAN that is no port, a tag within a tag, and what is
 * not ours to write to are refused.
 */
#ifndef ESPGW_NET_VLAN_H
#define ESPGW_NET_VLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "dataplane/api/segment.h"

#define VLAN_MAX 4094u /* 0 and 4095 are no VLANs */
#define VLAN_TAG 4u    /* bytes */

/** Is device a VLAN of another interface, "vlan100@wan"? Its number and that name then; -EINVAL
 * when it begins like one and is none; -ENOENT when it is something else. */
int vlan_parse(const char *device, uint16_t *vid, char parent[ABI_NAME_LEN]);

/**
 * Make VLAN vid of the port named parent, opened before and no VLAN itself, the next port: same
 * device, same MAC, an MTU no larger. 0 or -errno; text in err.
 */
int vlan_open(const char *name, const char *parent, uint16_t vid, uint16_t mtu, char *err,
	      size_t err_len);
/** Forget all of them. */
void vlan_close_all(void);

/** A frame of at least 14 bytes with a tag, in it or taken off by the device, has come in on *port:
 * take the tag out and name the port it belongs to. False: to none. VLAN 0 is a priority alone. */
bool vlan_untag(struct rte_mbuf *m, uint8_t *port);

/** Write the tag of VLAN vid into a frame. False: there is no room, or others have the frame, too.
 */
bool vlan_tag(struct rte_mbuf *m, uint16_t vid);

#endif
