// key - the key of a lookup as Postfix sends it, U-labels included, to a next hop (rule 1 of
// docs/DECISION.md; KEY-5, KEY-6).
#pragma once

#include <string>
#include <string_view>

#include "core/next_hop.hpp"

namespace mtasts {

struct Key {
  std::variant<NextHop, NotAHost> next_hop;
  bool idna_failed = false;  // worth a warning: a name that only looks like one
};

// Why a key has no policy domain, in words for people: "an IP address", "not a valid internationalised name".
std::string_view words(const Key& key) noexcept;

// scratch holds the converted key when there are U-labels; views in the result live as long as key and
// scratch do.
Key read_key(std::string_view key, std::string& scratch);

}  // namespace mtasts
