// explain_text - the parts of the text of mtastsctl explain; explain_print.hpp has the whole.
#pragma once

#include "cli/sheet.hpp"
#include "diagnose/explanation.hpp"

namespace mtasts {

// At most so many lines of a list, so that a hostile answer does not scroll everything else away.
class LimitedLines {
 public:
  bool room() noexcept { return shown_ < most ? (++shown_, true) : (++left_, false); }
  void end(Sheet& sheet) const;  // says how many there was no room for

 private:
  static constexpr std::size_t most = 20;
  std::size_t shown_ = 0, left_ = 0;
};

// What the network said.
void print_dns(const Explanation& all, Sheet& sheet);
void print_record(const Explanation& all, Sheet& sheet);
void print_https(const Explanation& all, Sheet& sheet);

}  // namespace mtasts
