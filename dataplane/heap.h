/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * heap.h - memory that free() gets back stays with the process.
 *
 * When memory goes back to the kernel, every CPU that runs a thread of the process is interrupted
 * to forget where it was. rte_acl compiles 10,000 policies in 25 MB of the manager's and gives them
 * back in the end, and each worker would stop for that.
 */
#ifndef ESPGW_HEAP_H
#define ESPGW_HEAP_H

/** For all threads, once, at the start. 0, or -ENOTSUP: malloc() has no such setting, which is not
 * fatal. */
int heap_keep(void);

#endif
