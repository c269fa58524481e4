// problems - what is wrong with a configuration file, collected so that one run shows everything.
//
// Each line is "FILE:LINE: key: what; remedy", in the order of the file. Problems beyond max_problems are
// only counted.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mtasts {

inline constexpr std::size_t max_problems = 100;

class Problems {
 public:
  explicit Problems(std::string_view file) : file_(file) {}

  // line 0: the file as a whole. key empty: the problem is not about one key.
  void error(unsigned line, std::string_view key, std::string_view text) { add(errors_, line, key, text); }
  void warning(unsigned line, std::string_view key, std::string_view text) {
    add(warnings_, line, key, text);
  }

  bool any_errors() const noexcept { return !errors_.empty(); }
  std::string errors() const;                 // joined by '\n'
  std::vector<std::string> warnings() const;  // one line each

 private:
  using ByLine = std::multimap<unsigned, std::string>;
  void add(ByLine& to, unsigned line, std::string_view key, std::string_view text) const;
  static std::vector<std::string> in_order(const ByLine& problems);

  std::string file_;
  ByLine errors_, warnings_;
};

// The candidate that word is most likely a misspelling of; empty if none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace mtasts
