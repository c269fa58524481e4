// services - names of TCP ports, from a file as in services(5). It does not use NSS: a slow directory server
// would block whoever asks for a name.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace mtasts {

class Services {
 public:
  // Any bytes are accepted. A line that is malformed or not about TCP is skipped. If a name occurs twice the
  // first counts, as for getservbyname(3). At most 1 MiB is read.
  static Services parse(std::string_view text);

  // The name's case must match, as for getservbyname(3).
  std::optional<std::uint16_t> port(std::string_view name) const noexcept;
  std::size_t size() const noexcept { return ports_.size(); }

 private:
  std::map<std::string, std::uint16_t, std::less<>> ports_;  // by name
};

// What the system's /etc/services says, read at the first call; empty if it can't be read. Later changes to
// the file are not seen.
const Services& system_services();

}  // namespace mtasts
