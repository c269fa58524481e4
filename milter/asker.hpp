// asker - what a session asks of mtastsd. milter/mtastsd_asker.hpp implements it; tests give answers of their
// own.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "milter/decision.hpp"

namespace mtasts {

// An error means that it is not known: mtastsd can't be reached, does not answer in time, or says TEMP.
// detail says why.
using PolicyAnswer = Result<NextHopDecision>;

inline Sufficiency sufficiency_of(const PolicyAnswer& answer) noexcept {
  return answer ? sufficiency(*answer) : Sufficiency::unknown;
}

class Asker {
 public:
  virtual ~Asker() = default;

  // Has mtastsd look the next hop up, unless its policy is cached. Never waits.
  virtual void prefetch(std::string_view next_hop) = 0;

  // A next hop may be a list of several, as Postfix writes it. The weakest decision about them counts.
  //
  // The decision about each next hop, in their order. Waits at most `each` for one, and at most `all` in all.
  virtual std::vector<PolicyAnswer> ask(std::span<const std::string> next_hops,
                                        std::chrono::milliseconds each, std::chrono::milliseconds all) = 0;

  // The same for what mtastsd has cached: it starts a lookup of the others and waits for none.
  virtual std::vector<PolicyAnswer> ask_cached(std::span<const std::string> next_hops,
                                               std::chrono::milliseconds all) = 0;
};

}  // namespace mtasts
