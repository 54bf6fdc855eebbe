/* SPDX-License-Identifier: BSD-3-Clause */
/* eal.h - the arguments DPDK's EAL is started with, made from our configuration. */
#ifndef ESPGW_EAL_H
#define ESPGW_EAL_H

#include <stdbool.h>
#include <stddef.h>

#define EAL_MAX_ARGS 96
#define EAL_ARG_LEN  256

struct eal_args {
	int argc;
	char *argv[EAL_MAX_ARGS + 1];
	char text[EAL_MAX_ARGS][EAL_ARG_LEN];
};

struct eal_setup {
	const char *instance;
	unsigned int workers;
	bool hugepages;
	bool pin;		    /* one CPU per lcore when there are enough; else all float */
	unsigned int memory_mb;	    /* without hugepages */
	const char *const *devices; /* devargs of the ports: PCI addresses are allowed, no other */
	unsigned int n_devices;
	char *const *extra; /* the user's own EAL options; they win over ours */
	int n_extra;
};

/** The CPUs this process may run on, as "0-3,8". 0 or -errno. */
int eal_cpu_list(char *buf, size_t len);

/** Is it the address of a PCI device ("0000:3b:00.0" or "3b:00.0", options after a comma)? */
bool eal_is_pci(const char *devargs);

/**
 * Make the arguments. lcore 0 is the manager, 1..workers are the workers. 0, or -E2BIG when there
 * is no room for them.
 */
int eal_args_make(struct eal_args *a, const struct eal_setup *s);

/**
 * Stop EAL's interrupt thread for good, which nobody can end: memif's part of it takes note that
 * the other end is gone while that port, or EAL itself, gives back the memory that it writes to.
 * Not before PCI devices are closed, which need it for that.
 * Waits until the thread stands, for a second at most; without a word it gives up then, and when
 * EAL does not take its handle. A second call does nothing, and does not wait either.
 */
void eal_park(void);

/** The end of EAL, and of its runtime directory (its telemetry sockets), which it leaves; up:
 * rte_eal_init() had succeeded. Parks, too: nothing but the end of the process may follow. */
void eal_stop(bool up);

#endif
