/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * netwatch.h - hosts behind tunnels, watched by pings of ours and by theirs. Pure state: time comes
 * in, pings and events go out.
 *
 * Ours: one each interval; failures of them in a row without an answer, and the host is down; one
 * answer, and it is up. Theirs, such as a cloud's health check (which the data plane answers): the
 * cloud switches its route when it misses so many in a row, so when they stop coming, that is told
 * with how long there is until then.
 */
#ifndef ESPGW_CONTROL_NETWATCH_H
#define ESPGW_CONTROL_NETWATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/model/apply.h"

enum netwatch_state { NETWATCH_UNKNOWN = 0, NETWATCH_UP, NETWATCH_DOWN };

enum netwatch_event {
	NETWATCH_HOST_UP, /* it answers (again) */
	NETWATCH_HOST_DOWN,
	NETWATCH_PINGS_COME, /* (again) */
	NETWATCH_PINGS_LATE, /* by half an interval: now the countdown runs */
	NETWATCH_PINGS_LOST, /* by now the peer has switched */
};

struct netwatch_row {
	struct plan_watch conf;
	enum netwatch_state state;
	uint64_t since;	   /* ns, of state; 0 = never known */
	uint64_t next;	   /* our next ping */
	uint64_t asked[2]; /* when those with even and odd numbers went out; 0 = none */
	uint16_t seq;	   /* of the last one */
	bool open;	   /* it has no answer yet */
	uint32_t missed;   /* in a row */
	uint64_t sent, received;
	uint64_t rtt;		  /* ns, of the last answer; 0 = none */
	enum netwatch_state peer; /* do its pings come? */
	bool late;		  /* was told */
	uint64_t heard, heard_at; /* its pings */
};

struct netwatch_ops {
	void (*ping)(void *ctx, const struct netwatch_row *row);
	void (*event)(void *ctx, const struct netwatch_row *row, enum netwatch_event what);
};

struct netwatch {
	struct netwatch_row *rows;
	size_t n;
	uint64_t next; /* when netwatch_tick() has to be called; UINT64_MAX: never */
	const struct netwatch_ops *ops;
	void *ctx;
};

void netwatch_init(struct netwatch *w, const struct netwatch_ops *ops, void *ctx);
void netwatch_free(struct netwatch *w);
/** Watch these from now on; what is known of one that stays as it was is kept. 0 or -ENOMEM. */
int netwatch_configure(struct netwatch *w, const struct plan_watch *list, size_t n, uint64_t now);
/** Send what is due, notice what did not come. */
void netwatch_tick(struct netwatch *w, uint64_t now);
/** A ping (type 8) or an answer (0) came from src to dst. */
void netwatch_input(struct netwatch *w, const struct abi_addr *src, const struct abi_addr *dst,
		    const struct abi_echo *echo, uint64_t now);
/** The row of that name, or NULL. */
const struct netwatch_row *netwatch_find(const struct netwatch *w, const char *name);
/** Until the peer switches, ns; 0 when it is not late, or has switched. */
uint64_t netwatch_countdown(const struct netwatch_row *row, uint64_t now);

#endif
