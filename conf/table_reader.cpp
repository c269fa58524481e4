#include "conf/table_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/finding.hpp"

namespace mtasts {
namespace {

std::string_view words(toml::node_type type) noexcept {
  switch (type) {
    case toml::node_type::none: return "nothing";
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "a number";
    case toml::node_type::floating_point: return "a fraction";
    case toml::node_type::boolean: return "true or false";
    case toml::node_type::date: return "a date";
    case toml::node_type::time: return "a time of day";
    case toml::node_type::date_time: return "a date and time";
  }
  return "something else";
}

}  // namespace

const toml::node* TableReader::find(std::string_view key) const {
  return table_ == nullptr ? nullptr : table_->get(key);
}

const toml::node* TableReader::take(std::string_view key) {
  if (std::ranges::find(known_, key) == known_.end()) known_.push_back(key);
  return find(key);
}

unsigned TableReader::line(std::string_view key) const {
  const toml::node* node = find(key);
  return node == nullptr ? 0 : line_of(*node);
}

std::string TableReader::full(std::string_view key) const {
  std::string name = printable(key);
  return prefix_.empty() ? name : prefix_ + "." + name;
}

void TableReader::wrong_type(const toml::node& node, std::string_view key, std::string_view wanted) {
  problems_.error(line_of(node), full(key), fmt::format("is {}; it must be {}", words(node.type()), wanted));
}

void TableReader::warn_if(bool matters, std::string_view key, std::string_view what) {
  if (matters && has(key)) problems_.warning(line(key), full(key), what);
}

const toml::table* TableReader::table(std::string_view key) {
  const toml::node* node = take(key);
  if (node == nullptr) return nullptr;
  if (!node->is_table())
    wrong_type(*node, key, fmt::format("a section that begins with a line [{}]", full(key)));
  return node->as_table();
}

void TableReader::boolean(std::string_view key, bool& out) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  const auto* value = node->as_boolean();
  if (value == nullptr) return wrong_type(*node, key, "true or false, without quotes");
  out = value->get();
}

void TableReader::number(std::string_view key, unsigned& out, unsigned least, unsigned most) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  const auto* value = node->as_integer();
  if (value == nullptr) return wrong_type(*node, key, "a whole number, without quotes");
  if (value->get() < std::int64_t{least} || value->get() > std::int64_t{most})
    return error(key, fmt::format("{} is out of range; use {} to {}", value->get(), least, most));
  out = static_cast<unsigned>(value->get());
}

void TableReader::duration(std::string_view key, std::chrono::milliseconds& out,
                           std::chrono::milliseconds least, std::chrono::milliseconds most) {
  text(key, out, [&](std::string_view word) -> Read<std::chrono::milliseconds> {
    auto value = parse_duration(word);
    if (!value)
      return std::unexpected(
          fmt::format("\"{}\" is not a duration; write a number and one of ms, s, m, h, d, such as \"5s\"",
                      printable(word)));
    if (*value < least || *value > most)
      return std::unexpected(fmt::format("\"{}\" is out of range; use {} to {}", printable(word),
                                         format_duration(least), format_duration(most)));
    return *value;
  });
}

void TableReader::size(std::string_view key, std::uint64_t& out, std::uint64_t least, std::uint64_t most) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  std::optional<std::uint64_t> value;
  if (const auto* number = node->as_integer(); number != nullptr && number->get() >= 0)
    value = static_cast<std::uint64_t>(number->get());
  else if (const auto* string = node->as_string())
    value = parse_size(string->get());
  if (!value)
    return error(
        key,
        "is not a size; write octets as a number, or a number with KiB, MiB, GiB or TiB, such as \"64MiB\"");
  if (*value < least || *value > most)
    return error(key, fmt::format("{} is out of range; use {} to {}", format_size(*value), format_size(least),
                                  format_size(most)));
  out = *value;
}

std::string TableReader::not_a_choice(std::string_view word, const std::vector<std::string_view>& choices) {
  return fmt::format("\"{}\" is not known; use one of {}", printable(word), fmt::join(choices, ", "));
}

void TableReader::finish() {
  if (table_ == nullptr) return;
  for (auto&& [key, node] : *table_) {
    if (std::ranges::find(known_, key.str()) != known_.end()) continue;
    auto near = nearest(key.str(), known_);
    problems_.error(key.source().begin.line, full(key.str()),
                    near.empty() ? fmt::format("unknown key; this section has {}", fmt::join(known_, ", "))
                                 : fmt::format("unknown key; did you mean \"{}\"?", near));
  }
}

}  // namespace mtasts
