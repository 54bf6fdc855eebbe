/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * worker.c - the loop of one worker lcore.
 *
 * The loop itself makes no system call. Only a worker that may sleep (idle_sleep: virtual devices,
 * shared CPUs) and has found nothing for WORKER_IDLE_POLLS polls gives the CPU away, for at most
 * WORKER_SLEEP_NS at a time, so a packet that comes meanwhile waits for that long.
 */
#include "dataplane/worker.h"

#include <sys/prctl.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_pause.h>
#include <rte_rcu_qsbr.h>

#include "dataplane/clock.h"
#include "dataplane/pipeline.h"

#define TIMER_SLACK_NS 1000ul

static void nap(void)
{
	const struct timespec ts = {.tv_nsec = WORKER_SLEEP_NS};

	nanosleep(&ts, NULL);
}

int worker_run(void *worker)
{
	struct worker *w = worker;
	unsigned int idle = 0;

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
		} else if (idle < WORKER_IDLE_POLLS) {
			idle++;
			rte_pause();
		}
		rte_rcu_qsbr_quiescent(w->rcu, w->index);
		if (idle == WORKER_IDLE_POLLS && w->idle_sleep)
			nap();
	}
	rte_rcu_qsbr_thread_offline(w->rcu, w->index);
	return 0;
}
