// index_names - finds the domains that are in the indexes of a damaged file but whose entries could not be
// read.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "cache/file_check.hpp"
#include "core/time.hpp"

namespace mtasts::cache {

// What the indexes say about a domain.
struct Named {
  bool in_expiry = false, in_due = false, in_used = false;
  bool protects = false;  // its entry had a policy, or was lost already
  Time ends{};            // with in_expiry: when the policy expires
  int times() const noexcept { return in_expiry + in_due + in_used; }
};

struct IndexNames {
  std::map<std::string, Named, std::less<>> all;
  bool names_all = false;   // `used`, which names every entry, was read without a problem
  bool tells_ends = false;  // `expiry` was read without a problem
};

// Leaves out the domains for which known() is true. Throws LmdbFailure.
IndexNames read_index_names(TreeWalk& walk, const NamedTrees& trees,
                            const std::function<bool(std::string_view domain)>& known);

}  // namespace mtasts::cache
