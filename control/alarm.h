/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * alarm.h - a warning in the log when IKE turns strangers away or cannot keep up: one line of each
 * kind in ALARM_EVERY, with how many since the last. What is behind a line is in
 * /ip ipsec statistics ike.
 */
#ifndef ESPGW_CONTROL_ALARM_H
#define ESPGW_CONTROL_ALARM_H

#include <stdint.h>

#define ALARM_EVERY 60000000000ull /* ns */
#define ALARM_KINDS 7u

struct ike_counters;

struct alarm { /* zeroed: nothing told yet */
	struct {
		uint64_t told;	/* the counter, as it was when the last line was written */
		uint64_t quiet; /* no line before this */
	} kind[ALARM_KINDS];
};

/** Look at the counters, of one engine all the time, and warn of what moved. */
void alarm_look(struct alarm *a, const struct ike_counters *c, uint64_t now);

#endif
