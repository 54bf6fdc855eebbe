/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cheap_fib.c - rte_fib and rte_fib6 without their tables of 2^24 entries, for a target that has
 * them built for many inputs: they keep the trees that those are made from, and look up there.
 * Linked with --wrap=rte_fib_create and --wrap=rte_fib6_create.
 */
#include <rte_fib.h>
#include <rte_fib6.h>

struct rte_fib *__wrap_rte_fib_create(const char *name, int socket, struct rte_fib_conf *conf);
struct rte_fib *__real_rte_fib_create(const char *name, int socket, struct rte_fib_conf *conf);
struct rte_fib6 *__wrap_rte_fib6_create(const char *name, int socket, struct rte_fib6_conf *conf);
struct rte_fib6 *__real_rte_fib6_create(const char *name, int socket, struct rte_fib6_conf *conf);

struct rte_fib *__wrap_rte_fib_create(const char *name, int socket, struct rte_fib_conf *conf)
{
	struct rte_fib_conf cheap = *conf;

	cheap.type = RTE_FIB_DUMMY;
	return __real_rte_fib_create(name, socket, &cheap);
}

struct rte_fib6 *__wrap_rte_fib6_create(const char *name, int socket, struct rte_fib6_conf *conf)
{
	struct rte_fib6_conf cheap = *conf;

	cheap.type = RTE_FIB6_DUMMY;
	return __real_rte_fib6_create(name, socket, &cheap);
}
