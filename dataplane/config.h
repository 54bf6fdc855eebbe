/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * config.h - the data plane's part of the configuration file: the interface list and the dataplane
 * group. All else in the file is control's. The prefix is conf_, as config_ is libconfig's.
 */
#ifndef ESPGW_CONFIG_H
#define ESPGW_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/api/segment.h"
#include "dataplane/worker.h"

#define CONF_DEVICE_LEN	 200
#define CONF_MAX_WORKERS (ABI_MAX_WORKERS_LIMIT - 1) /* one counter line is the manager's */
#define CONF_MIN_MTU	 576
#define CONF_MAX_MTU	 9600
#define CONF_DEFAULT_MTU 1500
#define CONF_MIN_SAS	 16
#define CONF_FRAGMENTS	 1024 /* held by each worker, in each of its two tables */
#define CONF_FRAGMENT_S	 15   /* RFC 791 section 3.2 */

enum conf_idle { CONF_IDLE_AUTO, CONF_IDLE_POLL, CONF_IDLE_SLEEP };

struct conf_port {
	char name[ABI_NAME_LEN];
	char device[CONF_DEVICE_LEN]; /* DPDK devargs, or "vlan100@NAME" */
	uint16_t vlan;		      /* 0: a device of its own */
	unsigned int mtu;
};

struct conf {
	unsigned int workers;
	unsigned int max_sas; /* a power of two */
	unsigned int max_policies;
	unsigned int max_fragments;
	unsigned int fragment_timeout; /* s */
	bool hugepages;
	enum conf_idle idle;
	bool spray; /* saturated workers may give ESP bursts to idle ones */
	unsigned int n_ports;
	struct conf_port ports[WORKER_MAX_PORTS]; /* without the disabled ones */
};

/**
 * Read path into c. 0, or -EINVAL with one line in err: "FILE:LINE: what is wrong, what is
 * accepted". Every key of the two groups is checked; an unknown one is refused.
 */
int conf_load(const char *path, struct conf *c, char *err, size_t err_len);

/** Does a worker without packets sleep? By default when no port is a PCI device. */
bool conf_idle_sleep(const struct conf *c);

/** Do workers give packets to each other? */
static inline bool conf_sprays(const struct conf *c)
{
	return c->spray && c->workers > 1;
}

#endif
