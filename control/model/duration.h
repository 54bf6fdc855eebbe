/* SPDX-License-Identifier: BSD-3-Clause */
/* duration.h - times in RouterOS's syntax, both ways. */
#ifndef ESPGW_MODEL_DURATION_H
#define ESPGW_MODEL_DURATION_H

#include <stddef.h>
#include <stdint.h>

#define DURATION_TEXT 48

/**
 * "1d", "30m", "1h30m", "1w2d", "10m43s", "00:30:00", "1d02:00:00", or plain seconds. Units come
 * largest first, each once. 0 or -EINVAL.
 */
int duration_parse(const char *s, uint64_t *seconds);

/** "1w2d", "10m34s", "0s". buf has DURATION_TEXT bytes; returns it. */
char *duration_print(uint64_t seconds, char *buf);

/** RouterOS's "aug/28/2022 17:22:10" in local time, and ISO 8601 "2022-08-28T17:22:10Z" in UTC. buf
 * has DURATION_TEXT bytes; returned. */
char *duration_print_date(uint64_t seconds, char *buf);
char *duration_print_iso(uint64_t seconds, char *buf);

/** Either of the two. 0 or -EINVAL. */
int duration_parse_date(const char *s, uint64_t *seconds);

#endif
