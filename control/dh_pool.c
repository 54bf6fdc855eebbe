/* SPDX-License-Identifier: BSD-3-Clause */
/* dh_pool.c - threads that do Diffie-Hellman; see dh_pool.h. */
#include "control/dh_pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "control/crypto/dh_job.h"
#include "control/crypto/suite.h"

STAILQ_HEAD(jobs, dh_job);

struct dh_pool {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct jobs waiting[2]; /* [1]: urgent */
	struct jobs done;
	unsigned out[2]; /* submitted and not collected; the loop's own */
	bool stop;
	int fd;
	unsigned n_threads;
	pthread_t thread[DH_POOL_MAX_THREADS];
};

/* The next job, urgent ones first; waits for one. NULL: stop. Called with the lock. */
static struct dh_job *next_job(struct dh_pool *p)
{
	struct jobs *from;
	struct dh_job *j;

	while (!p->stop && STAILQ_EMPTY(&p->waiting[0]) && STAILQ_EMPTY(&p->waiting[1]))
		pthread_cond_wait(&p->work, &p->lock);
	if (p->stop)
		return NULL;
	from = &p->waiting[!STAILQ_EMPTY(&p->waiting[1])];
	j = STAILQ_FIRST(from);
	STAILQ_REMOVE_HEAD(from, next);
	return j;
}

static void *work(void *arg)
{
	struct dh_pool *p = arg;
	struct dh_job *j;

	pthread_mutex_lock(&p->lock);
	while ((j = next_job(p)) != NULL) {
		pthread_mutex_unlock(&p->lock);
		dh_job_run(j);
		pthread_mutex_lock(&p->lock);
		STAILQ_INSERT_TAIL(&p->done, j, next);
		/* Full only when nobody collects; then it is readable already. */
		(void)eventfd_write(p->fd, 1);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* Signals are for the loop's thread. */
static int start_threads(struct dh_pool *p, unsigned n)
{
	sigset_t all, before;
	int r = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (; p->n_threads < n && r == 0; p->n_threads += r == 0)
		r = pthread_create(&p->thread[p->n_threads], NULL, work, p);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return p->n_threads > 0 ? 0 : -r;
}

static unsigned default_threads(void)
{
	int cpus = get_nprocs();

	return cpus <= 2 ? 1 : cpus >= 5 ? 4 : (unsigned)cpus - 1;
}

struct dh_pool *dh_pool_new(unsigned n)
{
	struct dh_pool *p = calloc(1, sizeof(*p));
	int r;

	if (p == NULL)
		return NULL;
	if (n == 0)
		n = default_threads();
	if (n > DH_POOL_MAX_THREADS)
		n = DH_POOL_MAX_THREADS;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	STAILQ_INIT(&p->waiting[0]);
	STAILQ_INIT(&p->waiting[1]);
	STAILQ_INIT(&p->done);
	p->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	r = p->fd >= 0 ? start_threads(p, n) : -errno;
	if (r == 0)
		return p;
	dh_pool_free(p);
	errno = -r;
	return NULL;
}

void dh_pool_free(struct dh_pool *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->n_threads; i++)
		pthread_join(p->thread[i], NULL);
	if (p->fd >= 0)
		close(p->fd);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

int dh_pool_fd(const struct dh_pool *p)
{
	return p->fd;
}

int dh_pool_submit(struct dh_pool *p, struct dh_job *job)
{
	if (p->out[job->urgent] >= (job->urgent ? DH_POOL_URGENT : DH_POOL_OTHERS))
		return -EBUSY;
	p->out[job->urgent]++;
	pthread_mutex_lock(&p->lock);
	STAILQ_INSERT_TAIL(&p->waiting[job->urgent], job, next);
	pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->lock);
	return 0;
}

struct dh_job *dh_pool_collect(struct dh_pool *p)
{
	eventfd_t told;
	struct dh_job *j;

	pthread_mutex_lock(&p->lock);
	j = STAILQ_FIRST(&p->done);
	if (j != NULL)
		STAILQ_REMOVE_HEAD(&p->done, next);
	else
		(void)eventfd_read(p->fd, &told);
	pthread_mutex_unlock(&p->lock);
	if (j != NULL)
		p->out[j->urgent]--;
	return j;
}

bool dh_pool_wants(uint16_t group)
{
	const struct suite_group *g = suite_group_find(group);

	/* X25519 and P-256 take a tenth of a millisecond or less, most of the others some. */
	return g != NULL && g->kind != SUITE_GROUP_X25519 &&
	       (g->kind != SUITE_GROUP_ECP || g->bits > 256);
}
