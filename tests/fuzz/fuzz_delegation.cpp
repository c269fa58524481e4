// Input: a DNS packet as libunbound hands it out. Properties: nothing is read beyond it; what proves an
// unsigned delegation for a name proves it in any case of letters, and no longer once the packet is cut.

#include <string>

#include "net/dns/delegation.hpp"
#include "tests/fuzz/property.hpp"

using namespace mtasts;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string packet(
      fuzz::text_of(data, size));  // a copy of exactly this size, so that ASan sees its end
  for (bool secure : {true, false}) {
    if (!is_unsigned_delegation(packet, "dead.tld", secure)) continue;
    require(is_unsigned_delegation(packet, "DEAD.tld.", secure), "names have no case");
    require(packet.size() >= 12, "a packet has a header");
    require(!is_unsigned_delegation(std::string_view(packet).substr(0, 11), "dead.tld", secure),
            "a cut packet proves nothing");
  }
  return 0;
}
