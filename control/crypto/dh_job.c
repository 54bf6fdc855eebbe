/* SPDX-License-Identifier: BSD-3-Clause */
/* dh_job.c - Diffie-Hellman as a parcel; see dh_job.h. */
#include "control/crypto/dh_job.h"

#include <errno.h>

#include <openssl/crypto.h>

void dh_job_run(struct dh_job *j)
{
	j->status = 0;
	if (j->kind != DH_JOB_DERIVE) {
		j->dh = dh_new(j->group, j->seed, j->seed_len);
		if (j->dh == NULL)
			j->status = -errno;
		OPENSSL_cleanse(j->seed, sizeof(j->seed));
	}
	if (j->status == 0 && j->kind != DH_JOB_NEW)
		j->status = dh_derive(j->dh, j->peer, j->peer_len, j->secret, sizeof(j->secret),
				      &j->secret_len);
}

void dh_job_finish(struct dh_job *j)
{
	/* What is not remembered is computed once more. */
	if (j->kind != DH_JOB_NEW && j->dh != NULL)
		(void)dh_remember(j->dh, j->peer, j->peer_len, j->status, j->secret, j->secret_len);
	OPENSSL_cleanse(j->secret, sizeof(j->secret));
}

void dh_job_wipe(struct dh_job *j)
{
	dh_free(j->dh);
	OPENSSL_cleanse(j, sizeof(*j));
}
