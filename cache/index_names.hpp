// index_names - which domains the indexes of a damaged file name beside those that can be read.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "cache/file_check.hpp"
#include "core/time.hpp"

namespace mtasts::cache {

// What the indexes say of a domain.
struct Named {
  bool in_expiry = false, in_due = false, in_used = false;
  bool protects = false;  // it had a policy, or was lost before
  Time ends{};            // the policy; of in_expiry
  int times() const noexcept { return in_expiry + in_due + in_used; }
};

struct IndexNames {
  std::map<std::string, Named, std::less<>> all;
  bool names_all = false;   // `used` was read without a problem: it names every entry
  bool tells_ends = false;  // and so was `expiry`
};

// known: the domain is of no interest. Throws LmdbFailure.
IndexNames read_index_names(TreeWalk& walk, const NamedTrees& trees,
                            const std::function<bool(std::string_view domain)>& known);

}  // namespace mtasts::cache
