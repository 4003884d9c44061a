/*
 * SipHash-1-3: the hash of table keys, under a random key per table, so that nobody who chooses keys can choose buckets.
 */
#ifndef RS_SHM_HASH_H
#define RS_SHM_HASH_H

#include "base/rs_base.h"

uint64_t rs_shm_hash(const uint64_t key[2], const void *p, size_t n);

#endif
