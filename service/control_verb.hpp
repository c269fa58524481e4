// control_verb - the verbs of mtastsd's control socket (mtastsd(8)). The daemon answers them in a switch, so
// a verb without an answer does not compile.
#pragma once

#include <string_view>

#include "core/enum_words.hpp"

namespace mtasts {

enum class ControlVerb {
  status,  // the state of the daemon, and what is wrong now
  config,  // the configuration in force, with its overrides
};

constexpr std::string_view words(ControlVerb verb) noexcept {
  switch (verb) {
    case ControlVerb::status: return "status";
    case ControlVerb::config: return "config";
  }
  return {};
}

}  // namespace mtasts
