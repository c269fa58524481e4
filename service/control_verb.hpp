// control_verb - what mtastsd can be asked over its control socket (mtastsd(8)). The daemon answers each by a
// switch, so that a verb without an answer does not compile.
#pragma once

#include <string_view>

#include "core/enum_words.hpp"

namespace mtasts {

enum class ControlVerb {
  status,  // how the daemon is, and what is wrong now
  config,  // the configuration that was loaded, with its overrides
};

constexpr std::string_view words(ControlVerb verb) noexcept {
  switch (verb) {
    case ControlVerb::status: return "status";
    case ControlVerb::config: return "config";
  }
  return {};
}

}  // namespace mtasts
