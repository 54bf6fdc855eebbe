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

#define TIMER_SLACK_NS 1000ul

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
