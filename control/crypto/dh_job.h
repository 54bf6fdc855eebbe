/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dh_job.h - Diffie-Hellman as a parcel: all that it needs goes in and the result comes out, so it
 * can be done by another thread. Nothing in it is shared with anybody but a key pair of which the
 * job is one holder, and which it only reads.
 */
#ifndef ESPGW_CRYPTO_DH_JOB_H
#define ESPGW_CRYPTO_DH_JOB_H

#include <sys/queue.h>

#include "control/crypto/dh.h"

enum dh_job_kind {
	DH_JOB_NEW = 0, /* a key pair from the seed */
	DH_JOB_DERIVE,	/* the secret of dh and peer */
	DH_JOB_AGREE,	/* both */
};

struct dh_job {
	STAILQ_ENTRY(dh_job) next; /* of whoever holds the job */
	enum dh_job_kind kind;
	bool urgent; /* of a peer that has proved its key: before all others */
	uint16_t group;
	struct dh *dh; /* NEW, AGREE: the result */
	uint8_t seed[DH_MAX_SEED];
	size_t seed_len;
	uint8_t peer[DH_MAX_PUBLIC];
	size_t peer_len;
	int status; /* 0 or -errno: as dh_new() and dh_derive() */
	uint8_t secret[DH_MAX_SECRET];
	size_t secret_len;
};

/** Do it. Any thread; the seed is wiped. */
void dh_job_run(struct dh_job *j);
/** The result into dh's memory (see dh_remember()), on the thread that holds dh. */
void dh_job_finish(struct dh_job *j);
/** Lets go of the key pair and wipes everything; the memory stays the caller's. */
void dh_job_wipe(struct dh_job *j);

#endif
