#include "diagnose/judge_input.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/catalogue.hpp"
#include "core/text.hpp"

namespace mtasts {
namespace {

// A link, a mail address, an absolute name, or a text that was cut.
bool is_more_than_a_name(std::string_view text) noexcept {
  auto last = text.find_last_not_of(" \t\r\n");
  if (last == std::string_view::npos) return false;
  return text.size() >= longest_given || text[last] == '.' ||
         text.find_first_of("@:/") != std::string_view::npos;
}

bool has_u_labels(std::string_view text, std::string_view domain) {
  bool ascii = std::ranges::none_of(text, [](char each) { return static_cast<unsigned char>(each) >= 0x80; });
  if (ascii || !domain.contains("xn--")) return false;
  auto same = [](char each, char wanted) { return to_lower(each) == wanted; };
  return std::ranges::search(text, domain, same).empty();  // else the letters are in a local part or a path
}

}  // namespace

Findings judge_input(std::string_view given, std::string_view domain) {
  Findings findings;
  std::string name = printable(domain, 300);
  if (is_more_than_a_name(given))
    findings.push_back(
        make_finding("input-corrected", fmt::format("{} is understood as {}", in_quotes(given), name)));
  if (has_u_labels(given, domain))
    findings.push_back(
        make_finding("domain-u-label", fmt::format("{} is looked up as {}", in_quotes(given), name)));
  return findings;
}

}  // namespace mtasts
