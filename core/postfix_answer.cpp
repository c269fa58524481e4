#include "core/postfix_answer.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "core/finding.hpp"
#include "core/postfix_attribute.hpp"
#include "core/text.hpp"

namespace mtasts {
namespace {

// PFX-1, PFX-10. Postfix logs "halfdane", but refuses it as input.
constexpr std::array<PostfixLevel, 8> levels{{{"none", 0, false, true},
                                              {"may", 0, false, true},
                                              {"encrypt", 0, false, false},
                                              {"fingerprint", '|', false, false},
                                              {"dane", 0, false, false},
                                              {"dane-only", 0, false, false},
                                              {"verify", ':', true, false},
                                              {"secure", ':', true, false}}};

// Takes the next part between blanks and commas off text; empty: there is none.
std::string_view take_part(std::string_view& text) noexcept {
  constexpr std::string_view separators = " ,";
  text.remove_prefix(std::min(text.find_first_not_of(separators), text.size()));
  std::string_view part = text.substr(0, text.find_first_of(separators));
  text.remove_prefix(part.size());
  return part;
}

// Checks what no part may have. Empty: fine.
std::string judge_octets(std::string_view text) {
  if (text.size() > max_postfix_answer)
    return "is longer than " + std::to_string(max_postfix_answer) + " octets; shorten it";
  if (!std::ranges::all_of(text, is_printable))
    return complaint(text, "holds a control character or a letter outside of ASCII; write names in A-labels");
  if (text.find_first_of("{}") != std::string_view::npos)
    return complaint(text, "has a brace, which needs Postfix 3.10; write name=value without braces");
  return {};
}

const PostfixLevel* find_level(std::string_view word) noexcept {
  auto found = std::ranges::find_if(levels, [&](const auto& each) { return equal_folded(each.word, word); });
  return found == levels.end() ? nullptr : &*found;
}

std::string judge_level(std::string_view word) {
  if (word.empty()) return "is empty; write a level and its attributes, such as \"encrypt\"";
  if (equal_folded(word, "halfdane"))
    return complaint(word, "is a level that Postfix logs but does not accept; use dane or dane-only");
  return complaint(word,
                   "is not a level; use none, may, encrypt, fingerprint, dane, dane-only, verify or secure");
}

class Attributes {
 public:
  explicit Attributes(const PostfixLevel& level) : level_(level) {}

  bool null_ciphers = false;  // ciphers=null: TLS that encrypts nothing

  // Empty: fine.
  std::string take(std::string_view part) {
    if (level_.word == "none")  // PFX-5
      return complaint(part, "is ignored by Postfix at level none; remove it, or use another level");
    std::size_t equals = part.find('=');
    if (equals == std::string_view::npos)
      return complaint(part, "is not an attribute; write name=value, without blanks and commas in it");
    std::string name(part.substr(0, equals));
    std::ranges::transform(name, name.begin(), to_lower);
    if (!may_repeat(name) && std::ranges::find(seen_, name) != seen_.end())
      return complaint(name, "is there twice; remove one");
    auto value = part.substr(equals + 1);
    null_ciphers = null_ciphers || (name == "ciphers" && equal_folded(value, "null"));
    auto what = complaint_about(level_, name, value);
    seen_.push_back(std::move(name));
    return what;
  }

 private:
  const PostfixLevel& level_;
  std::vector<std::string> seen_;
};

}  // namespace

Result<PostfixAnswer> check_postfix_answer(std::string_view text) {
  if (auto what = judge_octets(text); !what.empty()) return fail(Fault::syntax, std::move(what));
  std::string_view word = take_part(text);
  const PostfixLevel* level = find_level(word);
  if (level == nullptr) return fail(Fault::syntax, judge_level(word));
  Attributes attributes(*level);
  for (auto part = take_part(text); !part.empty(); part = take_part(text))
    if (auto what = attributes.take(part); !what.empty()) return fail(Fault::syntax, std::move(what));
  return PostfixAnswer{level->word, level->plaintext || attributes.null_ciphers};
}

}  // namespace mtasts
