/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * log.h - the log of control: lines to a descriptor that never block, and the last LOG_KEEP of them
 * in memory for "system log print".
 *
 * Text from outside is escaped here, in one place: control characters, bytes that are not UTF-8 and
 * backslashes cannot forge a line or drive a terminal. What strangers can cause is limited per
 * source class; what was left out is summed up in one line when the pressure ends. Single-threaded.
 */
#ifndef ESPGW_CONTROL_LOG_H
#define ESPGW_CONTROL_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/api/messages.h"

enum log_level {
	LOG_LEVEL_ERROR = 0,
	LOG_LEVEL_WARN,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

#define LOG_KEEP       2048u /* lines kept in memory */
#define LOG_TEXT       480u  /* bytes of one escaped message, terminator included */
#define LOG_TOPICS_LEN 32u

/* Who and what a line is about. Always whole: empty strings and zeros when not known. */
struct log_ctx {
	const char *topic; /* RouterOS: ipsec, system, interface, ... */
	const char *peer;
	struct abi_addr remote;
	uint64_t ispi, rspi; /* cookies of the IKE SA */
	uint32_t msgid;
	bool limited; /* a stranger can cause it: keep to the limits */
};

/* One line as it is kept. */
struct log_line {
	uint64_t number;  /* 1 for the first line of this process */
	int64_t wall_sec; /* seconds since 1970 */
	uint32_t wall_ms;
	enum log_level level;
	char topics[LOG_TOPICS_LEN]; /* "ipsec,info" */
	char text[LOG_TEXT];
};

/** Where lines go (-1: nowhere) and from which level on they are written and kept. */
void log_setup(int fd, enum log_level level);
void log_set_level(enum log_level level);

/** Drop all kept lines and counters (tests). */
void log_reset(void);

/** Write one line. Cuts what is longer than LOG_TEXT; never blocks, never allocates, never fails.
 */
void log_write(const struct log_ctx *lc, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(lc, ...)  log_write((lc), LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(lc, ...)   log_write((lc), LOG_LEVEL_WARN, __VA_ARGS__)
#define log_notice(lc, ...) log_write((lc), LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(lc, ...)   log_write((lc), LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(lc, ...)  log_write((lc), LOG_LEVEL_DEBUG, __VA_ARGS__)

/* Contexts for lines that are about no peer. */
extern const struct log_ctx log_system;
extern const struct log_ctx log_ipsec;
extern const struct log_ctx log_interface;

typedef void log_visit_fn(void *ctx, const struct log_line *line);
/** Visit the kept lines, oldest first. */
void log_visit(log_visit_fn *fn, void *ctx);

/** Lines that the limits or a blocked descriptor held back since the start. */
uint64_t log_suppressed(void);

/**
 * Sum up what the limits held back, when a second has passed without any. Called by the loop now
 * and then.
 */
void log_tick(uint64_t now_ns);

/** Append src to dst (size bytes, always terminated), escaped. Returns the length of the result. */
size_t log_escape(char *dst, size_t size, const char *src);

#endif
