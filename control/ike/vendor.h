/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vendor.h - whose product a peer is, as far as its vendor IDs tell. A hint and no more: it chooses
 * the words in which advice is given.
 */
#ifndef ESPGW_IKE_VENDOR_H
#define ESPGW_IKE_VENDOR_H

struct ike_datagram;
struct ike_engine;
struct ike_msg;

enum ike_vendor {
	IKE_VENDOR_UNKNOWN = 0,
	IKE_VENDOR_ESPGW,
	IKE_VENDOR_ROUTEROS,
	IKE_VENDOR_STRONGSWAN,
	IKE_VENDOR_TENCENT,
	IKE_VENDOR_ALIBABA,
	IKE_VENDOR_HUAWEI,
	IKE_VENDORS,
};

/** "strongswan", ..; static. */
const char *ike_vendor_name(enum ike_vendor v);
/** Back; IKE_VENDORS when there is no such name. */
enum ike_vendor ike_vendor_find(const char *name);

/** Remember at the peer what a message in clear tells of its maker. */
void ike_vendor_note(struct ike_engine *e, const struct ike_datagram *d, const struct ike_msg *m);

#endif
