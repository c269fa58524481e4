// sheet - prints text for people in two columns: a name, and text wrapped at 80 columns.
#pragma once

#include <cstddef>
#include <string_view>

#include "cli/terminal.hpp"

namespace mtasts {

class Sheet {
 public:
  // margin: the width of the first column. terminal must outlive this.
  Sheet(const Terminal& terminal, std::size_t margin) : terminal_(terminal), margin_(margin) {}

  // Prints the name and the text. Lines after the first begin below the text's first word, `deeper` blanks
  // further in.
  void line(std::string_view name, std::string_view text, Colour colour = Colour::plain,
            std::size_t deeper = 0);
  // The same without wrapping, for text that must not be broken.
  void unbroken(std::string_view name, std::string_view text, Colour colour = Colour::plain);

 private:
  const Terminal& terminal_;
  std::size_t margin_;
};

}  // namespace mtasts
