/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sa_store.h - a file of records, one per IKE SA, that outlives this process but not the boot: a
 * control that is killed and started again goes on with its IKE SAs. Each record has two places
 * that take turns, so one is always whole; whether a record is, its own digest says. The file holds
 * keys: mode 0600, below /run, emptied of what is forgotten.
 */
#ifndef ESPGW_CONTROL_SA_STORE_H
#define ESPGW_CONTROL_SA_STORE_H

#include <stddef.h>
#include <stdint.h>

#define SA_STORE_RECORD (128u * 1024u - 16u) /* bytes of a record at most */
#define SA_STORE_SLOTS	65536u

struct sa_store;

/** Open or make it; what is of another boot or version is emptied. NULL + errno: EPERM when the
 * file is not ours alone, EWOULDBLOCK when another process has it open. */
struct sa_store *sa_store_open(const char *path);
void sa_store_close(struct sa_store *s);
/** Write a record; slot 0: a new one. Returns the slot, 0 when it was not kept (counted). */
uint32_t sa_store_put(struct sa_store *s, uint32_t slot, const uint8_t *data, size_t len);
void sa_store_forget(struct sa_store *s, uint32_t slot);
/** Every record there is, the newer of both places first. fn returns 0 to keep it, -EBADMSG to be
 * given the older (the newer is not whole), another value to have it forgotten. Returns how many
 * are kept. */
typedef int sa_store_fn(void *ctx, uint32_t slot, const uint8_t *data, size_t len);
unsigned sa_store_load(struct sa_store *s, sa_store_fn *fn, void *ctx);
/** Records that could not be written. */
uint64_t sa_store_failed(const struct sa_store *s);

#endif
