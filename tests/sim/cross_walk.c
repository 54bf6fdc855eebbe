/* SPDX-License-Identifier: BSD-3-Clause */
/* cross_walk.c - all paths of a case by fork(); see cross_walk.h. */
#include "tests/sim/cross_walk.h"

#include <assert.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PRINTED 10u /* runs that failed */

static void *shared(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert(p != MAP_FAILED);
	return p;
}

struct cross_sum *cross_sum_new(void)
{
	return shared(sizeof(struct cross_sum));
}

void cross_sum_free(struct cross_sum *sum)
{
	munmap(sum, sizeof(*sum));
}

static void raise_to(_Atomic unsigned *most, unsigned value)
{
	unsigned was = atomic_load(most);

	while (was < value && !atomic_compare_exchange_weak(most, &was, value))
		;
}

void cross_sum_add(struct cross_sum *a, const struct cross_sum *b)
{
	a->runs += b->runs;
	a->bad += b->bad;
	a->crashed += b->crashed;
	a->ends += b->ends;
	raise_to(&a->most_sent, b->most_sent);
	raise_to(&a->deepest, b->deepest);
}

void cross_count(const struct cross_case *c, const struct cross_path *path,
		 const struct cross_end *end, cross_judge *is_well, struct cross_sum *sum)
{
	sum->runs++;
	sum->ends += cross_hash(path, end);
	raise_to(&sum->most_sent, end->sent);
	raise_to(&sum->deepest, path->n);
	if (!is_well(c, end) && sum->bad++ < PRINTED)
		cross_print(c, path, end);
}

void cross_replay(const struct cross_case *c, cross_judge *is_well, struct cross_sum *sum)
{
	struct cross_path path = {0};
	struct cross_end end;

	do {
		cross_run(c, &path, &end);
		cross_count(c, &path, &end, is_well, sum);
	} while (cross_next(&path));
}

static struct {
	const struct cross_case *c;
	struct cross_sum *sum;
} walk;

static void await(pid_t pid, const struct cross_path *path)
{
	static const struct cross_end none;
	int status;

	assert(pid > 0);
	if (waitpid(pid, &status, 0) == pid && status == 0)
		return;
	walk.sum->crashed++;
	fprintf(stderr,
		"crashed, status %d, on this path and then the last of each choice: ", status);
	cross_print(walk.c, path, &none);
}

/* The last is what this process itself goes on with. */
static unsigned branch(struct cross_path *path, unsigned of)
{
	for (unsigned pick = 0; pick + 1 < of; pick++) {
		pid_t pid = fork();

		path->pick[path->n - 1] = (uint8_t)pick;
		if (pid == 0)
			return pick;
		await(pid, path);
	}
	return of - 1;
}

void cross_walk(const struct cross_case *c, cross_judge *is_well, struct cross_sum *sum)
{
	struct cross_path path = {.branch = branch};
	struct cross_end end;
	pid_t pid;

	walk.c = c;
	walk.sum = sum;
	pid = fork();
	if (pid == 0) {
		cross_run(c, &path, &end);
		cross_count(c, &path, &end, is_well, sum);
		_exit(0);
	}
	await(pid, &path);
}

bool cross_share(unsigned n, unsigned jobs, unsigned shard, unsigned of,
		 void (*one)(unsigned k, void *ctx), void *ctx)
{
	_Atomic unsigned *next = shared(sizeof(*next));
	bool well = true;
	int status;

	for (unsigned i = 0; i < jobs; i++) {
		pid_t pid = fork();

		assert(pid >= 0);
		if (pid != 0)
			continue;
		for (unsigned k; (k = (*next)++) < n;) {
			if (k % of == shard)
				one(k, ctx);
		}
		_exit(0);
	}
	while (wait(&status) > 0)
		well &= status == 0;
	munmap((void *)next, sizeof(*next));
	return well;
}
