// explain_text - prints parts of the text of mtastsctl explain; print_explanation() (explain_print.hpp) calls
// them.
#pragma once

#include "cli/sheet.hpp"
#include "diagnose/explanation.hpp"

namespace mtasts {

// Limits the lines of a list, so that a long hostile answer does not hide everything else.
class LimitedLines {
 public:
  bool room() noexcept { return shown_ < most ? (++shown_, true) : (++left_, false); }
  void end(Sheet& sheet) const;  // prints how many lines were left out

 private:
  static constexpr std::size_t most = 20;
  std::size_t shown_ = 0, left_ = 0;
};

// Print what the network said.
void print_dns(const Explanation& all, Sheet& sheet);
void print_record(const Explanation& all, Sheet& sheet);
void print_https(const Explanation& all, Sheet& sheet);

}  // namespace mtasts
