/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * worker.c - the loop of one worker lcore.
 *
 * The loop itself makes no system call. Only a worker that may sleep (idle_sleep: virtual devices,
 * shared CPUs) and has found nothing for WORKER_IDLE_POLLS polls gives the CPU away, for at most
 * WORKER_SLEEP_NS at a time, so a packet that comes meanwhile waits for that long at most.
 */
#include "dataplane/worker.h"

#include <sys/prctl.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_pause.h>
#include <rte_rcu_qsbr.h>

#include "dataplane/clock.h"
#include "dataplane/order.h"
#include "dataplane/pipeline.h"
#include "dataplane/segment.h"

#define TIMER_SLACK_NS 1000ul

void worker_take_lines(struct worker *w, const struct segment *s)
{
	const struct abi_hdr *h = &s->own;

	w->max_sas = h->max_sas;
	w->counters = segment_area(s, ABI_AREA_WORKER_COUNTERS);
	w->counters += w->index;
	w->sa_counters = segment_area(s, ABI_AREA_SA_COUNTERS);
	w->sa_counters += abi_line(h->max_sas, 0, w->index);
	w->sa_drops = segment_area(s, ABI_AREA_SA_DROPS);
	w->sa_drops += abi_line(h->max_sas, 0, w->index);
	w->policy_counters = segment_area(s, ABI_AREA_POLICY_COUNTERS);
	w->policy_counters += abi_line(h->max_policies, 0, w->index);
	w->port_counters = segment_area(s, ABI_AREA_PORT_COUNTERS);
	w->port_counters += abi_line(h->max_ports, 0, w->index);
	w->samples = segment_samples(s, w->index);
}

/* The longer nothing came, the longer the sleep, an eighth of it: latency grows by little either
 * way, and a CPU that several instances share is mostly free. */
static void nap(uint64_t idle_ns)
{
	uint64_t ns = RTE_MIN(idle_ns >> 3, (uint64_t)WORKER_SLEEP_NS);
	const struct timespec ts = {.tv_nsec = (long)ns};

	nanosleep(&ts, NULL);
}

int worker_run(void *worker)
{
	struct worker *w = worker;
	unsigned int idle = 0;
	uint64_t busy_at = 0;

	/* The kernel rounds sleeps up by 50 us otherwise. */
	if (w->idle_sleep)
		prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
	rte_rcu_qsbr_thread_online(w->rcu, w->index);
	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		w->now = clock_at(w->clock, rte_rdtsc(), w->now);
		__atomic_store_n(&w->counters->heartbeat, w->now, __ATOMIC_RELAXED);
		w->counters->polls++;
		if (pipeline_poll(w) != 0) {
			w->counters->busy_polls++;
			idle = 0;
			busy_at = w->now;
		} else if (idle < WORKER_IDLE_POLLS) {
			idle++;
			rte_pause();
		}
		rte_rcu_qsbr_quiescent(w->rcu, w->index);
		if (idle == WORKER_IDLE_POLLS && w->idle_sleep &&
		    (!w->order || order_waiting(w->order) == 0))
			nap(w->now - busy_at);
	}
	rte_rcu_qsbr_thread_offline(w->rcu, w->index);
	return 0;
}
