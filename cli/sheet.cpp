#include "cli/sheet.hpp"

#include <fmt/format.h>

namespace mtasts {

void Sheet::line(std::string_view name, std::string_view text, Colour colour, std::size_t deeper) {
  auto head = fmt::format("{:<{}}", name, margin_);
  auto body = wrapped(head + std::string(text), margin_ + deeper);
  terminal_.print(head + terminal_.paint(colour, std::string_view(body).substr(head.size())));
}

void Sheet::unbroken(std::string_view name, std::string_view text, Colour colour) {
  terminal_.print(fmt::format("{:<{}}{}", name, margin_, terminal_.paint(colour, text)));
}

}  // namespace mtasts
