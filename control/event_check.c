/* SPDX-License-Identifier: BSD-3-Clause */
/* event_check.c - field by field checks of events and punted datagrams. */
#include "control/event_check.h"

#include <string.h>

static bool addr_ok(const struct abi_addr *a, bool may_be_none)
{
	static const uint8_t zero[16];

	switch (a->family) {
	case 0:
		return may_be_none;
	case 4:
		return memcmp(a->bytes + 4, zero, 12) == 0;
	case 6:
		return true;
	default:
		return false;
	}
}

static const char *check_reply(const struct abi_ev_reply *r)
{
	if (r->command < ABI_CMD_SA_ADD || r->command > ABI_CMD_SPI_EXPECT)
		return "command out of range";
	if (r->status > ABI_ERR_INTERNAL)
		return "status out of range";
	return NULL;
}

static const char *check_sa(const struct abi_ev_sa *e, const struct abi_hdr *hdr)
{
	if (e->slot >= hdr->max_sas)
		return "slot out of range";
	if (e->spi < ABI_SPI_MIN)
		return "reserved SPI";
	if (e->msg.type == ABI_EV_SA_EXPIRE) {
		if (e->expire != ABI_EXPIRE_SOFT && e->expire != ABI_EXPIRE_HARD)
			return "expire out of range";
		if (e->limit < ABI_LIMIT_TIME || e->limit > ABI_LIMIT_SEQUENCE)
			return "limit out of range";
	}
	if (!addr_ok(&e->remote, e->msg.type != ABI_EV_PEER_MOVED))
		return "address family out of range";
	return NULL;
}

static const char *check_acquire(const struct abi_ev_acquire *e)
{
	if (e->policy_id == 0)
		return "no policy";
	if (!addr_ok(&e->src, false) || !addr_ok(&e->dst, false) || e->src.family != e->dst.family)
		return "address family out of range";
	return NULL;
}

static const char *check_port(const struct abi_ev_port *e, const struct abi_hdr *hdr)
{
	if (e->port >= hdr->max_ports)
		return "port out of range";
	if (e->link_up > 1)
		return "link state out of range";
	return NULL;
}

static size_t length_of(uint16_t type)
{
	switch (type) {
	case ABI_EV_REPLY:
		return sizeof(struct abi_ev_reply);
	case ABI_EV_SA_EXPIRE:
	case ABI_EV_PEER_MOVED:
	case ABI_EV_FIRST_TRAFFIC:
		return sizeof(struct abi_ev_sa);
	case ABI_EV_ACQUIRE:
		return sizeof(struct abi_ev_acquire);
	case ABI_EV_PORT:
		return sizeof(struct abi_ev_port);
	default:
		return 0;
	}
}

const char *event_check(const union event_record *ev, const struct abi_hdr *hdr)
{
	size_t len = length_of(ev->msg.type);

	if (len == 0)
		return "unknown type";
	if (ev->msg.length != len)
		return "length does not fit the type";
	switch (ev->msg.type) {
	case ABI_EV_REPLY:
		return check_reply(&ev->reply);
	case ABI_EV_ACQUIRE:
		return check_acquire(&ev->acquire);
	case ABI_EV_PORT:
		return check_port(&ev->port, hdr);
	default:
		return check_sa(&ev->sa, hdr);
	}
}

static const char *check_unreachable(const struct abi_packet *p)
{
	struct abi_unreachable u;

	if (p->data_len != sizeof(u))
		return "length does not fit the type";
	memcpy(&u, p->data, sizeof(u));
	return addr_ok(&u.from, false) && u.from.family == p->src.family
		       ? NULL
		       : "address family out of range";
}

static const char *check_echo(const struct abi_packet *p)
{
	struct abi_echo e;

	if (p->data_len != sizeof(e))
		return "length does not fit the type";
	memcpy(&e, p->data, sizeof(e));
	return e.type == 0 || e.type == 8 ? NULL : "ICMP type out of range";
}

const char *event_check_packet(const struct abi_packet *p, const struct abi_hdr *hdr)
{
	if (p->msg.type < ABI_PACKET_IKE || p->msg.type > ABI_PACKET_ECHO)
		return "unknown type";
	if (p->data_len > sizeof(p->data))
		return "longer than a record";
	if (p->msg.length != ABI_PACKET_FIXED + p->data_len)
		return "length does not fit the data";
	if (!addr_ok(&p->src, false) || !addr_ok(&p->dst, false) || p->src.family != p->dst.family)
		return "address family out of range";
	if (p->port >= hdr->max_ports)
		return "port out of range";
	if ((p->flags & ~ABI_PKT_F_MARKER) != 0)
		return "unknown flag";
	if (p->msg.type == ABI_PACKET_ECHO)
		return check_echo(p);
	return p->msg.type == ABI_PACKET_UNREACHABLE ? check_unreachable(p) : NULL;
}
