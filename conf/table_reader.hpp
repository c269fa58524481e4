// table_reader - one section of mtastsd.toml, read key by key.
//
// Each read() names a key; finish() reports every other key as unknown. So the code that reads a section is
// also the list of its keys. If a key is absent or wrong, its value stays as it was; what is wrong is
// reported to Problems.
#pragma once

#include <toml++/toml.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "conf/problems.hpp"
#include "conf/values.hpp"
#include "core/enum_words.hpp"

namespace mtasts {

class TableReader {
 public:
  // table: null if the section is absent. table and problems must outlive the reader. prefix: "listen",
  // "zone.NAME", "" for the root.
  TableReader(const toml::table* table, std::string prefix, Problems& problems)
      : table_(table), prefix_(std::move(prefix)), problems_(problems) {}

  void boolean(std::string_view key, bool& out);
  void number(std::string_view key, unsigned& out, unsigned least, unsigned most);
  void duration(std::string_view key, std::chrono::milliseconds& out, std::chrono::milliseconds least,
                std::chrono::milliseconds most);
  void size(std::string_view key, std::uint64_t& out, std::uint64_t least, std::uint64_t most);

  // A string that convert, a Read<T>(std::string_view), accepts. T may be std::string.
  template <class T, class Convert>
  void text(std::string_view key, T& out, Convert convert) {
    const toml::node* node = take(key);
    if (node == nullptr) return;
    if (auto value = converted<T>(*node, key, convert)) out = std::move(*value);
  }

  // An array of such strings. REQUIRES: out is not read by convert.
  template <class T, class Convert>
  void list(std::string_view key, std::vector<T>& out, Convert convert) {
    const toml::node* node = take(key);
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    if (array == nullptr) return wrong_type(*node, key, "an array of strings, such as [\"...\"]");
    std::vector<T> values;
    for (const toml::node& each : *array)
      if (auto value = converted<T>(each, key, convert)) values.push_back(std::move(*value));
    if (values.size() == array->size()) out = std::move(values);
  }

  // One of the words of an enum.
  template <class E>
  void choice(std::string_view key, E& out) {
    text(key, out, [](std::string_view word) -> Read<E> {
      if (auto value = enum_words<E>.value_of(word)) return *value;
      std::vector<std::string_view> all;
      for (const auto& each : enum_words<E>) all.push_back(each.word);
      return std::unexpected(not_a_choice(word, all));
    });
  }

  // The sub-table; null if absent or not a table (which is reported).
  const toml::table* table(std::string_view key);

  bool has(std::string_view key) const { return find(key) != nullptr; }
  unsigned line(std::string_view key) const;     // the line of a key's value; 0 if absent
  const toml::node* take(std::string_view key);  // notes the key as known; null if absent

  void error(std::string_view key, std::string_view what) { problems_.error(line(key), full(key), what); }
  // A warning, if the key is set and matters is true.
  void warn_if(bool matters, std::string_view key, std::string_view what);
  void wrong_type(const toml::node& node, std::string_view key, std::string_view wanted);

  void finish();  // reports the unknown keys

 private:
  template <class T, class Convert>
  std::optional<T> converted(const toml::node& node, std::string_view key, Convert& convert) {
    const auto* string = node.as_string();
    if (string == nullptr) {
      wrong_type(node, key, "a string in quotes");
      return std::nullopt;
    }
    Read<T> value = convert(std::string_view(string->get()));
    if (value) return std::move(*value);
    problems_.error(line_of(node), full(key), value.error());
    return std::nullopt;
  }

  static std::string not_a_choice(std::string_view word, const std::vector<std::string_view>& choices);

  static unsigned line_of(const toml::node& node) { return node.source().begin.line; }
  const toml::node* find(std::string_view key) const;
  std::string full(std::string_view key) const;

  const toml::table* table_;
  std::string prefix_;
  Problems& problems_;
  std::vector<std::string_view> known_;  // keys are literals of the callers
};

}  // namespace mtasts
