// trial_walk - reads every page of a cache in a child process, where a damaged file can kill nobody else.
//
// LMDB has no page checksums: a pointer into nothing is a SIGBUS or SIGSEGV of whoever follows it (B6).
#pragma once

#include <string>

#include "core/result.hpp"

namespace mtasts::cache {

// Forks; call it before other threads exist, and with daemon.lock held. The child has a minute, and more for
// a large file. An error's detail says how it ended: by a signal, by LMDB's words, or not at all.
Result<void> trial_walk(const std::string& folder);

// What the child does; 0 or an LMDB code. Touches every octet of every key and value, and rehearses a write
// that is never committed.
int walk_everything(const std::string& folder);

}  // namespace mtasts::cache
