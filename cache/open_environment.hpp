// open_environment - everything that has to be right before a cache is trusted.
//
// Order of opening for writing: folder, owner, daemon.lock, the check of the whole file if the last stop was
// not in order or the file is not as it was left, LMDB, rights, schema. A damaged file is salvaged and kept
// beside the new one; no other failure touches the file. Where nothing can be written it is opened for
// reading.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "cache/environment.hpp"

namespace mtasts::cache {

struct WriteOptions {
  std::uint64_t max_size = 0;           // bytes of used pages
  std::string lock_memory;              // memory file system for lock.mdb; empty: none
  std::function<void()> on_panic = {};  // called once, from any thread, when only a restart helps
};

// Fault::storage, with the remedy: it cannot be opened. now: names a damaged file that is set aside.
Result<std::unique_ptr<Environment>> open_for_writing(const std::string& path, WriteOptions options, Time now,
                                                      CacheLog log);
Result<std::unique_ptr<Environment>> open_for_reading(const std::string& path, CacheLog log);

}  // namespace mtasts::cache
