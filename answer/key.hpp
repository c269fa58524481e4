// key - reads the key of a request, as Postfix sends it, as a next hop. U-labels are converted to A-labels
// (rule 1 of docs/DECISION.md; KEY-5, KEY-6).
#pragma once

#include <string>
#include <string_view>

#include "core/next_hop.hpp"

namespace mtasts {

struct Key {
  std::variant<NextHop, NotAHost> next_hop;
  bool idna_failed = false;  // it has U-labels that cannot be converted; the caller should log a warning
};

// Why a key has no policy domain, in words for people: "an IP address", "not a valid internationalised name".
// Empty if it has one.
std::string_view words(const Key& key) noexcept;

// scratch receives the converted key if key has U-labels. Views in the result live as long as both key and
// scratch, unchanged.
Key read_key(std::string_view key, std::string& scratch);

}  // namespace mtasts
