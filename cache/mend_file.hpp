// mend_file - the check of data.mdb before LMDB opens it for writing, and the mending of a damaged one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cache/salvage.hpp"

namespace mtasts::cache {

struct Mended {
  Salvaged entries;
  std::string set_aside;  // the name under which the damaged file is kept
};

// Checks the whole file. A damaged one is salvaged into a new file, which takes its place; one that is only
// short is lengthened. nullopt: it was sound or empty. Fault::storage: it is not for this mtastsd, or could
// not be read or mended; then it is left as it is. last: what daemon.lock says of it. REQUIRES: daemon.lock
// is held, and the file is not open in this process.
Result<std::optional<Mended>> check_and_mend(const std::string& folder, std::uint64_t map_size,
                                             const LastWriter& last, Time now, const CacheLog& log);

}  // namespace mtasts::cache
