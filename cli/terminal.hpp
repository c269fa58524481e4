// terminal - where a verb writes, and how: text for people or JSON for programs.
//
// Nothing from outside reaches a stream unchanged: text goes through printable(), and JSON is pure ASCII.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>

#include "answer/json.hpp"
#include "core/finding.hpp"
#include "core/result.hpp"

namespace mtasts {

enum ExitCode : int {
  exit_ok = 0,       // valid, matches, answered
  exit_no = 1,       // invalid, no match, not there, TEMP or PERM
  exit_trouble = 2,  // wrong usage, or it failed; stderr says what to do
};

enum class Colour { plain, good, bad, warning, faint };

Colour colour_of(Severity severity) noexcept;

struct Terminal {
  std::ostream& out;
  std::ostream& err;
  bool json = false;
  bool colour = false;
  std::size_t width = 0;  // columns that tables must fit into; 0: no limit, because `out` is not a terminal
  bool shows_progress = false;  // `err` is a terminal, where somebody waits

  std::string paint(Colour colour_of_text, std::string_view text) const;  // text unchanged without colours
  void print(std::string_view line) const;                                // a line of text
  void print_json(const boost::json::value& value) const;                 // a line of JSON
  int trouble(std::string_view what) const;  // "mtastsctl: what" on err; exit_trouble
};

// The width of a terminal in columns: columns (the text of $COLUMNS) if it is a number above 0, else what the
// terminal says, else 80. 0 if the descriptor is not a terminal.
std::size_t terminal_width(int descriptor, std::string_view columns) noexcept;

void print_findings(const Terminal& terminal,
                    const Findings& findings);  // each in its own paragraph, wrapped at 80 columns

// Breaks text at blanks into lines of at most width columns; a longer word stays whole. Lines after the first
// begin with indent blanks.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width = 80);

}  // namespace mtasts
