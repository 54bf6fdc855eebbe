/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * engine_input.h - the input of the engine targets as a list of operations, and the changes they
 * make to payloads. The first byte is the configuration:
 *   01 PFS, 02 a NAT before node 0, 04 both nodes begin (with 40: node 0 is deaf), 08 aggressive
 * mode, 30 proposal check, 40 the SAs are up already, 80 a policy more and long selectors Then
 * operations, each an opcode byte and what it takes; n is what the opcode has beyond its base:
 *   00..3f  let (n + 1) * 20 ms pass
 *   40..5f  raw datagram: to node n & 1, on port 4500 when n & 2; length, bytes
 *   60..7f  authentic message from node n & 1, quick mode (CREATE_CHILD_SA) when n & 2, else
 *           informational: first payload type, length, bytes
 *   80..9f  the next encrypted message from node n & 1: payloads replaced by type, length, bytes
 *           (n & 2), or one byte: offset, value
 *   a0..bf  the next message in clear from node n & 1: offset, value
 *   c0..cf  an operator, a restart, a data plane that refuses
 *   d0..df  the next message from node n & 1, encrypted when n & 2: one payload changed, see
 *           enum edit_kind: kind, which payload, offset, length, bytes
 *   e0..ef  authentic message from node n & 1, an answer when n & 2: exchange, message id, length,
 *           payloads as type, length, body
 *   f0..f7  a fragment from node n & 1, the last when n & 2: number, of how many, type of the first
 *           payload, length, bytes
 *   f8..ff  a datagram of before once more, to node n & 1, on port 4500 when n & 2: which
 * Lengths, and all else, are one byte; what is missing at the end is zero.
 */
#ifndef ESPGW_FUZZ_ENGINE_INPUT_H
#define ESPGW_FUZZ_ENGINE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENGINE_PFS	   0x01u
#define ENGINE_NAT	   0x02u
#define ENGINE_BOTH	   0x04u
#define ENGINE_AGGRESSIVE  0x08u
#define ENGINE_CHECK(f)	   ((f) >> 4 & 3)
#define ENGINE_ESTABLISHED 0x40u
#define ENGINE_LONG	   0x80u
#define ENGINE_MAX_INPUT   512u

struct engine_input {
	const uint8_t *data;
	size_t left;
};

uint8_t engine_take(struct engine_input *in);
/** A length byte and as many bytes as there are, at most cap. */
size_t engine_take_bytes(struct engine_input *in, uint8_t *out, size_t cap);

/** Bytes of the operation at data, at most len; len is not 0. */
size_t engine_op_size(const uint8_t *data, size_t len);

enum edit_kind {
	EDIT_DROP = 0,
	EDIT_TWICE,
	EDIT_TYPE,     /* offset is the new type */
	EDIT_CUT,      /* body ends at offset */
	EDIT_INSERT,   /* bytes into the body at offset */
	EDIT_BYTES,    /* bytes over the body at offset */
	EDIT_SWAP,     /* with the one after it */
	EDIT_ADD,      /* a payload of type offset at the end */
	EDIT_LENGTH,   /* offset is what its length field says, low byte */
	EDIT_RESERVED, /* offset is its critical and reserved byte */
	EDIT_ALONE,    /* all others go */
	EDIT_REPLACE,  /* bytes are its body */
	EDIT_KINDS,
};

struct edit {
	enum edit_kind kind;
	uint8_t which, at;
	uint8_t bytes[64];
	size_t len;
};

/** Change the chain of len bytes that begins with a payload of type *next; the new length, at most
 * cap. A chain that is none stays as it is. */
size_t edit_payloads(const struct edit *e, uint8_t *next, uint8_t *data, size_t len, size_t cap);
/** The chain that list (type, length, body ...) describes; its length, at most cap. */
size_t edit_build(const uint8_t *list, size_t list_len, uint8_t *next, uint8_t *out, size_t cap);

#endif
