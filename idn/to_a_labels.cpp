#include "idn/to_a_labels.hpp"

#include <idn2.h>

#include <memory>

namespace mtasts {

bool has_u_labels(std::string_view text) noexcept {
  unsigned all = 0;  // no branch in the loop, so that it can check many octets at once
  for (char c : text) all |= static_cast<unsigned char>(c);
  return all > 0x7F;
}

std::optional<std::string> to_a_labels(std::string_view name) {
  if (name.size() > 1000 || name.find('\0') != std::string_view::npos) return std::nullopt;
  std::string input(name);
  char* output = nullptr;
  int status = idn2_to_ascii_8z(input.c_str(), &output, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  std::unique_ptr<char, decltype(&idn2_free)> owner(output, idn2_free);
  if (status != IDN2_OK || output == nullptr) return std::nullopt;
  return std::string(output);
}

}  // namespace mtasts
