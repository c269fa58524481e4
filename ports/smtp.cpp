#include "ports/smtp.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace mtasts {

bool offers(const SmtpReply& ehlo, std::string_view extension) noexcept {
  auto names_it = [extension](std::string_view line) {
    line = trim_front(line);
    return equal_folded(line.substr(0, line.find_first_of(" \t=")), extension);
  };
  return ehlo.lines.size() > 1 && std::any_of(ehlo.lines.begin() + 1, ehlo.lines.end(), names_it);
}

}  // namespace mtasts
