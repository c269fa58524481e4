// to_a_labels - U-labels to A-labels (UTS 46, non-transitional, libidn2). Only for the borders: socketmap
// keys, configuration, command line; core takes A-labels only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mtasts {

// True if text has a byte above 0x7F: only then is to_a_labels() needed.
bool has_u_labels(std::string_view text) noexcept;

// The name with every U-label turned into its A-label, lower case. nullopt: IDNA refuses it, or it is no
// UTF-8.
std::optional<std::string> to_a_labels(std::string_view name);

}  // namespace mtasts
