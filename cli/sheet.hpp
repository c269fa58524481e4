// sheet - text for people in two columns: a name, and lines of text broken at 80 columns.
#pragma once

#include <cstddef>
#include <string_view>

#include "cli/terminal.hpp"

namespace mtasts {

class Sheet {
 public:
  // margin: where the second column begins.
  Sheet(const Terminal& terminal, std::size_t margin) : terminal_(terminal), margin_(margin) {}

  // "name        text"; lines after the first begin below the text's first word, indented by `deeper` blanks.
  void line(std::string_view name, std::string_view text, Colour colour = Colour::plain,
            std::size_t deeper = 0);
  // For what must stay in one piece.
  void unbroken(std::string_view name, std::string_view text, Colour colour = Colour::plain);

 private:
  const Terminal& terminal_;
  std::size_t margin_;
};

}  // namespace mtasts
