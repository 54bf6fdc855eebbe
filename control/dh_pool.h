/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dh_pool.h - a few threads that do Diffie-Hellman for the IKE engine, so that the loop never
 * blocks on it. Two queues, both bounded: what peers that proved their key wait for is done before
 * what strangers do. One thread (the loop's) submits and collects; a file descriptor tells it that
 * there is something to collect.
 */
#ifndef ESPGW_CONTROL_DH_POOL_H
#define ESPGW_CONTROL_DH_POOL_H

#include <stdbool.h>
#include <stdint.h>

#define DH_POOL_MAX_THREADS 8u
#define DH_POOL_URGENT	    2048u /* jobs that wait or are done and not collected */
#define DH_POOL_OTHERS	    512u

struct dh_pool;
struct dh_job;

/** As many threads as processors but one, 1 to 4, when n is 0. NULL + errno. */
struct dh_pool *dh_pool_new(unsigned n);
/** Waits for the jobs that threads are at; those that nobody has begun are not done. All are their
 * owner's again. NULL is fine. */
void dh_pool_free(struct dh_pool *p);
/** Readable when dh_pool_collect() has something. */
int dh_pool_fd(const struct dh_pool *p);
/** 0, or -EBUSY: the queue is full. */
int dh_pool_submit(struct dh_pool *p, struct dh_job *job);
/** A job that was done; NULL: none at present. */
struct dh_job *dh_pool_collect(struct dh_pool *p);
/** Does a group cost more than handing it over? */
bool dh_pool_wants(uint16_t group);

#endif
