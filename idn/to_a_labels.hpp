// to_a_labels - turns U-labels into A-labels (UTS 46, non-transitional, libidn2). Called where text comes in:
// socketmap keys, configuration, command line. core accepts A-labels only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mtasts {

// True if text has an octet above 0x7F. Only then is to_a_labels() needed.
bool has_u_labels(std::string_view text) noexcept;

// The name with every U-label turned into its A-label, in lower case. nullopt: IDNA refuses it, or it is not
// valid UTF-8.
std::optional<std::string> to_a_labels(std::string_view name);

}  // namespace mtasts
