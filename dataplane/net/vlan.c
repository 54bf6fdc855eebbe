/* SPDX-License-Identifier: BSD-3-Clause */
/* vlan.c - see vlan.h. */
#include "dataplane/net/vlan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/net/ip4.h"
#include "dataplane/net/port.h"

#define MACS	 (2 * RTE_ETHER_ADDR_LEN)
#define VID_MASK 0x0fffu

/* Port of each VLAN of each port, and one; 0: there is none. Written before the workers run. */
static uint8_t port_of[WORKER_MAX_PORTS][VID_MASK + 1];

int vlan_parse(const char *device, uint16_t *vid, char parent[ABI_NAME_LEN])
{
	unsigned long v;
	char *end;

	if (strncmp(device, "vlan", 4) != 0)
		return -ENOENT;
	if (device[4] < '1' || device[4] > '9')
		return -EINVAL;
	v = strtoul(device + 4, &end, 10);
	if (v > VLAN_MAX || *end != '@' || end[1] == '\0' || strlen(end + 1) >= ABI_NAME_LEN)
		return -EINVAL;
	*vid = (uint16_t)v;
	strcpy(parent, end + 1);
	return 0;
}

static int find_port(const char *name)
{
	for (uint16_t i = 0; i < n_ports; i++)
		if (strcmp(ports[i].name, name) == 0)
			return i;
	return -1;
}

int vlan_open(const char *name, const char *parent, uint16_t vid, uint16_t mtu, char *err,
	      size_t err_len)
{
	int at = find_port(parent);
	struct port p;

	if (n_ports == WORKER_MAX_PORTS || find_port(name) >= 0) {
		snprintf(err, err_len, "port '%.31s': name taken, or more than %u ports", name,
			 WORKER_MAX_PORTS);
		return -EEXIST;
	}
	if (at < 0 || ports[at].vlan != 0) {
		snprintf(err, err_len, "port '%.31s': '%.31s' %s", name, parent,
			 at < 0 ? "is no port before it" : "is a VLAN itself");
		return -ENODEV;
	}
	if (port_of[at][vid] != 0) {
		snprintf(err, err_len, "port '%.31s': VLAN %u of '%.31s' is port '%s' already",
			 name, vid, parent, ports[port_of[at][vid] - 1].name);
		return -EEXIST;
	}
	if (mtu > ports[at].mtu) {
		snprintf(err, err_len, "port '%.31s': MTU %u, but '%.31s' has %u", name, mtu,
			 parent, ports[at].mtu);
		return -EINVAL;
	}
	p = ports[at];
	memset(p.name, 0, sizeof(p.name));
	memcpy(p.name, name, strnlen(name, sizeof(p.name) - 1));
	p.vlan = vid;
	p.mtu = mtu;
	p.rx_queues = 0; /* its frames come in through the parent's */
	ports[n_ports++] = p;
	port_of[at][vid] = (uint8_t)n_ports;
	return 0;
}

void vlan_close_all(void)
{
	memset(port_of, 0, sizeof(port_of));
}

/* Nobody else reads the bytes we are going to move. */
static bool is_ours(const struct rte_mbuf *m)
{
	return rte_mbuf_refcnt_read(m) == 1 && RTE_MBUF_DIRECT(m);
}

bool vlan_untag(struct rte_mbuf *m, uint8_t *port)
{
	uint8_t *eth = rte_pktmbuf_mtod(m, uint8_t *);
	uint16_t vid = m->vlan_tci & VID_MASK;

	if (m->ol_flags & RTE_MBUF_F_RX_QINQ)
		return false;
	if (!(m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED)) {
		if (m->data_len < RTE_ETHER_HDR_LEN + VLAN_TAG || !is_ours(m) ||
		    ip4_load16(eth + MACS) != RTE_ETHER_TYPE_VLAN)
			return false;
		vid = ip4_load16(eth + MACS + 2) & VID_MASK;
		memmove(eth + VLAN_TAG, eth, MACS);
		rte_pktmbuf_adj(m, VLAN_TAG);
	}
	m->ol_flags &= ~(RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED);
	if (vid == 0)
		return true;
	if (port_of[*port][vid] == 0)
		return false;
	*port = (uint8_t)(port_of[*port][vid] - 1);
	return true;
}

bool vlan_tag(struct rte_mbuf *m, uint16_t vid)
{
	uint8_t *eth;

	if (!is_ours(m) || m->data_len < RTE_ETHER_HDR_LEN)
		return false;
	eth = (uint8_t *)rte_pktmbuf_prepend(m, VLAN_TAG);
	if (eth == NULL)
		return false;
	memmove(eth, eth + VLAN_TAG, MACS);
	ip4_store16(eth + MACS, RTE_ETHER_TYPE_VLAN);
	ip4_store16(eth + MACS + 2, vid);
	return true;
}
