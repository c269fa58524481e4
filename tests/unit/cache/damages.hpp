// damages - damages the file of a filled cache in a way that a number determines, opens it in a child
// process, and judges the result. The unit test tries a sample; cache_damages tries any number.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/cache/support.hpp"

namespace mtasts::test {

struct DamageOutcome {
  std::string what;       // "bit 3 of octet 8193"
  std::string complaint;  // what should not have happened; empty: all is well
  unsigned kept = 0, salvaged = 0, lost = 0;
  bool noticed = false;  // the file was set aside
};

class DamagedCache {
 public:
  // Some hundred policies, a few of them large, and domains without a policy, in several commits.
  DamagedCache();
  ~DamagedCache();

  DamageOutcome attempt(std::uint32_t number);
  std::size_t entries() const noexcept;

 private:
  struct World;
  std::unique_ptr<World> world_;
};

}  // namespace mtasts::test
