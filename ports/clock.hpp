// ports/clock - the time of day. The real one is made in main(); tests turn theirs by hand.
#pragma once

#include "core/decide.hpp"

namespace mtasts {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const noexcept = 0;
};

}  // namespace mtasts
