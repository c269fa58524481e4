// services - names of TCP ports as a file of services(5) gives them. No NSS: a directory server that is slow
// would stop whoever asks for a name.
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
  // Any bytes are taken; a line that is none of services(5), or not of TCP, is skipped. Of a name that stands
  // there twice the first counts, as for getservbyname(3). At most 1 MiB is read.
  static Services parse(std::string_view text);

  // Name in its exact case, as getservbyname(3).
  std::optional<std::uint16_t> port(std::string_view name) const noexcept;
  std::size_t size() const noexcept { return ports_.size(); }

 private:
  std::map<std::string, std::uint16_t, std::less<>> ports_;  // by name
};

// What the system's /etc/services says, read at the first call; empty if it can't be read. Later changes to
// the file are not seen.
const Services& system_services();

}  // namespace mtasts
