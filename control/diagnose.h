/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * diagnose.h - what the running gateway knows of its peers, put before control/diag.
 */
#ifndef ESPGW_CONTROL_DIAGNOSE_H
#define ESPGW_CONTROL_DIAGNOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "control/diag/truth.h"

struct console_diagnose;
struct console_probe;
struct gateway;
struct text;

/** The console's action: a report of one peer or of all. 0 or -ENOENT, -ENOMEM. */
int diagnose_run(void *ctx, const struct console_diagnose *what, struct text *out);

/** The console's action: begin to probe a peer, or report what the probe found; -EAGAIN while it is
 * under way, else 0 or as ike_engine_probe(). */
int diagnose_probe(void *ctx, const struct console_probe *what, struct text *out);

/** Facts of a policy's traffic, read at most once per console command. */
void diagnose_truth(struct gateway *g, uint32_t policy_id, struct truth *out);
/** Why nothing can pass and little can be said just now: the data plane. NULL: it is well. Static.
 */
const char *diagnose_trouble(const struct gateway *g);
/** Take a snapshot of the counters when one is due. */
void diagnose_tick(struct gateway *g);

#endif
