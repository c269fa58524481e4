// mend_file - checks data.mdb before LMDB opens it for writing, and mends it if it is damaged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cache/salvage.hpp"

namespace mtasts::cache {

struct Mended {
  Salvaged entries;
  std::string set_aside;  // the path under which the damaged file is kept
};

// Checks the whole file. A damaged file is salvaged into a new file, which takes its place; a sound file that
// is shorter than its page count is lengthened. nullopt: it was sound or empty. Fault::storage, with the
// remedy: this mtastsd must not use the file, or could not read or mend it; the file is then left as it was.
// map_size: for the new file, in octets. last: what daemon.lock says about the file. REQUIRES: daemon.lock is
// held, and the file is not open in this process.
Result<std::optional<Mended>> check_and_mend(const std::string& folder, std::uint64_t map_size,
                                             const LastWriter& last, Time now, const CacheLog& log);

}  // namespace mtasts::cache
