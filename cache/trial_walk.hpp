// trial_walk - reads every page of a cache in a child process, where a damaged file can kill nobody else.
//
// LMDB has no page checksums: a pointer into nothing is a SIGBUS or SIGSEGV of whoever follows it (B6).
#pragma once

#include <string>

namespace mtasts::cache {

enum class Verdict {
  sound,
  damaged,    // the child died of the file, or found bad pages
  undecided,  // it could not end its walk for a reason that is not the file's: no memory, no time
};

struct Trial {
  Verdict verdict = Verdict::undecided;
  std::string why;  // how it ended; empty if sound
};

// Forks; call it before other threads exist, and with daemon.lock held. The child has a minute, and more for
// a large file.
Trial trial_walk(const std::string& folder);

// The verdict on what waitpid() gave. Only what a bad page does to its reader is damage: the kernel's
// out-of-memory killer and an administrator send other signals.
Trial judge_status(int status);

// What the child does; 0 or an LMDB code. Touches every octet of every key and value, and rehearses a write
// that is never committed.
int walk_everything(const std::string& folder);

}  // namespace mtasts::cache
