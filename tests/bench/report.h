/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * report.h - what a benchmark says: one row per measured point, as a table, as JSON rows for
 * programs, as bars, and beside the rows of a saved run.
 *
 * A row of the file is an object {suite, direction ("out", "in"), size (bytes of the inner packet,
 * or "imix"), workers, sas, policies, packets (on the way at once), cycles_gateway, cycles_raw,
 * cycles_forward, ratio, ratio_min, ratio_max, stages}; the file is an array of them. ratio is
 * gateway over raw plus forward.
 */
#ifndef ESPGW_BENCH_REPORT_H
#define ESPGW_BENCH_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#define REPORT_STAGES 16u

/** What one stage of the pipeline took; cycles per packet that went through it. */
struct report_stage {
	const char *name;
	double cycles;
};

/** One measured point. Cycles per packet, medians. The names live as long as the row is used. */
struct report_row {
	const char *suite;
	const char *direction; /* "out" or "in" */
	uint16_t size;	       /* bytes of the inner packets; 0: IMIX */
	double mean_len;       /* bytes of the inner packets */
	unsigned int workers;
	unsigned int sas;
	unsigned int policies;
	unsigned int packets; /* on the way at once: those of a few stay in the caches */
	double gateway;
	double raw;
	double forward;
	double ratio; /* median of gateway / (raw + forward), alternation by alternation */
	double ratio_min;
	double ratio_max;
	unsigned int n_stages;
	struct report_stage stages[REPORT_STAGES];
};

struct report;

/** Rows go to stdout as they come, with their stages when asked. NULL when memory is short. */
struct report *report_create(bool stages);
void report_free(struct report *r);

/** Read an earlier run to compare with. 0, or -1, said on stderr. */
int report_compare(struct report *r, const char *file);

void report_head(const struct report *r);

/** Print the row, with the change since the earlier run when there is one, and keep it. */
void report_add(struct report *r, const struct report_row *row);

/** The ratios of all rows as bars, and which rows of an earlier run are slower now: those whose
 * median lies beyond all that the earlier run saw. */
void report_end(const struct report *r);

/** Write all rows. 0, or -1, said on stderr. */
int report_write(const struct report *r, const char *file);

#endif
