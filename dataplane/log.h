/* SPDX-License-Identifier: BSD-3-Clause */
/* log.h - plain lines on stderr with time and level; for main and the manager, never on a worker.
 */
#ifndef ESPGW_DATAPLANE_LOG_H
#define ESPGW_DATAPLANE_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_NOTICE, LOG_INFO };

/** Write one line: "2026-01-31T12:00:00.123Z level text". Control characters become '?'. */
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)	log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)	log_line(LOG_WARN, __VA_ARGS__)
#define log_notice(...) log_line(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)	log_line(LOG_INFO, __VA_ARGS__)

#endif
