#include "diagnose/json_fields.hpp"

#include <utility>

#include "core/finding.hpp"
#include "core/text.hpp"

namespace mtasts {
namespace {

namespace json = boost::json;

std::string_view view_of(const json::string& text) noexcept { return {text.data(), text.size()}; }

// REQUIRES: text is valid UTF-8. False: it has a character above U+00FF.
bool to_octets(std::string_view text, std::string& octets) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto first = static_cast<unsigned char>(text[i]);
    if (first < 0x80) {
      octets += text[i];
    } else if ((first == 0xC2 || first == 0xC3) && i + 1 < text.size()) {
      octets += static_cast<char>((first & 0x03) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3F));
    } else {
      return false;
    }
  }
  return true;
}

// 16: c is not a lower-case hexadecimal digit.
unsigned digit_value(char c) noexcept {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  return c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a' + 10) : 16;
}

}  // namespace

bool unhex(std::string_view digits, std::string& octets) {
  if (digits.size() % 2 != 0) return false;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    unsigned high = digit_value(digits[i]), low = digit_value(digits[i + 1]);
    if (high > 15 || low > 15) return false;
    octets += static_cast<char>(high << 4 | low);
  }
  return true;
}

JsonFields::JsonFields(const json::value* value, std::string where, std::string& trouble)
    : object_(value == nullptr ? nullptr : value->if_object()), where_(std::move(where)), trouble_(trouble) {
  if (object_ == nullptr && trouble_.empty())
    trouble_ = (where_.empty() ? std::string("the file") : where_) + " is not a JSON object";
}

void JsonFields::wrong(std::string_view key, std::string_view what) {
  if (!trouble_.empty()) return;
  trouble_ = where_ + (where_.empty() ? "" : ".") + printable(key, 40) + ' ' + std::string(what);
}

bool JsonFields::has(std::string_view key) const noexcept {
  return object_ != nullptr && object_->contains(json::string_view(key.data(), key.size()));
}

const json::value* JsonFields::member(std::string_view key) {
  if (object_ == nullptr) return nullptr;
  const auto* value = object_->if_contains(json::string_view(key.data(), key.size()));
  if (value == nullptr) wrong(key, "is missing");
  if (value != nullptr) ++read_;
  return value;
}

void JsonFields::no_others() {
  if (object_ != nullptr && trouble_.empty() && read_ != object_->size())
    trouble_ = (where_.empty() ? std::string("the file") : where_) +
               " has a member that this mtastsctl does not know; was it written by a newer one?";
}

bool JsonFields::flag(std::string_view key) {
  const auto* value = member(key);
  if (value == nullptr) return false;
  if (const auto* flag = value->if_bool()) return *flag;
  wrong(key, "is neither true nor false");
  return false;
}

std::int64_t JsonFields::number(std::string_view key, std::int64_t least, std::int64_t most) {
  const auto* value = member(key);
  if (value == nullptr) return least;
  const auto* number = value->if_int64();
  if (number != nullptr && *number >= least && *number <= most) return *number;
  wrong(key, "is not a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return least;
}

std::optional<std::int64_t> JsonFields::number_or_null(std::string_view key, std::int64_t least,
                                                       std::int64_t most) {
  bool null = has(key) && object_->at(json::string_view(key.data(), key.size())).is_null();
  if (!null) return number(key, least, most);
  member(key);
  return std::nullopt;
}

std::string JsonFields::octets(std::string_view key, std::size_t longest) {
  std::string result;
  const auto* value = member(key);
  if (value == nullptr) return result;
  const auto* text = value->if_string();
  if (text == nullptr || !to_octets(view_of(*text), result) || result.size() > longest) {
    wrong(key, "is not a string of at most " + std::to_string(longest) + " characters up to U+00FF");
    result.clear();
  }
  return result;
}

std::string JsonFields::hex(std::string_view key, std::size_t longest) {
  std::string digits = octets(key, 2 * longest), result;
  if (unhex(digits, result)) return result;
  wrong(key, "must consist of pairs of lower-case hexadecimal digits");
  return {};
}

const json::array* JsonFields::array(std::string_view key, std::size_t longest) {
  const auto* value = member(key);
  if (value == nullptr) return nullptr;
  const auto* list = value->if_array();
  if (list != nullptr && list->size() <= longest) return list;
  wrong(key, "is not an array of at most " + std::to_string(longest) + " elements");
  return nullptr;
}

std::vector<std::string> JsonFields::hex_list(std::string_view key, std::size_t longest) {
  std::vector<std::string> all;
  const auto* list = array(key, longest);
  if (list == nullptr) return all;
  for (const json::value& each : *list) {
    std::string octets;
    const auto* digits = each.if_string();
    if (digits == nullptr || !unhex(view_of(*digits), octets)) {
      wrong(key, "must consist of strings of pairs of lower-case hexadecimal digits");
      return {};
    }
    all.push_back(std::move(octets));
  }
  return all;
}

std::vector<std::string> JsonFields::octets_list(std::string_view key, std::size_t most,
                                                 std::size_t longest) {
  std::vector<std::string> all;
  const auto* list = array(key, most);
  if (list == nullptr) return all;
  for (const json::value& each : *list) {
    std::string octets;
    const auto* text = each.if_string();
    if (text == nullptr || !to_octets(view_of(*text), octets) || octets.size() > longest) {
      wrong(key,
            "must consist of strings of at most " + std::to_string(longest) + " characters up to U+00FF");
      return {};
    }
    all.push_back(std::move(octets));
  }
  return all;
}

std::vector<std::size_t> JsonFields::numbers(std::string_view key, std::size_t most, std::size_t end) {
  std::vector<std::size_t> all;
  const auto* list = array(key, most);
  if (list == nullptr) return all;
  for (const json::value& each : *list) {
    const auto* number = each.if_int64();
    if (number == nullptr || *number < 0 || std::cmp_greater_equal(*number, end)) {
      wrong(key, "must consist of whole numbers from 0, each below " + std::to_string(end));
      return {};
    }
    all.push_back(static_cast<std::size_t>(*number));
  }
  return all;
}

const json::value* JsonFields::maybe(std::string_view key) {
  const auto* value = member(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

}  // namespace mtasts
