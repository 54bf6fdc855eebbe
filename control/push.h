/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * push.h - sends addresses, routes and policies of a plan to the data plane: one NET and one POLICY
 * generation, each swapped in whole by its COMMIT.
 */
#ifndef ESPGW_CONTROL_PUSH_H
#define ESPGW_CONTROL_PUSH_H

#include "control/dataplane.h"
#include "control/model/apply.h"

/** rc 0: everything is in force. Else the first error: -ENOTCONN, -ETIMEDOUT, or the dataplane's.
 */
typedef void push_done_fn(void *ctx, int rc);

/**
 * Does the plan fit the attached dataplane: every interface that has addresses or routes is a port,
 * and there is room for the policies? 0, or -EINVAL and one line in why.
 */
int push_check(const struct dataplane *d, const struct model_plan *plan, char *why, size_t why_len);

struct push_what {
	const struct abi_policy *policies; /* all that are to be in force */
	size_t n_policies;
	const struct model_plan *net; /* its addresses and routes too; NULL: policies alone */
};

/**
 * Queue all of it or nothing. Addresses and routes of interfaces that are no ports are left out
 * (and logged). done() is called once, from dataplane_poll(); not for addresses and routes that
 * newer ones overtook. 0, -ENOTCONN, -ENOMEM, or what dataplane_command() returned (done() is not
 * called then).
 */
int push_start(struct dataplane *d, const struct push_what *what, push_done_fn *done, void *ctx);

#endif
