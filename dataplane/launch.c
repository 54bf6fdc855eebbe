/* SPDX-License-Identifier: BSD-3-Clause */
/* launch.c - brings the data plane up and down; see launch.h. */
#include "dataplane/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_malloc.h>
#include <rte_random.h>
#include <rte_mempool.h>
#include <rte_rcu_qsbr.h>

#include "dataplane/arena.h"
#include "dataplane/eal.h"
#include "dataplane/early.h"
#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/sad.h"
#include "dataplane/ipsec/spd_cache.h"
#include "dataplane/net/neigh.h"
#include "dataplane/known.h"
#include "dataplane/linear.h"
#include "dataplane/log.h"
#include "dataplane/net/port.h"
#include "dataplane/net/vlan.h"
#include "dataplane/net/reasm.h"
#include "dataplane/order.h"
#include "dataplane/pipeline.h"
#include "dataplane/pool.h"
#include "dataplane/spray.h"
#include "dataplane/stages.h"
#include "dataplane/telemetry.h"

#define COMMAND_SLOTS 1024u
#define EVENT_SLOTS   4096u
#define PACKET_SLOTS  1024u
#define SLOW_SLOTS    1024u /* per worker, each way */
#define QUEUE_PACKETS (PORT_RX_DESCRIPTORS + PORT_TX_DESCRIPTORS)
#define AHEAD_PACKETS                                                                              \
	(PORT_RX_DESCRIPTORS + WORKER_BURST) /* of one queue, beyond what is carried */
#define SPARE_PACKETS 8191u		     /* held for neighbours and SAs, in bursts and caches */
#define POOL_CACHE    256u
#define ROOM_MIN      2048u
#define ROOM_ESP      192u /* Ethernet, VLAN, and what ESP puts behind a packet */

static unsigned int pool_packets(const struct conf *c)
{
	unsigned int bursts = ORDER_BLOCKS + (conf_sprays(c) ? SPRAY_RING : 0);
	unsigned int ordered = c->workers > 1 ? bursts * WORKER_BURST : 0;

	return c->workers * (c->n_ports * (QUEUE_PACKETS + AHEAD_PACKETS) + 3 * SLOW_SLOTS +
			     ordered + REASM_TABLES * c->max_fragments) +
	       SPARE_PACKETS;
}

/* None stays beyond a pass, but those held until there is an SA. */
static unsigned int large_packets(const struct conf *c)
{
	return (c->workers + 1) * WORKER_BURST - 1;
}

static unsigned int pool_room(const struct conf *c)
{
	unsigned int room = ROOM_MIN;

	for (unsigned int i = 0; i < c->n_ports; i++)
		if (c->ports[i].mtu + ROOM_ESP > room)
			room = (c->ports[i].mtu + ROOM_ESP + 63) & ~63u;
	return room + RTE_PKTMBUF_HEADROOM;
}

/* Megabytes without hugepages. Only what is touched costs anything, so this is generous: two
 * generations of routes and policies, every SA with its keys and window, and the packets. */
static unsigned int memory_mb(const struct conf *c)
{
	uint64_t bytes = (uint64_t)pool_packets(c) * (pool_room(c) + 512) +
			 (uint64_t)large_packets(c) * (LINEAR_LARGE_ROOM + 512) +
			 (uint64_t)c->workers * REASM_TABLES * c->max_fragments * 1024 +
			 (uint64_t)c->max_sas * (conf_sprays(c) ? 8192 : 4096) +
			 (uint64_t)c->max_policies * 32768;

	return 512 + (unsigned int)(bytes >> 20);
}

/* What EAL is to find; VLANs are none of its business. How many. */
static unsigned int own_devices(const struct conf *c, const char *devices[WORKER_MAX_PORTS])
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < c->n_ports; i++)
		if (c->ports[i].vlan == 0)
			devices[n++] = c->ports[i].device;
	return n;
}

static int open_port(const struct dataplane *d, const struct conf_port *p, char *err,
		     size_t err_len)
{
	char parent[ABI_NAME_LEN];
	uint16_t vid;

	if (p->vlan != 0 && vlan_parse(p->device, &vid, parent) == 0)
		return vlan_open(p->name, parent, vid, (uint16_t)p->mtu, err, err_len);
	return port_open(p->name, p->device, (uint16_t)p->mtu, (uint16_t)d->conf.workers, d->pool,
			 err, err_len);
}

/* An option that EAL does not take is told on standard error, and then all of its usage on standard
 * output: the reason would be far up on the screen. */
static int init_eal(struct eal_args *args)
{
	int out = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC), ret;
	bool asked = false;

	for (int i = 1; i < args->argc; i++)
		asked |= strcmp(args->argv[i], "-h") == 0 || strcmp(args->argv[i], "--help") == 0;
	fflush(stdout);
	if (!asked && out >= 0 && null >= 0)
		dup2(null, STDOUT_FILENO);
	ret = rte_eal_init(args->argc, args->argv);
	fflush(stdout);
	if (out >= 0) {
		dup2(out, STDOUT_FILENO);
		close(out);
	}
	if (null >= 0)
		close(null);
	return ret;
}

static int start_eal(struct dataplane *d, char *const *options, int n_options, char *err,
		     size_t err_len)
{
	static struct eal_args args; /* EAL keeps pointers into it */
	const char *devices[WORKER_MAX_PORTS];
	const struct eal_setup setup = {
		.instance = d->instance,
		.workers = d->conf.workers,
		.hugepages = d->conf.hugepages,
		.pin = !conf_idle_sleep(&d->conf),
		.memory_mb = memory_mb(&d->conf),
		.devices = devices,
		.n_devices = own_devices(&d->conf, devices),
		.extra = options,
		.n_extra = n_options,
	};
	int ret;

	ret = eal_args_make(&args, &setup);
	if (ret < 0) {
		snprintf(err, err_len, "EAL options: %s", strerror(-ret));
		return ret;
	}
	d->eal_tried = true;
	if (init_eal(&args) < 0) {
		snprintf(err, err_len, "EAL does not start, for the reason above (%s)%s",
			 rte_strerror(rte_errno),
			 d->conf.hugepages
				 ? " (no free hugepages? dataplane.hugepages = false does "
				   "without)"
				 : "");
		return -EIO;
	}
	d->eal_up = true;
	if (!d->conf.hugepages && arena_create() != 0)
		log_info("no large pages for tables: many SAs will cost more");
	if (rte_lcore_count() < d->conf.workers + 1) {
		snprintf(err, err_len,
			 "EAL options give %u lcores; %u workers and the manager need %u",
			 rte_lcore_count(), d->conf.workers, d->conf.workers + 1);
		return -EINVAL;
	}
	ret = pkt_register();
	if (ret < 0)
		snprintf(err, err_len, "no room for the packet field: %s", strerror(-ret));
	return ret;
}

static int open_ports(struct dataplane *d, char *err, size_t err_len)
{
	d->pool = pool_create("packets", pool_packets(&d->conf), POOL_CACHE,
			      (uint16_t)pool_room(&d->conf), SOCKET_ID_ANY);
	if (!d->pool) {
		snprintf(err, err_len, "%u packet buffers: %s", pool_packets(&d->conf),
			 rte_strerror(rte_errno));
		return -ENOMEM;
	}
	d->large =
		pool_create("large", large_packets(&d->conf), 0, LINEAR_LARGE_ROOM, SOCKET_ID_ANY);
	if (!d->large) {
		snprintf(err, err_len, "%u large packet buffers: %s", large_packets(&d->conf),
			 rte_strerror(rte_errno));
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < d->conf.n_ports; i++) {
		int ret = open_port(d, &d->conf.ports[i], err, err_len);

		if (ret < 0)
			return ret;
	}
	return 0;
}

static int make_tables(struct dataplane *d, char *err, size_t err_len)
{
	const struct abi_hdr *h = &d->segment.own;
	size_t rcu_size = rte_rcu_qsbr_get_memsize(d->conf.workers);

	d->tables.sad = sad_create(h->max_sas, h->max_policies,
				   segment_area(&d->segment, ABI_AREA_SA_STATUS), SOCKET_ID_ANY);
	d->tables.early = early_spis_create(h->max_sas, SOCKET_ID_ANY);
	d->tables.known = rte_zmalloc("known", sizeof(*d->tables.known), 0);
	if (d->tables.known)
		d->tables.known->key = (uint32_t)rte_rand();
	d->tables.neigh = neigh_create(SOCKET_ID_ANY);
	d->tables.neigh6 = neigh_create(SOCKET_ID_ANY);
	d->rcu = rte_zmalloc("rcu", rcu_size, RTE_CACHE_LINE_SIZE);
	if (!d->tables.sad || !d->tables.early || !d->tables.known || !d->tables.neigh ||
	    !d->tables.neigh6 || !d->rcu || rte_rcu_qsbr_init(d->rcu, d->conf.workers) != 0) {
		snprintf(err, err_len, "no memory for the tables");
		return -ENOMEM;
	}
	return 0;
}

/* --- workers --- */

static struct rte_ring *make_ring(const char *what, unsigned int index)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "%s-%u", what, index);
	return rte_ring_create(name, SLOW_SLOTS, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

static int make_worker(struct dataplane *d, unsigned int lcore, char *err, size_t err_len)
{
	struct worker *w = rte_zmalloc("worker", sizeof(*w), RTE_CACHE_LINE_SIZE);
	int socket = (int)rte_lcore_to_socket_id(lcore);

	if (!w) {
		snprintf(err, err_len, "no memory for a worker");
		return -ENOMEM;
	}
	w->index = d->n_workers;
	d->workers[d->n_workers++] = w;
	w->lcore = lcore;
	w->tables = &d->tables;
	w->pool = d->pool;
	w->large = d->large;
	w->rcu = d->rcu;
	w->clock = &d->clock;
	w->idle_sleep = conf_idle_sleep(&d->conf);
	worker_take_lines(w, &d->segment);
	w->ike = make_ring("ike", w->index);
	w->slow = make_ring("slow", w->index);
	w->reply = make_ring("reply", w->index);
	w->crypto = crypto_create(socket);
	w->spd_cache = spd_cache_create(socket);
	w->stages = rte_zmalloc_socket("stages", sizeof(*w->stages), RTE_CACHE_LINE_SIZE, socket);
	w->order = d->conf.workers > 1 ? order_create(socket, &w->counters->out_of_turn) : NULL;
	w->reasm = d->reasm[w->index] = reasm_create(w->index, d->conf.max_fragments,
						     d->conf.fragment_timeout * 1000, socket);
	if (!w->reasm || !w->ike || !w->slow || !w->reply || !w->crypto || !w->spd_cache ||
	    !w->stages || (d->conf.workers > 1 && !w->order) ||
	    pipeline_create(w, NULL, NULL, socket) < 0 ||
	    rte_rcu_qsbr_thread_register(d->rcu, w->index) != 0) {
		snprintf(err, err_len, "worker %u cannot be made: %s", w->index,
			 w->crypto ? "out of memory" : "this CPU has no AES instructions?");
		return -ENOMEM;
	}
	return 0;
}

static int make_workers(struct dataplane *d, char *err, size_t err_len)
{
	unsigned int lcore;

	RTE_LCORE_FOREACH_WORKER(lcore)
	{
		int ret;

		if (d->n_workers == d->conf.workers)
			break;
		ret = make_worker(d, lcore, err, err_len);
		if (ret < 0)
			return ret;
	}
	for (unsigned int i = 0; i < d->n_workers; i++)
		reasm_connect(d->workers[i]->reasm, d->reasm, d->n_workers);
	return 0;
}

static int link_workers(struct dataplane *d, char *err, size_t err_len)
{
	if (conf_sprays(&d->conf))
		sad_widen(d->tables.sad, SPRAY_NUMBERS);
	for (unsigned int i = 0; conf_sprays(&d->conf) && i < d->n_workers; i++) {
		struct worker *w = d->workers[i];

		w->spray = spray_create(i, d->n_workers, (int)rte_lcore_to_socket_id(w->lcore));
		if (!w->spray) {
			snprintf(err, err_len, "no memory for what workers give each other");
			return -ENOMEM;
		}
		for (unsigned int k = 0; k < i; k++)
			spray_link(w->spray, d->workers[k]->spray);
	}
	return 0;
}

static int run_workers(struct dataplane *d, char *err, size_t err_len)
{
	for (unsigned int i = 0; i < d->n_workers; i++) {
		int ret = rte_eal_remote_launch(worker_run, d->workers[i], d->workers[i]->lcore);

		if (ret < 0) {
			snprintf(err, err_len, "worker %u does not start: %s", i, strerror(-ret));
			return ret;
		}
		d->n_running++;
	}
	return 0;
}

static void free_ring(struct rte_ring *r)
{
	void *m;

	while (r && rte_ring_dequeue(r, &m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(r);
}

static void free_worker(struct worker *w)
{
	pipeline_free(w);
	free_ring(w->ike);
	free_ring(w->slow);
	free_ring(w->reply);
	reasm_free(w->reasm);
	crypto_free(w->crypto);
	spd_cache_free(w->spd_cache);
	rte_free(w->stages);
	order_free(w->order);
	spray_free(w->spray);
	rte_free(w);
}

/* --- up and down --- */

static int make_segment(struct dataplane *d, char *err, size_t err_len)
{
	const struct segment_geometry g = {
		.max_sas = d->conf.max_sas,
		.max_policies = d->conf.max_policies,
		.workers = d->conf.workers,
		.max_ports = WORKER_MAX_PORTS,
		.command_slots = COMMAND_SLOTS,
		.event_slots = EVENT_SLOTS,
		.punt_slots = PACKET_SLOTS,
		.inject_slots = PACKET_SLOTS,
	};

	return segment_create(&d->segment, SEGMENT_DIR, d->instance, &g, err, err_len);
}

static int test_crypto(char *err, size_t err_len)
{
	const char *failed = NULL;
	int ret = crypto_selftest(&failed);

	if (ret < 0)
		snprintf(err, err_len, "known-answer test failed: %s",
			 failed ? failed : "no engine");
	return ret;
}

int launch_up(struct dataplane *d, char *const *eal_options, int n_eal_options, char *err,
	      size_t err_len)
{
	/* First the segment: its lock keeps a second dataplane from touching anything of the first.
	 */
	int ret = make_segment(d, err, err_len);

	if (ret == 0)
		ret = start_eal(d, eal_options, n_eal_options, err, err_len);
	if (ret == 0)
		ret = test_crypto(err, err_len);
	if (ret == 0)
		ret = open_ports(d, err, err_len);
	if (ret == 0)
		ret = make_tables(d, err, err_len);
	if (ret == 0)
		ret = make_workers(d, err, err_len);
	if (ret == 0)
		ret = link_workers(d, err, err_len);
	if (ret < 0)
		return ret;
	clock_init(&d->clock, rte_get_tsc_hz(), rte_rdtsc(), clock_monotonic());
	ret = manager_create(&d->manager,
			     &(struct manager_setup){.segment = &d->segment,
						     .tables = &d->tables,
						     .workers = d->workers,
						     .n_workers = d->n_workers,
						     .pool = d->pool,
						     .rcu = d->rcu,
						     .clock = &d->clock},
			     err, err_len);
	if (ret < 0)
		return ret;
	d->manager_made = true;
	ret = run_workers(d, err, err_len);
	if (ret == 0)
		ret = telemetry_start(&d->segment, d->tables.sad, d->workers, d->n_workers);
	if (ret < 0)
		return ret;
	ret = segment_publish(&d->segment, clock_monotonic());
	if (ret < 0)
		snprintf(err, err_len, "%s: %s", d->segment.path, strerror(-ret));
	return ret;
}

static bool has_pci(const struct conf *c)
{
	bool pci = false;

	for (unsigned int i = 0; i < c->n_ports; i++)
		pci |= eal_is_pci(c->ports[i].device);
	return pci;
}

void launch_down(struct dataplane *d)
{
	for (unsigned int i = 0; i < d->n_running; i++)
		__atomic_store_n(&d->workers[i]->stop, 1, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < d->n_running; i++)
		rte_eal_wait_lcore(d->workers[i]->lcore);
	telemetry_stop();
	if (d->manager_made)
		manager_free(&d->manager);
	for (unsigned int i = 0; i < d->n_workers; i++)
		free_worker(d->workers[i]);
	if (d->eal_up) {
		if (!has_pci(&d->conf))
			eal_park();
		port_close_all();
		sad_free(d->tables.sad);
		early_spis_free(d->tables.early);
		rte_free(d->tables.known);
		neigh_free(d->tables.neigh);
		neigh_free(d->tables.neigh6);
		rte_free(d->rcu);
		rte_mempool_free(d->pool);
		rte_mempool_free(d->large);
	}
	if (d->eal_tried)
		eal_stop(d->eal_up);
	segment_remove(&d->segment); /* last: its lock covers all of the above */
}
