/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * port.c - attaching, configuring and starting DPDK ethdevs.
 *
 * No offload is ever asked for: we make every checksum ourselves and check every one that comes in.
 * A device that hands us packets of the local kernel (net_tap, net_af_packet on a veth) must get
 * them finished: transmit checksum and segmentation offload are switched off on the kernel's side
 * (ethtool -K IFACE tx off tso off gso off), or their UDP and TCP checksums are wrong here and
 * everywhere behind us. net_af_packet has the kernel put IP fragments together before it hands them
 * over, and cuts the result off at its frame size of 2 KB: fragments of larger packets end as
 * net-header. net_tap does neither.
 *
 * Ports are opened before the workers start and closed after they stopped.
 */
#include "dataplane/net/port.h"

#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_ethdev.h>

#include "dataplane/net/ip4.h"
#include "dataplane/net/vlan.h"

#define DEFAULT_MTU 1500u
#define MIN_MTU	    68u /* RFC 791 section 3.2 */
#define DEVARGS_LEN 256u
#define QUEUE_LEAST 256u /* what virtio mostly has, and does not tell */
#define RSS_FIELDS                                                                                 \
	(RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_TCP |                 \
	 RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_FRAG_IPV6 |                 \
	 RTE_ETH_RSS_NONFRAG_IPV6_TCP | RTE_ETH_RSS_NONFRAG_IPV6_UDP | RTE_ETH_RSS_ESP)

struct port ports[WORKER_MAX_PORTS];
uint16_t n_ports;

struct text {
	char *buf;
	size_t len;
};

__attribute__((format(printf, 3, 4))) static int fail_with(const struct text *err, int rc,
							   const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->buf, err->len, fmt, ap);
	va_end(ap);
	return rc;
}

static bool is_driver(const char *devargs, const char *driver)
{
	return strncmp(devargs, driver, strlen(driver)) == 0;
}

/* The value of iface= in devargs; false when there is none, or none that fits. */
static bool iface_of(const char *devargs, char name[IF_NAMESIZE])
{
	const char *p = strstr(devargs, ",iface=");
	size_t len;

	if (p == NULL)
		return false;
	p += strlen(",iface=");
	len = strcspn(p, ",");
	if (len == 0 || len >= IF_NAMESIZE)
		return false;
	memcpy(name, p, len);
	name[len] = '\0';
	return true;
}

/* Is there an interface of that name with somebody at its other end? */
static bool iface_is_running(const char *iface)
{
	struct ifreq req = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool running;

	if (fd < 0)
		return false;
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", iface);
	running = ioctl(fd, SIOCGIFFLAGS, &req) == 0 && (req.ifr_flags & IFF_RUNNING) != 0;
	close(fd);
	return running;
}

/* What we know better than the driver's exit code: the interface's name, and af_packet's queues. */
static int complete_devargs(const char *devargs, uint16_t workers, char out[DEVARGS_LEN],
			    const struct text *err)
{
	bool af_packet = is_driver(devargs, "net_af_packet");
	bool kernel = af_packet || is_driver(devargs, "net_af_xdp");
	char iface[IF_NAMESIZE];
	int n;

	if (kernel && !iface_of(devargs, iface))
		return fail_with(err, -EINVAL, "device '%s' names no interface (iface=NAME)",
				 devargs);
	if (kernel && if_nametoindex(iface) == 0)
		return fail_with(err, -ENODEV, "device '%s': there is no interface '%s' here",
				 devargs, iface);
	/* A second process would get a queue of the same TAP, and the two would share its packets.
	 */
	if (is_driver(devargs, "net_tap") && iface_of(devargs, iface) && iface_is_running(iface))
		return fail_with(err, -EBUSY, "device '%s': interface '%s' is in use", devargs,
				 iface);
	if (af_packet && strstr(devargs, ",qpairs=") == NULL)
		n = snprintf(out, DEVARGS_LEN, "%s,qpairs=%u", devargs, workers);
	else
		n = snprintf(out, DEVARGS_LEN, "%s", devargs);
	if (n < 0 || n >= (int)DEVARGS_LEN)
		return fail_with(err, -EINVAL, "device '%.32s...' is longer than %u characters",
				 devargs, DEVARGS_LEN - 1);
	return 0;
}

/* The ethdev that belongs to devargs, attached now or by EAL's own scan; a negative errno. */
static int attach(const char *devargs, const struct text *err)
{
	struct rte_dev_iterator it;
	char name[RTE_ETH_NAME_MAX_LEN];
	uint16_t id = RTE_MAX_ETHPORTS;
	int rc;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(devargs, ","), devargs);
	if (rte_eth_dev_get_port_by_name(name, &id) != 0) {
		rc = rte_dev_probe(devargs);
		if (rc < 0 && rc != -EEXIST)
			return fail_with(err, rc, "device '%s' cannot be attached: %s", devargs,
					 rc == -1 ? "its driver refused it" : strerror(-rc));
		if (rte_eth_dev_get_port_by_name(name, &id) != 0) {
			/* A card whose ports do not carry its own name. */
			RTE_ETH_FOREACH_MATCHING_DEV(id, devargs, &it)
			{
				rte_eth_iterator_cleanup(&it);
				break;
			}
		}
	}
	if (id >= RTE_MAX_ETHPORTS)
		return fail_with(err, -ENODEV, "device '%s' has no Ethernet port", devargs);
	for (uint16_t i = 0; i < n_ports; i++)
		if (ports[i].ethdev == id)
			return fail_with(err, -EEXIST, "device '%s' is port '%s' already", devargs,
					 ports[i].name);
	return id;
}

static void detach(uint16_t id)
{
	struct rte_eth_dev_info info;
	struct rte_device *dev = NULL;

	if (rte_eth_dev_info_get(id, &info) == 0)
		dev = info.device;
	rte_eth_dev_stop(id);
	rte_eth_dev_close(id);
	/* Ours to remove when it is virtual; a card stays with its bus. */
	if (dev != NULL && rte_dev_bus(dev) != NULL &&
	    strcmp(rte_bus_name(rte_dev_bus(dev)), "vdev") == 0)
		rte_dev_remove(dev);
}

/* The largest IP packet of the device: what it says of frames counts, too (ethdev's own rule). */
static uint32_t largest_mtu(const struct rte_eth_dev_info *info)
{
	uint32_t around = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;

	if (info->max_mtu != UINT16_MAX && info->max_rx_pktlen > info->max_mtu)
		around = info->max_rx_pktlen - info->max_mtu;
	return info->max_rx_pktlen < around
		       ? info->max_mtu
		       : RTE_MIN((uint32_t)info->max_mtu, info->max_rx_pktlen - around);
}

static int check_mtu(const struct port *p, const struct rte_eth_dev_info *info,
		     struct rte_mempool *pool, const struct text *err)
{
	uint32_t room = rte_pktmbuf_data_room_size(pool) - (uint32_t)RTE_PKTMBUF_HEADROOM;

	if (p->mtu < MIN_MTU || p->mtu < info->min_mtu || p->mtu > largest_mtu(info))
		return fail_with(err, -EINVAL, "MTU %u: port '%s' takes %u to %u", p->mtu, p->name,
				 RTE_MAX((uint16_t)MIN_MTU, info->min_mtu), largest_mtu(info));
	/* A packet lies in one buffer, a VLAN tag included. */
	if ((uint32_t)p->mtu + RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN > room)
		return fail_with(err, -EINVAL,
				 "MTU %u: port '%s' needs packet buffers of %u bytes, they have %u",
				 p->mtu, p->name, p->mtu + RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN, room);
	return 0;
}

/* Queues as far as the device has them. A TX queue for every worker is a must: none is shared. */
static int choose_queues(struct port *p, const struct rte_eth_dev_info *info, uint16_t workers,
			 const struct text *err)
{
	if (workers > info->max_tx_queues)
		return fail_with(err, -EINVAL,
				 "port '%s' (%s) has %u transmit queues, %u workers need one each",
				 p->name, info->driver_name, info->max_tx_queues, workers);
	p->tx_queues = workers;
	p->rx_queues = RTE_MIN(workers, info->max_rx_queues);
	return 0;
}

uint16_t port_full_burst(uint32_t queue)
{
	if (queue == 0)
		queue = QUEUE_LEAST;
	return (uint16_t)RTE_MIN(queue - queue / 8, WORKER_BURST);
}

/* What the device was asked for is not always what it has. */
static uint16_t queue_of(uint16_t ethdev)
{
	struct rte_eth_rxq_info info;

	return rte_eth_rx_queue_info_get(ethdev, 0, &info) == 0 ? info.nb_desc : 0;
}

static int setup_queues(const struct port *p, const struct rte_eth_dev_info *info,
			struct rte_mempool *pool)
{
	uint16_t nrx = PORT_RX_DESCRIPTORS, ntx = PORT_TX_DESCRIPTORS;
	int socket = rte_eth_dev_socket_id(p->ethdev);
	unsigned int numa = socket < 0 ? (unsigned int)SOCKET_ID_ANY : (unsigned int)socket;
	struct rte_eth_rxconf rx = info->default_rxconf;
	struct rte_eth_txconf tx = info->default_txconf;
	int rc = rte_eth_dev_adjust_nb_rx_tx_desc(p->ethdev, &nrx, &ntx);

	rx.offloads = 0;
	tx.offloads = 0;
	for (uint16_t q = 0; q < p->rx_queues && rc == 0; q++)
		rc = rte_eth_rx_queue_setup(p->ethdev, q, nrx, numa, &rx, pool);
	for (uint16_t q = 0; q < p->tx_queues && rc == 0; q++)
		rc = rte_eth_tx_queue_setup(p->ethdev, q, ntx, numa, &tx);
	return rc;
}

static int configure(const struct port *p, const struct rte_eth_dev_info *info,
		     struct rte_mempool *pool, const struct text *err)
{
	struct rte_eth_conf conf = {.rxmode = {.mtu = p->mtu}};
	int rc;

	/* The kernel spreads over the queues of a TAP by itself. */
	if (p->rx_queues > 1 && !is_driver(info->driver_name, "net_tap")) {
		conf.rx_adv_conf.rss_conf.rss_hf = RSS_FIELDS & info->flow_type_rss_offloads;
		if (conf.rx_adv_conf.rss_conf.rss_hf != 0)
			conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	}
	rc = rte_eth_dev_configure(p->ethdev, p->rx_queues, p->tx_queues, &conf);
	if (rc < 0)
		return fail_with(err, rc, "port '%s': configuring %u/%u queues: %s", p->name,
				 p->rx_queues, p->tx_queues, strerror(-rc));
	rc = rte_eth_dev_set_mtu(p->ethdev, p->mtu);
	if (rc < 0 && rc != -ENOTSUP)
		return fail_with(err, rc, "port '%s': setting MTU %u: %s", p->name, p->mtu,
				 strerror(-rc));
	rc = setup_queues(p, info, pool);
	if (rc < 0)
		return fail_with(err, rc, "port '%s': setting up queues: %s", p->name,
				 strerror(-rc));
	return 0;
}

static bool link_is_up(uint16_t id)
{
	struct rte_eth_link link;

	return rte_eth_link_get_nowait(id, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

static int start(struct port *p, const struct rte_eth_dev_info *info, const struct text *err)
{
	int rc = rte_eth_dev_start(p->ethdev);

	if (rc < 0)
		return fail_with(err, rc, "port '%s': start: %s", p->name, strerror(-rc));
	rc = rte_eth_macaddr_get(p->ethdev, &p->mac);
	if (rc < 0)
		return fail_with(err, rc, "port '%s': MAC address: %s", p->name, strerror(-rc));
	/*
	 * The MAC that a TAP reports is that of the kernel's interface at the other end of the
	 * cable. We are not that host.
	 */
	if (is_driver(info->driver_name, "net_tap"))
		p->mac.addr_bytes[RTE_ETHER_ADDR_LEN - 1] ^= 1;
	/* IPv6 finds neighbours by groups. A device that cannot be asked takes all, or gets to know
	 * no neighbours, which the counters tell. */
	rte_eth_allmulticast_enable(p->ethdev);
	p->full = port_full_burst(queue_of(p->ethdev));
	p->link_up = link_is_up(p->ethdev);
	return 0;
}

static int check_name(const char *name, const struct text *err)
{
	if (n_ports == WORKER_MAX_PORTS)
		return fail_with(err, -ENOSPC, "port '%.31s': %u ports are the most", name,
				 WORKER_MAX_PORTS);
	if (name[0] == '\0' || strlen(name) >= ABI_NAME_LEN)
		return fail_with(err, -EINVAL, "port name '%.64s': 1 to %u characters", name,
				 ABI_NAME_LEN - 1);
	for (uint16_t i = 0; i < n_ports; i++)
		if (strcmp(ports[i].name, name) == 0)
			return fail_with(err, -EEXIST, "port '%s' is given twice", name);
	return 0;
}

int port_open(const char *name, const char *devargs, uint16_t mtu, uint16_t workers,
	      struct rte_mempool *pool, char *err, size_t err_len)
{
	const struct text text = {err, err_len};
	struct port p = {.mtu = mtu != 0 ? mtu : DEFAULT_MTU};
	struct rte_eth_dev_info info;
	char full[DEVARGS_LEN];
	int rc;

	rc = check_name(name, &text);
	if (rc == 0)
		rc = complete_devargs(devargs, workers, full, &text);
	if (rc == 0)
		rc = attach(full, &text);
	if (rc < 0)
		return rc;
	memcpy(p.name, name, strlen(name));
	p.ethdev = (uint16_t)rc;

	rc = rte_eth_dev_info_get(p.ethdev, &info);
	if (rc < 0)
		fail_with(&text, rc, "port '%s': %s", name, strerror(-rc));
	if (rc == 0)
		rc = check_mtu(&p, &info, pool, &text);
	if (rc == 0)
		rc = choose_queues(&p, &info, workers, &text);
	if (rc == 0)
		rc = configure(&p, &info, pool, &text);
	if (rc == 0)
		rc = start(&p, &info, &text);
	if (rc < 0) {
		detach(p.ethdev);
		return rc;
	}
	ports[n_ports++] = p;
	return 0;
}

void port_close_all(void)
{
	while (n_ports > 0)
		if (ports[--n_ports].vlan == 0)
			detach(ports[n_ports].ethdev);
	vlan_close_all();
	memset(ports, 0, sizeof(ports));
}

bool port_poll_links(void)
{
	bool changed = false;

	for (uint16_t i = 0; i < n_ports; i++) {
		bool up = link_is_up(ports[i].ethdev);

		if (up != ports[i].link_up) {
			ports[i].link_up = up;
			changed = true;
		}
	}
	return changed;
}
